import type { CoreEvent } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { timeOr0 } from '../../../api/machinery/time.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { intervalText } from '../describe/events.ts'
import { asStruct, printJson } from '../printing/go-json.ts'
import { objectFormats, objectOutputFlags, objectPrinter } from '../printing/output.ts'
import { TabWriter } from '../printing/tab-writer.ts'
import { groupVersionOf } from '../resources/mapper.ts'
import { readBody, requestJson } from '../resources/requests.ts'
import { inStructOrder } from '../typed.ts'

/** `kubectl events`. */
export const eventsCommand: Command = {
  name: 'events',
  use: 'events [(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]',
  short: 'List events',
  long: 'Display events.\n\n Prints a table of the most important information about events. You can request events for a namespace, for all namespace, or filtered to only those pertaining to a specified resource.',
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If present, list the requested object(s) across all namespaces. Namespace in current context is ignored even if specified with --namespace.' },
    { name: 'chunk-size', type: 'int', default: '500', help: 'Return large lists in chunks rather than all at once. Pass 0 to disable. This flag is beta and may change in the future.' },
    { name: 'for', type: 'string', help: 'Filter events to only those pertaining to the specified resource.' },
    { name: 'no-headers', type: 'bool', help: "When using the default output format, don't print headers." },
    ...objectOutputFlags,
    { name: 'types', type: 'list', help: 'Output only events of given types.' },
    { name: 'watch', short: 'w', type: 'bool', help: 'After listing the requested events, watch for more events.' },
  ],
  async run(context) {
    const { flags, streams, factory } = context
    const fieldSelector = await subjectSelector(context)
    const types = flags.list('types').map((type) => type.toLowerCase())
    const print = objectPrinter(context, objectFormats)
    if (types.some((type) => type !== 'normal' && type !== 'warning')) throw new CliError('valid --types are Normal or Warning')
    const namespace = flags.bool('all-namespaces') ? '' : factory.namespace()
    const query = new URLSearchParams({ ...(fieldSelector ? { fieldSelector } : {}), limit: '500' })
    const path = namespace === '' ? '/api/v1/events' : `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`
    const wanted = (event: CoreEvent): boolean => types.length === 0 || types.includes((event.type ?? '').toLowerCase())
    const table = new EventTable(context)
    if (flags.bool('watch')) return watchEvents(context, `${path}?${query.toString()}&watch=true`, (event) => wanted(event) && streams.out(print ? print(inStructOrder({ ...event, apiVersion: 'v1', kind: 'Event' })) : table.print([event])))
    const events = (await readEvents(context, path, query)).filter(wanted)
    if (events.length === 0) {
      streams.err(namespace === '' ? 'No events found.\n' : `No events found in ${namespace} namespace.\n`)
      return 0
    }
    events.sort((a, b) => seenAt(a) - seenAt(b))
    // Upstream's name printer refuses typed lists, and the command does not say so.
    if (flags.text('output') === 'name') return 0
    streams.out(!print ? table.print(events) : flags.text('output') === 'json' ? printJson(listOf(events, flags.bool('show-managed-fields'))) : print(listOf(events, true)))
    return 0
  },
}

async function subjectSelector({ flags, factory }: CommandContext): Promise<string> {
  const subject = flags.text('for')
  if (subject === '') return ''
  const [type = '', name = '', ...more] = subject.split('/')
  if (!subject.includes('/')) throw new CliError('--for must be in resource/name form')
  if (more.length > 0) throw new CliError('arguments in resource/name form may not have more than one slash')
  const resource = await factory.mapper().byName(type).catch((error: unknown) => {
    throw error instanceof CliError ? new CliError(error.message, { prefixed: false }) : error
  })
  return name === '' ? '' : `involvedObject.kind=${resource.kind},involvedObject.apiVersion=${groupVersionOf(resource)},involvedObject.name=${name}`
}

async function readEvents(context: CommandContext, path: string, query: URLSearchParams): Promise<CoreEvent[]> {
  const events: CoreEvent[] = []
  for (;;) {
    const list = await requestJson<{ items?: CoreEvent[]; metadata?: { continue?: string } }>(context, 'GET', `${path}?${query.toString()}`)
    events.push(...(list.items ?? []))
    if (!list.metadata?.continue) return events
    query.set('continue', list.metadata.continue)
  }
}

function seenAt({ series, lastTimestamp, eventTime }: CoreEvent): number {
  return timeOr0(series ? series.lastObservedTime : (lastTimestamp ?? eventTime))
}

/** The list as a typed one prints. */
function listOf(events: readonly CoreEvent[], managedFields: boolean): KubeObject {
  const items = events.map((event) => {
    const { managedFields: fields, ...metadata } = event.metadata
    return inStructOrder({ ...event, metadata: managedFields && fields ? { ...metadata, managedFields: fields } : metadata, kind: 'Event', apiVersion: 'v1' })
  })
  return asStruct({ kind: 'EventList', apiVersion: 'v1', metadata: {}, items } as unknown as KubeObject)
}

class EventTable {
  readonly #context: CommandContext
  readonly #writer = new TabWriter()
  #headed = false

  constructor(context: CommandContext) {
    this.#context = context
  }

  print(events: readonly CoreEvent[]): string {
    const { flags, environment } = this.#context
    const everywhere = flags.bool('all-namespaces')
    if (!this.#headed && !flags.bool('no-headers')) this.#writer.row([...(everywhere ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'])
    this.#headed = true
    for (const event of events) {
      const { involvedObject: subject } = event
      this.#writer.row([...(everywhere ? [event.metadata.namespace ?? ''] : []), intervalText(event, environment.now()), event.type ?? '', event.reason ?? '', `${subject.kind ?? ''}/${subject.name ?? ''}`, (event.message ?? '').trim()])
    }
    return this.#writer.flush()
  }
}

async function watchEvents({ factory, streams }: CommandContext, path: string, show: (event: CoreEvent) => void): Promise<number> {
  const stream = await factory.client().rawStream('GET', path)
  if (stream.response.status >= 400) throw new StatusError(JSON.parse(readBody(stream.response)) as never)
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder()
    let rest = ''
    const stop = streams.onInterrupt(() => {
      stream.cancel()
      resolve(1)
    })
    stream.onData((data) => {
      rest += typeof data === 'string' ? data : decoder.decode(data as Uint8Array, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (line.trim() === '') continue
        const { type, object } = JSON.parse(line) as { type: string; object: CoreEvent }
        if (type === 'ERROR') return reject(new StatusError(object as never))
        if (type === 'ADDED' || type === 'MODIFIED') show(object)
      }
    })
    stream.onEnd((error) => {
      stop()
      if (error) reject(new CliError(error.message))
      else resolve(0)
    })
  })
}

import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError, throwCollected } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { findAll, relaxedPath, valueText } from '../printing/json-path.ts'
import { typeName } from '../resources/mapper.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { filesGiven, visitInfos, type Info } from '../resources/visit.ts'
import { isMissing, watchUntil } from '../resources/watch-until.ts'

/** `kubectl wait`. */
export const waitCommand: Command = {
  name: 'wait',
  use: 'wait ([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath=\'{}\'[=value]] [options]',
  short: 'Wait for a specific condition on one or many resources',
  flags: [
    ...objectOutputFlags,
    filenameFlags[0]!,
    { ...filenameFlags[1]!, default: 'true' },
    { name: 'all', type: 'bool', help: 'Select all resources in the namespace of the specified resource types' },
    { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If present, list the requested object(s) across all namespaces.' },
    { name: 'field-selector', type: 'string', help: "Selector (field query) to filter on, supports '=', '==', and '!='." },
    { name: 'for', type: 'array', help: 'The condition to wait on: [create|delete|condition=condition-name[=condition-value]|jsonpath=\'{JSONPath expression}\'=[JSONPath value]].' },
    { name: 'local', type: 'bool', help: 'If true, annotation will NOT contact api-server but run locally.' },
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
    { name: 'timeout', type: 'duration', default: '30s', help: 'The length of time to wait before giving up.  Zero means check once and don\'t wait, negative means wait for a week.' },
  ],
  run,
}

type Condition = { readonly kind: 'create' } | { readonly kind: 'delete' } | { readonly kind: 'test'; readonly test: (object: KubeObject) => boolean }

function conditionOf(text: string): Condition {
  const lower = text.toLowerCase()
  if (lower === 'delete') return { kind: 'delete' }
  if (lower === 'create') return { kind: 'create' }
  if (text.startsWith('condition=')) {
    const [type, value = 'true'] = text.slice('condition='.length).split('=') as [string, string?]
    return {
      kind: 'test',
      test: (object) => {
        const { metadata, status } = object as KubeObject & { metadata?: { generation?: number }; status?: { observedGeneration?: number; conditions?: { type?: string; status?: string; observedGeneration?: number }[] } }
        const condition = status?.conditions?.find((candidate) => candidate.type?.toLowerCase() === type.toLowerCase())
        if (!condition) return false
        const observed = condition.observedGeneration ?? status?.observedGeneration
        if (observed !== undefined && metadata?.generation !== undefined && observed < metadata.generation) return false
        return condition.status?.toLowerCase() === value.toLowerCase()
      },
    }
  }
  if (text.startsWith('jsonpath=')) {
    const rest = text.slice('jsonpath='.length)
    const at = rest.startsWith('{') ? rest.indexOf('=', rest.lastIndexOf('}')) : rest.indexOf('=')
    const expression = (at < 0 ? rest : rest.slice(0, at)).replace(/^'|'$/g, '')
    if (expression === '') throw new CliError('jsonpath expression cannot be empty')
    const wanted = at < 0 ? undefined : rest.slice(at + 1).replace(/^(['"])(.*)\1$/, '$2')
    if (wanted === '') throw new CliError('jsonpath wait value cannot be empty')
    const path = relaxedPath(expression)
    return {
      kind: 'test',
      test: (object) => {
        const found = findAll(path, object, true)
        if (found.length === 0) return false
        if (found.length > 1) throw new CliError('given jsonpath expression matches more than one value')
        if (wanted === undefined) return true
        if (typeof found[0] === 'object' && found[0] !== null) throw new CliError('jsonpath leads to a nested object or list. Should not use maps and lists')
        return valueText(found[0]) === wanted
      },
    }
  }
  throw new CliError(`unrecognized condition: ${JSON.stringify(text)}`)
}

async function run(context: CommandContext): Promise<void> {
  const { flags, streams, environment } = context
  const texts = flags.list('for')
  if (texts.length === 0) throw new CliError('unrecognized condition: []')
  const conditions = texts.map(conditionOf)
  const givenMs = flags.duration('timeout')
  const limitMs = givenMs < 0 ? 7 * 24 * 3_600_000 : givenMs
  const end = environment.now() + limitMs
  const leftMs = (): number => Math.max(end - environment.now(), 1)
  const forDelete = conditions.some((condition) => condition.kind === 'delete')
  const forCreate = conditions.some((condition) => condition.kind === 'create')
  const print = operationPrinter(context, 'condition met')
  const bySelector = flags.bool('all') || Boolean(flags.text('selector') || flags.text('field-selector'))
  if (forCreate && !bySelector) await untilCreated(context, leftMs)
  let visited = 0
  const errors: unknown[] = []
  try {
    const visits = { fetch: true, latest: true, all: flags.bool('all'), selector: flags.text('selector'), fieldSelector: flags.text('field-selector'), allNamespaces: flags.bool('all-namespaces'), categories: true, missing: () => new CliError(missingTypesText) }
    await visitInfos(context, context.args, visits, async (info) => {
      visited++
      for (const condition of conditions) await waitFor(context, info, condition, limitMs === 0 ? 0 : leftMs())
      print(info.object)
    })
  } catch (error) {
    errors.push(...((error as { errors?: unknown[] }).errors ?? [error]))
  }
  const left = forDelete ? errors.filter((error) => !isMissing(error)) : errors
  throwCollected(left)
  if (visited === 0 && !forDelete && left.length === 0) throw new CliError('no matching resources found')
  void streams
}

/** --for=create: waits until the named objects exist. */
async function untilCreated(context: CommandContext, leftMs: () => number): Promise<void> {
  if (filesGiven(context)) return
  await visitInfos(context, context.args, {}, async (info) => {
    const there = await watchUntil(context, info, leftMs(), (object) => (object ? 'done' : 'go on'))
    if (!there) throw new CliError('timed out waiting for the condition')
  })
}

function timedOut(info: Info): CliError {
  return new CliError(`timed out waiting for the condition on ${typeName(info.resource)}/${info.name}`)
}

async function waitFor(context: CommandContext, info: Info, condition: Condition, leftMs: number): Promise<void> {
  if (condition.kind === 'create') return
  if (leftMs === 0) {
    const met = condition.kind === 'test' && condition.test(info.object)
    if (!met) throw condition.kind === 'delete' ? new CliError(`condition not met for ${typeName(info.resource)}/${info.name}`) : timedOut(info)
    return
  }
  const met = await watchUntil(context, info, leftMs, (object, type) => {
    if (condition.kind === 'delete') return object === undefined || object.metadata?.uid !== info.object.metadata?.uid ? 'done' : 'go on'
    if (object === undefined) {
      if (type === 'DELETED') throw new CliError(`${info.name}: resource deleted`)
      return 'go on'
    }
    return condition.test(object) ? 'done' : 'go on'
  })
  if (!met) throw timedOut(info)
}

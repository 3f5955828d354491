import type { KubeObject, WatchEventType } from '../../../api/machinery/object.ts'
import { StatusError, isNotFound } from '../../../api/machinery/status-error.ts'
import type { Table } from '../../../api/machinery/table.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { objectPrinter, outputFlags } from '../printing/output.ts'
import { ageText, TablePrinter } from '../printing/table-printer.ts'
import { requestJson, requestText } from '../resources/requests.ts'
import { objectsFromFiles } from '../resources/files.ts'
import { groupVersionOf, typeName, type ApiResource } from '../resources/mapper.ts'
import { filenameFlags, selectionsOf, type Selection } from '../resources/selection.ts'
import { filesGiven, missingNamespace, withSelectors } from '../resources/visit.ts'
import { statusErrorText } from '../status-error-text.ts'

const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'

/** `kubectl get`: the server's Table, or objects in the chosen format. */
export const getCommand: Command = {
  name: 'get',
  use: 'get [(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]',
  short: 'Display one or many resources',
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If present, list the requested object(s) across all namespaces.' },
    { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
    { name: 'field-selector', type: 'string', help: "Selector (field query) to filter on, supports '=', '==', and '!='." },
    { name: 'watch', short: 'w', type: 'bool', help: 'After listing/getting the requested object, watch for changes.' },
    { name: 'watch-only', type: 'bool', help: 'Watch for changes to the requested object(s), without listing/getting first.' },
    { name: 'output-watch-events', type: 'bool', help: 'Output watch event objects when --watch or --watch-only is used.' },
    { name: 'ignore-not-found', type: 'bool', help: 'If set to true, suppresses NotFound error for specific objects that do not exist.' },
    { name: 'chunk-size', type: 'int', default: '500', help: 'Return large lists in chunks rather than all at once. Pass 0 to disable.' },
    { name: 'label-columns', short: 'L', type: 'list', help: 'Accepts a comma separated list of labels that are going to be presented as columns.' },
    { name: 'show-kind', type: 'bool', help: 'If present, list the resource type for the requested object(s).' },
    { name: 'show-labels', type: 'bool', help: 'When printing, show all labels as the last column (default hide labels column)' },
    { name: 'no-headers', type: 'bool', help: "When using the default or custom-column output format, don't print headers (default print headers)." },
    { name: 'sort-by', type: 'string', help: "If non-empty, sort list types using this field specification. The field specification is expressed as a JSONPath expression (e.g. '{.metadata.name}')." },
    { name: 'server-print', type: 'bool', default: 'true', help: 'If true, have the server return the appropriate table output.' },
    { name: 'raw', type: 'string', help: 'Raw URI to request from the server.  Uses the transport specified by the kubeconfig file.' },
    { name: 'subresource', type: 'string', help: 'If specified, gets the subresource of the requested object.' },
    ...outputFlags,
    ...filenameFlags,
  ],
  run,
}

async function run(context: CommandContext): Promise<number | void> {
  const { flags, args, streams } = context
  if (flags.text('raw')) {
    if (args.length > 0) throw new CliError('arguments may not be passed when --raw is specified')
    streams.out(await requestText(context, 'GET', flags.text('raw')))
    return
  }
  if (flags.bool('all-namespaces') && (args.length > 1 || args[0]?.includes('/'))) {
    throw new CliError('a resource cannot be retrieved by name across all namespaces')
  }
  if (args.length === 0 && !filesGiven(context)) {
    throw new CliError(`You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee '${context.path} -h' for help and examples`, { prefixed: false })
  }
  const selections = filesGiven(context) ? await selectionsFromFiles(context) : await selectionsOf(context, args, { categories: true })
  const printer = objectPrinter(context)
  if (flags.bool('watch') || flags.bool('watch-only')) return watchAll(context, selections, printer)
  return printer ? getObjects(context, selections, printer) : getTables(context, selections)
}

async function selectionsFromFiles(context: CommandContext): Promise<(Selection & { namespace?: string })[]> {
  const selections: (Selection & { namespace?: string })[] = []
  const objects = await objectsFromFiles(context).catch((error: unknown) => {
    throw error instanceof CliError && error.message.startsWith('unable to decode') ? new CliError(error.message, { prefixed: false }) : error
  })
  for (const { object } of objects) {
    const resource = await context.factory.mapper().byKind(object.apiVersion ?? '', object.kind ?? '')
    selections.push({ resource, name: object.metadata?.name ?? '', ...(object.metadata?.namespace ? { namespace: object.metadata.namespace } : {}) })
  }
  return selections
}

/** Path of what a selection names; lists carry the selectors. */
function pathOf(context: CommandContext, selection: Selection & { namespace?: string }, extra: Readonly<Record<string, string>> = {}): string {
  const { flags, factory } = context
  const { resource, name } = selection
  const base = resource.group === '' ? `/api/${resource.version}` : `/apis/${groupVersionOf(resource)}`
  const namespace = resource.namespaced && !flags.bool('all-namespaces') ? `/namespaces/${selection.namespace ?? factory.namespace()}` : ''
  const query = new URLSearchParams()
  if (name === undefined) {
    if (flags.text('selector')) query.set('labelSelector', flags.text('selector'))
    if (flags.text('field-selector')) query.set('fieldSelector', flags.text('field-selector'))
  }
  for (const [key, value] of Object.entries(extra)) query.set(key, value)
  const subresource = flags.text('subresource') && name !== undefined ? `/${flags.text('subresource')}` : ''
  return `${base}${namespace}/${resource.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}${subresource}${query.size > 0 ? `?${query.toString()}` : ''}`
}

/** A whole list, fetched in chunks; `join` puts the pieces together. */
async function fetchChunks<L extends { metadata?: { continue?: string } }>(context: CommandContext, selection: Selection, accept: string, join: (first: L, more: L) => L): Promise<L> {
  const limit = context.flags.int('chunk-size')
  const named = selection.name !== undefined
  let list = await requestJson<L>(context, 'GET', pathOf(context, selection, named || limit === 0 ? {} : { limit: String(limit) }), { accept })
  while (!named && list.metadata?.continue) {
    const next = await requestJson<L>(context, 'GET', pathOf(context, selection, { limit: String(limit), continue: list.metadata.continue }), { accept })
    list = join(list, next)
  }
  return list
}

async function getTables(context: CommandContext, selections: readonly Selection[]): Promise<number> {
  const { flags, streams } = context
  const types = new Set(selections.map((selection) => selection.resource))
  const showKind = flags.bool('show-kind') || types.size > 1
  const errors: unknown[] = []
  let printed = 0
  let current: { resource: ApiResource; printer: TablePrinter } | undefined
  let pending: { resource: ApiResource; table: Table }[] = []
  for (const selection of selections) {
    try {
      const table = !flags.bool('server-print') ? await plainTable(context, selection) : await fetchChunks<Table>(context, selection, tableAccept, (first, more) => ({ ...more, columnDefinitions: first.columnDefinitions, rows: [...first.rows, ...more.rows] }))
      const last = pending.at(-1)
      // Named objects of one type come as tables of one row each: they are printed as one.
      if (last && last.resource === selection.resource) last.table = { ...last.table, rows: [...last.table.rows, ...table.rows] }
      else pending.push({ resource: selection.resource, table })
    } catch (error) {
      if (flags.bool('ignore-not-found') && isNotFound(error)) continue
      errors.push(await explained(context, selection, error))
    }
  }
  if (flags.text('sort-by')) {
    const { sortRows } = await import('../printing/sort-by.ts')
    try {
      pending = pending.map(({ resource, table }) => ({ resource, table: { ...table, rows: sortRows(table.rows, flags.text('sort-by')) } }))
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      // Upstream loses both the rows and the complaint here.
      pending = []
    }
  }
  for (const { resource, table } of pending) {
    if (table.rows.length === 0) continue
    const printer = new TablePrinter({
      wide: flags.text('output') === 'wide',
      noHeaders: flags.bool('no-headers'),
      showLabels: flags.bool('show-labels'),
      labelColumns: flags.list('label-columns'),
      withNamespace: flags.bool('all-namespaces') && resource.namespaced,
      ...(showKind ? { namePrefix: `${singularType(resource)}/` } : {}),
    })
    if (current && !flags.bool('no-headers')) streams.out('\n')
    current = { resource, printer }
    streams.out(printer.print(table))
    printed += table.rows.length
  }
  if (printed === 0 && errors.length === 0 && !flags.bool('ignore-not-found')) {
    const namespaced = selections.some((selection) => selection.resource.namespaced) && !flags.bool('all-namespaces')
    streams.err(namespaced ? `No resources found in ${context.factory.namespace()} namespace.\n` : 'No resources found\n')
  }
  return reportErrors(context, errors)
}

/** --server-print=false: names and ages, which is all that the client knows to show. */
async function plainTable(context: CommandContext, selection: Selection): Promise<Table> {
  type List = { readonly items?: readonly KubeObject[]; readonly metadata?: { readonly continue?: string } }
  const answer = await fetchChunks<List & Partial<KubeObject>>(context, selection, 'application/json', (first, more) => ({ ...more, items: [...(first.items ?? []), ...(more.items ?? [])] }))
  const objects = selection.name === undefined ? (answer.items ?? []) : [answer as KubeObject]
  const column = (name: string): NonNullable<Table['columnDefinitions']>[number] => ({ name, type: 'string', format: '', description: '', priority: 0 })
  const rows = objects.map((object) => ({ cells: [object.metadata.name ?? '', ageText(object.metadata.creationTimestamp ?? undefined, context.environment.now())], object }))
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: {}, columnDefinitions: [column('Name'), column('Age')], rows } as unknown as Table
}

/** `pod`, `deployment.apps`: the prefix of names. */
export function singularType(resource: ApiResource): string {
  const singular = resource.singular || resource.kind.toLowerCase()
  return resource.group === '' ? singular : `${singular}.${resource.group}`
}

async function getObjects(context: CommandContext, selections: readonly Selection[], print: (object: KubeObject) => string): Promise<number> {
  const { flags, streams } = context
  const errors: unknown[] = []
  const items: KubeObject[] = []
  let single = selections.length === 1 && selections[0]!.name !== undefined
  for (const selection of selections) {
    try {
      if (selection.name !== undefined) items.push(await requestJson<KubeObject>(context, 'GET', pathOf(context, selection)))
      else {
        single = false
        const list = await fetchChunks<{ items: KubeObject[]; kind: string; apiVersion: string; metadata?: { continue?: string } }>(context, selection, 'application/json', (first, more) => ({ ...more, items: [...first.items, ...more.items] }))
        for (const item of list.items) items.push({ ...item, apiVersion: groupVersionOf(selection.resource), kind: selection.resource.kind })
      }
    } catch (error) {
      if (flags.bool('ignore-not-found') && isNotFound(error)) continue
      errors.push(await explained(context, selection, error))
    }
  }
  if (single && items.length === 0) return reportErrors(context, errors)
  if (errors.length > 0 && items.length === 0) return reportErrors(context, errors)
  let shown = items
  if (flags.text('sort-by')) {
    const { sortObjects } = await import('../printing/sort-by.ts')
    shown = sortObjects(items, flags.text('sort-by'))
  }
  if (single) streams.out(print(shown[0]!))
  else streams.out(print({ apiVersion: 'v1', items: shown, kind: 'List', metadata: { resourceVersion: '' } } as unknown as KubeObject))
  return reportErrors(context, errors)
}

/** The error with what upstream's builder adds to it: the selectors of a list, the namespace that is not there. */
async function explained(context: CommandContext, selection: Selection, error: unknown): Promise<unknown> {
  const { flags, factory } = context
  if (selection.name === undefined) return withSelectors(error, selection.resource, flags.text('selector'), flags.text('field-selector'))
  return missingNamespace(context, { resource: selection.resource, name: selection.name, namespace: factory.namespace() }, error)
}

function reportErrors(context: CommandContext, errors: readonly unknown[]): number {
  if (errors.length === 1) throw errors[0]
  for (const error of errors) {
    if (!(error instanceof StatusError)) throw error
    context.streams.err(`${statusErrorText(error)}\n`)
  }
  return errors.length > 0 ? 1 : 0
}

async function watchAll(context: CommandContext, selections: readonly Selection[], print: ((object: KubeObject) => string) | undefined): Promise<number> {
  const { flags, streams, factory } = context
  if (selections.length !== 1) throw new CliError('watch is only supported on individual resources and resource collections')
  const [selection] = selections as [Selection]
  const accept = print ? 'application/json' : tableAccept
  const listPath = selection.name === undefined ? pathOf(context, selection) : pathOf(context, { resource: selection.resource }, { fieldSelector: `metadata.name=${selection.name}` })
  const printer = new TablePrinter({
    wide: flags.text('output') === 'wide',
    noHeaders: flags.bool('no-headers'),
    showLabels: flags.bool('show-labels'),
    labelColumns: flags.list('label-columns'),
    withNamespace: flags.bool('all-namespaces') && selection.resource.namespaced,
    ...(flags.bool('show-kind') ? { namePrefix: `${typeName(selection.resource)}/` } : {}),
  })
  const show = (type: WatchEventType, object: KubeObject): void => {
    if (flags.bool('output-watch-events')) {
      if (print) return streams.out(print({ object, type } as unknown as KubeObject))
      const table = object as unknown as Table
      const rows = table.rows.map((row) => ({ ...row, cells: [type, ...row.cells] }))
      return streams.out(printer.print({ ...table, columnDefinitions: table.columnDefinitions?.length ? [{ name: 'Event', type: 'string', format: '', description: '', priority: 0 }, ...table.columnDefinitions] : table.columnDefinitions, rows }))
    }
    streams.out(print ? print(object) : printer.print(object as unknown as Table))
  }
  let version = ''
  if (selection.name !== undefined && !flags.bool('watch-only')) await requestJson(context, 'GET', pathOf(context, selection))
  const list = await requestJson<{ metadata?: { resourceVersion?: string }; items?: KubeObject[]; rows?: Table['rows'] }>(context, 'GET', listPath, { accept })
  version = list.metadata?.resourceVersion ?? ''
  if (!flags.bool('watch-only')) {
    if (print) for (const item of list.items ?? []) show('ADDED', { ...item, apiVersion: groupVersionOf(selection.resource), kind: selection.resource.kind })
    else if ((list.rows?.length ?? 0) > 0) show('ADDED', list as unknown as KubeObject)
  }
  const stream = await factory.client().rawStream('GET', `${listPath}${listPath.includes('?') ? '&' : '?'}watch=true&resourceVersion=${version}`, { accept })
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder()
    let rest = ''
    const stop = streams.onInterrupt(() => {
      stream.cancel()
      resolve(130)
    })
    stream.onData((chunk) => {
      rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (line.trim() === '') continue
        const event = JSON.parse(line) as { type: WatchEventType; object: KubeObject }
        if (event.type === 'BOOKMARK') continue
        if (event.type === 'ERROR') return reject(new StatusError(event.object as never))
        show(event.type, event.object)
      }
    })
    stream.onEnd((error) => {
      stop()
      if (error) reject(new CliError(error.message))
      else resolve(0)
    })
  })
}

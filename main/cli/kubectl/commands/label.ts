import { isLabelValue, isQualifiedName } from '../../../api/machinery/names.ts'
import { createMergePatch } from '../../../api/machinery/merge-patch.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import type { Flag } from '../flags.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { patchObject } from '../resources/objects.ts'
import { filenameFlags, missingTypesText } from '../resources/selection.ts'
import { filesGiven, visitInfos } from '../resources/visit.ts'
import { dryRunFlag, dryRunOf, fieldManagerFlag, type DryRun } from '../settings.ts'

const flags: readonly Flag[] = [
  ...objectOutputFlags,
  ...filenameFlags,
  dryRunFlag,
  { name: 'all', type: 'bool', help: 'Select all resources, in the namespace of the specified resource types' },
  { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If true, check the specified action in all namespaces.' },
  { name: 'field-selector', type: 'string', help: "Selector (field query) to filter on, supports '=', '==', and '!='." },
  { name: 'list', type: 'bool', help: 'If true, display the labels for a given resource.' },
  { name: 'local', type: 'bool', help: 'If true, label will NOT contact api-server but run locally.' },
  { name: 'overwrite', type: 'bool', help: 'If true, allow labels to be overwritten, otherwise reject label updates that overwrite existing labels.' },
  { name: 'resource-version', type: 'string', help: 'If non-empty, the labels update will only succeed if this is the current resource-version for the object. Only valid when specifying a single resource.' },
  { name: 'selector', short: 'l', type: 'string', help: "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'." },
]

/** `kubectl label`. */
export const labelCommand: Command = {
  name: 'label',
  use: 'label [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  short: 'Update the labels on a resource',
  flags: [...flags, fieldManagerFlag('kubectl-label')],
  run: (context) => change(context, 'label'),
}

/** `kubectl annotate`. */
export const annotateCommand: Command = {
  name: 'annotate',
  use: 'annotate [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]',
  short: 'Update the annotations on a resource',
  flags: [...flags, fieldManagerFlag('kubectl-annotate')],
  run: (context) => change(context, 'annotation'),
}

interface Changes {
  readonly set: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

/** Takes the words that change something from the end of the arguments: `a=b`, `a-`. */
function splitArguments(args: readonly string[], what: string): { resources: string[]; words: string[] } {
  const resources: string[] = []
  const words: string[] = []
  for (const arg of args) {
    const isChange = arg.includes('=') || (arg.endsWith('-') && arg !== '-')
    if (isChange) words.push(arg)
    else if (words.length > 0) throw new CliError(`all resources must be specified before ${what} changes: ${arg}`)
    else resources.push(arg)
  }
  return { resources, words }
}

function parseChanges(words: readonly string[], what: 'label' | 'annotation'): Changes {
  const set: Record<string, string> = {}
  const remove: string[] = []
  for (const word of words) {
    const at = word.indexOf('=')
    if (at >= 0) {
      if (what === 'label') {
        const key = word.slice(0, at)
        const problems = isQualifiedName(key)
        if (problems.length > 0) throw new CliError(`invalid label key ${JSON.stringify(word)}: ${problems.join('; ')}`)
        const bad = isLabelValue(word.slice(at + 1))
        if (bad.length > 0) throw new CliError(`invalid label value: ${JSON.stringify(word)}: ${bad.join('; ')}`)
      } else if (at === 0) throw new CliError(`invalid annotation format: ${word}`)
      set[word.slice(0, at)] = word.slice(at + 1)
    } else remove.push(word.slice(0, -1))
  }
  for (const key of remove) if (key in set) throw new CliError(`can not both modify and remove ${what === 'label' ? 'a label' : 'an annotation'} in the same command`)
  return { set, remove }
}

async function change(context: CommandContext, what: 'label' | 'annotation'): Promise<void> {
  const { flags: given, streams } = context
  const { resources, words } = splitArguments(context.args, what)
  if (resources.length === 0 && !filesGiven(context)) throw new CliError(`one or more resources must be specified as <resource> <name> or <resource>/<name>`)
  if (words.length === 0 && !given.bool('list')) throw new CliError(`at least one ${what} update is required`)
  const changes = parseChanges(words, what)
  const dryRun = dryRunOf(context)
  const field = what === 'label' ? 'labels' : 'annotations'
  const overwrite = given.bool('overwrite')
  operationPrinter(context, '')
  let count = 0
  const selection = { all: given.bool('all'), selector: given.text('selector'), fieldSelector: given.text('field-selector'), allNamespaces: given.bool('all-namespaces'), fetch: !given.bool('local'), latest: !given.bool('local'), local: given.bool('local'), categories: true, missing: () => new CliError(missingTypesText) }
  await visitInfos(context, resources, selection, async (info) => {
    count++
    const before = (info.object.metadata?.[field] ?? {}) as Record<string, string>
    if (given.bool('list') && words.length === 0) {
      for (const key of Object.keys(before).sort()) streams.out(`${key}=${before[key]}\n`)
      return
    }
    const taken = Object.keys(changes.set).sort().filter((key) => before[key] !== undefined && (what === 'annotation' || before[key] !== changes.set[key]))
    if (!overwrite && taken.length > 0) {
      const texts = taken.map((key) => `'${key}' already has a value (${before[key]})`)
      throw new CliError(what === 'label' ? `${texts[0]!}, and --overwrite is false` : `--overwrite is false but found the following declared annotation(s): ${texts.join('; ')}`)
    }
    if (what === 'label') for (const key of changes.remove) if (!(key in before)) streams.out(`label ${JSON.stringify(key)} not found.\n`)
    const after: Record<string, string> = { ...before, ...changes.set }
    for (const key of changes.remove) delete after[key]
    const changed = { ...info.object, metadata: { ...info.object.metadata, [field]: after, ...(given.text('resource-version') ? { resourceVersion: given.text('resource-version') } : {}) } } as KubeObject
    let shown = changed
    if (dryRun !== 'client' && !given.bool('local')) {
      const patch = createMergePatch(info.object as unknown as JsonObject, changed as unknown as JsonObject)
      if (Object.keys(patch).length > 0 || what === 'annotation') shown = await patchObject(context, info, 'merge', patch, { dryRun: dryRun === 'server', fieldManager: given.text('field-manager') })
    }
    if (given.bool('list')) {
      for (const key of Object.keys(after).sort()) streams.out(`${key}=${after[key]}\n`)
      return
    }
    print(context, what, shown, before, after, changes, dryRun)
  })
  if (count === 0) streams.err('No resources found\n')
}

function print(context: CommandContext, what: 'label' | 'annotation', object: KubeObject, before: object, after: object, changes: Changes, dryRun: DryRun): void {
  if (what === 'annotation') return operationPrinter(context, 'annotated', dryRun)(object)
  const same = JSON.stringify(sortedEntries(before)) === JSON.stringify(sortedEntries(after))
  operationPrinter(context, same ? 'not labeled' : Object.keys(changes.set).length === 0 && changes.remove.length > 0 ? 'unlabeled' : 'labeled', dryRun)(object)
}

function sortedEntries(map: object): [string, unknown][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
}


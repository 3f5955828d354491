import { jsonEqual } from '../../../api/machinery/equality.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { Command, CommandContext } from '../command.ts'
import { objectOutputFlags, operationPrinter } from '../printing/output.ts'
import { createObject, deleteObject, objectPath } from '../resources/objects.ts'
import { requestJson } from '../resources/requests.ts'
import { filenameFlags } from '../resources/selection.ts'
import { fetchTarget, filesGiven, visitInfos, type Info } from '../resources/visit.ts'
import { isMissing } from '../resources/watch-until.ts'
import { dryRunFlag, dryRunOf } from '../settings.ts'

interface Rule {
  readonly verbs?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}
interface Subject {
  readonly kind: string
  readonly apiGroup?: string
  readonly name: string
  readonly namespace?: string
}
interface Rbac extends KubeObject {
  readonly rules?: readonly Rule[]
  readonly aggregationRule?: object
  readonly roleRef?: object
  readonly subjects?: readonly Subject[]
}

/** `kubectl auth reconcile`: roles get the rules that they lack, bindings the subjects; a binding to another role is made anew. */
export const reconcileCommand: Command = {
  name: 'reconcile',
  use: 'auth reconcile -f FILENAME [options]',
  short: 'Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects',
  flags: [
    ...objectOutputFlags,
    ...filenameFlags,
    dryRunFlag,
    { name: 'remove-extra-permissions', type: 'bool', help: 'Take rules away from roles that the files do not name.' },
    { name: 'remove-extra-subjects', type: 'bool', help: 'Take subjects away from bindings that the files do not name.' },
  ],
  async run(context) {
    if (!filesGiven(context)) throw new CliError('must specify one of -f and -k')
    const dryRun = dryRunHere(context)
    const print = operationPrinter(context, 'reconciled', dryRun)
    const detailed = ['', 'name'].includes(context.flags.text('output'))
    await visitInfos(context, [], {}, async (info) => {
      if (info.resource.group !== 'rbac.authorization.k8s.io') return
      const result = await reconcile(context, info, dryRun !== 'none', dryRun === 'server')
      print(result.object)
      if (detailed) context.streams.err(result.details)
    })
  },
}

function dryRunHere(context: CommandContext): ReturnType<typeof dryRunOf> {
  try {
    return dryRunOf(context)
  } catch (error) {
    throw new CliError(`error accessing --dry-run flag for command reconcile: ${(error as Error).message}`)
  }
}

interface Result {
  readonly object: KubeObject
  /** Indented lines that say what was done. */
  readonly details: string
}

async function reconcile(context: CommandContext, info: Info, dry: boolean, onServer: boolean): Promise<Result> {
  const { flags } = context
  const wanted = info.object as unknown as Rbac
  const isRole = info.resource.kind.endsWith('Role')
  const existing = await (fetchTarget(context, info) as unknown as Promise<Rbac>).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  const removes = flags.bool(isRole ? 'remove-extra-permissions' : 'remove-extra-subjects')
  const [wantedItems, items] = isRole ? [wanted.rules ?? [], existing?.rules ?? []] : [wanted.subjects ?? [], existing?.subjects ?? []]
  const missing = isRole ? uncovered(items as readonly Rule[], wantedItems as readonly Rule[]) : without(wantedItems as readonly Subject[], items as readonly Subject[])
  const extra = !existing || !removes ? [] : isRole ? uncovered(wantedItems as readonly Rule[], items as readonly Rule[]) : without(items as readonly Subject[], wantedItems as readonly Subject[])
  const other = !isRole && existing !== undefined && !jsonEqual(existing.roleRef ?? {}, wanted.roleRef ?? {})
  const operation = existing === undefined ? 'create' : other ? 'recreate' : missing.length > 0 || (extra.length > 0 && removes) ? 'update' : ''
  const noun = isRole ? 'rules' : 'subjects'
  const lines = [
    ...(operation === '' ? [] : [`\treconciliation required ${operation}\n`]),
    ...(missing.length > 0 ? [`\tmissing ${noun} added:\n`, ...missing.map(itemText)] : []),
    ...(extra.length > 0 ? [`\textra ${noun} removed:\n`, ...extra.map(itemText)] : []),
  ]
  const kept = removes ? (items as readonly object[]).filter((item) => !(extra as readonly object[]).includes(item)) : items
  const changed = existing && operation === 'update' ? ({ ...existing, ...(isRole ? { rules: [...(kept as readonly Rule[]), ...missing] } : { subjects: [...(kept as readonly Subject[]), ...missing] }) } as Rbac) : wanted
  const object = operation === '' ? existing! : dry && !onServer ? changed : await written(context, info, operation, changed, onServer)
  return { object, details: lines.join('') }
}

async function written(context: CommandContext, info: Info, operation: string, object: Rbac, dryRun: boolean): Promise<KubeObject> {
  if (operation === 'update') return requestJson(context, 'PUT', `${objectPath(info.resource, info.namespace, info.name)}${dryRun ? '?dryRun=All' : ''}`, {}, object)
  if (operation === 'recreate') await deleteObject(context, info, { dryRun })
  return createObject(context, info.resource, info.namespace, object, { dryRun })
}

/** Rules of `rules` that `owner` does not grant, one permission at a time judged, whole rules answered. */
function uncovered(owner: readonly Rule[], rules: readonly Rule[]): Rule[] {
  const single = (rule: Rule): Rule[] => {
    const verbs = rule.verbs ?? []
    const urls = (rule.nonResourceURLs ?? []).flatMap((url) => verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [url] })))
    const names: (readonly string[])[] = rule.resourceNames?.length ? rule.resourceNames.map((name) => [name]) : [[]]
    const resources = (rule.apiGroups ?? []).flatMap((group) => (rule.resources ?? []).flatMap((resource) => verbs.flatMap((verb) => names.map((resourceNames) => ({ verbs: [verb], apiGroups: [group], resources: [resource], ...(resourceNames.length > 0 ? { resourceNames } : {}) })))))
    return [...resources, ...urls]
  }
  const has = (list: readonly string[] | undefined, value: string): boolean => (list ?? []).includes('*') || (list ?? []).includes(value)
  const covers = (one: Rule): boolean =>
    owner.some((rule) => {
      if (!has(rule.verbs, one.verbs![0]!)) return false
      if (one.nonResourceURLs) return has(rule.nonResourceURLs, one.nonResourceURLs[0]!)
      if (!has(rule.apiGroups, one.apiGroups![0]!) || !has(rule.resources, one.resources![0]!)) return false
      return !rule.resourceNames?.length || (one.resourceNames !== undefined && rule.resourceNames.includes(one.resourceNames[0]!))
    })
  return rules.flatMap((rule) => {
    const pieces = single(rule)
    const open = pieces.filter((piece) => !covers(piece))
    return open.length === pieces.length && pieces.length > 0 ? [rule] : open
  })
}

function without(subjects: readonly Subject[], known: readonly Subject[]): Subject[] {
  const same = (a: Subject, b: Subject): boolean => a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')
  return subjects.filter((subject) => !known.some((one) => same(one, subject)))
}

/** `%+v` of a rule or a subject. */
function itemText(item: Rule | Subject): string {
  if ('kind' in item) return `\t\t{Kind:${item.kind} APIGroup:${item.apiGroup ?? ''} Name:${item.name} Namespace:${item.namespace ?? ''}}\n`
  const list = (words: readonly string[] | undefined): string => `[${(words ?? []).join(' ')}]`
  return `\t\t{Verbs:${list(item.verbs)} APIGroups:${list(item.apiGroups)} Resources:${list(item.resources)} ResourceNames:${list(item.resourceNames)} NonResourceURLs:${list(item.nonResourceURLs)}}\n`
}

import { stringify } from 'yaml'

/** One place at which two versions of an object differ. */
export interface Change {
  /** `spec.template.spec.containers[nginx].image` */
  readonly path: string
  /** As YAML; absent: it was not there. */
  readonly before?: string
  /** As YAML; absent: it is gone. */
  readonly after?: string
}

/** Fields that say of an element of a list which one it is, the surest first. */
const identities = ['uid', 'name', 'type', 'key', 'ip', 'containerPort', 'port', 'topologyKey', 'mountPath'] as const

/** What every write changes, and what the list of versions says anyway. */
const unsaid = new Set(['metadata.managedFields', 'metadata.resourceVersion'])

/** Where two versions of an object differ, what was asked for first; elements of lists are matched by their names. */
export function differences(before: unknown, after: unknown): Change[] {
  const changes: Change[] = []
  compare(before, after, '', changes)
  return changes.map((change, index) => ({ change, index })).sort((a, b) => weightOf(a.change.path) - weightOf(b.change.path) || a.index - b.index).map(({ change }) => change)
}

/** What was asked for comes first, then what is, then times and counters that only follow. */
function weightOf(path: string): number {
  if (/(Time|Timestamp|[oO]bservedGeneration)$|^metadata\.generation$/.test(path)) return 3
  return path.startsWith('status.') || path === 'status' ? 2 : path.startsWith('metadata.') ? 1 : 0
}

function compare(before: unknown, after: unknown, path: string, changes: Change[]): void {
  if (unsaid.has(path) || before === after) return
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(after), ...Object.keys(before)])) compare(before[key], after[key], childPath(path, key), changes)
    return
  }
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path, changes)
  changes.push({ path, ...(before !== undefined && { before: textOf(before) }), ...(after !== undefined && { after: textOf(after) }) })
}

function compareLists(before: readonly unknown[], after: readonly unknown[], path: string, changes: Change[]): void {
  const identity = identities.find((field) => [before, after].every((list) => isKeyedBy(list, field)))
  if (identity) {
    const named = (list: readonly unknown[]): Map<string, unknown> => new Map(list.map((item) => [String((item as Record<string, unknown>)[identity]), item]))
    const [old, now] = [named(before), named(after)]
    for (const name of new Set([...now.keys(), ...old.keys()])) compare(old.get(name), now.get(name), `${path}[${name}]`, changes)
  } else if ([...before, ...after].some(isRecord)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++) compare(before[index], after[index], `${path}[${index}]`, changes)
  } else if (JSON.stringify(before) !== JSON.stringify(after)) changes.push({ path, before: textOf(before), after: textOf(after) })
}

function isKeyedBy(list: readonly unknown[], field: string): boolean {
  const values = list.map((item) => (isRecord(item) ? item[field] : undefined))
  return values.every((value) => value !== undefined) && new Set(values).size === values.length
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function childPath(path: string, key: string): string {
  if (/^[\w-]+$/.test(key)) return path === '' ? key : `${path}.${key}`
  return `${path}[${JSON.stringify(key)}]`
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value === '' ? '""' : value
  if (Array.isArray(value) && !value.some((item) => typeof item === 'object')) return JSON.stringify(value)
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd()
}

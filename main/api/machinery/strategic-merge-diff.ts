/** Strategic merge patches, created: in two ways (from one object to another) and in three (kubectl apply). */
import { compareBytes } from './go-text.ts'
import { jsonEqual } from './equality.ts'
import { getOwn, isObject, setOwn } from './json-value.ts'
import type { JsonObject } from './json-value.ts'
import type { Definition, PatchRule } from './schema.ts'
import { combinePatches, deletePrefix, orderPrefix, patchDirective, patchRuleOf, retainKeysDirective, StrategicMergeError } from './strategic-merge-patch.ts'

interface DiffOptions {
  readonly deletions: boolean
  readonly changes: boolean
  /** Write `$setElementOrder` for merged lists. */
  readonly order: boolean
}

/** The patch that turns `original` into `modified`. */
export function createTwoWayStrategicMergePatch(original: JsonObject, modified: JsonObject, definition: Definition): JsonObject {
  return diffMaps(original, modified, definition, { deletions: true, changes: true, order: true }, false)
}

/** kubectl apply's patch: changes from `current` to `modified`, deletions of what was in `original` (last applied) and is not in
 *  `modified`. */
export function createThreeWayStrategicMergePatch(original: JsonObject, modified: JsonObject, current: JsonObject, definition: Definition): JsonObject {
  const changes = diffMaps(current, modified, definition, { deletions: false, changes: true, order: true }, false)
  const deletions = diffMaps(original, modified, definition, { deletions: true, changes: false, order: true }, false)
  return combinePatches(deletions, changes, definition)
}

function diffMaps(original: JsonObject, modified: JsonObject, definition: Definition | undefined, options: DiffOptions, retainKeys: boolean): JsonObject {
  const patch: JsonObject = {}
  const retained: string[] = []
  for (const key of Object.keys(modified)) {
    const to = modified[key]
    if (to === undefined) continue
    if (to !== null) retained.push(key)
    const from = getOwn(original, key)
    if (from === undefined || kindOf(from) !== kindOf(to)) {
      if (options.changes) setOwn(patch, key, to)
    } else diffField(patch, key, from, to, definition, options)
  }
  if (options.deletions) for (const key of Object.keys(original)) if (original[key] !== undefined && getOwn(modified, key) === undefined) setOwn(patch, key, null)
  if (retainKeys && retained.length > 0 && (Object.keys(patch).length > 0 || Object.keys(original).some((key) => getOwn(modified, key) === undefined))) {
    patch[retainKeysDirective] = retained.sort(compareBytes)
  }
  return patch
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value
}

function diffField(patch: JsonObject, key: string, from: unknown, to: unknown, definition: Definition | undefined, options: DiffOptions): void {
  const { rule, inner } = patchRuleOf(definition, key)
  if (isObject(from) && isObject(to)) {
    if (rule && !rule.merge && !rule.retainKeys) {
      if (options.changes && !jsonEqual(from, to)) setOwn(patch, key, to)
      return
    }
    const nested = diffMaps(from, to, inner, options, rule?.retainKeys ?? false)
    if (Object.keys(nested).length > 0) setOwn(patch, key, nested)
  } else if (Array.isArray(from) && Array.isArray(to) && rule?.merge) {
    const lists = diffLists(from, to, inner, rule, options)
    if (lists.patch.length > 0) setOwn(patch, key, lists.patch)
    if (lists.deleted.length > 0) setOwn(patch, deletePrefix + key, lists.deleted)
    if (lists.order.length > 0) setOwn(patch, orderPrefix + key, lists.order)
  } else if (options.changes && !jsonEqual(from, to)) setOwn(patch, key, to)
}

interface ListDiff {
  readonly patch: unknown[]
  readonly deleted: unknown[]
  readonly order: unknown[]
}

function diffLists(from: readonly unknown[], to: readonly unknown[], inner: Definition | undefined, rule: PatchRule, options: DiffOptions): ListDiff {
  if (from.length === 0) return { patch: options.changes ? [...to] : [], deleted: [], order: [] }
  const key = rule.key
  if (key === undefined || !isObject(from[0])) return diffScalars(from, to, options)
  const before = new Map(from.map((item) => [keyValue(item, key), item as JsonObject]))
  const after = new Map(to.map((item) => [keyValue(item, key), item as JsonObject]))
  const patch: unknown[] = []
  for (const [value, item] of after) {
    const old = before.get(value)
    if (old) {
      const nested = diffMaps(old, item, inner, options, rule.retainKeys)
      if (Object.keys(nested).length > 0) patch.push({ ...nested, [key]: value })
    } else if (options.changes) patch.push(item)
  }
  if (options.deletions) {
    const gone = [...before.keys()].filter((value) => !after.has(value)).sort((a, b) => compareBytes(String(a), String(b)))
    for (const value of gone) patch.push({ [patchDirective]: 'delete', [key]: value })
  }
  const sameOrder = from.length === to.length && from.every((item, index) => keyValue(item, key) === keyValue(to[index], key))
  const ordered = options.order && ((options.changes && (patch.length > 0 || !sameOrder)) || (options.deletions && patch.length > 0))
  return { patch, deleted: [], order: ordered ? to.map((item) => ({ [key]: keyValue(item, key) })) : [] }
}

function keyValue(item: unknown, key: string): unknown {
  if (!isObject(item)) throw new StrategicMergeError(`expected a map, but received a ${kindOf(item)}`)
  const value = getOwn(item, key)
  if (value === undefined) throw new StrategicMergeError(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
  return value
}

function diffScalars(from: readonly unknown[], to: readonly unknown[], options: DiffOptions): ListDiff {
  const added = options.changes ? to.filter((item) => !from.includes(item)) : []
  const deleted = options.deletions ? [...new Set(from.filter((item) => !to.includes(item)))] : []
  const ordered = options.order && ((options.deletions && deleted.length > 0) || (options.changes && !jsonEqual(from, to)))
  return { patch: added, deleted, order: ordered ? [...to] : [] }
}

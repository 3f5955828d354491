/** Strategic merge patch, applied: lists with a merge key are merged item by item, and the directives `$patch`, `$retainKeys`,
 *  `$setElementOrder/<list>` and `$deleteFromPrimitiveList/<list>` are obeyed. Follows upstream's strategicpatch package.
 *  Arguments are never changed; untouched parts are shared with the original. Creation is in strategic-merge-diff.ts. */
import { goText } from './codec/unstructured.ts'
import { jsonEqual } from './equality.ts'
import { getOwn, isObject, setOwn } from './json-value.ts'
import type { JsonObject } from './json-value.ts'
import type { Definition, PatchRule, SchemaType } from './schema.ts'

/** The patch is malformed, or does not fit. `code` is what the API server answers with: errors that upstream does not tell apart
 *  are 500. */
export class StrategicMergeError extends Error {
  readonly code: 400 | 422 | 500

  constructor(message: string, code: 400 | 422 | 500 = 500) {
    super(message)
    this.name = 'StrategicMergeError'
    this.code = code
  }
}

function badArgument(expected: 'map[string]interface {}' | '[]interface {}', value: unknown): StrategicMergeError {
  return new StrategicMergeError(`expected a ${expected}, but received a ${goTypeOf(value)}`)
}

function noMergeKey(item: JsonObject, key: string): StrategicMergeError {
  return new StrategicMergeError(`map: ${goText(item)} does not contain declared merge key: ${key}`)
}

/** reflect.TypeOf of a JSON value, as %s prints it. */
function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return '%!s(<nil>)'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'map[string]interface {}'
}

export const orderPrefix = '$setElementOrder/'
export const deletePrefix = '$deleteFromPrimitiveList/'
export const retainKeysDirective = '$retainKeys'
export const patchDirective = '$patch'

/** The patched object. `definition` is the kind's schema. Throws StrategicMergeError. */
export function applyStrategicMergePatch(original: JsonObject, patch: JsonObject, definition: Definition): JsonObject {
  return mergeMap(original, patch, definition, false)
}

/** One patch with the effect of `first`, then `second` (upstream merges deletions and changes so); directives are kept. */
export function combinePatches(first: JsonObject, second: JsonObject, definition: Definition): JsonObject {
  return mergeMap(first, second, definition, true)
}

/** What is known of a field: how it is patched and what its items or values are. */
export function patchRuleOf(definition: Definition | undefined, field: string): { rule: PatchRule | undefined; inner: Definition | undefined } {
  const known = definition?.fields.get(field)
  return { rule: known?.patch, inner: known ? innerDefinition(known.type) : undefined }
}

function innerDefinition(type: SchemaType): Definition | undefined {
  if (type.is === 'object') return type.target
  if (type.is === 'list') return innerDefinition(type.items)
  return undefined
}


function mergeMap(original: JsonObject, patch: JsonObject, definition: Definition | undefined, combine: boolean): JsonObject {
  const directive = getOwn(patch, patchDirective)
  if (directive !== undefined) {
    if (directive === 'replace') return without(patch, patchDirective)
    if (directive === 'delete') return {}
    throw new StrategicMergeError(`unknown patch type: ${String(directive)} in map: ${goText(patch)}`)
  }
  const result: JsonObject = { ...original }
  const rest: JsonObject = { ...patch }
  applyRetainKeys(result, rest, combine)
  applyElementOrders(result, rest, definition, combine)
  for (const name of Object.keys(rest)) {
    const value = rest[name]
    if (value === undefined) continue
    if (!name.startsWith('$deleteFromPrimitiveList')) mergeField(result, name, value, definition, combine)
    else if (combine) setOwn(result, name, value)
    else deletePrimitives(result, name, value)
  }
  return result
}

function mergeField(result: JsonObject, name: string, value: unknown, definition: Definition | undefined, combine: boolean): void {
  if (value === null) {
    delete result[name]
    if (!combine) return
  }
  const before = getOwn(result, name)
  if (before === undefined || kindOf(before) !== kindOf(value) || value === null) {
    put(result, name, combine ? value : withoutNulls(value))
    return
  }
  const { rule, inner } = patchRuleOf(definition, name)
  if (isObject(before) && isObject(value)) {
    // A field whose strategy is replace takes the patch as it is.
    const replaces = rule !== undefined && !rule.merge && !rule.retainKeys
    setOwn(result, name, replaces ? value : mergeMap(before, value, inner, combine))
  } else if (Array.isArray(before) && Array.isArray(value)) {
    setOwn(result, name, rule?.merge ? mergeList(before, value, rule, inner, name, combine) : value)
  } else put(result, name, value)
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value
}

/** Sets the value without its directives; drops the field when the value itself is a directive. */
function put(result: JsonObject, name: string, value: unknown): void {
  const kept = withoutDirectives(value)
  if (kept === dropped) delete result[name]
  else setOwn(result, name, kept)
}

const dropped = Symbol('dropped')

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== dropped)
  if (!isObject(value)) return value
  if (Object.hasOwn(value, patchDirective)) return dropped
  const kept: JsonObject = {}
  for (const key of Object.keys(value)) {
    const inner = withoutDirectives(value[key])
    if (inner !== dropped) setOwn(kept, key, inner)
  }
  return kept
}

/** Nulls have nothing to delete in what is new. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  const kept: JsonObject = {}
  for (const key of Object.keys(value)) if (value[key] !== null) setOwn(kept, key, withoutNulls(value[key]))
  return kept
}

function without(map: JsonObject, key: string): JsonObject {
  const { [key]: _gone, ...rest } = map
  return rest
}

function deletePrimitives(result: JsonObject, name: string, value: unknown): void {
  if (!name.startsWith(deletePrefix)) throw new StrategicMergeError('invalid patch format of primitive list', 400)
  const field = name.slice(deletePrefix.length)
  const before = getOwn(result, field)
  if (value === null) delete result[field]
  else if (Array.isArray(before) && Array.isArray(value)) setOwn(result, field, before.filter((item) => !value.includes(item)))
}

const badRetainKeys = 'invalid patch format of retainKeys'

function applyRetainKeys(result: JsonObject, patch: JsonObject, combine: boolean): void {
  const keys = getOwn(patch, retainKeysDirective)
  if (keys === undefined) return
  delete patch[retainKeysDirective]
  if (combine) {
    const already = getOwn(result, retainKeysDirective)
    if (already === undefined) result[retainKeysDirective] = keys
    else if (!jsonEqual(already, keys)) throw new StrategicMergeError(`${goText(already)} and ${goText(keys)} are not deep equal: this may happen when calculating the 3-way diff patch`)
    return
  }
  if (!Array.isArray(keys)) throw new StrategicMergeError(badRetainKeys, 400)
  const retained = new Set<unknown>(keys)
  for (const key of Object.keys(patch)) {
    if (patch[key] === null || key.startsWith('$deleteFromPrimitiveList') || key.startsWith('$setElementOrder')) continue
    if (!retained.has(key)) throw new StrategicMergeError(badRetainKeys, 400)
  }
  for (const key of Object.keys(result)) if (!retained.has(key)) delete result[key]
}

const badOrder = 'invalid patch format of setElementOrder list'

/** Lists with an order directive are merged here, and taken out of the patch. */
function applyElementOrders(result: JsonObject, patch: JsonObject, definition: Definition | undefined, combine: boolean): void {
  for (const name of Object.keys(patch)) {
    if (!name.startsWith('$setElementOrder')) continue
    const order = patch[name]
    if (combine) {
      const already = getOwn(result, name)
      if (already === undefined) setOwn(result, name, order)
      else if (!jsonEqual(already, order)) throw new StrategicMergeError(badOrder, 400)
    }
    delete patch[name]
    if (!name.startsWith(orderPrefix)) throw new StrategicMergeError(badOrder, 400)
    if (!Array.isArray(order)) throw badArgument('[]interface {}', order)
    const field = name.slice(orderPrefix.length)
    const { rule, inner } = patchRuleOf(definition, field)
    const [before, change] = [getOwn(result, field), getOwn(patch, field)]
    if (before !== undefined && !Array.isArray(before)) throw badArgument('[]interface {}', before)
    if (change !== undefined && !Array.isArray(change)) throw badArgument('[]interface {}', change)
    const key = rule?.key
    if (definition && !definition.fields.has(field)) throw new StrategicMergeError(`unable to find api field in struct ${definition.name.slice(definition.name.lastIndexOf('.') + 1)} for the json field ${JSON.stringify(field)}`)
    if (change) checkOrder(change, order, key)
    if (before === undefined && change === undefined) continue
    let merged: unknown[]
    if (before === undefined) merged = withoutDirectives(change) as unknown[]
    else if (change === undefined) merged = before
    else merged = rule?.merge ? mergeList(before, change, rule, inner, field, combine) : change
    setOwn(result, field, arrange(merged, order, before ?? [], key))
    delete patch[field]
  }
}

/** The patch's items must be in the order list, in that order. */
function checkOrder(patch: readonly unknown[], order: readonly unknown[], key: string | undefined): void {
  if (patch.length === 0 || order.length === 0) return
  const items = patch.filter((item) => !(isObject(item) && Object.hasOwn(item, patchDirective)))
  let at = 0
  for (const step of order) {
    if (at < items.length && keyOf(items[at], key) === keyOf(step, key)) at++
  }
  if (at < items.length) throw new StrategicMergeError(`The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`)
}

/** What an item is known by: its merge key's value, or itself. */
function keyOf(item: unknown, key: string | undefined): unknown {
  if (key === undefined) return item
  if (!isObject(item)) throw badArgument('map[string]interface {}', item)
  const value = getOwn(item, key)
  if (value === undefined) throw noMergeKey(item, key)
  return value
}

/** Items named by `order` in that order, the server's own between them where they were. */
function arrange(items: readonly unknown[], order: readonly unknown[], before: readonly unknown[], key: string | undefined): unknown[] {
  const place = indexBy(order, key)
  const serverPlace = indexBy(before, key)
  const isDeletion = (item: unknown): boolean => key !== undefined && isObject(item) && getOwn(item, patchDirective) === 'delete'
  const named: unknown[] = []
  const own: unknown[] = []
  const deletions: unknown[] = []
  for (const item of items) {
    if (place.has(keyOf(item, key))) (isDeletion(item) ? deletions : named).push(item)
    else own.push(item)
  }
  named.sort((a, b) => (place.get(keyOf(a, key)) as number) - (place.get(keyOf(b, key)) as number))
  named.push(...deletions)
  own.sort((a, b) => (serverPlace.get(keyOf(a, key)) ?? Infinity) - (serverPlace.get(keyOf(b, key)) ?? Infinity) || 0)
  const arranged: unknown[] = []
  let [i, j] = [0, 0]
  while (i < own.length || j < named.length) {
    if (i >= own.length) arranged.push(named[j++])
    else if (j >= named.length) arranged.push(own[i++])
    else {
      const [left, right] = [serverPlace.get(keyOf(own[i], key)), serverPlace.get(keyOf(named[j], key))]
      arranged.push(left !== undefined && right !== undefined && left < right ? own[i++] : named[j++])
    }
  }
  return arranged
}

function indexBy(items: readonly unknown[], key: string | undefined): Map<unknown, number> {
  const places = new Map<unknown, number>()
  items.forEach((item, index) => {
    const value = keyOf(item, key)
    if (!places.has(value)) places.set(value, index)
  })
  return places
}

/** Lists of lists are not merged, nor lists of things of several types. */
function checkElementTypes(before: readonly unknown[], patch: readonly unknown[]): void {
  const first = goTypeOf(before[0] ?? patch[0])
  if (first === '[]interface {}') throw new StrategicMergeError('lists of lists are not supported', 422)
  for (const list of [before, patch]) for (const item of list) if (goTypeOf(item) !== first) throw new StrategicMergeError(`list element types are not identical: ${goText([before, patch])}`)
}

function mergeList(before: readonly unknown[], patch: readonly unknown[], rule: PatchRule, inner: Definition | undefined, name: string, combine: boolean): unknown[] {
  if (before.length === 0 && patch.length === 0) return []
  checkElementTypes(before, patch)
  if (!isObject(before[0] ?? patch[0])) {
    const merged = [...new Set([...before, ...patch])]
    return arrange(merged, patch, before, undefined)
  }
  const key = rule.key
  if (key === undefined) throw new StrategicMergeError(`cannot merge lists without merge key for ${inner ? inner.name.slice(inner.name.lastIndexOf('.') + 1) : name}`)
  let base = [...before]
  let changes: JsonObject[] = []
  let replaces = false
  for (const item of patch) {
    if (!isObject(item)) throw badArgument('map[string]interface {}', item)
    const directive = getOwn(item, patchDirective)
    if (directive === undefined) changes.push(item)
    else if (directive === 'delete') {
      const value = keyOf(item, key)
      base = base.filter((each) => !(isObject(each) && getOwn(each, key) === value))
    } else if (directive === 'replace') replaces = true
    else if (directive === 'merge') throw new StrategicMergeError('merging lists cannot yet be specified in the patch')
    else throw new StrategicMergeError(`unknown patch type: ${String(directive)} in map: ${goText(item)}`)
  }
  if (replaces) {
    base = changes
    changes = []
  }
  const kept = base
  const merged = [...kept]
  for (const change of changes) {
    const value = keyOf(change, key)
    const at = merged.findIndex((item) => isObject(item) && getOwn(item, key) === value)
    if (at >= 0) merged[at] = mergeMap(merged[at] as JsonObject, change, inner, combine)
    else merged.push(change)
  }
  return arrange(merged, changes, kept, key)
}

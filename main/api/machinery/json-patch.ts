/** JSON Patch (RFC 6902) as the library that upstream uses has it (evanphx/json-patch 4), with its error texts. */
import { cloneJson, getOwn, isObject, setOwn } from './json-value.ts'
import type { JsonObject } from './json-value.ts'
import { jsonEqual } from './equality.ts'

export interface JsonPatchOperation {
  readonly op: string
  readonly path: string
  readonly from?: string
  readonly value?: unknown
}

/** The patch does not fit the document (422), or is no patch at all (400 when `malformed`). */
export class JsonPatchError extends Error {
  readonly malformed: boolean

  constructor(message: string, malformed = false) {
    super(message)
    this.name = 'JsonPatchError'
    this.malformed = malformed
  }
}

/** The most operations that the API server takes in one patch. */
export const jsonPatchOperationsMax = 10_000

/** The patched document; neither argument is changed. Follows the library where it is wider than the RFC: `replace` and `copy` take
 *  absent members, indices may count from the end, what stands before a pointer's first slash is not looked at. Throws JsonPatchError. */
export function applyJsonPatch<T>(document: T, patch: unknown): T {
  checkJsonPatch(patch)
  const root = { document: cloneJson(document) as unknown }
  for (const operation of patch) applyOperation(root, operation as unknown as JsonPatchOperation)
  return root.document as T
}

/** Asserts that a patch is a list of objects; throws a malformed JsonPatchError that names Go's type. */
export function checkJsonPatch(patch: unknown, types: { readonly list: string; readonly item: string } = { list: 'jsonpatch.Patch', item: 'jsonpatch.Operation' }): asserts patch is JsonObject[] {
  if (!Array.isArray(patch)) throw new JsonPatchError(`json: cannot unmarshal ${jsonTypeOf(patch)} into Go value of type ${types.list}`, true)
  for (const operation of patch as unknown[]) if (!isObject(operation)) throw new JsonPatchError(`json: cannot unmarshal ${jsonTypeOf(operation)} into Go value of type ${types.item}`, true)
}

function jsonTypeOf(value: unknown): string {
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
}

interface Root {
  document: unknown
}

const missingText = 'missing value'

function applyOperation(root: Root, operation: JsonPatchOperation): void {
  const { op } = operation
  switch (op) {
    case 'add': {
      const path = required(operation.path, op, 'path', missingText)
      return add(parentOf(root, path, (at) => `add operation does not apply: doc is missing path: "${at}"`), valueOf(operation), (why) => `error in add for path: '${path}': ${why}`)
    }
    case 'remove': {
      const path = required(operation.path, op, 'path', missingText)
      return remove(parentOf(root, path, (at) => `remove operation does not apply: doc is missing path: "${at}"`), (why) => `error in remove for path: '${path}': ${why}`)
    }
    case 'replace':
      return replace(root, required(operation.path, op, 'path'), valueOf(operation))
    case 'move': {
      const from = required(operation.from, op, 'from')
      const source = parentOf(root, from, (at) => `move operation does not apply: doc is missing from path: ${at}`)
      const value = read(source, (why) => `error in move for path: '${source.key}': ${why}`)
      remove(source, (why) => `error in move for path: '${source.key}': ${why}`)
      const path = required(operation.path, op, 'path')
      return add(parentOf(root, path, (at) => `move operation does not apply: doc is missing destination path: ${at}`), value ?? null, (why) => `error in move for path: '${path}': ${why}`)
    }
    case 'copy': {
      const from = required(operation.from, op, 'from')
      const value = read(parentOf(root, from, (at) => `copy operation does not apply: doc is missing from path: ${at}`), (why) => `error in copy for from: '${from}': ${why}`)
      const path = required(operation.path, op, 'path', missingText)
      return add(parentOf(root, path, (at) => `copy operation does not apply: doc is missing destination path: ${at}`), cloneJson(value ?? null), (why) => `error while adding value during copy: ${why}`)
    }
    case 'test': {
      const path = required(operation.path, op, 'path')
      const found = path === '' ? root.document : read(parentOf(root, path, (at) => `test operation does not apply: is missing path: ${at}`), (why) => `error in test for path: '${path}': ${why}`)
      if (!jsonEqual(found ?? null, operation.value ?? null)) throw new JsonPatchError(`testing value ${path} failed: test failed`)
      return
    }
    default:
      throw new JsonPatchError(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`)
  }
}

function required(pointer: string | undefined, op: string, what: 'path' | 'from', reason = what === 'path' ? `operation missing path field: ${missingText}` : `operation, missing from field: ${missingText}`): string {
  if (typeof pointer !== 'string') throw new JsonPatchError(`${op} operation failed to decode ${what}: ${reason}`)
  return pointer
}

function valueOf(operation: JsonPatchOperation): unknown {
  return cloneJson(operation.value ?? null)
}

/** The container of a pointer's last segment, and that segment. */
interface Place {
  readonly container: unknown[] | JsonObject
  readonly key: string
}

function parentOf(root: Root, pointer: string, absent: (pointer: string) => string): Place {
  const segments = pointer.split('/').slice(1).map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
  let container: unknown = segments.length > 0 ? root.document : undefined
  for (const segment of segments.slice(0, -1)) {
    if (Array.isArray(container)) {
      const index = indexOf(container, segment)
      container = typeof index === 'number' ? container[index] : undefined
    } else container = isObject(container) ? getOwn(container, segment) : undefined
  }
  if (!Array.isArray(container) && !isObject(container)) throw new JsonPatchError(`${absent(pointer)}: ${missingText}`)
  return { container, key: segments[segments.length - 1] as string }
}

/** An existing index, counted from the end where it is negative; or why there is none. */
function indexOf(list: readonly unknown[], key: string, beyond = 0): number | string {
  if (!/^[+-]?\d+$/.test(key)) return `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`
  const index = Number(key)
  const length = list.length + beyond
  if (index < -length || index >= length) return `Unable to access invalid index: ${index}: invalid index referenced`
  return index < 0 ? index + length : index
}

function add({ container, key }: Place, value: unknown, failed: (why: string) => string): void {
  if (!Array.isArray(container)) return setOwn(container, key, value)
  if (key === '-') return void container.push(value)
  const index = indexOf(container, key, 1)
  if (typeof index === 'string') throw new JsonPatchError(failed(index.startsWith('strconv') ? `value was not a proper array index: '${key}': ${index}` : index))
  container.splice(index, 0, value)
}

function remove({ container, key }: Place, failed: (why: string) => string): void {
  if (Array.isArray(container)) {
    const index = indexOf(container, key)
    if (typeof index === 'string') throw new JsonPatchError(failed(index))
    container.splice(index, 1)
    return
  }
  if (!Object.hasOwn(container, key)) throw new JsonPatchError(failed(`Unable to remove nonexistent key: ${key}: ${missingText}`))
  delete container[key]
}

function replace(root: Root, pointer: string, value: unknown): void {
  if (pointer === '') {
    if (typeof value !== 'object' || value === null) throw new JsonPatchError('replace operation value must be object or array: %!w(<nil>)')
    root.document = value
    return
  }
  const { container, key } = parentOf(root, pointer, (at) => `replace operation does not apply: doc is missing path: ${at}`)
  if (!Array.isArray(container)) return setOwn(container, key, value)
  const index = indexOf(container, key)
  if (typeof index === 'string') throw new JsonPatchError(`replace operation does not apply: doc is missing key: ${pointer}: ${missingText}`)
  container[index] = value
}

/** The value there; an absent member is undefined, an absent item fails. */
function read({ container, key }: Place, failed: (why: string) => string): unknown {
  if (!Array.isArray(container)) return getOwn(container, key)
  const index = indexOf(container, key)
  if (typeof index === 'string') throw new JsonPatchError(failed(index))
  return container[index]
}

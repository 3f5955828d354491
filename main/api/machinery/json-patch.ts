/** JSON Patch (RFC 6902) with the error texts of the library that upstream uses. */
import { cloneJson, isObject, setOwn } from './json-value.ts'
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

/** The patched document; neither argument is changed. Throws JsonPatchError. */
export function applyJsonPatch<T>(document: T, patch: unknown): T {
  if (!Array.isArray(patch)) throw new JsonPatchError('json: cannot unmarshal object into Go value of type jsonpatch.Patch', true)
  const root = { document: cloneJson(document) as unknown }
  for (const operation of patch as unknown[]) {
    if (!isObject(operation)) throw new JsonPatchError('json: cannot unmarshal value into Go value of type jsonpatch.Operation', true)
    applyOperation(root, operation as unknown as JsonPatchOperation)
  }
  return root.document as T
}

interface Root {
  document: unknown
}

function applyOperation(root: Root, operation: JsonPatchOperation): void {
  const path = operation.path
  switch (operation.op) {
    case 'add':
      return add(root, required(path, 'add'), valueOf(operation), 'add')
    case 'remove':
      return void remove(root, required(path, 'remove'), 'remove')
    case 'replace':
      return replace(root, required(path, 'replace'), valueOf(operation))
    case 'move': {
      const value = remove(root, required(operation.from, 'move', 'from'), 'move')
      return add(root, required(path, 'move'), value, 'move')
    }
    case 'copy': {
      const value = read(root, required(operation.from, 'copy', 'from'), 'copy')
      return add(root, required(path, 'copy'), cloneJson(value), 'copy')
    }
    case 'test': {
      let found: unknown
      try {
        found = read(root, required(path, 'test'), 'test')
      } catch (error) {
        if (operation.value === null) return
        throw error
      }
      if (!jsonEqual(found ?? null, operation.value ?? null)) throw new JsonPatchError(`testing value ${path} failed: test failed`)
      return
    }
    default:
      throw new JsonPatchError(`Unexpected kind: ${operation.op ?? 'unknown'}`)
  }
}

function required(pointer: string | undefined, op: string, what = 'path'): string {
  if (typeof pointer !== 'string') throw new JsonPatchError(`${op} operation failed to decode ${what}: missing value`)
  return pointer
}

function valueOf(operation: JsonPatchOperation): unknown {
  return cloneJson(operation.value ?? null)
}

/** The container of a pointer's last segment, and that segment. */
function locate(root: Root, pointer: string, op: string): { container: unknown; key: string } {
  if (pointer !== '' && !pointer.startsWith('/')) throw missing(op, pointer)
  const segments = pointer.split('/').slice(1).map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
  let container: unknown = root.document
  for (const segment of segments.slice(0, -1)) {
    container = Array.isArray(container) ? container[indexIn(container, segment)] : isObject(container) && Object.hasOwn(container, segment) ? container[segment] : undefined
    if (typeof container !== 'object' || container === null) throw missing(op, pointer)
  }
  return { container, key: segments[segments.length - 1] as string }
}

function missing(op: string, pointer: string): JsonPatchError {
  return new JsonPatchError(`${op} operation does not apply: doc is missing path: ${pointer}: missing value`)
}

function indexIn(list: readonly unknown[], key: string): number {
  if (!/^-?\d+$/.test(key)) throw new JsonPatchError(`value was not a proper array index: '${key}'`)
  const index = Number(key)
  if (index < -list.length || index >= list.length) throw new JsonPatchError(`Unable to access invalid index: ${key}: invalid index referenced`)
  return index < 0 ? index + list.length : index
}

function add(root: Root, pointer: string, value: unknown, op: string): void {
  if (pointer === '') {
    root.document = value
    return
  }
  const { container, key } = locate(root, pointer, op)
  if (Array.isArray(container)) {
    if (key === '-') container.push(value)
    else if (/^\d+$/.test(key) && Number(key) <= container.length) container.splice(Number(key), 0, value)
    else throw new JsonPatchError(`Unable to access invalid index: ${key}: invalid index referenced`)
  } else if (isObject(container)) setOwn(container, key, value)
  else throw missing(op, pointer)
}

function remove(root: Root, pointer: string, op: string): unknown {
  const { container, key } = locate(root, pointer, op)
  if (Array.isArray(container)) return (container as unknown[]).splice(indexIn(container, key), 1)[0]
  if (!isObject(container)) throw missing(op, pointer)
  if (!Object.hasOwn(container, key)) throw new JsonPatchError(`error in ${op} for path: '${pointer}': Unable to remove nonexistent key: ${key}: missing value`)
  const value = container[key]
  delete container[key]
  return value
}

function replace(root: Root, pointer: string, value: unknown): void {
  if (pointer === '') {
    root.document = value
    return
  }
  const { container, key } = locate(root, pointer, 'replace')
  if (Array.isArray(container)) container[indexIn(container, key)] = value
  else if (!isObject(container)) throw missing('replace', pointer)
  else if (!Object.hasOwn(container, key)) throw new JsonPatchError(`replace operation does not apply: doc is missing key: ${pointer}: missing value`)
  else setOwn(container, key, value)
}

function read(root: Root, pointer: string, op: string): unknown {
  if (pointer === '') return root.document
  const { container, key } = locate(root, pointer, op)
  if (Array.isArray(container)) return container[indexIn(container, key)]
  if (isObject(container) && Object.hasOwn(container, key)) return container[key]
  if (op === 'test') return undefined
  throw missing(op, pointer)
}

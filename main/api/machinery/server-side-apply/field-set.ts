/** Sets of field paths, as managedFields hold them (FieldsV1). A path element is its serialised text: `f:name`, `k:{"name":"x"}`,
 *  `v:"x"`, `i:0`. Membership of a path says nothing of its children: both are kept apart. Sets are immutable once built;
 *  operations share what did not change. */
import { compareBytes, quote } from '../go-text.ts'
import { isObject } from '../json-value.ts'

export type FieldsV1 = { [element: string]: unknown }

export class FieldSet {
  members: Set<string> | undefined = undefined
  children: Map<string, FieldSet> | undefined = undefined
  /** How it is written, once it was. */
  #written: FieldsV1 | undefined

  get written(): FieldsV1 | undefined {
    return this.#written
  }

  set written(fields: FieldsV1) {
    this.#written = fields
  }

  /** Adds an element; only while the set is being built. */
  add(element: string): void {
    ;(this.members ??= new Set()).add(element)
  }

  /** The child set of an element, made where it is missing; only while the set is being built. */
  descend(element: string): FieldSet {
    const children = (this.children ??= new Map())
    let child = children.get(element)
    if (!child) children.set(element, (child = new FieldSet()))
    return child
  }
}

export const emptySet = Object.freeze(new FieldSet()) as FieldSet

export function isEmptySet(set: FieldSet): boolean {
  if (set.members !== undefined && set.members.size > 0) return false
  if (set.children !== undefined) for (const child of set.children.values()) if (!isEmptySet(child)) return false
  return true
}

/** A set of the given paths. */
export function setOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  const set = new FieldSet()
  for (const path of paths) {
    let at = set
    for (const element of path.slice(0, -1)) at = at.descend(element)
    at.add(path[path.length - 1] as string)
  }
  return set
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a
  if (isEmptySet(a)) return b
  const out = new FieldSet()
  out.members = a.members ? new Set(a.members) : undefined
  if (b.members) for (const element of b.members) out.add(element)
  out.children = a.children ? new Map(a.children) : undefined
  if (b.children) {
    const children = (out.children ??= new Map())
    for (const [element, child] of b.children) {
      const mine = children.get(element)
      children.set(element, mine ? union(mine, child) : child)
    }
  }
  return out
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const out = new FieldSet()
  if (a.members && b.members) for (const element of a.members) if (b.members.has(element)) out.add(element)
  if (a.children && b.children) {
    for (const [element, child] of a.children) {
      const other = b.children.get(element)
      if (!other) continue
      const inner = intersection(child, other)
      if (!isEmptySet(inner)) (out.children ??= new Map()).set(element, inner)
    }
  }
  return out
}

/** The paths of `a` that are not in `b`; with `recursive`, also without everything under a member of `b`. The set itself when
 *  nothing goes. */
export function difference(a: FieldSet, b: FieldSet, recursive = false): FieldSet {
  let members = a.members
  if (members && b.members) {
    let copy: Set<string> | undefined
    for (const element of b.members) if (members.has(element)) (copy ??= new Set(members)).delete(element)
    if (copy) members = copy.size > 0 ? copy : undefined
  }
  let children = a.children
  if (children) {
    let copy: Map<string, FieldSet> | undefined
    for (const [element, child] of children) {
      const gone = recursive && b.members?.has(element)
      const other = b.children?.get(element)
      if (!gone && !other) continue
      const rest = gone ? emptySet : difference(child, other as FieldSet, recursive)
      if (rest === child) continue
      copy ??= new Map(children)
      if (isEmptySet(rest)) copy.delete(element)
      else copy.set(element, rest)
    }
    if (copy) children = copy.size > 0 ? copy : undefined
  }
  if (members === a.members && children === a.children) return a
  const out = new FieldSet()
  out.members = members
  out.children = children
  return out
}

export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set
  for (let i = 0; i < path.length - 1; i++) at = at?.children?.get(path[i] as string)
  return at?.members?.has(path[path.length - 1] as string) ?? false
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  return a === b || (isEmptySet(difference(a, b)) && isEmptySet(difference(b, a)))
}

/** Calls `visit` for every member path, parents before children, in upstream's order. The path is reused. */
export function forEachPath(set: FieldSet, visit: (path: readonly string[]) => void, prefix: string[] = []): void {
  for (const element of sorted(set.members?.keys())) {
    prefix.push(element)
    visit(prefix)
    prefix.pop()
  }
  for (const element of sorted(set.children?.keys())) {
    prefix.push(element)
    forEachPath(set.children?.get(element) as FieldSet, visit, prefix)
    prefix.pop()
  }
}

const order = 'fkvi'

function sorted(elements: Iterable<string> | undefined): string[] {
  return elements ? [...elements].sort(compareElements) : []
}

function compareElements(a: string, b: string): number {
  if (a[0] !== b[0]) return order.indexOf(a[0] as string) - order.indexOf(b[0] as string)
  if (a[0] === 'i') return Number(a.slice(2)) - Number(b.slice(2))
  return compareBytes(a, b)
}

/** A path as messages print it: `.spec.containers[name="web"].image`. */
export function pathText(path: readonly string[]): string {
  let text = ''
  for (const element of path) {
    const body = element.slice(2)
    if (element[0] === 'f') text += `.${body}`
    else if (element[0] === 'i') text += `[${body}]`
    else if (element[0] === 'v') text += `[=${scalarText(JSON.parse(body))}]`
    else {
      const key = JSON.parse(body) as { [name: string]: unknown }
      text += `[${Object.keys(key).sort(compareBytes).map((name) => `${name}=${scalarText(key[name])}`).join(',')}]`
    }
  }
  return text
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? quote(value) : JSON.stringify(value)
}

const decoded = new WeakMap<object, FieldSet>()

/** Decodes FieldsV1; remembered per object. Throws an Error for what is no FieldsV1. */
export function decodeFieldsV1(fields: unknown): FieldSet {
  if (!isObject(fields)) throw new Error('FieldsV1 must be an object')
  let set = decoded.get(fields)
  if (!set) {
    set = decodeNode(fields)
    decoded.set(fields, set)
    if (Object.isFrozen(fields)) set.written = fields
  }
  return set
}

function decodeNode(fields: FieldsV1): FieldSet {
  const set = new FieldSet()
  for (const key of Object.keys(fields)) {
    if (key === '.') continue
    const element = canonicalElement(key)
    const value = fields[key]
    if (!isObject(value)) throw new Error(`the value of ${key} in FieldsV1 must be an object`)
    const names = Object.keys(value)
    if (names.length === 0 || Object.hasOwn(value, '.')) set.add(element)
    if (names.length > 1 || (names.length === 1 && names[0] !== '.')) {
      const child = decodeNode(value)
      if (!isEmptySet(child)) (set.children ??= new Map()).set(element, child)
    }
  }
  return set
}

let canonical = new Map<string, string>()
const canonicalCountMax = 10_000
const elementLengthMax = 1_000

/** Keys inside `k:` are sorted and values compact, so that equal elements are equal texts. */
function canonicalElement(element: string): string {
  const kind = element[0]
  if (element[1] !== ':') throw new Error(element.length < 2 ? 'key must be 2 characters long:' : `missing colon: ${element}`)
  if (kind === 'f') return element
  if (kind === 'i') {
    if (!/^i:-?\d+$/.test(element)) throw new Error(`invalid index in path element ${element}`)
    return element
  }
  const known = canonical.get(element)
  if (known !== undefined) return known
  const value = JSON.parse(element.slice(2)) as unknown
  let text: string
  if (kind === 'v') text = `v:${JSON.stringify(value)}`
  else if (kind === 'k' && isObject(value)) text = `k:{${Object.keys(value).sort(compareBytes).map((name) => `${JSON.stringify(name)}:${JSON.stringify(value[name])}`).join(',')}}`
  else throw new Error('unknown path element type')
  if (canonical.size >= canonicalCountMax) canonical = new Map()
  if (element.length <= elementLengthMax) canonical.set(element, text)
  return text
}

/** Encodes a set as FieldsV1; remembered per set, so the same set gives the same (frozen) object. */
export function encodeFieldsV1(set: FieldSet): FieldsV1 {
  let fields = set.written
  if (!fields) {
    const shape = shapeOf(set)
    fields = writtenByShape.get(shape)
    if (!fields) {
      fields = encodeNode(set, false)
      decoded.set(fields, set)
      if (writtenByShape.size >= shapesMax) writtenByShape = new Map()
      if (shape.length <= shapeLengthMax) writtenByShape.set(shape, fields)
    }
    set.written = fields
  }
  return fields
}

/** Objects of a kind mostly have the same fields: what one wrote serves the next. */
let writtenByShape = new Map<string, FieldsV1>()
const shapesMax = 500
const shapeLengthMax = 64 * 1024

/** A text that only sets with the same paths share (those may yet have several, by order). */
function shapeOf(set: FieldSet): string {
  let text = ''
  if (set.members) for (const element of set.members) text += `${element.length}:${element}`
  if (set.children) for (const [element, child] of set.children) text += `{${element.length}:${element}${shapeOf(child)}}`
  return text
}

const leaf: FieldsV1 = Object.freeze({})

function encodeNode(set: FieldSet, isMember: boolean): FieldsV1 {
  const fields: FieldsV1 = {}
  if (isMember) fields['.'] = leaf
  const elements = new Set<string>(set.members)
  if (set.children) for (const [element, child] of set.children) if (!isEmptySet(child)) elements.add(element)
  for (const element of sorted(elements)) {
    const child = set.children?.get(element)
    const member = set.members?.has(element) ?? false
    fields[element] = child && !isEmptySet(child) ? encodeNode(child, member) : leaf
  }
  return Object.freeze(fields)
}

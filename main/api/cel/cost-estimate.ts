/** What an expression may cost at most, from its types alone: cel-go's estimator with Kubernetes' figures. */
import type { Call, Expr, Fold } from './ast.ts'
import { listCost, mapCost, regexFactor, selectCost, structCost, traversalFactor } from './call-costs.ts'
import type { Checked } from './checker.ts'
import { accumulator } from './macros.ts'
import { runes } from './values.ts'
import { CelList, Duration, Timestamp, Uint } from './values.ts'
import type { Type } from './types.ts'

/** Bounds; the upper one ends at 2^64-1, "unknown". */
export interface Bounds {
  readonly min: number
  readonly max: number
}

export const unbounded = 18_446_744_073_709_551_615
const unknown: Bounds = { min: 0, max: unbounded }

function fixed(value: number): Bounds {
  return { min: value, max: value }
}

function capped(value: number): number {
  return value >= unbounded ? unbounded : value
}

function add(a: Bounds, b: Bounds): Bounds {
  return { min: capped(a.min + b.min), max: capped(a.max + b.max) }
}

function times(a: Bounds, b: Bounds): Bounds {
  return { min: capped(a.min * b.min), max: a.max === 0 || b.max === 0 ? 0 : capped(a.max * b.max) }
}

function scaled(a: Bounds, factor: number): Bounds {
  const scale = (value: number): number => (value > 0 && value > unbounded / factor ? unbounded : capped(Math.ceil(value * factor)))
  return { min: scale(a.min), max: scale(a.max) }
}

function union(a: Bounds, b: Bounds): Bounds {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) }
}

type Path = readonly string[]
/** Sizes of what a container holds. */
interface Entries {
  readonly container: 'list' | 'map'
  readonly key: Bounds
  readonly value: Bounds
}

interface Local {
  readonly path: Path | undefined
  readonly size: Bounds | undefined
  readonly entries: Entries | undefined
}

interface Node {
  readonly expr: Expr | undefined
  readonly path: Path | undefined
  readonly type: Type
  readonly size: Bounds | undefined
}

/** The estimate. `root` is the declared type that paths of variables are followed in. */
export function estimateCost(expr: Expr, checked: Checked, root: (variable: string) => Type | undefined): Bounds {
  return new Estimator(checked, root).cost(expr)
}

class Estimator {
  readonly #checked: Checked
  readonly #root: (variable: string) => Type | undefined
  readonly #paths = new Map<number, Path>()
  readonly #sizes = new Map<number, Bounds>()
  readonly #entries = new Map<number, Entries>()
  readonly #locals = new Map<string, Local[]>()

  constructor(checked: Checked, root: (variable: string) => Type | undefined) {
    this.#checked = checked
    this.#root = root
  }

  cost(expr: Expr): Bounds {
    switch (expr.kind) {
      case 'literal':
        return fixed(0)
      case 'ident':
        this.#paths.set(expr.id, this.#local(expr.name)?.path ?? (this.#local(expr.name) ? [] : [expr.name]))
        return fixed(selectCost)
      case 'select':
        return this.#select(expr)
      case 'call':
        return this.#call(expr)
      case 'list': {
        let sum = fixed(listCost)
        let item: Bounds = { min: expr.elements.length === 0 ? 0 : unbounded, max: 0 }
        for (const element of expr.elements) {
          sum = add(sum, this.cost(element))
          item = union(item, this.#sizeOrUnknown(element))
        }
        this.#entries.set(expr.id, { container: 'list', key: fixed(1), value: item })
        return sum
      }
      case 'map': {
        let sum = fixed(mapCost)
        const start: Bounds = { min: expr.entries.length === 0 ? 0 : unbounded, max: 0 }
        let [key, value] = [start, start]
        for (const entry of expr.entries) {
          sum = add(add(sum, this.cost(entry.key)), this.cost(entry.value))
          key = union(key, this.#sizeOrUnknown(entry.key))
          value = union(value, this.#sizeOrUnknown(entry.value))
        }
        this.#entries.set(expr.id, { container: 'map', key, value })
        return sum
      }
      case 'struct':
        return expr.fields.reduce((sum, field) => add(sum, this.cost(field.value)), fixed(structCost))
      default:
        return expr.range.kind === 'list' && expr.range.elements.length === 0 && expr.accuVar !== accumulator ? this.#bind(expr) : this.#fold(expr)
    }
  }

  #select(expr: Extract<Expr, { kind: 'select' }>): Bounds {
    if (this.#checked.names.has(expr.id)) {
      this.#paths.set(expr.id, [this.#checked.names.get(expr.id)!])
      return fixed(selectCost)
    }
    const operand = this.cost(expr.operand)
    if (expr.testOnly) return operand
    this.#paths.set(expr.id, [...(this.#pathOf(expr.operand) ?? []), expr.field])
    const { kind } = this.#typeOf(expr.operand)
    return kind === 'map' || kind === 'object' || kind === 'param' ? add(operand, fixed(selectCost)) : operand
  }

  #call(expr: Call): Bounds {
    if (expr.name === 'dyn' && expr.args.length === 1) {
      const cost = this.cost(expr.args[0]!)
      this.#copySizes(expr, expr.args[0]!)
      return add(fixed(1), cost)
    }
    const target = expr.target && !this.#checked.namespaced.has(expr.id) ? expr.target : undefined
    const costs = expr.args.map((each) => this.cost(each))
    const args = expr.args.map((each) => this.#node(each))
    const overloads = this.#checked.overloads.get(expr.id) ?? []
    if (overloads.length === 0) return fixed(0)
    const before = target ? this.cost(target) : fixed(0)
    const targetNode = target && this.#node(target)
    const name = this.#checked.namespaced.has(expr.id) ? overloads[0]!.name : expr.name
    let total: Bounds = { min: unbounded, max: 0 }
    let size: Bounds | undefined
    for (const { id } of overloads) {
      const found = this.#functionCost(expr, name, id, targetNode, args, costs)
      total = union(total, found.cost)
      if (found.size) size = size ? union(size, found.size) : found.size
      if (id === 'index_list' || id === 'index_map') {
        size = this.#entriesOf(expr.args[0]!)?.value
        const path = this.#pathOf(expr.args[0]!)
        this.#paths.set(expr.id, [...(path ?? []), id === 'index_list' ? '@items' : '@values'])
      }
      size ??= this.#size(expr)
    }
    if (size) this.#sizes.set(expr.id, size)
    return add(before, total)
  }

  #fold(expr: Fold): Bounds {
    let sum = add(this.cost(expr.range), this.cost(expr.init))
    this.#push(expr.accuVar, { path: this.#pathOf(expr.init), size: this.#size(expr.init), entries: this.#entriesOf(expr.init) })
    const entries = this.#entriesOf(expr.range)
    const isList = (entries?.container ?? this.#typeOf(expr.range).kind) === 'list'
    const path = this.#pathOf(expr.range) ?? []
    const key: Local = { path: [...path, isList ? '@indices' : '@keys'], size: entries?.key, entries: undefined }
    const value: Local = { path: [...path, isList ? '@items' : '@values'], size: entries?.value, entries: undefined }
    this.#push(expr.iterVar, expr.iterVar2 === undefined && isList ? value : key)
    if (expr.iterVar2 !== undefined) this.#push(expr.iterVar2, value)
    const condition = this.cost(expr.condition)
    const step = this.cost(expr.step)
    this.#pop(expr.iterVar)
    if (expr.iterVar2 !== undefined) this.#pop(expr.iterVar2)
    sum = add(sum, this.cost(expr.result))
    const stepEntries = this.#entriesOf(expr.step)
    this.#pop(expr.accuVar)
    const count = this.#sizeOrUnknown(expr.range)
    if (expr.init.kind === 'literal') this.#sizes.set(expr.id, literalSize(expr.init) ?? fixed(1))
    else if (expr.init.kind === 'list' || expr.init.kind === 'map') {
      this.#sizes.set(expr.id, count)
      if (stepEntries) this.#entries.set(expr.id, stepEntries)
    }
    return add(sum, times(count, add(step, condition)))
  }

  #bind(expr: Fold): Bounds {
    let sum = add(this.cost(expr.range), this.cost(expr.init))
    this.#push(expr.accuVar, { path: this.#pathOf(expr.init), size: this.#size(expr.init), entries: this.#entriesOf(expr.init) })
    sum = add(sum, this.cost(expr.result))
    this.#copySizes(expr, expr.result)
    this.#pop(expr.accuVar)
    return sum
  }

  #functionCost(expr: Call, name: string, id: string, target: Node | undefined, args: readonly Node[], costs: readonly Bounds[]): { readonly cost: Bounds; readonly size?: Bounds | undefined } {
    const sum = costs.reduce(add, fixed(0))
    const plus = (cost: Bounds, size?: Bounds): { cost: Bounds; size?: Bounds | undefined } => ({ cost: add(cost, sum), size })
    const sized = (node: Node | undefined): Bounds => node?.size ?? this.#declaredSize(node?.path) ?? unknown
    const library = libraryCost(name, id, target, args, sized, (list) => this.#itemSize(list))
    if (library) return plus(library.cost, library.size)
    const [first, second] = args
    const allocating = (factor: number, size: Bounds): { cost: Bounds; size?: Bounds | undefined } => plus(add(scaled(size, factor), fixed(1 + listCost)), size)
    if (name === 'sort' || name === '@sortByAssociatedKeys') {
      const keys = name === 'sort' ? target : first
      return allocating(/^list_(string|bytes)_/.test(id) ? 2 + traversalFactor : 2, times(sized(keys), sized(keys)))
    }
    switch (id) {
      case 'string_format':
        return plus(scaled(sized(target), traversalFactor))
      case 'string_to_bytes':
        return plus(scaled(sized(first), traversalFactor), { min: sized(first).min, max: capped(sized(first).max * 4) })
      case 'bytes_to_string':
        return plus(scaled(sized(first), traversalFactor), { min: Math.floor(sized(first).min / 4), max: sized(first).max })
      case 'strings_quote':
        return plus(scaled(sized(first), traversalFactor), { min: sized(first).min + 2, max: capped(sized(first).max * 2 + 2) })
      case 'starts_with_string':
      case 'ends_with_string':
        return plus(scaled(sized(first), traversalFactor))
      case 'in_list':
        return plus(sized(second))
      case 'matches_string':
        if (!target) break
        return plus(times(scaled(add(sized(target), fixed(1)), traversalFactor), scaled(sized(first), regexFactor)))
      case 'contains_string':
        return plus(times(scaled(sized(target), traversalFactor), scaled(sized(first), traversalFactor)))
      case 'logical_or':
      case 'logical_and':
        return { cost: { min: costs[0]!.min, max: add(costs[0]!, costs[1]!).max } }
      case 'conditional': {
        const [yes, no] = [expr.args[1]!, expr.args[2]!]
        const [a, b] = [this.#entriesOf(yes), this.#entriesOf(no)]
        if (a && b) this.#entries.set(expr.id, { container: a.container, key: union(a.key, b.key), value: union(a.value, b.value) })
        return { cost: add(costs[0]!, union(costs[1]!, costs[2]!)), size: union(this.#sizeOrUnknown(yes), this.#sizeOrUnknown(no)) }
      }
      case 'add_string':
      case 'add_bytes':
      case 'add_list': {
        const size = add(sized(first), sized(second))
        const [a, b] = [this.#entriesOf(expr.args[0]!), this.#entriesOf(expr.args[1]!)]
        if (a && b) this.#entries.set(expr.id, { container: a.container, key: union(a.key, b.key), value: union(a.value, b.value) })
        return plus(id === 'add_list' ? fixed(1) : scaled(size, traversalFactor), size)
      }
      case 'list_sets_contains_list':
      case 'list_sets_intersects_list':
      case 'list_sets_equivalent_list':
        return plus(add(scaled(times(sized(first), sized(second)), id === 'list_sets_equivalent_list' ? 2 : 1), fixed(1)))
      case 'list_slice': {
        const number = (node: Node | undefined, otherwise: number): number => (node?.expr?.kind === 'literal' && typeof node.expr.value === 'bigint' ? Number(node.expr.value) : otherwise)
        return allocating(1, fixed(Math.max(number(second, sized(target).max) - number(first, 0), 0)))
      }
      case 'lists_range':
        return allocating(1, fixed(first?.expr?.kind === 'literal' && typeof first.expr.value === 'bigint' ? Number(first.expr.value) : unbounded))
      case 'list_reverse':
        return allocating(1, sized(target))
      case 'list_flatten':
        return allocating(1, sized(target))
      case 'list_flatten_int':
        return allocating(first?.expr?.kind === 'literal' && typeof first.expr.value === 'bigint' ? Number(first.expr.value) : unbounded, sized(target))
      case 'list_distinct':
        return allocating(2, times(sized(target), sized(target)))
      case 'equals':
      case 'not_equals':
      case 'less_string':
      case 'greater_string':
      case 'less_equals_string':
      case 'greater_equals_string':
      case 'less_bytes':
      case 'greater_bytes':
      case 'less_equals_bytes':
      case 'greater_equals_bytes': {
        const max = Math.min(sized(first).max, sized(second).max)
        return plus(scaled({ min: max > 0 ? 1 : 0, max }, traversalFactor))
      }
    }
    return plus(fixed(1))
  }

  /** The size of a list's items, by the declared type. */
  #itemSize(list: Node): Bounds | undefined {
    return list.path && list.path.length > 0 ? this.#declaredSize([...list.path, '@items']) : undefined
  }

  #node(expr: Expr): Node {
    const path = this.#pathOf(expr)
    return { expr, path: path && path.length > 0 && path[0] !== accumulator ? path : undefined, type: this.#typeOf(expr), size: this.#size(expr) }
  }

  #typeOf(expr: Expr): Type {
    return this.#checked.types.get(expr.id)!
  }

  #pathOf(expr: Expr): Path | undefined {
    if (expr.kind === 'ident') {
      const local = this.#local(expr.name)
      if (local) return local.path
    }
    return this.#paths.get(expr.id)
  }

  #sizeOrUnknown(expr: Expr): Bounds {
    return this.#size(expr) ?? unknown
  }

  #size(expr: Expr): Bounds | undefined {
    const known = this.#sizes.get(expr.id) ?? literalSize(expr)
    if (known) return known
    const declared = this.#declaredSize(this.#pathOf(expr))
    if (declared) {
      this.#sizes.set(expr.id, declared)
      return declared
    }
    if (isScalar(this.#typeOf(expr))) return fixed(1)
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined
  }

  /** What the declared type at a path says; undefined where the path leads out of it. */
  #declaredSize(path: Path | undefined): Bounds | undefined {
    if (!path || path.length === 0) return undefined
    let type = this.#root(path[0]!)
    for (const step of path.slice(1)) {
      if (!type) return undefined
      if (step === '@items' || step === '@values') type = type.kind === 'list' ? type.params[0] : type.kind === 'map' ? type.params[1] : undefined
      else if (step === '@keys') type = type.kind === 'map' ? type.params[0] : undefined
      else type = type.fields?.get(step)
    }
    return type && { min: 0, max: type.sizeMax ?? 0 }
  }

  #entriesOf(expr: Expr): Entries | undefined {
    return this.#entries.get(expr.id) ?? (expr.kind === 'ident' ? this.#local(expr.name)?.entries : undefined)
  }

  #copySizes(to: Expr, from: Expr): void {
    const size = this.#size(from)
    if (size) this.#sizes.set(to.id, size)
    const entries = this.#entriesOf(from)
    if (entries) this.#entries.set(to.id, entries)
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1)
  }

  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name)
    if (stack) stack.push(local)
    else this.#locals.set(name, [local])
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop()
  }
}

function literalSize(expr: Expr): Bounds | undefined {
  if (expr.kind === 'list') return fixed(expr.elements.length)
  if (expr.kind === 'map') return fixed(expr.entries.length)
  if (expr.kind !== 'literal') return undefined
  const { value } = expr
  if (typeof value === 'string') return fixed(runes(value))
  if (value instanceof Uint8Array) return fixed(value.length)
  return value === null || typeof value !== 'object' || value instanceof Uint || value instanceof Duration || value instanceof Timestamp ? fixed(1) : value instanceof CelList ? fixed(value.size) : undefined
}

function isScalar(type: Type): boolean {
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind) || (type.kind === 'opaque' && type.name === 'optional_type' && isScalar(type.params[0]!))
}

const unitCalls = new Set(['serviceAccount', 'path', 'group', 'resource', 'subresource', 'namespace', 'name', 'allowed', 'reason', 'error', 'errored', 'masked', 'prefixLength', 'family', 'isUnspecified', 'isLoopback', 'isLinkLocalMulticast', 'isLinkLocalUnicast', 'isGlobalUnicast', 'format.named', 'sign', 'asInteger', 'isInteger', 'asApproximateFloat', 'isGreaterThan', 'isLessThan', 'compareTo', 'add', 'sub', 'major', 'minor', 'patch', 'getScheme', 'getHostname', 'getHost', 'getPort', 'getEscapedPath', 'getQuery'])
const formatRegexMax = 128
const addressBytes: Bounds = { min: 4, max: 16 }

/** Kubernetes' own functions; undefined for others. */
function libraryCost(name: string, id: string, target: Node | undefined, args: readonly Node[], sized: (node: Node | undefined) => Bounds, itemSize: (list: Node) => Bounds | undefined): { readonly cost: Bounds; readonly size?: Bounds } | undefined {
  const [first, second] = args
  if (unitCalls.has(name)) return { cost: fixed(1) }
  switch (name) {
    case 'check':
      return { cost: fixed(350_000) }
    case 'fieldSelector':
    case 'labelSelector': {
      const length = sized(first)
      return { cost: add(add(fixed(listCost), scaled(length, traversalFactor)), scaled(scaled(length, 0.5), listCost + structCost)) }
    }
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf': {
      if (!target) return undefined
      const item = target.type.params[0]
      if (!item) return { cost: scaled(sized(target), traversalFactor) }
      const each = item.kind === 'string' || item.kind === 'bytes' ? add(fixed(1), scaled(itemSize(target) ?? unknown, traversalFactor)) : fixed(1)
      return { cost: times(sized(target), each) }
    }
    case 'url':
    case 'jsonpatch.escapeKey':
      return { cost: scaled(sized(first), traversalFactor), size: sized(first) }
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
      return target && { cost: scaled(sized(target), traversalFactor), size: sized(target) }
    case 'replace':
      return target && { cost: scaled(sized(target), 2 * traversalFactor), size: replacedSize(sized(target), sized(first), sized(second)) }
    case 'split': {
      const literal = second?.expr?.kind === 'literal' ? second.expr.value : undefined
      return target && { cost: scaled(sized(target), 2 * traversalFactor), size: { min: 0, max: typeof literal === 'bigint' ? (literal < 0n ? unbounded : Number(literal)) : sized(target).max } }
    }
    case 'join': {
      if (!target) return undefined
      const count = sized(target)
      let size = target.type.params.length > 0 ? times(count, itemSize(target) ?? unknown) : fixed(0)
      if (first) size = add(size, times(sized(first), { min: Math.max(count.min - 1, 0), max: Math.max(count.max - 1, 0) }))
      return { cost: scaled(size, traversalFactor), size }
    }
    case 'find':
    case 'findAll':
      return target && { cost: times(scaled(add(sized(target), fixed(1)), traversalFactor), scaled(sized(first), regexFactor)), size: { min: 0, max: sized(target).max } }
    case 'ip':
      return id === 'cidr_ip' ? { cost: fixed(1) } : { cost: scaled(sized(first), traversalFactor) }
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
    case 'semver':
    case 'isSemver':
      return { cost: scaled(sized(first), traversalFactor) }
    case 'ip.isCanonical':
      return { cost: scaled(sized(first), 2 * traversalFactor) }
    case 'containsIP':
    case 'containsCIDR': {
      let cost = scaled(add(addressBytes, addressBytes), traversalFactor)
      if (name === 'containsCIDR') cost = add(add(cost, scaled(addressBytes, traversalFactor)), fixed(1))
      return { cost: id.endsWith('_string') ? add(cost, scaled(sized(first), traversalFactor)) : cost }
    }
    case 'validate':
      return { cost: scaled(scaled(sized(first), traversalFactor), formatRegexMax * regexFactor) }
    case '_==_':
      return first && second && first.type.kind === 'opaque' && first.type.name !== 'optional_type' && first.type.name === second.type.name ? { cost: fixed(1) } : undefined
    default:
      return undefined
  }
}

function replacedSize(text: Bounds, old: Bounds, by: Bounds): Bounds {
  let [countMax, keptMax, countMin, keptMin] = [0, 0, 0, 0]
  if (old.min === 0) [countMax, keptMax] = [capped(text.max + 1), text.max]
  else if (by.max <= old.min) keptMax = text.max
  else countMax = Math.ceil(text.max / old.min)
  if (old.max === 0) [countMin, keptMin] = [capped(text.min + 1), text.min]
  else if (old.max <= by.min) keptMin = text.min
  else countMin = Math.ceil(text.min / old.max)
  return add(times({ min: countMin, max: countMax }, by), { min: keptMin, max: keptMax })
}

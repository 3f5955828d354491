/** Runs checked expressions: each node becomes a closure once. Counts what cel-go counts, as it goes, and stops at the limit. */
import type { Call, Expr, Fold, Select } from './ast.ts'
import { callCost, listCost, mapCost, selectCost, structCost } from './call-costs.ts'
import type { Checked } from './checker.ts'
import { objectTypeOf } from './environment.ts'
import type { Declarations } from './environment.ts'
import type { Overload } from './functions/overload.ts'
import { optionalAt } from './functions/optionals.ts'
import type { Type } from './types.ts'
import { ArrayList, CelList, CelMap, EntryMap, EvaluationError, keyText, noOverload, ObjectValue, Optional, typeOf, TypeValue } from './values.ts'
import type { CelValue } from './values.ts'

/** Where variables get their values from; undefined: there is none of that name. */
export type Resolver = (name: string) => CelValue | undefined

export interface Frame {
  readonly resolve: Resolver
  readonly locals: CelValue[]
  cost: number
  readonly limit: number
}

/** The limit was reached: nothing goes on past this. */
export class CostExceeded extends Error {}

export type Step = (frame: Frame) => CelValue

/** Makes an expression runnable. */
export function stepOf(expr: Expr, checked: Checked, declarations: Declarations): Step {
  return new Planner(checked, declarations).plan(expr)
}

function spend(frame: Frame, cost: number): void {
  frame.cost += cost
  if (frame.cost > frame.limit) throw new CostExceeded()
}

class Planner {
  readonly #checked: Checked
  readonly #declarations: Declarations
  readonly #slots: string[] = []

  constructor(checked: Checked, declarations: Declarations) {
    this.#checked = checked
    this.#declarations = declarations
  }

  plan(expr: Expr): Step {
    const constant = this.#constant(expr)
    if (constant !== undefined) return () => constant
    switch (expr.kind) {
      case 'ident':
        return this.#ident(expr.name)
      case 'select':
        return this.#select(expr)
      case 'call':
        return this.#call(expr)
      case 'list':
        return this.#list(expr)
      case 'map':
        return this.#map(expr)
      case 'struct':
        return this.#struct(expr)
      default:
        return this.#fold(expr as Fold)
    }
  }

  /** Literals, lists and maps of them, and conversions of them, which cost nothing at run time. */
  #constant(expr: Expr): CelValue | undefined {
    if (expr.kind === 'literal') return expr.value
    if (expr.kind === 'ident' && this.#checked.types.get(expr.id)!.kind === 'type' && !this.#slots.includes(expr.name) && !Object.hasOwn(this.#declarations.variables, expr.name)) return new TypeValue(namedType(expr.name, this.#declarations))
    if (expr.kind === 'list' && expr.optional.size === 0) {
      const values: CelValue[] = []
      for (const element of expr.elements) {
        const value = this.#constant(element)
        if (value === undefined) return undefined
        values.push(value)
      }
      return new ArrayList(values)
    }
    if (expr.kind === 'map') {
      const entries: [CelValue, CelValue][] = []
      const keys = new Set<string>()
      for (const entry of expr.entries) {
        const key = this.#constant(entry.key)
        const value = this.#constant(entry.value)
        const text = key === undefined ? undefined : keyText(key)
        if (key === undefined || value === undefined || text === undefined || entry.optional || keys.has(text)) return undefined
        keys.add(text)
        entries.push([key, value])
      }
      return new EntryMap(entries)
    }
    if (expr.kind === 'call' && !expr.target && expr.args.length === 1 && conversions.has(expr.name)) {
      const value = this.#constant(expr.args[0]!)
      if (value === undefined) return undefined
      const overload = pick(this.#checked.overloads.get(expr.id) ?? [], [value])
      const converted = overload && run(overload, [value])
      return converted instanceof EvaluationError ? undefined : converted
    }
    return undefined
  }

  #ident(name: string): Step {
    const slot = this.#slots.lastIndexOf(name)
    if (slot >= 0) {
      return (frame) => {
        spend(frame, selectCost)
        return frame.locals[slot]!
      }
    }
    return this.#variable(name)
  }

  #variable(name: string): Step {
    if (!Object.hasOwn(this.#declarations.variables, name)) {
      const value = new TypeValue(namedType(name, this.#declarations))
      return () => value
    }
    const missing = new EvaluationError(`no such attribute(s): ${name}`)
    return (frame) => {
      spend(frame, selectCost)
      const value = frame.resolve(name)
      return value === undefined ? missing : value
    }
  }

  #select(expr: Select): Step {
    const name = this.#checked.names.get(expr.id)
    if (name !== undefined) return this.#variable(name)
    const operand = this.plan(expr.operand)
    const { field } = expr
    if (expr.testOnly) {
      return (frame) => {
        const value = operand(frame)
        return value instanceof EvaluationError ? value : hasField(value, field)
      }
    }
    const missing = new EvaluationError(`no such key: ${field}`)
    return (frame) => {
      const value = operand(frame)
      if (value instanceof EvaluationError) return value
      spend(frame, selectCost)
      if (value instanceof CelMap) return value.get(field) ?? missing
      return value instanceof Optional ? optionalAt(value, field) : noOverload
    }
  }

  #call(expr: Call): Step {
    const { name } = expr
    const args = expr.args.map((each) => this.plan(each))
    if (name === '_&&_') return logical(args[0]!, args[1]!, false)
    if (name === '_||_') return logical(args[0]!, args[1]!, true)
    if (name === '_?_:_') return conditional(args[0]!, withoutRoot(expr.args[1]!, args[1]!), withoutRoot(expr.args[2]!, args[2]!))
    const namespaced = this.#checked.namespaced.has(expr.id)
    const overloads = this.#checked.overloads.get(expr.id) ?? []
    if (name === '@not_strictly_false') {
      return (frame) => {
        const value = args[0]!(frame)
        spend(frame, 1)
        return value instanceof EvaluationError ? true : value
      }
    }
    if (name === '_?._' || name === '_[?_]' || name === '_[_]') return indexed(args[0]!, args[1]!, overloads)
    if (name === '@in') {
      const constant = this.#constant(expr.args[1]!)
      if (constant instanceof CelList) {
        const found = this.#memberOf(args[0]!, constant)
        if (found) return found
      }
    }
    if (overloads.length === 1 && overloads[0]!.id === 'optional_or_optional') return alternative(this.plan(expr.target!), args[0]!, false)
    if (overloads.length === 1 && overloads[0]!.id === 'optional_orValue_value') return alternative(this.plan(expr.target!), args[0]!, true)
    const all = expr.target && !namespaced ? [this.plan(expr.target), ...args] : args
    const functionName = namespaced ? overloads[0]!.name : name
    return called(functionName, overloads, all)
  }

  /** A test against a constant list is a look-up, and costs no more than what is looked up. */
  #memberOf(item: Step, list: CelList): Step | undefined {
    const keys = new Set<string>()
    for (const value of list) {
      const key = keyText(value)
      if (key === undefined) return undefined
      keys.add(key)
    }
    return (frame) => {
      const value = item(frame)
      if (value instanceof EvaluationError) return value
      const key = keyText(value)
      return key !== undefined && keys.has(key)
    }
  }

  #list(expr: Extract<Expr, { kind: 'list' }>): Step {
    const elements = expr.elements.map((each) => this.plan(each))
    const { optional } = expr
    return (frame) => {
      const values: CelValue[] = []
      for (const [index, element] of elements.entries()) {
        const value = element(frame)
        if (value instanceof EvaluationError) return value
        if (!optional.has(index)) values.push(value)
        else if (!(value instanceof Optional)) return new EvaluationError(`cannot initialize optional list element from non-optional value ${String(value)}`)
        else if (value.value !== undefined) values.push(value.value)
      }
      spend(frame, listCost)
      return new ArrayList(values)
    }
  }

  #map(expr: Extract<Expr, { kind: 'map' }>): Step {
    const entries = expr.entries.map(({ key, value, optional }) => ({ key: this.plan(key), value: this.plan(value), optional }))
    return (frame) => {
      const made: [CelValue, CelValue][] = []
      const seen = new Set<string>()
      for (const entry of entries) {
        const key = entry.key(frame)
        if (key instanceof EvaluationError) return key
        const value = entry.value(frame)
        if (value instanceof EvaluationError) return value
        const text = keyText(key)
        if (text === undefined) return new EvaluationError(`unsupported key type: ${typeOf(key).name}`)
        if (seen.has(text)) return new EvaluationError('Failed with repeated key')
        seen.add(text)
        if (!entry.optional) made.push([key, value])
        else if (!(value instanceof Optional)) return new EvaluationError(`cannot initialize optional entry '${text.slice(1)}' from non-optional`)
        else if (value.value !== undefined) made.push([key, value.value])
      }
      spend(frame, mapCost)
      return new EntryMap(made)
    }
  }

  #struct(expr: Extract<Expr, { kind: 'struct' }>): Step {
    const type = objectTypeOf(this.#declarations, expr.name)!
    const fields = expr.fields.map(({ name, value, optional }) => ({ name, value: this.plan(value), optional }))
    return (frame) => {
      const made = new Map<string, CelValue>()
      for (const field of fields) {
        const value = field.value(frame)
        if (value instanceof EvaluationError) return value
        if (!field.optional) made.set(field.name, value)
        else if (value instanceof Optional && value.value !== undefined) made.set(field.name, value.value)
      }
      spend(frame, structCost)
      return new ObjectValue(type, made)
    }
  }

  #fold(expr: Fold): Step {
    const range = this.plan(expr.range)
    const init = this.plan(expr.init)
    const accuSlot = this.#slots.push(expr.accuVar) - 1
    const firstSlot = this.#slots.push(expr.iterVar) - 1
    if (expr.iterVar2 !== undefined) this.#slots.push(expr.iterVar2)
    const condition = this.plan(expr.condition)
    const step = this.plan(expr.step)
    this.#slots.length = accuSlot + 1
    const result = this.plan(expr.result)
    this.#slots.length = accuSlot
    const two = expr.iterVar2 !== undefined
    return (frame) => {
      const container = range(frame)
      if (container instanceof EvaluationError) return container
      const { locals } = frame
      let accu = init(frame)
      const visit = (first: CelValue, second: CelValue): boolean => {
        locals[accuSlot] = accu
        locals[firstSlot] = first
        if (two) locals[firstSlot + 1] = second
        if (condition(frame) === false) return false
        accu = step(frame)
        return true
      }
      if (container instanceof CelList) {
        for (let index = 0; index < container.size; index++) {
          const item = container.at(index)
          if (!(two ? visit(BigInt(index), item) : visit(item, null))) break
        }
      } else if (container instanceof CelMap) {
        for (const key of container.keys()) if (!visit(key, two ? container.get(key)! : null)) break
      } else return new EvaluationError(`got '${typeOf(container).name}', expected iterable type`)
      locals[accuSlot] = accu
      return result(frame)
    }
  }
}

const conversions = new Set(['bool', 'bytes', 'double', 'duration', 'dyn', 'int', 'string', 'timestamp', 'uint'])

function namedType(name: string, declarations: Declarations): Type {
  return objectTypeOf(declarations, name) ?? { kind: 'type', name, params: [] }
}

function hasField(value: CelValue, field: string): CelValue {
  if (value instanceof CelMap) return value.has(field)
  if (value instanceof Optional) return value.value === undefined ? false : hasField(value.value, field)
  return noOverload
}

/** `&&` and `||`: the deciding side wins, even over an error on the other. */
function logical(left: Step, right: Step, deciding: boolean): Step {
  return (frame) => {
    const a = left(frame)
    if (a === deciding) return deciding
    const b = right(frame)
    if (b === deciding) return deciding
    if (a instanceof EvaluationError) return a
    if (b instanceof EvaluationError) return b
    return typeof a === 'boolean' && typeof b === 'boolean' ? !deciding : noOverload
  }
}

/** What a conditional chooses is read by the way: cel-go does not count the variable that such a branch begins with. */
function withoutRoot(branch: Expr, step: Step): Step {
  let root = branch
  for (;;) {
    if (root.kind === 'select') root = root.operand
    else if (root.kind === 'call' && ['_[_]', '_?._', '_[?_]'].includes(root.name)) root = root.args[0]!
    else break
  }
  if (root.kind !== 'ident') return step
  return (frame) => {
    frame.cost -= selectCost
    return step(frame)
  }
}

function conditional(test: Step, yes: Step, no: Step): Step {
  return (frame) => {
    const value = test(frame)
    if (value instanceof EvaluationError) return value
    if (typeof value !== 'boolean') return noOverload
    return value ? yes(frame) : no(frame)
  }
}

/** `or` and `orValue`: the other side is looked at only when there is no value. */
function alternative(optional: Step, other: Step, unwraps: boolean): Step {
  return (frame) => {
    const value = optional(frame)
    if (value instanceof EvaluationError) return value
    if (!(value instanceof Optional)) return noOverload
    if (value.value === undefined) return other(frame)
    return unwraps ? value.value : value
  }
}

function indexed(container: Step, key: Step, overloads: readonly Overload[]): Step {
  const optional = overloads.some(({ id }) => id.includes('optional'))
  return (frame) => {
    const value = container(frame)
    if (value instanceof EvaluationError) return value
    const at = key(frame)
    if (at instanceof EvaluationError) return at
    spend(frame, selectCost)
    if (value instanceof Optional || (optional && overloads.every(({ name }) => name !== '_[_]'))) return optionalAt(value, at)
    if (value instanceof CelMap) return value.get(at) ?? new EvaluationError(`no such key: ${keyText(at)?.slice(1) ?? ''}`)
    if (!(value instanceof CelList)) return noOverload
    const overload = overloads.find(({ id }) => id === 'index_list')
    return overload ? run(overload, [value, at]) : noOverload
  }
}

const costsByResult = new Set(['join', 'slice', 'lists.range', 'reverse'])

function called(name: string, overloads: readonly Overload[], steps: readonly Step[]): Step {
  const only = overloads.length === 1 ? overloads[0] : undefined
  // With no choice and no dyn there is nothing to look at; values still may be of another type when they came as dyn.
  return (frame) => {
    const args = new Array<CelValue>(steps.length)
    for (let index = 0; index < steps.length; index++) {
      const value = steps[index]!(frame)
      if (value instanceof EvaluationError) return value
      args[index] = value
    }
    const overload = only && fits(only, args) ? only : pick(overloads, args)
    if (!overload) return noOverload
    // What a call costs is spent before it runs, where that does not depend on what comes of it.
    if (!costsByResult.has(name)) {
      spend(frame, callCost(name, overload.id, args, null))
      return run(overload, args)
    }
    const result = run(overload, args)
    spend(frame, callCost(name, overload.id, args, result))
    return result
  }
}

function run(overload: Overload, args: readonly CelValue[]): CelValue {
  return (overload.run as (...given: readonly CelValue[]) => CelValue)(...args)
}

function pick(overloads: readonly Overload[], args: readonly CelValue[]): Overload | undefined {
  return overloads.find((overload) => fits(overload, args))
}

function fits(overload: Overload, args: readonly CelValue[]): boolean {
  for (let index = 0; index < args.length; index++) if (!isOf(args[index]!, overload.params[index]!)) return false
  return true
}

function isOf(value: CelValue, type: Type): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true
    case 'list':
      return value instanceof CelList && (['param', 'dyn', 'list'].includes(type.params[0]!.kind) || value.size === 0 || isOf(value.at(0), type.params[0]!))
    case 'map':
      return value instanceof CelMap
    case 'opaque':
      return type.name === 'optional_type' ? value instanceof Optional : typeOf(value).name === type.name
    default:
      return typeOf(value).kind === type.kind
  }
}


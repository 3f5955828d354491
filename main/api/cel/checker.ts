/** Static types, as cel-go's checker finds them, with its words for what does not fit. */
import type { Call, Expr, Fold, Issue, Select, StructLiteral } from './ast.ts'
import { objectTypeOf } from './environment.ts'
import type { Declarations, Functions } from './environment.ts'
import type { Overload } from './functions/overload.ts'
import { qualifiedName } from './parser.ts'
import { boolType, dynType, errorType, intType, isDyn, isOptional, listType, mapType, optionalType, sameType, stringType, typeParam, typeText, typeType } from './types.ts'
import type { Type } from './types.ts'
import { typeOf } from './values.ts'

export interface Checked {
  readonly type: Type
  /** Of every node, by its id. */
  readonly types: ReadonlyMap<number, Type>
  /** The overloads that a call may mean. */
  readonly overloads: ReadonlyMap<number, readonly Overload[]>
  /** Nodes that name a variable (or a type), whole. */
  readonly names: ReadonlyMap<number, string>
  /** Calls whose target is part of the function's name: `sets.contains(…)`. */
  readonly namespaced: ReadonlySet<number>
}

/** Checks; all issues, in order of place, or the types. */
export function check(expr: Expr, declarations: Declarations, functions: Functions): Checked | { readonly issues: readonly Issue[] } {
  const checker = new Checker(declarations, functions)
  const type = checker.check(expr)
  if (checker.issues.length > 0) return { issues: [...checker.issues].sort((a, b) => a.at - b.at) }
  return { type: checker.settled(type), types: new Map([...checker.types].map(([id, each]) => [id, checker.settled(each)])), overloads: checker.overloads, names: checker.names, namespaced: checker.namespaced }
}

class Checker {
  readonly issues: Issue[] = []
  readonly types = new Map<number, Type>()
  readonly overloads = new Map<number, readonly Overload[]>()
  readonly names = new Map<number, string>()
  readonly namespaced = new Set<number>()
  readonly #declarations: Declarations
  readonly #functions: Functions
  readonly #scopes: Map<string, Type>[] = []
  #bindings = new Map<string, Type>()
  #fresh = 0
  /** Lists whose items need not be of one type. */
  readonly #mixed = new Set<number>()

  constructor(declarations: Declarations, functions: Functions) {
    this.#declarations = declarations
    this.#functions = functions
  }

  check(expr: Expr): Type {
    const type = this.#typeOf(expr)
    this.types.set(expr.id, type)
    return type
  }

  /** A type with its parameters filled in; what is still open is dyn. */
  settled(type: Type): Type {
    return this.#substitute(type, true)
  }

  #fail(at: number, message: string): Type {
    this.issues.push({ at, message })
    return errorType
  }

  #typeOf(expr: Expr): Type {
    switch (expr.kind) {
      case 'literal':
        return typeOf(expr.value)
      case 'ident':
        return this.#ident(expr.name, expr.id) ?? this.#fail(expr.at, `undeclared reference to '${expr.name}' (in container '')`)
      case 'select':
        return this.#select(expr)
      case 'call':
        return this.#call(expr)
      case 'list': {
        let item: Type | undefined
        if (this.#mixed.has(expr.id)) {
          for (const element of expr.elements) this.check(element)
          return listType(dynType)
        }
        for (const [index, element] of expr.elements.entries()) {
          let type = this.check(element)
          if (expr.optional.has(index)) type = this.#unwrapped(type, element)
          item = this.#joined(item, type, element)
        }
        return listType(item ?? this.#newParam())
      }
      case 'map': {
        let key: Type | undefined
        let value: Type | undefined
        for (const entry of expr.entries) {
          key = this.#joined(key, this.check(entry.key), entry.key)
          const type = this.check(entry.value)
          value = this.#joined(value, entry.optional ? this.#unwrapped(type, entry.value) : type, entry.value)
        }
        return mapType(key ?? this.#newParam(), value ?? this.#newParam())
      }
      case 'struct':
        return this.#struct(expr)
      default:
        return this.#fold(expr)
    }
  }

  /** The value's type of an optional element. */
  #unwrapped(type: Type, expr: Expr): Type {
    const settled = this.#substitute(type, false)
    if (isOptional(settled)) return settled.params[0]!
    if (isDyn(settled)) return dynType
    return this.#fail(expr.at, `expected type '${typeText(optionalType(settled))}' but found '${typeText(settled)}'`)
  }

  /** Aggregates hold one type of thing. */
  #joined(before: Type | undefined, type: Type, expr: Expr): Type {
    if (!before) return type
    if (this.#assign(before, type)) return isDyn(this.#substitute(before, false)) ? before : isDyn(type) ? dynType : before
    this.#fail(expr.at, `expected type '${typeText(this.settled(before))}' but found '${typeText(this.settled(type))}'`)
    return before
  }

  /** A variable (inner ones first), or a type's name. */
  #ident(name: string, id: number): Type | undefined {
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const found = this.#scopes[index]!.get(name)
      if (found) {
        this.names.set(id, name)
        return found
      }
    }
    const variable = Object.hasOwn(this.#declarations.variables, name) ? this.#declarations.variables[name] : undefined
    if (variable) {
      this.names.set(id, name)
      return variable
    }
    const type = this.#functions.types.get(name) ?? objectTypeOf(this.#declarations, name)
    if (!type) return undefined
    this.names.set(id, name)
    return typeType(type)
  }

  #isLocal(name: string): boolean {
    return this.#scopes.some((scope) => scope.has(name))
  }

  #select(expr: Select): Type {
    const whole = qualifiedName(expr)
    if (whole !== undefined && !this.#isLocal(whole.split('.', 1)[0]!)) {
      const found = this.#ident(whole, expr.id)
      if (found) return found
    }
    const operand = this.#substitute(this.check(expr.operand), false)
    const type = this.#field(operand, expr.field, expr.at)
    return expr.testOnly ? boolType : type
  }

  #field(operand: Type, field: string, at: number): Type {
    if (isOptional(operand)) {
      const inner = this.#field(operand.params[0]!, field, at)
      return isOptional(inner) ? inner : optionalType(inner)
    }
    switch (operand.kind) {
      case 'map':
        return operand.params[1]!
      case 'object':
        return operand.fields?.get(field) ?? this.#fail(at, `undefined field '${field}'`)
      case 'dyn':
      case 'error':
        return operand.kind === 'error' ? errorType : dynType
      case 'param':
        return dynType
      default:
        return this.#fail(at, `type '${typeText(this.settled(operand))}' does not support field selection`)
    }
  }

  #call(expr: Call): Type {
    const { name, target } = expr
    if (name === '_?._' && expr.args.length === 2) return this.#optionalSelect(expr)
    if (target) {
      const prefix = qualifiedName(target)
      const whole = prefix === undefined || this.#isLocal(prefix.split('.', 1)[0]!) ? undefined : `${prefix}.${name}`
      if (whole !== undefined && this.#functions.overloads.has(whole)) {
        this.namespaced.add(expr.id)
        const args = expr.args.map((each) => this.#substitute(this.check(each), false))
        return this.#resolve(expr, whole, false, args)
      }
    }
    // What a text is formatted with may be of any types.
    const [first] = expr.args
    if (name === 'format' && target && first?.kind === 'list') this.#mixed.add(first.id)
    const targetType = target && this.#substitute(this.check(target), false)
    const args = expr.args.map((each) => this.#substitute(this.check(each), false))
    if (!this.#functions.overloads.has(name)) return this.#fail(expr.at, `undeclared reference to '${name}' (in container '')`)
    return this.#resolve(expr, name, targetType !== undefined, targetType ? [targetType, ...args] : args)
  }

  #optionalSelect(expr: Call): Type {
    const operand = this.#substitute(this.check(expr.args[0]!), false)
    const key = expr.args[1]!
    this.types.set(key.id, stringType)
    const field = key.kind === 'literal' && typeof key.value === 'string' ? key.value : ''
    this.overloads.set(expr.id, this.#functions.overloads.get('_?._')!)
    const type = this.#field(operand, field, expr.at)
    return isOptional(type) ? type : optionalType(type)
  }

  #resolve(expr: Call, name: string, member: boolean, args: readonly Type[]): Type {
    const found: Overload[] = []
    let result: Type | undefined
    if (!args.some((type) => type.kind === 'error')) {
      for (const overload of this.#functions.overloads.get(name) ?? []) {
        if (overload.member !== member || overload.params.length !== args.length) continue
        const names = new Map<string, Type>()
        const params = overload.params.map((param) => this.#renamed(param, names))
        const before = new Map(this.#bindings)
        if (!params.every((param, index) => this.#assign(param, args[index]!))) {
          this.#bindings = before
          continue
        }
        found.push(overload)
        const type = this.#substitute(this.#renamed(overload.result, names), false)
        result = result === undefined ? type : sameType(this.settled(result), this.settled(type)) ? result : dynType
      }
      if (found.length === 0) {
        const shown = args.map((type) => typeText(this.settled(type)))
        this.#fail(expr.at, `found no matching overload for '${name}' applied to '${member ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`}'`)
      }
    }
    this.overloads.set(expr.id, found)
    return result ?? errorType
  }

  #struct(expr: StructLiteral): Type {
    const type = objectTypeOf(this.#declarations, expr.name)
    for (const { value } of expr.fields) this.check(value)
    if (!type) {
      return this.#functions.types.has(expr.name) ? this.#fail(expr.at, `'${expr.name}' is not a message type`) : this.#fail(expr.at, `undeclared reference to '${expr.name}' (in container '')`)
    }
    for (const field of expr.fields) {
      const wanted = type.fields?.get(field.name)
      if (!wanted) {
        this.#fail(field.at, `undefined field '${field.name}'`)
        continue
      }
      let given = this.#substitute(this.types.get(field.value.id)!, false)
      if (field.optional) given = this.#unwrapped(given, field.value)
      if (!this.#assign(wanted, given)) this.#fail(field.at, `expected type of field '${field.name}' is '${typeText(wanted)}' but provided type is '${typeText(this.settled(given))}'`)
    }
    return type
  }

  #fold(expr: Fold): Type {
    const range = this.#substitute(this.check(expr.range), false)
    const init = this.check(expr.init)
    const variables = this.#loopVariables(expr, range)
    this.#scopes.push(new Map([[expr.accuVar, init]]))
    this.#scopes.push(variables)
    const condition = this.check(expr.condition)
    if (!this.#assign(boolType, condition)) this.#fail(expr.condition.at, `expected type 'bool' but found '${typeText(this.settled(condition))}'`)
    const step = this.check(expr.step)
    if (!this.#assign(init, step)) this.#fail(expr.step.at, `expected type '${typeText(this.settled(init))}' but found '${typeText(this.settled(step))}'`)
    this.#scopes.pop()
    const result = this.check(expr.result)
    this.#scopes.pop()
    return this.#substitute(result, false)
  }

  #loopVariables(expr: Fold, range: Type): Map<string, Type> {
    const { iterVar, iterVar2 } = expr
    const two = (first: Type, second: Type): Map<string, Type> => (iterVar2 === undefined ? new Map([[iterVar, range.kind === 'list' ? second : first]]) : new Map([[iterVar, first], [iterVar2, second]]))
    switch (range.kind) {
      case 'list':
        return two(intType, range.params[0]!)
      case 'map':
        return two(range.params[0]!, range.params[1]!)
      case 'dyn':
      case 'param':
        return two(dynType, dynType)
      case 'error':
        return two(errorType, errorType)
      default:
        this.#fail(expr.range.at, `expression of type '${typeText(this.settled(range))}' cannot be range of a comprehension (must be list, map, or dynamic)`)
        return two(errorType, errorType)
    }
  }

  #newParam(): Type {
    return typeParam(`_var${this.#fresh++}`)
  }

  /** A signature's parameters get names of their own for each call. */
  #renamed(type: Type, names: Map<string, Type>): Type {
    if (type.kind === 'param') {
      let param = names.get(type.name)
      if (!param) names.set(type.name, (param = this.#newParam()))
      return param
    }
    return type.params.length === 0 ? type : { ...type, params: type.params.map((param) => this.#renamed(param, names)) }
  }

  #substitute(type: Type, close: boolean): Type {
    if (type.kind === 'param') {
      const bound = this.#bindings.get(type.name)
      if (bound) return this.#substitute(bound, close)
      return close ? dynType : type
    }
    if (type.params.length === 0) return type
    const params = type.params.map((param) => this.#substitute(param, close))
    return params.every((param, index) => param === type.params[index]) ? type : { ...type, params }
  }

  /** Whether a value of the second type may stand where the first is wanted; binds parameters. */
  #assign(wanted: Type, given: Type): boolean {
    const a = this.#substitute(wanted, false)
    const b = this.#substitute(given, false)
    if (a === b) return true
    if (a.kind === 'param') return this.#bind(a, b)
    if (b.kind === 'param') return this.#bind(b, a)
    if (isDyn(a) || isDyn(b)) return true
    if (b.kind === 'null') return ['null', 'object', 'opaque', 'timestamp', 'duration'].includes(a.kind)
    if (a.kind !== b.kind) return false
    if (a.kind === 'object') return sameType(a, b)
    if (a.name !== b.name || a.params.length !== b.params.length) return false
    return a.params.every((param, index) => this.#assign(param, b.params[index]!))
  }

  #bind(param: Type, type: Type): boolean {
    if (occursIn(param, type)) return false
    this.#bindings.set(param.name, type)
    return true
  }
}

function occursIn(param: Type, type: Type): boolean {
  return (type.kind === 'param' && type.name === param.name) || type.params.some((each) => occursIn(param, each))
}

/** Macros as cel-go expands them: the standard ones, two-variable comprehensions, and those of optional values. */
import type { Expr, Fold, Issue } from './ast.ts'
import type { NodeIds } from './parser.ts'
import type { CelValue } from './values.ts'

/** The accumulator's name, which nobody can write. */
export const accumulator = '@result'

/** The expansion; undefined when the call is no macro; an issue when its arguments don't fit. */
export function expandMacro(name: string, target: Expr | undefined, args: readonly Expr[], ids: NodeIds, at: number): Expr | Issue | undefined {
  const make = new Maker(ids, at)
  if (!target) return name === 'has' && args.length === 1 ? has(args[0]!, make) : undefined
  const macro = byName.get(`${name}:${args.length}`)
  return macro?.(target, args, make)
}

class Maker {
  readonly #ids: NodeIds
  readonly #at: number

  constructor(ids: NodeIds, at: number) {
    this.#ids = ids
    this.#at = at
  }

  #node(): { id: number; at: number } {
    return { id: this.#ids.next(), at: this.#at }
  }

  literal(value: CelValue): Expr {
    return { kind: 'literal', value, ...this.#node() }
  }

  accu(): Expr {
    return { kind: 'ident', name: accumulator, ...this.#node() }
  }

  ident(name: string): Expr {
    return { kind: 'ident', name, ...this.#node() }
  }

  call(name: string, ...args: Expr[]): Expr {
    return { kind: 'call', name, target: undefined, args, ...this.#node() }
  }

  member(target: Expr, name: string, ...args: Expr[]): Expr {
    return { kind: 'call', name, target, args, ...this.#node() }
  }

  list(...elements: Expr[]): Expr {
    return { kind: 'list', elements, optional: new Set(), ...this.#node() }
  }

  map(): Expr {
    return { kind: 'map', entries: [], ...this.#node() }
  }

  test(operand: Expr, field: string): Expr {
    return { kind: 'select', operand, field, testOnly: true, ...this.#node() }
  }

  fold(facts: Omit<Fold, 'kind' | 'id' | 'at' | 'accuVar' | 'iterVar2'> & { readonly accuVar?: string; readonly iterVar2?: string | undefined }): Expr {
    return { kind: 'fold', accuVar: accumulator, iterVar2: undefined, ...facts, ...this.#node() }
  }
}

function has(argument: Expr, make: Maker): Expr | Issue {
  if (argument.kind !== 'select' || argument.testOnly) return { at: argument.at, message: 'invalid argument to has() macro' }
  return make.test(argument.operand, argument.field)
}

type Macro = (target: Expr, args: readonly Expr[], make: Maker) => Expr | Issue

/** The names of variables; an issue when an argument is none. */
function variables(args: readonly Expr[], count: number): readonly string[] | Issue {
  const names: string[] = []
  for (const argument of args.slice(0, count)) {
    if (argument.kind !== 'ident') return { at: argument.at, message: count === 1 ? 'argument must be a simple name' : 'argument must be a simple name' }
    if (argument.name === accumulator) return { at: argument.at, message: 'iteration variable overwrites accumulator variable' }
    names.push(argument.name)
  }
  if (names.length === 2 && names[0] === names[1]) return { at: args[1]!.at, message: `duplicate variable name: ${names[1]}` }
  return names
}

type Loop = (make: Maker, body: readonly Expr[], names: readonly string[]) => Pick<Fold, 'init' | 'condition' | 'step' | 'result'>

const all: Loop = (make, [body]) => ({ init: make.literal(true), condition: make.call('@not_strictly_false', make.accu()), step: make.call('_&&_', make.accu(), body!), result: make.accu() })
const exists: Loop = (make, [body]) => ({ init: make.literal(false), condition: make.call('@not_strictly_false', make.call('!_', make.accu())), step: make.call('_||_', make.accu(), body!), result: make.accu() })
const existsOne: Loop = (make, [body]) => ({ init: make.literal(0n), condition: make.literal(true), step: make.call('_?_:_', body!, make.call('_+_', make.accu(), make.literal(1n)), make.accu()), result: make.call('_==_', make.accu(), make.literal(1n)) })
const toList: Loop = (make, body) => collecting(make, make.list(), body, (value) => make.call('_+_', make.accu(), make.list(value)))
const filter: Loop = (make, [body], [name]) => collecting(make, make.list(), [body!, make.ident(name!)], (value) => make.call('_+_', make.accu(), make.list(value)))

function transformMap(body: readonly Expr[], key: string, make: Maker): ReturnType<Loop> {
  return collecting(make, make.map(), body, (value) => make.call('cel.@mapInsert', make.accu(), make.ident(key), value))
}

const transformMapEntry: Loop = (make, body) => collecting(make, make.map(), body, (value) => make.call('cel.@mapInsert', make.accu(), value))

/** `[filter, value]` or `[value]`: adds the value to the accumulator where the filter holds. */
function collecting(make: Maker, init: Expr, body: readonly Expr[], add: (value: Expr) => Expr): ReturnType<Loop> {
  const step = add(body[body.length - 1]!)
  return { init, condition: make.literal(true), step: body.length === 2 ? make.call('_?_:_', body[0]!, step, make.accu()) : step, result: make.accu() }
}

function loop(count: 1 | 2, make: Loop): Macro {
  return (target, args, maker) => {
    const names = variables(args, count)
    if ('message' in names) return names
    return maker.fold({ range: target, iterVar: names[0]!, iterVar2: names[1], ...make(maker, args.slice(count), names) })
  }
}

/** `optMap` and `optFlatMap`: the body sees the value of an optional. */
function optional(wrap: boolean): Macro {
  return (target, args, make) => {
    const names = variables(args, 1)
    if ('message' in names) return { at: names.at, message: 'optMap() variable name must be a simple identifier' }
    const bound = make.fold({ range: make.list(), iterVar: '#unused', accuVar: names[0]!, init: make.member(target, 'value'), condition: make.literal(false), step: make.ident(names[0]!), result: args[1]! })
    return make.call('_?_:_', make.member(target, 'hasValue'), wrap ? make.call('optional.of', bound) : bound, make.call('optional.none'))
  }
}

/** `list.sortBy(e, key)`: sorts by what the key is of each. */
const sortBy: Macro = (target, args, make) => {
  const names = variables(args, 1)
  if ('message' in names) return names
  const input = '@__sortBy_input__'
  const keys = make.fold({ range: make.ident(input), iterVar: names[0]!, ...collecting(make, make.list(), [args[1]!], (value) => make.call('_+_', make.accu(), make.list(value))) })
  return make.fold({ range: make.list(), iterVar: '#unused', accuVar: input, init: target, condition: make.literal(false), step: make.ident(input), result: make.member(make.ident(input), '@sortByAssociatedKeys', keys) })
}

const byName: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ['all:2', loop(1, all)],
  ['exists:2', loop(1, exists)],
  ['exists_one:2', loop(1, existsOne)],
  ['map:2', loop(1, toList)],
  ['map:3', loop(1, toList)],
  ['filter:2', loop(1, filter)],
  ['all:3', loop(2, all)],
  ['exists:3', loop(2, exists)],
  ['exists_one:3', loop(2, existsOne)],
  ['existsOne:3', loop(2, existsOne)],
  ['existsOne:2', loop(1, existsOne)],
  ['transformList:3', loop(2, toList)],
  ['transformList:4', loop(2, toList)],
  ['transformMap:3', loop(2, (make, body, [key]) => transformMap(body, key!, make))],
  ['transformMap:4', loop(2, (make, body, [key]) => transformMap(body, key!, make))],
  ['transformMapEntry:3', loop(2, transformMapEntry)],
  ['transformMapEntry:4', loop(2, transformMapEntry)],
  ['sortBy:2', sortBy],
  ['optMap:2', optional(true)],
  ['optFlatMap:2', optional(false)],
])

/** Expressions as a tree: what cel-go has after macros were expanded. */
import type { CelValue } from './values.ts'

interface Node {
  /** Unique within the expression. */
  readonly id: number
  /** Where it stands in the source, in UTF-16 units. */
  readonly at: number
}

export interface Literal extends Node {
  readonly kind: 'literal'
  readonly value: CelValue
}
export interface Ident extends Node {
  readonly kind: 'ident'
  readonly name: string
}
export interface Select extends Node {
  readonly kind: 'select'
  readonly operand: Expr
  readonly field: string
  /** `has(operand.field)` */
  readonly testOnly: boolean
}
export interface Call extends Node {
  readonly kind: 'call'
  readonly name: string
  readonly target: Expr | undefined
  readonly args: readonly Expr[]
}
export interface ListLiteral extends Node {
  readonly kind: 'list'
  readonly elements: readonly Expr[]
  /** Indexes of `?elements`. */
  readonly optional: ReadonlySet<number>
}
export interface MapLiteral extends Node {
  readonly kind: 'map'
  readonly entries: readonly { readonly key: Expr; readonly value: Expr; readonly optional: boolean }[]
}
export interface StructLiteral extends Node {
  readonly kind: 'struct'
  readonly name: string
  readonly fields: readonly { readonly name: string; readonly value: Expr; readonly optional: boolean; readonly at: number }[]
}
/** What macros become: a loop over a range with an accumulator. */
export interface Fold extends Node {
  readonly kind: 'fold'
  readonly iterVar: string
  readonly iterVar2: string | undefined
  readonly range: Expr
  readonly accuVar: string
  readonly init: Expr
  readonly condition: Expr
  readonly step: Expr
  readonly result: Expr
}

export type Expr = Literal | Ident | Select | Call | ListLiteral | MapLiteral | StructLiteral | Fold

/** A mistake in an expression, with its place. */
export interface Issue {
  readonly at: number
  readonly message: string
}

/** Issues as cel-go prints them: `ERROR: <input>:1:6: undefined field 'x'` and the line with a mark. */
export function issuesText(source: string, issues: readonly Issue[]): string {
  const place = (at: number): { line: number; column: number } => {
    const before = source.slice(0, at)
    const line = before.split('\n').length
    return { line, column: at - (before.lastIndexOf('\n') + 1) }
  }
  const lines = source.split('\n')
  return issues
    .map(({ at, message }) => {
      const { line, column } = place(at)
      const text = (lines[line - 1] ?? '').replaceAll('\t', ' ')
      return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${'.'.repeat([...text.slice(0, column)].length)}^`
    })
    .join('\n')
}

/** Whether any part of an expression fulfils the condition. */
export function someExpr(expr: Expr, condition: (expr: Expr) => boolean): boolean {
  return condition(expr) || childrenOf(expr).some((child) => someExpr(child, condition))
}

export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'select':
      return [expr.operand]
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : expr.args
    case 'list':
      return expr.elements
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value])
    case 'struct':
      return expr.fields.map(({ value }) => value)
    case 'fold':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result]
    default:
      return []
  }
}

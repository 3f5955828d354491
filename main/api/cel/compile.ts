/** The way in: an expression and what it may use, to a program or to what is wrong with it. */
import { issuesText, someExpr } from './ast.ts'
import type { Expr, Issue } from './ast.ts'
import { check } from './checker.ts'
import type { Checked } from './checker.ts'
import { estimateCost } from './cost-estimate.ts'
import type { Bounds } from './cost-estimate.ts'
import { kubernetesFunctions } from './environment.ts'
import type { Declarations } from './environment.ts'
import { CostExceeded, stepOf } from './interpreter.ts'
import type { Frame, Resolver, Step } from './interpreter.ts'
import { parse } from './parser.ts'
import { parseDurationNanos, parseTimestampNanos } from './functions/time.ts'
import { patternProblem } from './regex.ts'
import type { Type } from './types.ts'
import { EvaluationError } from './values.ts'
import type { CelValue } from './values.ts'

/** What one evaluation may cost (upstream's PerCallLimit). */
export const callCostMax = 1_000_000
/** What the text of a message expression may be long. */
export const messageBytesMax = 5 * 1024

/** How an evaluation ended. `cost` counts in either case. */
export type Outcome = { readonly value: Exclude<CelValue, EvaluationError>; readonly cost: number } | { readonly error: string; readonly cost: number; readonly exceeded?: true }

export interface Program {
  readonly source: string
  /** The type of what it answers. */
  readonly type: Type
  /** Whether it mentions the variable. */
  uses(variable: string): boolean
  /** What it may cost, judged by types. `root` gives the declared type in which a variable's paths are followed; default: the declarations. */
  estimate(root?: (variable: string) => Type | undefined): Bounds
  /** Runs it. Variables may be given as values or as a function that finds them when asked for. `costMax` is what is left to spend. */
  evaluate(variables: Readonly<Record<string, CelValue>> | Resolver, costMax?: number): Outcome
}

export type Compiled = { readonly program: Program } | { readonly issues: readonly Issue[]; readonly text: string }

/** Compiles. `text` of a failure is as cel-go prints it: `ERROR: <input>:1:6: undefined field 'x'\n | self.x\n | .....^`. */
export function compile(source: string, declarations: Declarations): Compiled {
  const parsed = parse(source)
  if ('issues' in parsed) return failed(source, parsed.issues)
  const checked = check(parsed.expr, declarations, kubernetesFunctions())
  if ('issues' in checked) return failed(source, checked.issues)
  const literals = literalIssues(parsed.expr, checked)
  if (literals.length > 0) return failed(source, literals)
  return { program: new CompiledProgram(source, parsed.expr, checked, declarations) }
}

function failed(source: string, issues: readonly Issue[]): Compiled {
  return { issues, text: issuesText(source, issues) }
}

class CompiledProgram implements Program {
  readonly source: string
  readonly type: Type
  readonly #expr: Expr
  readonly #checked: Checked
  readonly #declarations: Declarations
  readonly #names: ReadonlySet<string>
  #step: Step | undefined

  constructor(source: string, expr: Expr, checked: Checked, declarations: Declarations) {
    this.source = source
    this.type = checked.type
    this.#expr = expr
    this.#checked = checked
    this.#declarations = declarations
    this.#names = new Set(checked.names.values())
  }

  uses(variable: string): boolean {
    return this.#names.has(variable)
  }

  estimate(root: (variable: string) => Type | undefined = (name) => this.#declarations.variables[name]): Bounds {
    return estimateCost(this.#expr, this.#checked, root)
  }

  evaluate(variables: Readonly<Record<string, CelValue>> | Resolver, costMax: number = callCostMax): Outcome {
    const step = (this.#step ??= stepOf(this.#expr, this.#checked, this.#declarations))
    const resolve: Resolver = typeof variables === 'function' ? variables : (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined)
    const frame: Frame = { resolve, locals: [], cost: 0, limit: Math.min(costMax, callCostMax) }
    try {
      const value = step(frame)
      return value instanceof EvaluationError ? { error: value.message, cost: frame.cost } : { value, cost: frame.cost }
    } catch (error) {
      if (error instanceof CostExceeded) return { error: 'operation cancelled: actual cost limit exceeded', cost: frame.cost, exceeded: true }
      throw error
    }
  }
}

/** Durations, timestamps and patterns that are written out are checked before they run. */
function literalIssues(root: Expr, checked: Checked): Issue[] {
  const issues: Issue[] = []
  someExpr(root, (expr) => {
    if (expr.kind !== 'call') return false
    const argument = expr.args[expr.name === 'matches' && !expr.target ? 1 : 0]
    const text = argument?.kind === 'literal' && typeof argument.value === 'string' ? argument.value : undefined
    if (text === undefined || checked.namespaced.has(expr.id)) return false
    if (expr.name === 'duration' && parseDurationNanos(text) === undefined) issues.push({ at: argument!.at, message: 'invalid duration argument' })
    else if (expr.name === 'timestamp' && parseTimestampNanos(text) === undefined) issues.push({ at: argument!.at, message: 'invalid timestamp argument' })
    else if (expr.name === 'matches' && patternProblem(text) !== undefined) issues.push({ at: argument!.at, message: 'invalid matches argument' })
    return false
  })
  return issues
}

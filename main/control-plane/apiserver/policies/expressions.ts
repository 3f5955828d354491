/** Expressions of policies and match conditions, compiled once and run within a budget that all expressions of one decision share. */
import { admissionDeclarations, compileForAdmission, variableType } from '../../../api/cel/admission.ts'
import type { AdmissionPurpose, AdmissionScope } from '../../../api/cel/admission.ts'
import type { Program } from '../../../api/cel/compile.ts'
import type { Type } from '../../../api/cel/types.ts'
import { CelMap, EvaluationError } from '../../../api/cel/values.ts'
import type { CelValue } from '../../../api/cel/values.ts'
import type { Variable } from '../../../api/generated/types.ts'

/** What all expressions of a policy may cost for one request (upstream's RuntimeCELCostBudget). */
export const policyCostMax = 10_000_000
/** The same for the match conditions of one webhook or policy. */
export const matchConditionsCostMax = 2_500_000

/** A compiled expression, or why it is none. */
export interface Expression {
  readonly source: string
  readonly program: Program | undefined
  readonly problem: string | undefined
}

/** Where an expression's variables get their values from. */
export type Activation = (name: string) => CelValue | undefined

/** What an expression came to. */
export type Result = { readonly value: Exclude<CelValue, EvaluationError> } | { readonly error: string }

/** The budget is spent: nothing more runs. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

export class Budget {
  left: number

  constructor(left: number) {
    this.left = left
  }

  spend(cost: number): void {
    this.left -= cost
    if (this.left < 0) throw new OutOfBudget()
  }
}

/** A policy's variables, compiled, and the declarations of whatever may use them. */
export interface Compiler {
  readonly variables: ReadonlyMap<string, Expression> | undefined
  compile(source: string, purpose: AdmissionPurpose, hasAuthorizer?: boolean): Expression
}

/** Each variable sees those before it. */
export function compilerOf(scope: Omit<AdmissionScope, 'variables' | 'hasAuthorizer'>, variables: readonly Variable[] | undefined): Compiler {
  const types = variables && new Map<string, Type>()
  const compiled = variables && new Map<string, Expression>()
  const compile = (source: string, purpose: AdmissionPurpose, hasAuthorizer = true): Expression => {
    const made = compileForAdmission(source, purpose, admissionDeclarations({ ...scope, hasAuthorizer, ...(types ? { variables: types } : {}) }))
    return { source, program: 'program' in made ? made.program : undefined, problem: 'problem' in made ? made.problem : undefined }
  }
  for (const { name, expression } of variables ?? []) {
    const made = compile(expression, 'variable')
    compiled!.set(name, made)
    types!.set(name, variableType(made.program))
  }
  return { variables: compiled, compile }
}

/** Runs expressions over one request's values: variables are computed when first asked for, at the expense of whoever asks. */
export class Evaluation {
  readonly #activation: Activation
  readonly #budget: Budget
  #extra = 0

  constructor(activation: Activation, variables: ReadonlyMap<string, Expression> | undefined, budget: Budget) {
    this.#budget = budget
    const composited = variables && new LazyVariables(variables, (program) => {
      const outcome = program.evaluate(this.#activation)
      this.#extra += outcome.cost
      return outcome
    })
    this.#activation = composited ? (name) => (name === 'variables' ? composited : activation(name)) : activation
  }

  /** Throws OutOfBudget. */
  run({ source, program, problem }: Expression): Result {
    if (!program) return { error: `compilation error: ${problem ?? ''}` }
    const outcome = program.evaluate(this.#activation)
    const extra = this.#extra
    this.#extra = 0
    this.#budget.spend(outcome.cost + extra)
    return 'error' in outcome ? { error: `expression '${source}' resulted in error: ${outcome.error}` } : { value: outcome.value }
  }
}

class LazyVariables extends CelMap {
  readonly #variables: ReadonlyMap<string, Expression>
  readonly #run: (program: Program) => ReturnType<Program['evaluate']>
  readonly #known = new Map<string, CelValue>()

  constructor(variables: ReadonlyMap<string, Expression>, run: (program: Program) => ReturnType<Program['evaluate']>) {
    super()
    this.#variables = variables
    this.#run = run
  }

  get size(): number {
    return this.#variables.size
  }

  has(key: CelValue): boolean {
    return typeof key === 'string' && this.#variables.has(key)
  }

  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined
    const variable = this.#variables.get(key)
    if (!variable) return undefined
    let value = this.#known.get(key)
    if (value === undefined) this.#known.set(key, (value = this.#compute(key, variable)))
    return value
  }

  keys(): Iterable<CelValue> {
    return this.#variables.keys()
  }

  #compute(name: string, { program, problem }: Expression): CelValue {
    if (!program) return new EvaluationError(`composited variable "${name}" fails to compile: ${problem ?? ''}`)
    const outcome = this.#run(program)
    return 'error' in outcome ? new EvaluationError(`composited variable "${name}" fails to evaluate: ${outcome.error}`) : outcome.value
  }
}

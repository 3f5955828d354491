/** x-kubernetes-validations: what a value's own rules say of it, within a budget that all of an object's rules share. */
import { messageBytesMax } from '../../../cel/compile.ts'
import { valueOfSchema } from '../../../cel/schema-values.ts'
import { none, Optional } from '../../../cel/values.ts'
import type { CelValue } from '../../../cel/values.ts'
import type { ValidationRule } from '../../../generated/types.ts'
import { fieldErrorText, fieldForbidden, fieldInvalid, FieldPath, fieldRequired } from '../../../machinery/field-error.ts'
import type { FieldError } from '../../../machinery/field-error.ts'
import { byteLength } from '../../../machinery/go-text.ts'
import { jsonEqual } from '../../../machinery/equality.ts'
import { isObject } from '../../../machinery/json-value.ts'
import { rulesOf } from './compiled-rules.ts'
import type { CompiledRule } from './compiled-rules.ts'
import { correlatedField, correlatedItem, keyText, uncorrelated } from './correlation.ts'
import type { Old } from './correlation.ts'
import { itemsOf, propertyOf, someSchema, valuesOf } from './structural.ts'
import type { Schema } from './structural.ts'

/** What the rules of one object may cost together (upstream's RuntimeCELCostBudget). */
export class RuleBudget {
  left = 10_000_000
}

export interface RuleOptions {
  readonly path: FieldPath | undefined
  /** The value is a whole resource. */
  readonly isRoot: boolean
  /** The value before; `uncorrelated`: there is none. */
  readonly old: Old
  readonly budget: RuleBudget
  /** Told of errors that are not held against a value because it did not change. */
  readonly onWarning: (text: string) => void
}

/** The errors of all rules at and below the value. */
export function validateRules(value: unknown, schema: Schema, options: RuleOptions): FieldError[] {
  const errors: FieldError[] = []
  const { path, isRoot, old, budget, onWarning } = options
  if (hasRules(schema)) new Walk(budget, errors, onWarning).visit(value, schema, path, isRoot, old, unchangedBy(value, old))
  return errors
}

const relevant = new WeakMap<Schema, boolean>()

function hasRules(schema: Schema): boolean {
  let known = relevant.get(schema)
  if (known === undefined) relevant.set(schema, (known = someSchema(schema, (each) => (each['x-kubernetes-validations']?.length ?? 0) > 0)))
  return known
}

/** Asks at most once whether a value is what it was. */
function unchangedBy(value: unknown, old: Old): () => boolean {
  let known: boolean | undefined
  return () => (known ??= old !== uncorrelated && jsonEqual(value, old))
}

class Walk {
  readonly #budget: RuleBudget
  readonly #errors: FieldError[]
  readonly #onWarning: (text: string) => void

  constructor(budget: RuleBudget, errors: FieldError[], onWarning: (text: string) => void) {
    this.#budget = budget
    this.#errors = errors
    this.#onWarning = onWarning
  }

  /** `old` is what transition rules compare with; `unchanged` tells of the nearest part that can be told from before. */
  visit(value: unknown, schema: Schema, path: FieldPath | undefined, isResource: boolean, old: Old, unchanged: () => boolean): boolean {
    if (value === null || value === undefined) return true
    if (!this.#judge(value, schema, path, isResource, old, unchanged)) return false
    if (Array.isArray(value)) return this.#items(value, schema, path, old, unchanged)
    return !isObject(value) || this.#fields(value, schema, path, old, unchanged)
  }

  #items(value: readonly unknown[], schema: Schema, path: FieldPath | undefined, old: Old, unchanged: () => boolean): boolean {
    const items = itemsOf(schema)
    if (!items || !hasRules(items)) return true
    const before = schema['x-kubernetes-list-type'] === 'map' && Array.isArray(old) ? new Map(old.filter(isObject).map((item) => [keyText(item, schema), item])) : undefined
    for (const [index, item] of value.entries()) {
      const was: Old = before && isObject(item) ? (before.get(keyText(item, schema)) ?? uncorrelated) : uncorrelated
      const correlated = correlatedItem(old, schema, item)
      const at = path ? path.index(index) : new FieldPath(index)
      if (!this.visit(item, items, at, items['x-kubernetes-embedded-resource'] === true, was, correlated === uncorrelated ? unchanged : unchangedBy(item, correlated))) return false
    }
    return true
  }

  #fields(value: Record<string, unknown>, schema: Schema, path: FieldPath | undefined, old: Old, unchanged: () => boolean): boolean {
    const values = valuesOf(schema)
    for (const key of Object.keys(value)) {
      const property = propertyOf(schema, key)
      const inner = property ?? values
      if (!inner || !hasRules(inner)) continue
      const was: Old = isObject(old) && Object.hasOwn(old, key) && old[key] !== undefined && old[key] !== null ? old[key] : uncorrelated
      const correlated = correlatedField(old, schema, key)
      const at = property ? (path ? path.child(key) : new FieldPath(key)) : path ? path.key(key) : new FieldPath(key, undefined, true)
      if (!this.visit(value[key], inner, at, inner['x-kubernetes-embedded-resource'] === true, was, correlated === uncorrelated ? unchanged : unchangedBy(value[key], correlated))) return false
    }
    return true
  }

  /** Runs the rules of one schema; false: the budget is spent, nothing more runs. */
  #judge(value: unknown, schema: Schema, path: FieldPath | undefined, isResource: boolean, old: Old, unchanged: () => boolean): boolean {
    const rules = rulesOf(schema, isResource)
    if (rules.length === 0) return true
    const at = path ?? nowhere
    const type = schema.type ?? ''
    const spent = (): false => {
      this.#errors.push(fieldInvalid(at, type, 'validation failed due to running out of cost budget, no further validation rules will be run'))
      return false
    }
    if (this.#budget.left <= 0) return spent()
    const self = valueOfSchema(value, schema, isResource)
    const oldSelf = old === uncorrelated ? undefined : valueOfSchema(old, schema, isResource)
    for (const compiled of rules) {
      const { rule, program } = compiled
      if (compiled.problem !== undefined) this.#errors.push(fieldInvalid(at, type, `rule compile error: ${compiled.problem}`))
      if (!program || (compiled.usesOldSelf && oldSelf === undefined && !rule.optionalOldSelf)) continue
      const variables: Record<string, CelValue> = { self }
      if (rule.optionalOldSelf) variables['oldSelf'] = oldSelf === undefined ? none : new Optional(oldSelf)
      else if (oldSelf !== undefined) variables['oldSelf'] = oldSelf
      const outcome = program.evaluate(variables)
      if (outcome.cost > this.#budget.left) return spent()
      this.#budget.left -= outcome.cost
      if ('error' in outcome) {
        const shown = ruleText(rule)
        if (outcome.exceeded) {
          this.#errors.push(fieldInvalid(at, type, `'${outcome.error}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown}`))
          return false
        }
        const problem = outcome.error.startsWith('no such overload') ? `'${outcome.error}': call arguments did not match a supported operator, function or macro signature for rule: ${shown}` : `${outcome.error} evaluating rule: ${shown}`
        this.#errors.push(fieldInvalid(at, type, problem))
        continue
      }
      if (outcome.value === true) continue
      if (!this.#fail(compiled, variables, value, type, at, unchanged)) return spent()
    }
    return true
  }

  #fail(compiled: CompiledRule, variables: Readonly<Record<string, CelValue>>, value: unknown, type: string, at: FieldPath, unchanged: () => boolean): boolean {
    const { rule, errorPath } = compiled
    let place = at
    for (const [index, step] of (errorPath?.steps ?? []).entries()) place = errorPath!.keys[index] ? place.key(step) : place === nowhere ? new FieldPath(step) : place.child(step)
    let detail: string | undefined
    if (compiled.message) {
      const outcome = compiled.message.evaluate(variables)
      if (outcome.cost > this.#budget.left) return false
      this.#budget.left -= outcome.cost
      if ('value' in outcome && typeof outcome.value === 'string') detail = usableMessage(outcome.value)
    }
    const shown = type === 'object' || type === 'array' ? undefined : value
    const error = errorOf(rule.reason, place, shown, detail ?? (rule.message ? rule.message.trim() : `failed rule: ${ruleText(rule)}`))
    if (!compiled.usesOldSelf && unchanged()) this.#onWarning(fieldErrorText(error))
    else this.#errors.push(error)
    return true
  }
}

/** How Go prints the path of a whole object. */
const nowhere = new FieldPath('<nil>')

function ruleText(rule: ValidationRule): string {
  return (rule.message || rule.rule).trim()
}

/** A message that is empty, too long or has line breaks is not used. */
function usableMessage(text: string): string | undefined {
  const trimmed = text.trim()
  return byteLength(trimmed) > messageBytesMax || trimmed.includes('\n') || trimmed === '' ? undefined : trimmed
}

function errorOf(reason: string | undefined, at: FieldPath, value: unknown, detail: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return fieldForbidden(at, detail)
    case 'FieldValueRequired':
      return fieldRequired(at, detail)
    // Objects and lists are not shown.
    case 'FieldValueDuplicate':
      return { type: 'FieldValueDuplicate', field: at.toString(), badValue: value, detail: '' }
    default:
      return { type: 'FieldValueInvalid', field: at.toString(), badValue: value, detail }
  }
}

/** The rules of a schema, compiled once per schema. */
import { compile } from '../../../cel/compile.ts'
import type { Program } from '../../../cel/compile.ts'
import { typeOfSchema } from '../../../cel/schema-types.ts'
import { optionalType } from '../../../cel/types.ts'
import type { Type } from '../../../cel/types.ts'
import type { ValidationRule } from '../../../generated/types.ts'
import { resolveFieldPath } from './field-paths.ts'
import type { Schema } from './structural.ts'

export interface CompiledRule {
  readonly rule: ValidationRule
  /** Absent when the rule is empty or does not compile. */
  readonly program: Program | undefined
  readonly problem: string | undefined
  readonly usesOldSelf: boolean
  readonly message: Program | undefined
  readonly messageProblem: string | undefined
  /** Where below the value an error is reported, as a path: `.spec.x` or `['a.b']`. */
  readonly errorPath: { readonly steps: readonly string[]; readonly keys: readonly boolean[] } | undefined
}

const remembered = new WeakMap<Schema, { root?: readonly CompiledRule[]; inner?: readonly CompiledRule[] }>()

/** The rules of the schema itself, not of what lies below. `isResource`: its values are whole resources. */
export function rulesOf(schema: Schema, isResource: boolean): readonly CompiledRule[] {
  let known = remembered.get(schema)
  if (!known) remembered.set(schema, (known = {}))
  const at = isResource ? 'root' : 'inner'
  return (known[at] ??= (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, schema, typeOfSchema(schema, isResource))))
}

function compileRule(rule: ValidationRule, schema: Schema, type: Type | undefined): CompiledRule {
  const made = { rule, program: undefined, problem: undefined, usesOldSelf: false, message: undefined, messageProblem: undefined, errorPath: undefined }
  if (!rule.rule || rule.rule.trim() === '' || !type) return made
  const variables = { self: type, oldSelf: rule.optionalOldSelf ? optionalType(type) : type }
  const compiled = compile(rule.rule, { variables })
  if ('text' in compiled) return { ...made, problem: `compilation failed: ${compiled.text}` }
  const { program } = compiled
  if (program.type.kind !== 'bool') return { ...made, problem: 'cel expression must evaluate to a bool' }
  const found = rule.fieldPath ? resolveFieldPath(rule.fieldPath, schema) : undefined
  const errorPath = found && 'steps' in found ? found : undefined
  const judged = { ...made, program, usesOldSelf: program.uses('oldSelf'), errorPath }
  if (!rule.messageExpression) return judged
  const message = compile(rule.messageExpression, { variables })
  if ('text' in message) return { ...judged, messageProblem: `messageExpression compilation failed: ${message.text}` }
  if (message.program.type.kind !== 'string') return { ...judged, messageProblem: 'messageExpression must evaluate to a string' }
  return { ...judged, message: message.program }
}

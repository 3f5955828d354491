/** One MutatingAdmissionPolicy, compiled, and how each of its mutations changes an object. Follows upstream's patchers. */
import { configurationOf, jsonPatchOf } from '../../../api/cel/mutation-objects.ts'
import type { MutatingAdmissionPolicy } from '../../../api/generated/types.ts'
import { decodeTyped } from '../../../api/machinery/codec/typed.ts'
import { strictText } from '../../../api/machinery/codec/strict.ts'
import { applyJsonPatch, JsonPatchError } from '../../../api/machinery/json-patch.ts'
import { cloneJson, isObject } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { schemaOf } from '../../../api/machinery/schema.ts'
import { fieldTypeIn, isGranularMap, itemElement, mergeTypeOf } from '../../../api/machinery/server-side-apply/merge-type.ts'
import type { MergeType } from '../../../api/machinery/server-side-apply/merge-type.ts'
import { mergeValues } from '../../../api/machinery/server-side-apply/merge-values.ts'
import { typeErrors, typeErrorsText } from '../../../api/machinery/server-side-apply/validate-type.ts'
import { internalError } from '../../../api/machinery/status-error.ts'
import { mergeTypeFor } from '../registry/field-management.ts'
import type { Form } from '../webhooks/versioned-objects.ts'
import { readAs } from '../webhooks/versioned-objects.ts'
import { Budget, compilerOf, Evaluation, policyCostMax } from './expressions.ts'
import type { Activation, Compiler, Expression } from './expressions.ts'

export interface Mutator {
  readonly compiler: Compiler
  readonly conditions: readonly Expression[]
  readonly mutations: readonly { readonly how: 'apply' | 'patch'; readonly expression: Expression }[]
  readonly ignoresErrors: boolean
}

export function mutatorOf({ spec = {} }: MutatingAdmissionPolicy): Mutator {
  const compiler = compilerOf({ hasParams: spec.paramKind !== undefined, makesObjects: true }, spec.variables ?? [])
  return {
    compiler,
    conditions: (spec.matchConditions ?? []).map(({ expression }) => compiler.compile(expression.trim(), 'match condition')),
    mutations: (spec.mutations ?? []).map(({ patchType, applyConfiguration, jsonPatch }) =>
      patchType === 'ApplyConfiguration' ? { how: 'apply', expression: compiler.compile(applyConfiguration?.expression ?? '', 'apply configuration') } : { how: 'patch', expression: compiler.compile(jsonPatch?.expression ?? '', 'JSON patch') }),
    ignoresErrors: spec.failurePolicy === 'Ignore',
  }
}

/** The object as one mutation leaves it, with its defaults. Throws Errors: what is wrong with the mutation; and StatusErrors. */
export function mutated({ compiler, mutations }: Mutator, index: number, object: KubeObject, form: Form, activation: Activation): KubeObject {
  const { how, expression } = mutations[index]!
  if (!expression.program) throw new Error(expression.problem)
  const result = new Evaluation(activation, compiler.variables, new Budget(policyCostMax)).run(expression)
  if ('error' in result) throw new Error(result.error)
  return how === 'apply' ? applied(object, typed(() => configurationOf(result.value)), form) : patched(object, typed(() => jsonPatchOf(result.value)), form)
}

/** What an expression made as JSON; throws where an object's type is not its path. */
function typed<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new Error(`type mismatch: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function applied(object: KubeObject, made: JsonObject, form: Form): KubeObject {
  const configuration: JsonObject = { ...made, apiVersion: object.apiVersion, kind: object.kind }
  const failed = (text: string): Error => new Error(`error applying patch: ${text}`)
  const type = typeOf(form)
  const errors = typeErrors(configuration, type)
  if (errors.length > 0) throw failed(`failed to convert patch object to typed object: ${typeErrorsText(errors)}`)
  const atomics = atomicsIn(configuration, type, '')
  if (atomics.length > 0) throw failed(`invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`)
  let merged: unknown
  try {
    merged = mergeValues(object, configuration, type)
  } catch (error) {
    throw failed(`failed to merge patch: ${error instanceof Error ? error.message : String(error)}`)
  }
  return readAs(cloneJson(merged) as JsonObject, form)
}

function typeOf({ own, schema }: Form): MergeType {
  if (own) return mergeTypeFor(own)
  const definition = schemaOf(schema)
  if (!definition) throw new Error('type converter must not be nil')
  return mergeTypeOf(definition)
}

/** Paths of parts that are only ever replaced whole: whoever sets a field of one would take the others away. */
function atomicsIn(value: unknown, type: MergeType, path: string): string[] {
  if (type.how === 'atomic') return Array.isArray(value) || isObject(value) ? [path] : []
  if (isObject(value) && isGranularMap(type)) {
    return Object.entries(value).flatMap(([key, item]) => {
      const inner = fieldTypeIn(type, key)
      return inner ? atomicsIn(item, inner, `${path}.${key}`) : []
    })
  }
  if (!Array.isArray(value)) return []
  if (type.how === 'deduced') return [path]
  if (type.how === 'list-map') return value.flatMap((item, index) => (itemElement(type, item) === '' ? [] : atomicsIn(item, type.items, `${path}[${index}]`)))
  return []
}

function patched(object: KubeObject, operations: readonly JsonObject[], form: Form): KubeObject {
  let after: JsonObject
  try {
    after = applyJsonPatch(object as unknown as JsonObject, operations)
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error
    // A test that fails means that there is nothing to do.
    if (error.message.endsWith('test failed')) return object
    throw new Error(`JSONPath: ${error.message}`)
  }
  const definition = form.own?.custom ? undefined : schemaOf(form.schema)
  const unknown = definition ? unknownFieldsOf(after, definition) : []
  if (unknown.length > 0) throw internalError(strictText(unknown.map((field) => `unknown field ${JSON.stringify(field)}`)))
  return readAs(after, form)
}

function unknownFieldsOf(value: JsonObject, definition: NonNullable<ReturnType<typeof schemaOf>>): readonly string[] {
  try {
    return decodeTyped(value, definition).unknownFields
  } catch {
    // Read again below, where its error is answered.
    return []
  }
}

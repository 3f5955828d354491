/** The objects that mutating policies make: apply configurations `Object{spec: Object.spec{…}}` with fields of any name and type,
 *  and JSON patches. Follows upstream's dynamic type resolver. */
import type { JsonObject } from '../machinery/json-value.ts'
import { jsonPatchType } from './functions/json-patches.ts'
import { jsonOfValue } from './json-values.ts'
import { dynType, objectType } from './types.ts'
import type { FieldTypes, Type } from './types.ts'
import { CelList, CelMap, ObjectValue, Optional } from './values.ts'
import type { CelValue } from './values.ts'

const anyField: FieldTypes = { get: () => dynType }
const known = new Map<string, Type>()
const knownMax = 1_000

/** For `Declarations.objects` of mutations. */
export function mutationObjects(name: string): Type | undefined {
  if (name === 'JSONPatch') return jsonPatchType
  if (name !== 'Object' && !name.startsWith('Object.')) return undefined
  let type = known.get(name)
  if (!type) {
    if (known.size >= knownMax) known.clear()
    known.set(name, (type = objectType(name, anyField)))
  }
  return type
}

/** An apply configuration as JSON. Throws an Error with upstream's words when a part is of a type that is not its path. */
export function configurationOf(value: CelValue): JsonObject {
  const problems: string[] = []
  checkNames(value, ['Object'], problems)
  if (problems.length > 0) throw new Error(problems.join(', '))
  return jsonOfValue(value) as JsonObject
}

function checkNames(value: CelValue, path: readonly string[], problems: string[]): void {
  if (value instanceof ObjectValue) {
    const wanted = path.join('.')
    if (value.type.name !== wanted) problems.push(`unexpected type name "${value.type.name}", expected "${wanted}", which matches field name path from root Object type`)
    for (const [name, field] of value.fields) checkNames(field, [...path, name], problems)
  } else if (value instanceof CelList) for (const item of value) checkNames(item, path, problems)
  else if (value instanceof CelMap && !value.objectType) for (const key of value.keys()) checkNames(value.get(key)!, path, problems)
  else if (value instanceof Optional && value.value !== undefined) checkNames(value.value, path, problems)
}

/** A list of JSONPatch objects as RFC 6902 has them. Throws as `configurationOf` for values that are objects with a wrong part. */
export function jsonPatchOf(value: CelValue): JsonObject[] {
  if (!(value instanceof CelList)) throw new Error('a JSON patch is a list of JSONPatch')
  const problems: string[] = []
  for (const step of value) {
    const object = step instanceof ObjectValue ? step.fields.get('value') : undefined
    if (object instanceof ObjectValue) checkNames(object, object.type.name.split('.'), problems)
  }
  if (problems.length > 0) throw new Error(problems.join(', '))
  return [...value].map((step) => jsonOfValue(step) as JsonObject)
}

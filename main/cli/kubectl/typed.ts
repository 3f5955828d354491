import type { KubeObject } from '../../api/machinery/object.ts'
import { definitionNames, schemaOf, type Definition, type SchemaType } from '../../api/machinery/schema.ts'
import { isObject, type JsonObject } from '../../api/machinery/json-value.ts'
import { asStruct } from './printing/go-json.ts'

/** The schema of a built-in kind, as kubectl's scheme knows it; undefined for custom resources. */
export function definitionOf(apiVersion: string, kind: string): Definition | undefined {
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['core', apiVersion]
  const known = group.split('.')[0]!
  const name = definitionNames().find((candidate) => candidate.endsWith(`.${known}.${version}.${kind}`) && candidate.startsWith('io.k8s.'))
  return name ? schemaOf(name) : undefined
}

/** The object with its fields in the order of upstream's Go struct (kind before apiVersion), as commands print it that hold
 *  typed objects. What the schema does not know is left as it is. */
export function inStructOrder<T extends KubeObject>(object: T): T {
  const definition = definitionOf(object.apiVersion ?? '', object.kind ?? '')
  return definition ? asStruct(order(object as unknown as JsonObject, definition, true) as unknown as T) : object
}

/** Fields that upstream declares before others of a smaller number. */
const declaredOutOfOrder: Readonly<Record<string, readonly string[]>> = {
  'io.k8s.api.networking.v1.HTTPIngressPath': ['path', 'pathType'],
}

function order(object: JsonObject, definition: Definition, top: boolean): JsonObject {
  const result: JsonObject = {}
  if (top) for (const key of ['kind', 'apiVersion']) if (object[key] !== undefined) result[key] = object[key]
  const numbered = [...definition.fields.values()].sort((a, b) => compareWire(a.wire, b.wire))
  const declaredFirst = declaredOutOfOrder[definition.name] ?? []
  for (const field of [...declaredFirst.flatMap((name) => definition.fields.get(name) ?? []), ...numbered]) {
    const value = object[field.name]
    if (value === undefined || field.name in result) continue
    result[field.name] = orderValue(value, field.type)
  }
  return result
}

function orderValue(value: unknown, type: SchemaType): unknown {
  if (type.is === 'object') return isObject(value) ? order(value, type.target, false) : value
  if (type.is === 'list') return Array.isArray(value) ? value.map((item) => orderValue(item, type.items)) : value
  if (type.is === 'map') return isObject(value) ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, orderValue(value[key], type.values)])) : value
  return value
}

/** Declaration order follows the protobuf numbers in nearly every type. */
function compareWire(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

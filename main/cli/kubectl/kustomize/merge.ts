import { isObject, type JsonObject } from '../../../api/machinery/json-value.ts'
import type { Definition, Field, SchemaType } from '../../../api/machinery/schema.ts'

/** A strategic merge as kyaml does it: what a patch adds to a list comes before what was there. Undefined: deleted whole. */
export function kyamlMerge(object: JsonObject, patch: JsonObject, definition: Definition | undefined): JsonObject | undefined {
  if (patch.$patch === 'delete') return undefined
  if (patch.$patch === 'replace') return without(patch)
  const result: JsonObject = { ...object }
  for (const [key, wanted] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (wanted === null) {
      delete result[key]
      continue
    }
    const after = mergeValue(result[key], wanted, definition?.fields.get(key))
    if (after === undefined) delete result[key]
    else result[key] = after
  }
  return result
}

function without(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([key, value]) => !key.startsWith('$') && value !== null).map(([key, value]) => [key, isObject(value) ? without(value) : value]))
}

function mergeValue(before: unknown, wanted: unknown, field: Field | undefined): unknown {
  if (isObject(wanted)) return kyamlMerge(isObject(before) ? before : {}, wanted, definitionOf(field?.type))
  if (!Array.isArray(wanted)) return wanted
  const rule = field?.patch
  const items = field?.type.is === 'list' ? field.type.items : undefined
  if (!rule?.merge || !Array.isArray(before)) return wanted.filter((item) => !(isObject(item) && item.$patch !== undefined)).map((item) => (isObject(item) ? without(item) : item))
  return rule.key === undefined ? [...new Set([...wanted, ...before])] : mergeKeyed(before, wanted, rule.key, definitionOf(items))
}

function mergeKeyed(before: readonly unknown[], wanted: readonly unknown[], key: string, definition: Definition | undefined): unknown[] {
  if (wanted.some((item) => isObject(item) && item.$patch === 'replace' && Object.keys(item).length === 1)) return wanted.filter((item) => !(isObject(item) && item.$patch === 'replace'))
  const keyOf = (item: unknown): unknown => (isObject(item) ? item[key] : undefined)
  const named = new Set(wanted.map(keyOf))
  const merged = wanted.flatMap((item) => {
    const old = before.find((candidate) => keyOf(candidate) === keyOf(item))
    const after = kyamlMerge(isObject(old) ? old : {}, item as JsonObject, definition)
    return after === undefined ? [] : [after]
  })
  return [...merged, ...before.filter((item) => !named.has(keyOf(item)))]
}

function definitionOf(type: SchemaType | undefined): Definition | undefined {
  if (type?.is === 'object') return type.target
  return undefined
}

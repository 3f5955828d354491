import type { ConfigMap, Secret } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldPath, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { isConfigMapKey } from '../../machinery/names.ts'

/** Bytes that the values of one ConfigMap or Secret may have together. */
export const dataSizeMax = 1024 * 1024

export function validateConfigMap(map: ConfigMap): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const [key, value] of Object.entries(map.data ?? {})) {
    for (const message of isConfigMapKey(key)) errors.push(fieldInvalid(fieldPath('data').key(key), key, message))
    if (map.binaryData && Object.hasOwn(map.binaryData, key)) errors.push(fieldInvalid(fieldPath('data').key(key), key, 'duplicate of key present in binaryData'))
    size += byteLength(value)
  }
  for (const [key, value] of Object.entries(map.binaryData ?? {})) {
    for (const message of isConfigMapKey(key)) errors.push(fieldInvalid(fieldPath('binaryData').key(key), key, message))
    size += base64Length(value)
  }
  if (size > dataSizeMax) errors.push(fieldTooLong('', dataSizeMax))
  return errors
}

/** Bytes behind a base64 text. */
export function base64Length(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return Math.floor((text.length * 3) / 4) - padding
}

export function validateConfigMapUpdate(map: ConfigMap, old: ConfigMap): FieldError[] {
  return [...immutableErrors(map, old, ['data', 'binaryData']), ...validateConfigMap(map)]
}

/** What may not change once `immutable` is set. */
export function immutableErrors<T extends ConfigMap | Secret>(object: T, old: T, fields: readonly (keyof T & string)[]): FieldError[] {
  if (!old.immutable) return []
  const errors: FieldError[] = []
  const detail = 'field is immutable when `immutable` is set'
  if (!object.immutable) errors.push(fieldForbidden('immutable', detail))
  for (const field of fields) if (!jsonEqual(object[field] ?? {}, old[field] ?? {})) errors.push(fieldForbidden(field, detail))
  return errors
}

import { fieldInvalid, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { isQualifiedName } from '../../machinery/names.ts'

const sizeMax = 256 * 1024
const countMax = 512

/** The name of whoever makes the volumes. */
export function provisionerErrors(provisioner: string, at: FieldPath): FieldError[] {
  if (provisioner === '') return [fieldRequired(at)]
  const lower = provisioner.toLowerCase()
  return isQualifiedName(lower).map((message) => fieldInvalid(at, lower, message))
}

/** What is handed to the provisioner: not too much, and no empty keys. */
export function parameterErrors(parameters: Readonly<Record<string, string>> | undefined, mayBeEmpty: boolean, at: FieldPath): FieldError[] {
  const entries = Object.entries(parameters ?? {})
  if (entries.length > countMax) return [fieldTooLong(at, countMax)]
  const errors: FieldError[] = []
  if (parameters?.[''] !== undefined) errors.push(fieldInvalid(at, '', 'field can not be empty.'))
  if (mapSize(parameters) > sizeMax) errors.push(fieldTooLong(at, sizeMax))
  if (!mayBeEmpty && entries.length === 0) errors.push(fieldRequired(at, 'must contain at least one key/value pair'))
  return errors
}

/** Bytes of all keys and values. */
export function mapSize(map: Readonly<Record<string, string>> | undefined): number {
  return Object.entries(map ?? {}).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0)
}

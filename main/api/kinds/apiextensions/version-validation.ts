/** Validation of what a version of a CustomResourceDefinition says besides its schema. */
import type { CustomResourceColumnDefinition, CustomResourceDefinitionVersion, CustomResourceSubresources } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldRequired, fieldTooMany } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { resolveFieldPath } from './schema/field-paths.ts'

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const selectableFieldsMax = 8

export function validateDeprecationWarning({ deprecated, deprecationWarning }: CustomResourceDefinitionVersion): string[] {
  if (deprecationWarning === undefined) return []
  if (!deprecated) return ['can only be set for deprecated versions']
  const problems: string[] = []
  if (byteLength(deprecationWarning) > 256) problems.push('must be <= 256 characters long')
  if (deprecationWarning === '') problems.push('must not be an empty string')
  let index = 0
  for (const character of deprecationWarning) {
    if (/[\p{C}\u2028\u2029]/u.test(character)) {
      problems.push(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`)
      break
    }
    index += byteLength(character)
  }
  return problems
}

export function validateSubresources(subresources: CustomResourceSubresources | undefined, path: FieldPath): FieldError[] {
  const scale = subresources?.scale
  if (!scale) return []
  const errors: FieldError[] = []
  const under = (name: string, value: string | undefined, roots: readonly string[], text: string): void => {
    const at = path.child(`scale.${name}`)
    if (!value) {
      if (name !== 'labelSelectorPath') errors.push(fieldRequired(at))
      return
    }
    const problems = simplePathProblems(value, at)
    if (problems.length > 0) errors.push(...problems)
    else if (!roots.some((root) => value.startsWith(root))) errors.push(fieldInvalid(at, value, text))
  }
  under('specReplicasPath', scale.specReplicasPath, ['.spec.'], 'should be a json path under .spec')
  under('statusReplicasPath', scale.statusReplicasPath, ['.status.'], 'should be a json path under .status')
  under('labelSelectorPath', scale.labelSelectorPath, ['.spec.', '.status.'], 'should be a json path under either .spec or .status')
  return errors
}

function simplePathProblems(path: string, at: FieldPath): FieldError[] {
  return path.startsWith('.') ? [] : [fieldInvalid(at, path, 'must be a simple json path starting with .')]
}

export function validateColumn(column: CustomResourceColumnDefinition, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!column.name) errors.push(fieldRequired(path.child('name')))
  if (!column.type) errors.push(fieldRequired(path.child('type'), `must be one of ${columnTypes.join(',')}`))
  else if (!columnTypes.includes(column.type)) errors.push(fieldInvalid(path.child('type'), column.type, `must be one of ${columnTypes.join(',')}`))
  if (column.format && !columnFormats.includes(column.format)) errors.push(fieldInvalid(path.child('format'), column.format, `must be one of ${columnFormats.join(',')}`))
  if (!column.jsonPath) errors.push(fieldRequired(path.child('JSONPath')))
  else errors.push(...simplePathProblems(column.jsonPath, path.child('JSONPath')))
  return errors
}

/** `allowMany`: the definition had as many before. */
export function validateSelectableFields(version: CustomResourceDefinitionVersion, path: FieldPath, allowMany: boolean): FieldError[] {
  const fields = version.selectableFields ?? []
  if (fields.length === 0) return []
  const at = path.child('selectableFields')
  const schema = version.schema?.openAPIV3Schema
  if (!schema) return [fieldInvalid(at, '', 'may only be set when `version.schema.openAPIV3Schema` is not included')]
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { jsonPath }] of fields.entries()) {
    const here = at.index(index).child('jsonPath')
    if (!jsonPath) {
      errors.push(fieldRequired(here))
      continue
    }
    const found = resolveFieldPath(jsonPath, schema, false)
    if ('problem' in found) {
      errors.push(fieldInvalid(here, jsonPath, `is an invalid path: ${found.problem}`))
      continue
    }
    if (found.steps[0] === 'metadata') errors.push(fieldInvalid(here, jsonPath, 'must not point to fields in metadata'))
    if (!['string', 'boolean', 'integer'].includes(found.schema?.type ?? '')) errors.push(fieldInvalid(here, jsonPath, 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'))
    const text = found.steps.join('.')
    if (seen.has(text)) errors.push(fieldDuplicate(here, jsonPath))
    seen.add(text)
  }
  if (seen.size > selectableFieldsMax && !allowMany) errors.push(fieldTooMany(at, seen.size, selectableFieldsMax))
  return errors
}

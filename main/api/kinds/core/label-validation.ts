import type { LabelSelector } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { isLabelValue, isQualifiedName } from '../../machinery/names.ts'

const goodKeys = new Set<string>()
const goodValues = new Set<string>()
const goodMax = 5000

/** The same keys come again and again: what was right once is right. */
export function isGoodLabelKey(key: string): boolean {
  if (goodKeys.has(key)) return true
  if (isQualifiedName(key).length > 0) return false
  if (goodKeys.size >= goodMax) goodKeys.clear()
  goodKeys.add(key)
  return true
}

function isGoodLabelValue(value: string): boolean {
  if (goodValues.has(value)) return true
  if (isLabelValue(value).length > 0) return false
  if (goodValues.size >= goodMax) goodValues.clear()
  goodValues.add(value)
  return true
}

export function labelKeyErrors(key: string, at: FieldPath): FieldError[] {
  return isGoodLabelKey(key) ? [] : isQualifiedName(key).map((message) => fieldInvalid(at, key, message))
}

/** A map of labels, all at the same path as upstream has it. */
export function validateLabels(labels: { readonly [key: string]: string } | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const key in labels) {
    errors.push(...labelKeyErrors(key, at))
    const value = labels[key] as string
    if (!isGoodLabelValue(value)) for (const message of isLabelValue(value)) errors.push(fieldInvalid(at, value, message))
  }
  return errors
}

/** A LabelSelector: operators with their values, keys and values well formed. */
export function validateLabelSelector(selector: LabelSelector | undefined, at: FieldPath): FieldError[] {
  if (!selector) return []
  const errors = validateLabels(selector.matchLabels, at.child('matchLabels'))
  for (const [index, requirement] of (selector.matchExpressions ?? []).entries()) {
    const path = at.child('matchExpressions').index(index)
    const count = requirement.values?.length ?? 0
    switch (requirement.operator) {
      case 'In':
      case 'NotIn':
        if (count === 0) errors.push(fieldRequired(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"))
        break
      case 'Exists':
      case 'DoesNotExist':
        if (count > 0) errors.push(fieldForbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
        break
      default:
        errors.push(fieldInvalid(path.child('operator'), requirement.operator ?? '', 'not a valid selector operator'))
    }
    errors.push(...labelKeyErrors(requirement.key ?? '', path.child('key')))
    for (const [i, value] of (requirement.values ?? []).entries()) {
      for (const message of isLabelValue(value)) errors.push(fieldInvalid(path.child('values').index(i), value, message))
    }
  }
  return errors
}

/** All annotations of an object together, in bytes. */
const annotationsSizeMax = 256 * 1024

/** Annotation keys (checked in lower case) and their total size. */
export function validateAnnotations(annotations: { readonly [key: string]: string } | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const key in annotations) {
    const lower = key.toLowerCase()
    if (!isGoodLabelKey(lower)) for (const message of isQualifiedName(lower)) errors.push(fieldInvalid(at, key, message))
    size += byteLength(key) + byteLength(annotations[key] as string)
  }
  if (size > annotationsSizeMax) errors.push(fieldTooLong(at, annotationsSizeMax))
  return errors
}

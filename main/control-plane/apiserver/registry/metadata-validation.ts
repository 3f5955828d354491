/** Validation of metadata, for all kinds, with upstream's texts. */
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../../../api/generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldPath, fieldRequired, fieldTooLong, mustNotBeNegative } from '../../../api/machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../../api/machinery/field-error.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import { byteLength, quote } from '../../../api/machinery/go-text.ts'
import { isDns1123Label, isLabelValue, isQualifiedName, maskTrailingDash } from '../../../api/machinery/names.ts'
import { parseGroupVersion } from '../../../api/machinery/object.ts'

export const orphanFinalizer = 'orphan'
export const foregroundFinalizer = 'foregroundDeletion'
const standardFinalizers = new Set(['kubernetes', orphanFinalizer, foregroundFinalizer])
const annotationsBytesMax = 256 * 1024

/** Checks the metadata of a new object. */
export function validateMetadata(metadata: ObjectMeta, namespaced: boolean, validateName: (name: string) => string[], anyFinalizer = false): FieldError[] {
  const at = fieldPath('metadata')
  const errors: FieldError[] = []
  if (metadata.generateName) for (const message of validateName(maskTrailingDash(metadata.generateName))) errors.push(fieldInvalid(at.child('generateName'), metadata.generateName, message))
  if (!metadata.name) errors.push(fieldRequired(at.child('name'), 'name or generateName is required'))
  else for (const message of validateName(metadata.name)) errors.push(fieldInvalid(at.child('name'), metadata.name, message))
  if (namespaced) {
    if (!metadata.namespace) errors.push(fieldRequired(at.child('namespace')))
    else for (const message of isDns1123Label(metadata.namespace)) errors.push(fieldInvalid(at.child('namespace'), metadata.namespace, message))
  } else if (metadata.namespace) errors.push(fieldForbidden(at.child('namespace'), 'not allowed on this type'))
  if ((metadata.generation ?? 0) < 0) errors.push(fieldInvalid(at.child('generation'), metadata.generation, mustNotBeNegative))
  errors.push(...commonErrors(metadata, at, anyFinalizer))
  return errors
}

/** Checks the metadata of a changed object. */
export function validateMetadataUpdate(metadata: ObjectMeta, old: ObjectMeta, anyFinalizer = false): FieldError[] {
  const at = fieldPath('metadata')
  const errors: FieldError[] = []
  if (old.deletionTimestamp) {
    const added = (metadata.finalizers ?? []).filter((finalizer) => !old.finalizers?.includes(finalizer)).sort()
    if (added.length > 0) errors.push(fieldForbidden(at.child('finalizers'), `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map(quote).join(', ')}}`))
  }
  if (!metadata.resourceVersion) errors.push(fieldInvalid(at.child('resourceVersion'), '', 'must be specified for an update'))
  if ((metadata.generation ?? 0) < (old.generation ?? 0)) errors.push(fieldInvalid(at.child('generation'), metadata.generation ?? 0, 'must not be decremented'))
  const immutable = (field: 'name' | 'namespace' | 'uid' | 'creationTimestamp' | 'deletionTimestamp' | 'deletionGracePeriodSeconds'): void => {
    if ((metadata[field] ?? '') !== (old[field] ?? '')) errors.push(fieldInvalid(at.child(field), metadata[field] ?? null, fieldIsImmutable))
  }
  for (const field of immutableFields) immutable(field)
  errors.push(...commonErrors(metadata, at, anyFinalizer))
  return errors
}

const immutableFields = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const

function commonErrors(metadata: ObjectMeta, at: FieldPath, anyFinalizer: boolean): FieldError[] {
  const errors: FieldError[] = []
  if (metadata.labels) labelErrors(metadata.labels, at.child('labels'), errors)
  if (metadata.annotations) annotationErrors(metadata.annotations, at.child('annotations'), errors)
  if (metadata.ownerReferences) ownerErrors(metadata.ownerReferences, at.child('ownerReferences'), errors)
  if (metadata.finalizers) finalizerErrors(metadata.finalizers, at.child('finalizers'), errors)
  if (metadata.managedFields) managedFieldsErrors(metadata.managedFields, at.child('managedFields'), errors)
  if (metadata.finalizers && !anyFinalizer) standardFinalizerErrors(metadata.finalizers, at.child('finalizers'), errors)
  return errors
}

function labelErrors(labels: Readonly<Record<string, string>>, at: FieldPath, errors: FieldError[]): void {
  for (const key of Object.keys(labels)) {
    for (const message of isQualifiedName(key)) errors.push(fieldInvalid(at, key, message))
    for (const message of isLabelValue(labels[key] as string)) errors.push(fieldInvalid(at, labels[key], message))
  }
}

function annotationErrors(annotations: Readonly<Record<string, string>>, at: FieldPath, errors: FieldError[]): void {
  let bytes = 0
  for (const key of Object.keys(annotations)) {
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(fieldInvalid(at, key, message))
    bytes += byteLength(key) + byteLength(annotations[key] as string)
  }
  if (bytes > annotationsBytesMax) errors.push(fieldTooLong(at, annotationsBytesMax))
}

function ownerErrors(owners: readonly OwnerReference[], at: FieldPath, errors: FieldError[]): void {
  let controller = ''
  for (const owner of owners) {
    const { group, version } = groupVersionOf(owner.apiVersion ?? '')
    if (!version) errors.push(fieldInvalid(at.child('apiVersion'), owner.apiVersion ?? '', 'version must not be empty'))
    if (!owner.kind) errors.push(fieldInvalid(at.child('kind'), owner.kind ?? '', 'must not be empty'))
    if (!owner.name) errors.push(fieldInvalid(at.child('name'), owner.name ?? '', 'must not be empty'))
    if (!owner.uid) errors.push(fieldInvalid(at.child('uid'), owner.uid ?? '', 'must not be empty'))
    if (group === '' && version === 'v1' && owner.kind === 'Event') errors.push(fieldInvalid(at, owner, '/v1, Kind=Event is disallowed from being an owner'))
    if (owner.controller !== true) continue
    const name = `${owner.kind}/${owner.name}`
    if (controller === '') controller = name
    else errors.push(fieldInvalid(at, owners, `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`))
  }
}

function groupVersionOf(apiVersion: string): { group: string; version: string } {
  try {
    return parseGroupVersion(apiVersion)
  } catch {
    return { group: '', version: '' }
  }
}

function finalizerErrors(finalizers: readonly string[], at: FieldPath, errors: FieldError[]): void {
  for (const finalizer of finalizers) for (const message of isQualifiedName(finalizer)) errors.push(fieldInvalid(at, finalizer, message))
  if (finalizers.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer)) errors.push(fieldInvalid(at, finalizers, `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`))
}

function standardFinalizerErrors(finalizers: readonly string[], at: FieldPath, errors: FieldError[]): void {
  finalizers.forEach((finalizer, index) => {
    if (!finalizer.includes('/') && !standardFinalizers.has(finalizer)) errors.push(fieldInvalid(at.index(index), finalizer, 'name is neither a standard finalizer name nor is it fully qualified'))
  })
}

const subresourceBytesMax = 256

/** What decoding let pass: names of managers and of subresources. */
function managedFieldsErrors(entries: readonly ManagedFieldsEntry[], at: FieldPath, errors: FieldError[]): void {
  for (const [index, { manager, subresource }] of entries.entries()) {
    if (manager) errors.push(...fieldManagerErrors(manager, () => at.index(index).child('manager')))
    if (subresource && byteLength(subresource) > subresourceBytesMax) errors.push(fieldTooLong(at.index(index).child('subresource'), subresourceBytesMax))
  }
}

/** The longest name of a field manager, in bytes. */
export const fieldManagerBytesMax = 128

/** What is wrong with a field manager's name. `at` is asked only if something is. */
export function fieldManagerErrors(manager: string, at: () => FieldPath): FieldError[] {
  if (manager.length <= fieldManagerBytesMax && /^[ -~]*$/.test(manager)) return []
  const errors: FieldError[] = []
  if (byteLength(manager) > fieldManagerBytesMax) errors.push(fieldTooLong(at(), fieldManagerBytesMax))
  let position = 0
  for (const character of manager) {
    const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')
    if (!isPrintable(character)) errors.push(fieldInvalid(at(), manager, `invalid character U+${code} (at position ${position})`))
    position += byteLength(character)
  }
  return errors
}

/** Go's unicode.IsPrint. */
export function isPrintable(character: string): boolean {
  return !/[\p{C}\p{Zl}\p{Zp}]/u.test(character) && (character === ' ' || !/\p{Zs}/u.test(character))
}

/** Owner references without those that repeat an earlier one whole. */
export function withoutDuplicateOwners(owners: readonly OwnerReference[]): OwnerReference[] {
  const kept: OwnerReference[] = []
  for (const owner of owners) if (!kept.some((other) => jsonEqual(other, owner))) kept.push(owner)
  return kept
}

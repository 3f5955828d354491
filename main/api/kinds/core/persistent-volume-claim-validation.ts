import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, TypedObjectReference } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from '../../machinery/names.ts'
import { compareQuantities, parseQuantity, zeroQuantity } from '../../machinery/quantity.ts'
import type { Quantity } from '../../machinery/quantity.ts'
import { accessModeErrors, betaStorageClassAnnotation, volumeModes } from './access-modes.ts'
import { validateLabelSelector } from './label-validation.ts'
import { unifiedDiff } from './pod-diff.ts'
import { basicResourceErrors, nonNegativeQuantity, positiveQuantity } from './quantity-validation.ts'
import { isNativeResource } from './resource-names.ts'

const specPath = fieldPath('spec')
const resizeStatuses = ['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress', 'NodeResizeInfeasible', 'NodeResizePending'].sort()

export function validatePersistentVolumeClaim(claim: PersistentVolumeClaim): FieldError[] {
  return claimSpecErrors(claim.spec ?? {}, specPath)
}

/** What is asked for; also of claim templates in pods. `old`: its groups, once let in, stay let in. */
export function claimSpecErrors(spec: PersistentVolumeClaimSpec, at: FieldPath, old?: PersistentVolumeClaimSpec): FieldError[] {
  const errors: FieldError[] = []
  if (!spec.accessModes?.length) errors.push(fieldRequired(at.child('accessModes'), 'at least 1 access mode is required'))
  errors.push(...validateLabelSelector(spec.selector, at.child('selector')))
  errors.push(...accessModeErrors(spec.accessModes, at.child('accessModes')))
  const storage = at.child('resources').key('storage')
  const size = spec.resources?.requests?.storage
  if (size === undefined) errors.push(fieldRequired(storage))
  else {
    const wrong = positiveQuantity(size, storage)
    errors.push(...(wrong.length > 0 ? wrong : nonNegativeQuantity(size, storage)))
  }
  errors.push(...classNameErrors(spec.storageClassName, at.child('storageClassName')))
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) errors.push(fieldNotSupported(at.child('volumeMode'), spec.volumeMode, volumeModes))
  const anyGroup = old?.dataSource?.apiGroup !== undefined || old?.dataSourceRef?.apiGroup !== undefined
  for (const field of ['dataSource', 'dataSourceRef'] as const) {
    const source: TypedObjectReference | undefined = spec[field]
    if (source) errors.push(...dataSourceErrors(source, at.child(field), anyGroup))
  }
  errors.push(...sourcePairErrors(spec, at))
  errors.push(...classNameErrors(spec.volumeAttributesClassName, at.child('volumeAttributesClassName')))
  return errors
}

function classNameErrors(name: string | undefined, at: FieldPath): FieldError[] {
  return name ? isDns1123Subdomain(name).map((message) => fieldInvalid(at, name, message)) : []
}

function dataSourceErrors(source: TypedObjectReference, at: FieldPath, anyGroup: boolean): FieldError[] {
  const errors: FieldError[] = []
  const { apiGroup = '', kind = '', name = '', namespace } = source
  if (name === '') errors.push(fieldRequired(at.child('name')))
  if (kind === '') errors.push(fieldRequired(at.child('kind')))
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') errors.push(fieldInvalid(at, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
  if (apiGroup !== '' && !anyGroup) for (const message of isDns1123Subdomain(apiGroup)) errors.push(fieldInvalid(at.child('apiGroup'), apiGroup, message))
  if (namespace) for (const message of isDns1123Label(namespace)) errors.push(fieldInvalid(at.child('namespace'), namespace, message))
  return errors
}

function sourcePairErrors({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, at: FieldPath): FieldError[] {
  if (!dataSource || !dataSourceRef) return []
  const same = dataSource.apiGroup === dataSourceRef.apiGroup && dataSource.kind === dataSourceRef.kind && dataSource.name === dataSourceRef.name
  if (dataSourceRef.namespace) return [fieldInvalid(at, {}, 'may not be specified when dataSourceRef.namespace is specified')]
  return same ? [] : [fieldInvalid(at, {}, 'must match dataSourceRef')]
}

/** Claims stay as they are, but for: the volume once, the size and attributes class of bound ones, the class where none was said. */
export function validatePersistentVolumeClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const spec = claim.spec ?? {}
  const was = old.spec ?? {}
  const errors = claimSpecErrors(spec, specPath, was)
  const annotation = claim.metadata.annotations?.[betaStorageClassAnnotation]
  const oldAnnotation = old.metadata.annotations?.[betaStorageClassAnnotation]
  const before: PersistentVolumeClaimSpec = { ...was }
  const after: PersistentVolumeClaimSpec = { ...spec }
  if (!was.volumeName) keep(before, 'volumeName', spec.volumeName)
  const upgraded = oldAnnotation !== undefined && was.storageClassName === undefined && spec.storageClassName === oldAnnotation && (annotation === undefined || annotation === oldAnnotation)
  if (upgraded) delete after.storageClassName
  else {
    if ((annotation ?? '') !== (oldAnnotation ?? '')) errors.push(fieldInvalid(fieldPath('metadata', 'annotations').key(betaStorageClassAnnotation), annotation ?? '', fieldIsImmutable))
    const firstClass = spec.storageClassName !== undefined && was.storageClassName === undefined && (oldAnnotation === undefined || spec.storageClassName === oldAnnotation)
    if (firstClass) keep(after, 'storageClassName', was.storageClassName)
  }
  if (claim.status?.phase === 'Bound') {
    const storage = was.resources?.requests?.storage
    if (spec.resources?.requests && storage !== undefined) after.resources = { ...spec.resources, requests: { ...spec.resources.requests, storage } }
    if (spec.volumeAttributesClassName !== undefined) keep(after, 'volumeAttributesClassName', was.volumeAttributesClassName)
  }
  if (!semanticEqual(after, before)) {
    errors.push(fieldForbidden(specPath, `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${unifiedDiff(before, after)}`))
  }
  errors.push(...shrinkErrors(claim, old))
  if ((spec.volumeMode ?? '') !== (was.volumeMode ?? '')) errors.push(fieldInvalid(fieldPath('volumeMode'), spec.volumeMode, fieldIsImmutable))
  const attributes = specPath.child('volumeAttributesClassName')
  if (was.volumeAttributesClassName !== undefined && was.volumeAttributesClassName !== spec.volumeAttributesClassName) {
    if (spec.volumeAttributesClassName === undefined) errors.push(fieldForbidden(attributes, 'update from non-nil value to nil is forbidden'))
    else if (spec.volumeAttributesClassName === '') errors.push(fieldForbidden(attributes, 'update from non-nil value to an empty string is forbidden'))
  }
  return errors
}

function keep<K extends 'volumeName' | 'storageClassName' | 'volumeAttributesClassName'>(spec: PersistentVolumeClaimSpec, field: K, value: string | undefined): void {
  if (value === undefined) delete spec[field]
  else spec[field] = value
}

/** A failed expansion may be taken back, but not below what there already is. */
function shrinkErrors(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const size = amountOf(claim.spec?.resources?.requests)
  if (compareQuantities(size, amountOf(old.spec?.resources?.requests)) >= 0 || compareQuantities(size, amountOf(old.status?.capacity)) > 0) return []
  return [fieldForbidden(specPath.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity')]
}

function amountOf(list: Readonly<Record<string, string>> | undefined): Quantity {
  return (list?.storage === undefined ? undefined : parseQuantity(list.storage)) ?? zeroQuantity
}

export function validatePersistentVolumeClaimStatusUpdate({ spec, status = {} }: PersistentVolumeClaim): FieldError[] {
  const at = fieldPath('status')
  const errors: FieldError[] = []
  if (!spec?.accessModes?.length) errors.push(fieldRequired(fieldPath('Spec', 'accessModes')))
  for (const [name, amount] of Object.entries(status.capacity ?? {})) errors.push(...basicResourceErrors(amount, at.child('capacity').key(name)))
  for (const [name, value] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    errors.push(...resourceKeyErrors(name, at.child('allocatedResourceStatus')))
    if (!resizeStatuses.includes(value)) errors.push(fieldNotSupported(at.child('allocatedResourceStatus'), name, resizeStatuses))
  }
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    const wrong = resourceKeyErrors(name, at.child('allocatedResources'))
    errors.push(...(wrong.length > 0 ? wrong : basicResourceErrors(amount, at.child('allocatedResources').key(name))))
  }
  return errors
}

/** Of the native resources only storage can be allocated to a claim. */
function resourceKeyErrors(name: string, at: FieldPath): FieldError[] {
  const errors = isQualifiedName(name).map((message) => fieldInvalid(at, name, message))
  return errors.length === 0 && isNativeResource(name) && name !== 'storage' ? [fieldNotSupported(at, name, ['storage'])] : errors
}

import type { PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { accessModeErrors, volumeModes } from './access-modes.ts'
import { nodeSelectorErrors } from './affinity-validation.ts'
import { sourcesOf, volumeSourceErrors } from './persistent-volume-sources.ts'
import { unifiedDiff } from './pod-diff.ts'
import { basicResourceErrors, positiveQuantity } from './quantity-validation.ts'

const reclaimPolicies = ['Delete', 'Recycle', 'Retain']

export function validatePersistentVolume(volume: PersistentVolume): FieldError[] {
  return volumeSpecErrors(volume.spec ?? {}, volume.metadata.name ?? '', fieldPath('spec'))
}

/** A volume of its own. */
function volumeSpecErrors(spec: PersistentVolumeSpec, name: string, at: FieldPath): FieldError[] {
  const errors = [...modesErrors(spec, at), ...capacityErrors(spec.capacity, at.child('capacity'))]
  const policy = spec.persistentVolumeReclaimPolicy
  if (policy && !reclaimPolicies.includes(policy)) errors.push(fieldNotSupported(at.child('persistentVolumeReclaimPolicy'), policy, reclaimPolicies))
  if (spec.nodeAffinity) errors.push(...nodeAffinityErrors(spec.nodeAffinity, at.child('nodeAffinity')))
  errors.push(...sourceErrors(spec, name, at))
  if (spec.storageClassName) for (const message of isDns1123Subdomain(spec.storageClassName)) errors.push(fieldInvalid(at.child('storageClassName'), spec.storageClassName, message))
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) errors.push(fieldNotSupported(at.child('volumeMode'), spec.volumeMode, volumeModes))
  return [...errors, ...attributesClassErrors(spec, at)]
}

/** A volume inside a VolumeAttachment: CSI only, and nothing that needs an object of its own. */
export function inlineVolumeErrors(spec: PersistentVolumeSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const forbidden = (field: keyof PersistentVolumeSpec): void => {
    errors.push(fieldForbidden(at.child(field), 'may not be specified in the context of inline volumes'))
  }
  if (spec.claimRef) forbidden('claimRef')
  if (Object.keys(spec.capacity ?? {}).length > 0) forbidden('capacity')
  if (!spec.csi) errors.push(fieldRequired(at.child('csi'), 'has to be specified in the context of inline volumes'))
  errors.push(...modesErrors(spec, at))
  if (spec.persistentVolumeReclaimPolicy && spec.persistentVolumeReclaimPolicy !== 'Retain') errors.push(fieldForbidden(at.child('persistentVolumeReclaimPolicy'), 'may only be Retain in the context of inline volumes'))
  if (spec.nodeAffinity) forbidden('nodeAffinity')
  errors.push(...sourceErrors(spec, '', at))
  if (spec.storageClassName) forbidden('storageClassName')
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem') errors.push(fieldForbidden(at.child('volumeMode'), 'may not specify volumeMode other than Filesystem in the context of inline volumes'))
  return errors
}

function modesErrors({ accessModes }: PersistentVolumeSpec, at: FieldPath): FieldError[] {
  return [...(accessModes?.length ? [] : [fieldRequired(at.child('accessModes'))]), ...accessModeErrors(accessModes, at.child('accessModes'))]
}

function capacityErrors(capacity: Readonly<Record<string, string>> | undefined, at: FieldPath): FieldError[] {
  const names = Object.keys(capacity ?? {})
  const errors: FieldError[] = names.length === 0 ? [fieldRequired(at)] : []
  if (capacity?.storage === undefined || names.length > 1) errors.push({ ...fieldNotSupported(at, capacity ?? '', ['storage']), badValue: capacity ?? null })
  for (const name of names) errors.push(...basicResourceErrors(capacity?.[name] as string, at.key(name)), ...positiveQuantity(capacity?.[name] as string, at.key(name)))
  return errors
}

function nodeAffinityErrors({ required }: VolumeNodeAffinity, at: FieldPath): FieldError[] {
  return required ? nodeSelectorErrors(required, at.child('required')) : [fieldRequired(at.child('required'), 'must specify required node constraints')]
}

function sourceErrors(spec: PersistentVolumeSpec, name: string, at: FieldPath): FieldError[] {
  const errors = volumeSourceErrors(spec, name, at)
  if (spec.local && !spec.nodeAffinity && sourcesOf(spec)[0] === 'local') errors.push(fieldRequired(at.child('nodeAffinity'), 'Local volume requires node affinity'))
  if (spec.hostPath && /^\/+\.?$/.test(spec.hostPath.path ?? '') && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    errors.push(fieldForbidden(at.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"))
  }
  return errors
}

function attributesClassErrors({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec, at: FieldPath): FieldError[] {
  if (name === undefined) return []
  const path = at.child('volumeAttributesClassName')
  const errors = name === '' ? [fieldRequired(path, 'an empty string is disallowed')] : isDns1123Subdomain(name).map((message) => fieldInvalid(path, name, message))
  if (!csi) errors.push(fieldRequired(at.child('csi'), 'has to be specified when using volumeAttributesClassName'))
  return errors
}

/** The storage and its mode stay; a secret for expansion and a node affinity may be added. */
export function validatePersistentVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const spec = volume.spec ?? {}
  const was = old.spec ?? {}
  const errors = validatePersistentVolume(volume)
  const [before, after] = [storageOf(was), storageOf(spec)]
  if (before.csi && !before.csi.controllerExpandSecretRef && after.csi?.controllerExpandSecretRef) {
    const { controllerExpandSecretRef: _, ...csi } = after.csi
    after.csi = csi
  }
  if (!semanticEqual(before, after)) errors.push(fieldForbidden(fieldPath('spec', 'persistentvolumesource'), `spec.persistentvolumesource is immutable after creation\n${unifiedDiff(before, after)}`))
  if ((spec.volumeMode ?? '') !== (was.volumeMode ?? '')) errors.push(fieldInvalid(fieldPath('volumeMode'), spec.volumeMode, fieldIsImmutable))
  if (was.nodeAffinity && !semanticEqual(modernLabels(spec.nodeAffinity, was.nodeAffinity), spec.nodeAffinity)) {
    errors.push(fieldInvalid(fieldPath('nodeAffinity'), spec.nodeAffinity, `${fieldIsImmutable}, except for updating from beta label to GA`))
  }
  if (was.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    errors.push(fieldForbidden(fieldPath('spec', 'volumeAttributesClassName'), 'update from non-nil value to nil is forbidden'))
  }
  return errors
}

function storageOf(spec: PersistentVolumeSpec): PersistentVolumeSpec {
  return Object.fromEntries(sourcesOf(spec).map((field) => [field, spec[field]]))
}

const betaLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
}

/** The old affinity with those beta labels renamed that the new one, at the same place, has renamed. */
function modernLabels(next: VolumeNodeAffinity | undefined, old: VolumeNodeAffinity): VolumeNodeAffinity {
  const terms = old.required?.nodeSelectorTerms
  if (!terms || terms.length !== next?.required?.nodeSelectorTerms?.length) return old
  const renamed = terms.map((term, i) => {
    const theirs = next.required?.nodeSelectorTerms[i]?.matchExpressions
    if (!term.matchExpressions || term.matchExpressions.length !== theirs?.length) return term
    return { ...term, matchExpressions: term.matchExpressions.map((expression, j) => (theirs[j] && betaLabels[expression.key] === theirs[j].key ? { ...expression, key: theirs[j].key } : expression)) }
  })
  return { required: { nodeSelectorTerms: renamed } }
}

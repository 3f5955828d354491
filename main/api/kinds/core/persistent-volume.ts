import type { PersistentVolume } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import type { Health, Relation } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { nodeSelectorWarnings } from '../storage/node-label-warnings.ts'
import { accessModesText, storageClassAnnotationWarnings, storageClassOf } from './access-modes.ts'
import { validatePersistentVolume, validatePersistentVolumeUpdate } from './persistent-volume-validation.ts'
import { defaultVolumeSources } from './volume-defaults.ts'

const spec = 'io.k8s.api.core.v1.PersistentVolumeSpec'
const status = 'io.k8s.api.core.v1.PersistentVolumeStatus'

export const persistentVolumeKind = defineKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  schema: 'io.k8s.api.core.v1.PersistentVolume',
  storagePrefix: 'persistentvolumes',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    defaults(volume) {
      const it = (volume.spec ??= {})
      volume.status ??= {}
      volume.status.phase ||= 'Pending'
      it.persistentVolumeReclaimPolicy ||= 'Retain'
      it.volumeMode ??= 'Filesystem'
      defaultVolumeSources(it)
    },
    prepareForCreate(volume, context) {
      volume.status = { phase: 'Pending', lastPhaseTransitionTime: context.timestamp }
    },
    prepareForUpdate: keepStatus,
    validate: validatePersistentVolume,
    validateUpdate: validatePersistentVolumeUpdate,
    warnings: volumeWarnings,
  },
  subresources: [
    statusSubresource(undefined, (volume, old, context) => {
      // A phase that changes without a time of its own gets the time of the request.
      if (!volume.status || volume.status.phase === old.status?.phase) return
      const time = volume.status.lastPhaseTransitionTime
      if (time === undefined || time === old.status?.lastPhaseTransitionTime) volume.status.lastPhaseTransitionTime = context.timestamp
    }),
  ],
  selectableFields: { name: (volume) => volume.metadata.name },
  columns: [
    nameColumn(),
    column('Capacity', [spec, 'capacity'], (volume) => volume.spec?.capacity?.storage ?? '0'),
    column('Access Modes', [spec, 'accessModes'], (volume) => accessModesText(volume.spec?.accessModes)),
    column('Reclaim Policy', [spec, 'persistentVolumeReclaimPolicy'], (volume) => volume.spec?.persistentVolumeReclaimPolicy ?? ''),
    column('Status', [status, 'phase'], (volume) => (volume.metadata.deletionTimestamp ? 'Terminating' : (volume.status?.phase ?? ''))),
    column(
      'Claim',
      'claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding',
      claimText,
    ),
    column('StorageClass', 'StorageClass of the pv', storageClassOf),
    column('VolumeAttributesClass', 'VolumeAttributesClass of the pv', (volume) => volume.spec?.volumeAttributesClassName ?? '<unset>'),
    column('Reason', [status, 'reason'], (volume) => volume.status?.reason ?? ''),
    ageColumn(),
    wideColumn('VolumeMode', [spec, 'volumeMode'], (volume) => volume.spec?.volumeMode ?? '<unset>'),
  ],
  health: volumeHealth,
  relations: volumeRelations,
})

function claimText({ spec: it }: PersistentVolume): string {
  return it?.claimRef ? `${it.claimRef.namespace ?? ''}/${it.claimRef.name ?? ''}` : ''
}

/** Storage that Kubernetes no longer knows how to mount. */
const goneSources = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const

function volumeWarnings(volume: PersistentVolume): string[] {
  const it = volume.spec ?? {}
  return [
    ...storageClassAnnotationWarnings(volume.metadata.annotations),
    ...(it.persistentVolumeReclaimPolicy === 'Recycle' ? ['spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'] : []),
    ...nodeSelectorWarnings(it.nodeAffinity?.required?.nodeSelectorTerms, 'spec.nodeAffinity.required.nodeSelectorTerms'),
    ...goneSources.filter(([field]) => it[field]).map(([, path, text]) => `spec.${path}: ${text}`),
  ]
}

function volumeHealth(volume: PersistentVolume): Health {
  if (volume.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being deleted' }
  switch (volume.status?.phase) {
    case 'Available':
      return { mark: 'running', sentence: 'it waits for a claim' }
    case 'Bound':
      return { mark: 'running', sentence: `it is bound to ${claimText(volume)}` }
    case 'Released':
      return { mark: 'completed', sentence: 'its claim is gone' }
    case 'Failed':
      return { mark: 'failed', sentence: volume.status.message || 'it could not be reclaimed' }
    default:
      return { mark: 'pending', sentence: 'it is not there yet' }
  }
}

function volumeRelations(volume: PersistentVolume): Relation[] {
  const relations: Relation[] = []
  const claim = volume.spec?.claimRef
  const storageClass = storageClassOf(volume)
  if (claim?.name) relations.push({ role: 'claim', group: '', kind: 'PersistentVolumeClaim', name: claim.name, namespace: claim.namespace ?? '' })
  if (storageClass) relations.push({ role: 'storage class', group: 'storage.k8s.io', kind: 'StorageClass', name: storageClass })
  const driver = volume.spec?.csi?.driver
  if (driver) relations.push({ role: 'driver', group: 'storage.k8s.io', kind: 'CSIDriver', name: driver })
  return relations
}

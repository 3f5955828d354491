import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, TypedLocalObjectReference } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { parseQuantity } from '../../machinery/quantity.ts'
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import type { Health, Relation } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { accessModesText, storageClassAnnotationWarnings, storageClassOf } from './access-modes.ts'
import { validatePersistentVolumeClaim, validatePersistentVolumeClaimStatusUpdate, validatePersistentVolumeClaimUpdate } from './persistent-volume-claim-validation.ts'

const spec = 'io.k8s.api.core.v1.PersistentVolumeClaimSpec'
const status = 'io.k8s.api.core.v1.PersistentVolumeClaimStatus'

function isClaimOrSnapshot({ apiGroup = '', kind }: TypedLocalObjectReference): boolean {
  return (apiGroup === '' && kind === 'PersistentVolumeClaim') || (apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot')
}

/** Sources in other namespaces are an alpha feature, so that part is dropped unless it was there. The old field holds claims and
 *  snapshots only (others are dropped), and each of the two fields is filled in from the other. */
function settleDataSources(claim: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec | undefined): void {
  if (claim.dataSourceRef?.namespace !== undefined && old?.dataSourceRef?.namespace === undefined) {
    const { namespace: _, ...reference } = claim.dataSourceRef
    claim.dataSourceRef = reference
  }
  if (!old?.dataSource && !old?.dataSourceRef && claim.dataSource && !isClaimOrSnapshot(claim.dataSource)) delete claim.dataSource
  if (claim.dataSource && !claim.dataSourceRef) claim.dataSourceRef = { ...claim.dataSource }
  else if (claim.dataSourceRef && !claim.dataSource && !claim.dataSourceRef.namespace) {
    const { namespace: _, ...reference } = claim.dataSourceRef
    claim.dataSource = reference
  }
}

export const persistentVolumeClaimKind = defineKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  storagePrefix: 'persistentvolumeclaims',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    defaults(claim) {
      claim.spec ??= {}
      claim.status ??= {}
      claim.status.phase ||= 'Pending'
      claim.spec.volumeMode ??= 'Filesystem'
    },
    prepareForCreate(claim) {
      claim.status = { phase: 'Pending' }
      settleDataSources((claim.spec ??= {}), undefined)
    },
    prepareForUpdate(claim, old) {
      keepStatus(claim, old)
      settleDataSources((claim.spec ??= {}), old.spec)
    },
    validate: validatePersistentVolumeClaim,
    validateUpdate: validatePersistentVolumeClaimUpdate,
    warnings: (claim) => [...storageClassAnnotationWarnings(claim.metadata.annotations), ...fractionWarnings(claim.spec ?? {}, 'spec')],
  },
  subresources: [statusSubresource(validatePersistentVolumeClaimStatusUpdate)],
  selectableFields: { name: (claim) => claim.metadata.name },
  columns: [
    nameColumn(),
    column('Status', [status, 'phase'], (claim) => (claim.metadata.deletionTimestamp ? 'Terminating' : (claim.status?.phase ?? ''))),
    column('Volume', [spec, 'volumeName'], (claim) => claim.spec?.volumeName ?? ''),
    column('Capacity', [status, 'capacity'], (claim) => (claim.spec?.volumeName ? (claim.status?.capacity?.storage ?? '0') : '')),
    column('Access Modes', [status, 'accessModes'], (claim) => (claim.spec?.volumeName ? accessModesText(claim.status?.accessModes) : '')),
    column('StorageClass', 'StorageClass of the pvc', storageClassOf),
    column('VolumeAttributesClass', 'VolumeAttributesClass of the pvc', (claim) => claim.spec?.volumeAttributesClassName ?? '<unset>'),
    ageColumn(),
    wideColumn('VolumeMode', [spec, 'volumeMode'], (claim) => claim.spec?.volumeMode ?? '<unset>'),
  ],
  health: claimHealth,
  relations: claimRelations,
})

/** Sizes in parts of bytes, which nothing can provide. */
export function fractionWarnings(claim: PersistentVolumeClaimSpec, path: string): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => {
    const size = claim.resources?.[list]?.storage
    const fraction = size !== undefined && (parseQuantity(size)?.nano ?? 0n) % 1_000_000_000n !== 0n
    return fraction ? [`${path}.resources.${list}[storage]: fractional byte value "${size}" is invalid, must be an integer`] : []
  })
}

function claimHealth(claim: PersistentVolumeClaim): Health {
  if (claim.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being deleted, once nothing uses it' }
  switch (claim.status?.phase) {
    case 'Bound': {
      const resizing = claim.status.conditions?.find((condition) => condition.status === 'True')
      return { mark: 'running', sentence: resizing?.message || `it is bound to ${claim.spec?.volumeName}` }
    }
    case 'Lost':
      return { mark: 'failed', sentence: `its volume ${claim.spec?.volumeName} is gone` }
    default:
      return { mark: 'pending', sentence: 'it waits for a volume' }
  }
}

function claimRelations(claim: PersistentVolumeClaim): Relation[] {
  const relations: Relation[] = []
  const storageClass = storageClassOf(claim)
  if (claim.spec?.volumeName) relations.push({ role: 'volume', group: '', kind: 'PersistentVolume', name: claim.spec.volumeName })
  if (storageClass) relations.push({ role: 'storage class', group: 'storage.k8s.io', kind: 'StorageClass', name: storageClass })
  const attributes = claim.spec?.volumeAttributesClassName
  if (attributes) relations.push({ role: 'attributes class', group: 'storage.k8s.io', kind: 'VolumeAttributesClass', name: attributes })
  const source = claim.spec?.dataSourceRef
  if (source) relations.push({ role: 'source', group: source.apiGroup ?? '', kind: source.kind, name: source.name, namespace: source.namespace ?? claim.metadata.namespace ?? '' })
  return relations
}

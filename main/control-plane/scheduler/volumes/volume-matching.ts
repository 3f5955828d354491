import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import { compareQuantities, mustParseQuantity, type Quantity } from '../../../api/machinery/quantity.ts'
import { nodeMatches } from '../plugins/node-selection.ts'

export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node'
export const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed'
const boundByControllerAnnotation = 'pv.kubernetes.io/bound-by-controller'
const noProvisioner = 'kubernetes.io/no-provisioner'

/** Both halves of the binding are written. */
export function isFullyBound(claim: PersistentVolumeClaim): boolean {
  return Boolean(claim.spec?.volumeName) && claim.metadata.annotations?.[bindCompletedAnnotation] !== undefined
}

/** Whether binding waits for a pod. Throws for a class without a binding mode. */
export function bindsLate(claim: PersistentVolumeClaim, storageClass: StorageClass | undefined): boolean {
  if (!storageClass || storageClassOf(claim) === '') return false
  if (storageClass.volumeBindingMode === undefined) throw new Error(`VolumeBindingMode not set for StorageClass "${storageClass.metadata.name}"`)
  return storageClass.volumeBindingMode === 'WaitForFirstConsumer'
}

/** Whether the volume can be used on the node. */
export function isReachable({ spec }: PersistentVolume, node: Node): boolean {
  const required = spec?.nodeAffinity?.required
  return !required || nodeMatches(required, node)
}

export function requestedSize(claim: PersistentVolumeClaim): Quantity {
  return mustParseQuantity(claim.spec?.resources?.requests?.['storage'] ?? '0')
}

/** Existing volumes that a claim could have, whatever the node. */
export interface Candidates {
  /** One made for this claim: it or none. */
  readonly reserved: PersistentVolume | undefined
  /** The smallest first. */
  readonly free: readonly PersistentVolume[]
}

/** Picks from the volumes of the claim's storage class those that would do for it. */
export function candidatesFor(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[]): Candidates {
  const requested = requestedSize(claim)
  const selector = claim.spec?.selector ? cachedSelectorOf(claim.spec.selector) : undefined
  const free: { readonly volume: PersistentVolume; readonly size: Quantity }[] = []
  for (const volume of volumes) {
    const { metadata, spec, status } = volume
    const ours = isReservedFor(volume, claim)
    if (spec?.claimRef && !ours) continue
    const size = mustParseQuantity(spec?.capacity?.['storage'] ?? '0')
    if (compareQuantities(size, requested) < 0 || metadata.deletionTimestamp) continue
    if ((spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')) continue
    if ((spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')) continue
    if (ours) return { reserved: volume, free: [] }
    if (status?.phase !== 'Available' || (selector && !matchesSelector(selector, metadata.labels))) continue
    if (!(claim.spec?.accessModes ?? []).every((mode) => spec?.accessModes?.includes(mode))) continue
    free.push({ volume, size })
  }
  return { reserved: undefined, free: free.sort((a, b) => compareQuantities(a.size, b.size)).map(({ volume }) => volume) }
}

/** The volume for a claim on a node; `taken` are promised to others of the pod's claims. */
export function volumeOnNode({ reserved, free }: Candidates, node: Node, taken: ReadonlySet<PersistentVolume>): PersistentVolume | undefined {
  if (reserved) return isReachable(reserved, node) ? reserved : undefined
  return free.find((volume) => !taken.has(volume) && isReachable(volume, node))
}

/** Whether a volume could be made for a claim of this class on the node. */
export function canProvision({ provisioner, allowedTopologies = [] }: StorageClass, node: Node): boolean {
  if (!provisioner || provisioner === noProvisioner) return false
  const labels = node.metadata.labels ?? {}
  return allowedTopologies.length === 0 || allowedTopologies.some(({ matchLabelExpressions = [] }) => matchLabelExpressions.length > 0 && matchLabelExpressions.every(({ key, values }) => Object.hasOwn(labels, key) && values.includes(labels[key]!)))
}

/** The volume promised to the claim; the binder of the controller manager does the rest. */
export function promisedTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata
  const made = isReservedFor(volume, claim)
  if (made && volume.spec?.claimRef?.uid === uid) return volume
  return {
    ...volume,
    metadata: made ? volume.metadata : { ...volume.metadata, annotations: { ...volume.metadata.annotations, [boundByControllerAnnotation]: 'yes' } },
    spec: { ...volume.spec, claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace: namespace!, name, uid: uid!, ...(resourceVersion ? { resourceVersion } : {}) } },
  }
}

/** The claim with the node that its volume is to be made for. */
export function claimOnNode(claim: PersistentVolumeClaim, node: string): PersistentVolumeClaim {
  return { ...claim, metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [selectedNodeAnnotation]: node } } }
}

function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef
  return reference !== undefined && reference.name === metadata.name && reference.namespace === metadata.namespace && (!reference.uid || reference.uid === metadata.uid)
}

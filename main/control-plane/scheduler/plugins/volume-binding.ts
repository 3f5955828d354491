import type { ApiClient } from '../../../api/client/contract.ts'
import type { CSIDriver, CSINode, CSIStorageCapacity, Node, PersistentVolumeClaim, Pod, StorageClass } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { isControlledBy, keyOf } from '../../../api/machinery/object.ts'
import { compareQuantities, mustParseQuantity } from '../../../api/machinery/quantity.ts'
import type { Clock } from '../../../kernel/clock.ts'
import type { QueueingHint } from '../framework/cluster-event.ts'
import { StateKey } from '../framework/cycle-state.ts'
import type { Plugin } from '../framework/plugin.ts'
import { failed, skip, unresolvable } from '../framework/status.ts'
import { AssumedObjects } from '../volumes/assumed-objects.ts'
import { claimsOfPod } from '../volumes/pod-claims.ts'
import { VolumeBinder, type PodVolumes } from '../volumes/volume-binder.ts'
import { bindsLate, candidatesFor, canProvision, claimOnNode, isFullyBound, isReachable, promisedTo, requestedSize, selectedNodeAnnotation, volumeOnNode, type Candidates } from '../volumes/volume-matching.ts'
import { hasEnoughCapacity } from '../volumes/storage-capacity.ts'
import { storageClassIndex, type VolumeSources } from '../volumes/volume-sources.ts'

export interface VolumeBindingOptions {
  readonly client: ApiClient
  readonly clock: Clock
  readonly sources: VolumeSources
  /** How long binding may take (bindTimeoutSeconds); default 10 minutes. */
  readonly timeoutMs?: number
}

/** A claim that waits for a pod's node, with the volumes that it could have; none for one whose node is chosen already. */
interface LateClaim {
  readonly claim: PersistentVolumeClaim
  readonly selectedNode: string | undefined
  readonly candidates: Candidates | undefined
}

/** What is found out about one pod's claims. */
interface VolumeState {
  readonly bound: readonly PersistentVolumeClaim[]
  /** The smallest first. */
  readonly late: readonly LateClaim[]
  readonly byNode: Map<string, PodVolumes>
  /** Set by Reserve when there is something to bind. */
  reserved: PodVolumes | undefined
}

const noVolume = "node(s) didn't find available persistent volumes to bind"
const stateKey = new StateKey<VolumeState>('VolumeBinding')

/** Puts pods where their volumes are or can be. Follows upstream's plugin; not modelled: in-tree volumes
 *  moved to CSI drivers, scoring by capacity, which is off by default. */
export function volumeBinding({ client, clock, sources, timeoutMs = 600_000 }: VolumeBindingOptions): Plugin {
  const claims = new AssumedObjects(sources.claims)
  const volumes = new AssumedObjects(sources.volumes)
  const binder = new VolumeBinder({ client, clock, sources, timeoutMs })

  const lateClaim = (claim: PersistentVolumeClaim): LateClaim => {
    const selectedNode = claim.metadata.annotations?.[selectedNodeAnnotation]
    if (selectedNode !== undefined) return { claim, selectedNode, candidates: undefined }
    const ofClass = sources.volumes.byIndex(storageClassIndex, storageClassOf(claim)).map((volume) => volumes.seen(volume))
    return { claim, selectedNode, candidates: candidatesFor(claim, ofClass) }
  }

  /** What the late claims would get on the node, or why not all of them get something. Throws for a claim without a class. */
  const podVolumesOn = (late: readonly LateClaim[], node: Node): PodVolumes | string => {
    const bindings: PodVolumes['bindings'][number][] = []
    const provisions: PersistentVolumeClaim[] = []
    const taken = new Set<PodVolumes['bindings'][number]['volume']>()
    if (late.some(({ selectedNode }) => selectedNode !== undefined && selectedNode !== node.metadata.name)) return noVolume
    for (const { claim, candidates } of late) {
      const volume = candidates && volumeOnNode(candidates, node, taken)
      if (!volume) {
        provisions.push(claim)
        continue
      }
      taken.add(volume)
      bindings.push({ volume, claim })
    }
    for (const claim of provisions) {
      const className = storageClassOf(claim)
      const storageClass = sources.classes.get(undefined, className)
      if (!storageClass) throw new Error(className === '' ? `no class for claim ${quote(keyOf(claim))}` : `failed to find storage class ${quote(className)}`)
      if (!canProvision(storageClass, node)) return noVolume
      if (!hasEnoughCapacity(sources, claim, storageClass, node)) return 'node(s) did not have enough free storage'
    }
    return { bindings, provisions }
  }

  const revert = ({ bindings, provisions }: PodVolumes): void => {
    for (const { volume } of bindings) volumes.revert(volume)
    for (const claim of provisions) claims.revert(claim)
  }

  return {
    name: 'VolumeBinding',
    interests: [
      { events: ['StorageClassAdd', 'StorageClassUpdate'], hint: storageClassMayHelp },
      { events: ['PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate'], hint: claimMayHelp },
      { events: ['PersistentVolumeAdd', 'PersistentVolumeUpdate', 'NodeAdd', 'NodeLabelChange'] },
      { events: ['CSINodeAdd', 'CSINodeUpdate'], hint: csiNodeMayHelp },
      { events: ['CSIDriverAdd', 'CSIDriverUpdate'], hint: driverMayHelp },
      { events: ['CSIStorageCapacityAdd', 'CSIStorageCapacityUpdate'], hint: capacityMayHelp },
    ],
    preFilter(state, { pod, namespace }) {
      const uses = claimsOfPod(pod)
      if (uses.length === 0) return { status: skip }
      const bound: PersistentVolumeClaim[] = []
      const late: LateClaim[] = []
      let immediate = false
      for (const { name, ephemeral } of uses) {
        const claim = claims.get(namespace, name)
        const wrong = wrongWith(claim, name, pod, ephemeral)
        if (wrong !== undefined || !claim) return { status: unresolvable(wrong ?? '') }
        try {
          if (isFullyBound(claim)) bound.push(claim)
          // One that names its volume is for the binder alone.
          else if (bindsLate(claim, sources.classes.get(undefined, storageClassOf(claim))) && !claim.spec?.volumeName) late.push(lateClaim(claim))
          else immediate = true
        } catch (error) {
          return { status: failed(error) }
        }
      }
      if (immediate) return { status: unresolvable('pod has unbound immediate PersistentVolumeClaims') }
      late.sort((a, b) => compareQuantities(requestedSize(a.claim), requestedSize(b.claim)))
      state.write(stateKey, { bound, late, byNode: new Map(), reserved: undefined })
      return undefined
    },
    filter(state, _, { node }) {
      const { bound, late, byNode } = state.read(stateKey)
      const reasons: string[] = []
      let gone = false
      for (const claim of bound) {
        const volume = volumes.get(undefined, claim.spec!.volumeName!)
        if (!volume) gone = true
        else if (!isReachable(volume, node)) reasons.push("node(s) didn't match PersistentVolume's node affinity")
        if (gone || reasons.length > 0) break
      }
      try {
        const found = podVolumesOn(late, node)
        if (typeof found === 'string') reasons.push(found)
        else byNode.set(node.metadata.name, found)
      } catch (error) {
        return failed(error)
      }
      if (gone) reasons.push('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)')
      return reasons.length > 0 ? unresolvable(...reasons) : undefined
    },
    reserve(state, _, node) {
      const volumeState = state.find(stateKey)
      const found = volumeState?.byNode.get(node)
      if (!found || volumeState!.late.length === 0) return undefined
      const reserved: PodVolumes = {
        bindings: found.bindings.map(({ volume, claim }) => ({ volume: promisedTo(volume, claim), claim })),
        provisions: found.provisions.map((claim) => claimOnNode(claim, node)),
      }
      for (const { volume } of reserved.bindings) volumes.assume(volume)
      for (const claim of reserved.provisions) claims.assume(claim)
      volumeState!.reserved = reserved
      return undefined
    },
    unreserve(state) {
      const reserved = state.find(stateKey)?.reserved
      if (reserved) revert(reserved)
    },
    async preBind(state, { pod }, node) {
      const reserved = state.find(stateKey)?.reserved
      if (!reserved) return undefined
      try {
        await binder.bind(pod, node, reserved)
      } catch (error) {
        return failed(error)
      }
      // The truth has caught up with what was assumed.
      revert(reserved)
      return undefined
    },
  }
}

/** Why a pod with this claim cannot be placed on any node. */
function wrongWith(claim: PersistentVolumeClaim | undefined, name: string, pod: Pod, ephemeral: boolean): string | undefined {
  if (!claim) return ephemeral ? `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quote(name)}` : `persistentvolumeclaim ${quote(name)} not found`
  if (claim.status?.phase === 'Lost') return `persistentvolumeclaim ${quote(name)} bound to non-existent persistentvolume ${quote(claim.spec?.volumeName ?? '')}`
  if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim ${quote(name)} is being deleted`
  if (ephemeral && !isControlledBy(claim, pod)) return `PVC ${keyOf(claim)} was not created for pod ${keyOf(pod)} (pod is not owner)`
  return undefined
}

const claimMayHelp: QueueingHint = ({ pod, namespace }, { next }) =>
  next!.metadata.namespace === namespace && claimsOfPod(pod).some(({ name }) => name === next!.metadata.name) ? 'queue' : 'skip'

const storageClassMayHelp: QueueingHint = (_, { old, next }) =>
  old && semanticEqual((old as StorageClass).allowedTopologies, (next as StorageClass).allowedTopologies) ? 'skip' : 'queue'

const csiNodeMayHelp: QueueingHint = (_, { old, next }) => {
  const migrated = (node: CSINode): string | undefined => node.metadata.annotations?.['storage.alpha.kubernetes.io/migrated-plugins']
  return old && migrated(old as CSINode) === migrated(next as CSINode) ? 'skip' : 'queue'
}

/** Drivers that stop publishing their capacity are believed again. */
const driverMayHelp: QueueingHint = (_, { old, next }) => {
  const publishes = (driver: CSIDriver): boolean => Boolean(driver.spec?.storageCapacity)
  return !old || (publishes(old as CSIDriver) && !publishes(next as CSIDriver)) ? 'queue' : 'skip'
}

const capacityMayHelp: QueueingHint = (_, { old, next }) => {
  if (!old) return 'queue'
  const grew = (before: string | undefined, after: string | undefined): boolean => after !== undefined && (before === undefined || compareQuantities(mustParseQuantity(after), mustParseQuantity(before)) > 0)
  const [before, after] = [old as CSIStorageCapacity, next as CSIStorageCapacity]
  return grew(before.capacity, after.capacity) || grew(before.maximumVolumeSize, after.maximumVolumeSize) ? 'queue' : 'skip'
}

import type { ApiClient } from '../../api/client/contract.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../api/kinds/core/persistent-volume.ts'
import { csiVolumeName } from '../../api/machinery/csi-volume-name.ts'
import { matchesNodeSelector } from '../../api/machinery/node-selector.ts'
import { isControlledBy } from '../../api/machinery/object.ts'
import type { CsiDriverRegistry } from '../csi.ts'
import type { MountSource } from '../cri.ts'

/** A volume that cannot even be looked for: the pod's sync ends with it. */
export class VolumeNotProcessed extends Error {}

/** A mount that failed, with the whole of upstream's text. */
export class MountFailed extends Error {}

/** A volume that has yet to be attached to this node: nothing to tell anybody, it is looked for again. */
export class VolumeNotAttached extends Error {}

/** A claim's volume as a pod mounts it. */
export interface ClaimedMount {
  readonly source: MountSource
  readonly readOnly: boolean
}

/** Finds what stands behind the claims of pods, as the kubelet's desired state of the world: asked anew for every set-up. */
export class ClaimedVolumes {
  readonly #client: ApiClient
  readonly #node: () => Node | undefined
  readonly #drivers: CsiDriverRegistry
  readonly #onInUse: () => void
  /** Pods that need an attached volume, by the volume's name in node.status. */
  readonly #users = new Map<string, Set<string>>()

  /** `onInUse` is told when `inUse` changed. */
  constructor(client: ApiClient, node: () => Node | undefined, drivers: CsiDriverRegistry, onInUse: () => void) {
    this.#client = client
    this.#node = node
    this.#drivers = drivers
    this.#onInUse = onInUse
  }

  /** node.status.volumesInUse: attached volumes that must not be taken away. */
  get inUse(): string[] {
    return [...this.#users.keys()].sort()
  }

  /** A pod has ended: its volumes may be detached. */
  release(podUid: string): void {
    let changed = false
    for (const [name, users] of this.#users) {
      if (!users.delete(podUid) || users.size > 0) continue
      this.#users.delete(name)
      changed = true
    }
    if (changed) this.#onInUse()
  }

  async #published(pod: Pod, { metadata: { name }, spec = {} }: PersistentVolume, readOnly: boolean): Promise<MountSource> {
    const { driver: driverName, volumeHandle, volumeAttributes = {} } = spec.csi!
    const driver = this.#drivers.get(driverName)
    if (!driver) throw new MountFailed(`MountVolume.MountDevice failed for volume "${name}" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name ${driverName} not found in the list of registered CSI drivers`)
    if (driver.attachRequired) {
      const inNode = csiVolumeName(driverName, volumeHandle)
      const users = this.#users.get(inNode)
      if (users) users.add(pod.metadata.uid!)
      else {
        this.#users.set(inNode, new Set([pod.metadata.uid!]))
        this.#onInUse()
      }
      const status = this.#node()?.status
      if (!status?.volumesInUse?.includes(inNode)) throw new VolumeNotAttached("Volume has not been added to the list of VolumesInUse in the node's volume status")
      if (!status.volumesAttached?.some((each) => each.name === inNode)) throw new VolumeNotAttached('Volume not attached according to node status')
    }
    try {
      return { type: 'network', ...(await driver.publish({ handle: volumeHandle, attributes: volumeAttributes, readOnly })) }
    } catch (error) {
      throw new MountFailed(`MountVolume.SetUp failed for volume "${name}" : rpc error: code = Internal desc = ${textOf(error)}`)
    }
  }

  /** Undefined for volumes without a claim. Throws VolumeNotProcessed for a claim that is not ready to be mounted, MountFailed for a
   *  volume that this node cannot mount. */
  async find(pod: Pod, volume: Volume): Promise<ClaimedMount | undefined> {
    const { persistentVolumeClaim, ephemeral } = volume
    if (!persistentVolumeClaim && !ephemeral) return undefined
    const namespace = pod.metadata.namespace ?? ''
    const name = persistentVolumeClaim?.claimName ?? `${pod.metadata.name}-${volume.name}`
    let found: PersistentVolume
    try {
      const claim = await this.#claim(namespace, name)
      if (ephemeral && !isControlledBy(claim, pod)) throw new Error(`PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`)
      found = await this.#volume(claim)
      checkMode(pod, volume, found)
    } catch (error) {
      throw new VolumeNotProcessed(`error processing PVC ${namespace}/${name}: ${textOf(error)}`)
    }
    const readOnly = persistentVolumeClaim?.readOnly ?? false
    checkNode(found, this.#node())
    return { source: found.spec?.csi ? await this.#published(pod, found, readOnly) : mountable(found), readOnly }
  }

  async #claim(namespace: string, name: string): Promise<PersistentVolumeClaim> {
    const claim = await this.#client.get(persistentVolumeClaimKind, name, namespace).catch((error: unknown) => {
      throw new Error(`failed to fetch PVC from API server: ${textOf(error)}`)
    })
    if (claim.metadata.deletionTimestamp) throw new Error('PVC is being deleted')
    if (claim.status?.phase !== 'Bound') throw new Error('PVC is not bound')
    if (!claim.spec?.volumeName) throw new Error('PVC has empty pvc.Spec.VolumeName')
    return claim
  }

  async #volume(claim: PersistentVolumeClaim): Promise<PersistentVolume> {
    const name = claim.spec!.volumeName!
    const volume = await this.#client.get(persistentVolumeKind, name).catch((error: unknown) => {
      throw new Error(`failed to get PV ${name} from API server: ${textOf(error)}`)
    })
    const reference = volume.spec?.claimRef
    if (!reference) throw new Error(`found PV object ${name} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`)
    if (reference.uid !== claim.metadata.uid) throw new Error(`found PV object ${name} but its pv.Spec.ClaimRef.UID ${reference.uid} does not point to claim.UID ${claim.metadata.uid}`)
    return volume
  }
}

/** Devices are mounted as devices, file systems as file systems. */
function checkMode(pod: Pod, { name }: Volume, { spec }: PersistentVolume): void {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  const mode = spec?.volumeMode ?? 'Filesystem'
  if (mode === 'Block' && containers.some((each) => each.volumeMounts?.some((mount) => mount.name === name))) throw new Error(`volume ${name} has volumeMode Block, but is specified in volumeMounts`)
  if (mode === 'Filesystem' && containers.some((each) => each.volumeDevices?.some((device) => device.name === name))) throw new Error(`volume ${name} has volumeMode Filesystem, but is specified in volumeDevices`)
}

function checkNode({ metadata: { name }, spec = {} }: PersistentVolume, node: Node | undefined): void {
  const required = spec.nodeAffinity?.required
  if (required && node && !matchesNodeSelector(required, node)) throw new MountFailed(`MountVolume.NodeAffinity check failed for volume "${name}" : no matching NodeSelectorTerms`)
}

function mountable({ metadata: { name }, spec = {} }: PersistentVolume): MountSource {
  const path = spec.hostPath?.path ?? spec.local?.path
  if (path !== undefined) return { type: 'host', path }
  throw new MountFailed(`MountVolume.NewMounter initialization failed for volume "${name}" : no volume plugin matched`)
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

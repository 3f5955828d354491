import type { Informer } from '../../../api/client/contract.ts'
import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { AttachedVolume, CSIDriver, Node, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttachment } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { csiDriverKind } from '../../../api/kinds/storage/csi-driver.ts'
import { volumeAttachmentKind } from '../../../api/kinds/storage/volume-attachment.ts'
import { hasCondition } from '../../../api/machinery/conditions.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import { keyOf, objectKey, splitKey } from '../../../api/machinery/object.ts'
import { isAlreadyExists, isNotFound } from '../../../api/machinery/status-error.ts'
import { claimKeysOf, indexByClaim, mounts, podsOfClaim } from '../framework/claims-of-pods.ts'
import { OwnWrites } from '../framework/own-writes.ts'
import { indexByNode, podsOnNode } from '../framework/pods-by-node.ts'
import { attachmentOf, isDone, isManaged, maxWaitForUnmountMs, mayBeShared, mayDetach, mayForce, multiAttachMessage, nameInNode } from './attachable.ts'
import { AttachAttempts } from './attach-attempts.ts'

const csiPrefix = 'kubernetes.io/csi/'
/** The node has taken a volume into use just when it was to be detached. */
const unsafeRetryMs = 500

/** Attaches the volumes of CSI drivers to the nodes whose pods need them, by VolumeAttachments that the driver's attacher answers, tells the
 *  kubelets in node.status.volumesAttached, and detaches what no pod needs and no kubelet has mounted. Follows
 *  pkg/controller/volume/attachdetach with the CSI plug-in, a key per node in place of a loop over the world every 100 ms. Where upstream
 *  remembers which attachments are its own, here every VolumeAttachment is that names a volume and is called `csi-…`. Not modelled: volumes of
 *  pods that name no claim, in-tree volumes by their CSI drivers, the metrics of attach and detach. */
export const attachDetachController = defineController({
  name: 'persistentvolume-attach-detach-controller',
  eventSource: 'attachdetach-controller',
  noun: 'node',
  workers: 10,
  setUp(context, queue) {
    const controller = new AttachDetachController(context, queue)
    return (key) => controller.sync(key)
  },
})

/** A volume that pods of a node need. */
interface Wanted {
  readonly volume: PersistentVolume
  readonly pods: Pod[]
}

class AttachDetachController {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #pods: Informer<Pod>
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #volumes: Informer<PersistentVolume>
  readonly #attachments: Informer<VolumeAttachment>
  readonly #drivers: Informer<CSIDriver>
  readonly #nodeInformer: Informer<Node>
  readonly #nodes: OwnWrites<Node>
  readonly #attempts: AttachAttempts
  /** Since when no pod has needed what an attachment attaches, by its uid. */
  readonly #undesiredSince = new Map<string, number>()
  /** Attachments that are deleted as the server has answered, until they are seen to be. */
  readonly #deleted = new Set<string>()
  /** Attachments that pods have been told of, by uid. */
  readonly #told = new Set<string>()
  /** `node volume` that have been told that another node has it. */
  readonly #refused = new Set<string>()
  /** Which node is to get an unshared volume, from before its attachment is asked for until it is seen. */
  readonly #reserved = new Map<string, string>()

  constructor(context: ControllerContext, queue: WorkQueue) {
    const { informers, process } = context
    this.#context = context
    this.#queue = queue
    this.#attempts = new AttachAttempts(process.clock)
    this.#pods = informers.of(podKind)
    this.#claims = informers.of(persistentVolumeClaimKind)
    this.#volumes = informers.of(persistentVolumeKind)
    this.#attachments = informers.of(volumeAttachmentKind)
    this.#drivers = informers.of(csiDriverKind)
    this.#nodeInformer = informers.of(nodeKind)
    this.#nodes = new OwnWrites(this.#nodeInformer)
    indexByNode(this.#pods)
    indexByClaim(this.#pods)
    this.#volumes.addIndex(inNodeIndex, (volume) => [nameInNode(volume) ?? ''].filter(Boolean))
    this.#attachments.addIndex(nodeIndex, (attachment) => (isOwn(attachment) ? [attachment.spec.nodeName] : []))
    this.#attachments.addIndex(volumeIndex, (attachment) => (isOwn(attachment) ? [attachment.spec.source.persistentVolumeName!] : []))
    this.#watch()
  }

  #watch(): void {
    const podSeen = (pod: Pod): void => {
      if (pod.spec?.nodeName && claimKeysOf(pod).length > 0) this.#queue.add(pod.spec.nodeName)
    }
    this.#pods.onChange({
      added: podSeen,
      updated: (pod, old) => {
        if (pod.spec?.nodeName !== old.spec?.nodeName || isDone(pod) !== isDone(old)) podSeen(pod)
      },
      deleted: podSeen,
    })
    this.#claims.onChange({
      added: (claim) => podsOfClaim(this.#pods, keyOf(claim)).forEach(podSeen),
      updated: (claim, old) => {
        if (claim.spec?.volumeName !== old.spec?.volumeName || claim.status?.phase !== old.status?.phase) podsOfClaim(this.#pods, keyOf(claim)).forEach(podSeen)
      },
    })
    const volumeSeen = (volume: PersistentVolume): void => {
      if (!volume.spec?.csi) return
      this.#podsOf(volume).forEach(podSeen)
      for (const { spec } of this.#attachments.byIndex(volumeIndex, volume.metadata.name)) this.#queue.add(spec.nodeName)
    }
    this.#volumes.onChange({
      added: volumeSeen,
      updated: (volume, old) => {
        if (!jsonEqual(volume.spec, old.spec)) volumeSeen(volume)
      },
    })
    const attachmentSeen = (attachment: VolumeAttachment): void => {
      if (!isOwn(attachment)) return
      const volume = this.#volumes.get(undefined, attachment.spec.source.persistentVolumeName!)
      const name = volume && nameInNode(volume)
      if (name !== undefined && this.#reserved.get(name) === attachment.spec.nodeName) this.#reserved.delete(name)
      this.#queue.add(attachment.spec.nodeName)
      // Others may have waited for it.
      if (name !== undefined) this.#wake(name)
    }
    this.#attachments.onChange({
      added: attachmentSeen,
      updated: attachmentSeen,
      deleted: (attachment) => {
        const uid = attachment.metadata.uid!
        this.#deleted.delete(uid)
        this.#told.delete(uid)
        this.#undesiredSince.delete(uid)
        this.#attempts.forget(uid)
        attachmentSeen(attachment)
      },
    })
    const nodeSeen = ({ metadata }: Node): void => this.#queue.add(metadata.name)
    this.#nodeInformer.onChange({
      added: nodeSeen,
      updated: (node, old) => {
        if (!jsonEqual(concernOf(node), concernOf(old))) nodeSeen(node)
      },
      deleted: nodeSeen,
    })
    const driverSeen = (): void => this.#nodeInformer.list().forEach(nodeSeen)
    this.#drivers.onChange({
      added: driverSeen,
      updated: (driver, old) => {
        if (driver.spec.attachRequired !== old.spec.attachRequired) driverSeen()
      },
      deleted: driverSeen,
    })
  }

  /** Has every node looked at whose pods need the volume. */
  #wake(name: string): void {
    for (const volume of this.#volumes.byIndex(inNodeIndex, name)) {
      for (const { spec } of this.#podsOf(volume)) if (spec?.nodeName) this.#queue.add(spec.nodeName)
    }
  }

  #podsOf({ spec }: PersistentVolume): readonly Pod[] {
    const claim = spec?.claimRef
    return claim?.name ? podsOfClaim(this.#pods, objectKey(claim.namespace, claim.name)) : []
  }

  async sync(nodeName: string): Promise<Outcome> {
    const node = this.#nodes.get(undefined, nodeName)
    const wanted = this.#wantedOn(nodeName)
    const present = this.#presentOn(nodeName)
    const leaving = new Map<string, { readonly attachment: VolumeAttachment; readonly forced: boolean }>()
    const waits: number[] = []
    const now = this.#context.process.clock.now()

    for (const [name, attachment] of present) {
      const uid = attachment.metadata.uid!
      const user = wanted.get(name)
      if (user) {
        this.#undesiredSince.delete(uid)
        const waitMs = this.#hear(name, attachment, user, node)
        if (waitMs !== undefined) waits.push(waitMs)
        continue
      }
      if (attachment.metadata.deletionTimestamp || this.#deleted.has(uid)) continue
      const since = this.#undesiredSince.get(uid) ?? now
      this.#undesiredSince.set(uid, since)
      if (mayDetach(node, name, now - since)) leaving.set(name, { attachment, forced: mayForce(node, now - since) })
      else if (now - since < maxWaitForUnmountMs) waits.push(since + maxWaitForUnmountMs - now)
    }
    this.#forgetUnwanted(nodeName, wanted, present)

    const errors: unknown[] = []
    const attempt = async (act: () => Promise<void>): Promise<void> => act().catch((error: unknown) => void errors.push(error))
    await attempt(async () => {
      if (node) await this.#report(node, present, leaving)
      const current = leaving.size > 0 ? await this.#fresh(nodeName) : undefined
      for (const [name, { attachment, forced }] of leaving) {
        if (!forced && (current?.status?.volumesInUse ?? []).includes(name)) waits.push(unsafeRetryMs)
        else await this.#detach(attachment)
      }
    })
    for (const [name, user] of wanted) {
      if (!present.has(name) && isManaged(node) && this.#mayAttach(name, user, nodeName)) await attempt(() => this.#attach(user.volume, nodeName))
    }
    if (errors.length > 0) throw errors[0]
    return waits.length > 0 ? { againAfterMs: Math.min(...waits) } : undefined
  }

  /** What the pods of the node need attached, by its name in node.status. */
  #wantedOn(nodeName: string): Map<string, Wanted> {
    const wanted = new Map<string, Wanted>()
    for (const pod of podsOnNode(this.#pods, nodeName)) {
      if (isDone(pod)) continue
      for (const key of claimKeysOf(pod)) {
        const volume = this.#volumeOf(pod, key)
        const name = volume && nameInNode(volume)
        if (name === undefined || this.#drivers.get(undefined, volume!.spec!.csi!.driver)?.spec.attachRequired === false) continue
        const known = wanted.get(name)
        if (!known) wanted.set(name, { volume: volume!, pods: [pod] })
        else if (!known.pods.includes(pod)) known.pods.push(pod)
      }
    }
    return wanted
  }

  #volumeOf(pod: Pod, claimKey: string): PersistentVolume | undefined {
    const { namespace, name } = splitKey(claimKey)
    const claim = this.#claims.get(namespace, name)
    if (!claim?.spec?.volumeName || claim.status?.phase !== 'Bound' || !mounts(pod, claim)) return undefined
    const volume = this.#volumes.get(undefined, claim.spec.volumeName)
    return volume?.spec?.claimRef?.uid === claim.metadata.uid ? volume : undefined
  }

  /** The node's attachments by the volume's name in node.status. Of a volume that is gone nobody knows that name: its attachment is left alone. */
  #presentOn(nodeName: string): Map<string, VolumeAttachment> {
    const present = new Map<string, VolumeAttachment>()
    for (const attachment of this.#attachments.byIndex(nodeIndex, nodeName)) {
      const volume = this.#volumes.get(undefined, attachment.spec.source.persistentVolumeName!)
      const name = volume && nameInNode(volume)
      if (name !== undefined) present.set(name, attachment)
    }
    return present
  }

  /** Tells the pods how attaching goes; answers when to look again. */
  #hear(name: string, attachment: VolumeAttachment, { volume, pods }: Wanted, node: Node | undefined): number | undefined {
    const { uid, deletionTimestamp } = attachment.metadata
    if (deletionTimestamp) return undefined
    const { events } = this.#context
    if (attachment.status?.attached) {
      this.#attempts.forget(uid!)
      if (this.#told.has(uid!)) return undefined
      this.#told.add(uid!)
      if (node?.status?.volumesAttached?.some((each) => each.name === name)) return undefined
      // Upstream's text ends with this space.
      for (const pod of pods) events.event(pod, 'Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "${volume.metadata.name}" `)
      return undefined
    }
    const { driver, volumeHandle } = volume.spec!.csi!
    const { failure, againAfterMs } = this.#attempts.judge(uid!, attachment.status?.attachError?.message, `timed out waiting for external-attacher of ${driver} CSI driver to attach volume ${volumeHandle}`)
    if (failure !== undefined) for (const pod of pods) events.event(pod, 'Warning', 'FailedAttachVolume', `AttachVolume.Attach failed for volume "${volume.metadata.name}" : ${failure}`)
    return againAfterMs
  }

  #forgetUnwanted(nodeName: string, wanted: ReadonlyMap<string, Wanted>, present: ReadonlyMap<string, VolumeAttachment>): void {
    for (const key of this.#refused) {
      if (!key.startsWith(`${nodeName} `)) continue
      const name = key.slice(nodeName.length + 1)
      if (!wanted.has(name) || present.has(name)) this.#refused.delete(key)
    }
    for (const [name, holder] of this.#reserved) {
      if (holder !== nodeName || wanted.has(name)) continue
      this.#reserved.delete(name)
      this.#wake(name)
    }
  }

  /** Writes node.status.volumesAttached. */
  async #report(node: Node, present: ReadonlyMap<string, VolumeAttachment>, leaving: ReadonlyMap<string, unknown>): Promise<void> {
    const attached = [...present].filter(([name, { metadata, status }]) => status?.attached && !metadata.deletionTimestamp && !this.#deleted.has(metadata.uid!) && !leaving.has(name))
    const old = node.status?.volumesAttached ?? []
    const next: AttachedVolume[] = [...old.filter(({ name }) => !name.startsWith(csiPrefix)), ...attached.map(([name]) => ({ name, devicePath: '' }))].sort((a, b) => (a.name < b.name ? -1 : 1))
    if (jsonEqual(old.map(({ name }) => name).sort(), next.map(({ name }) => name))) return
    const status = { volumesAttached: next.length > 0 ? next : null }
    this.#nodes.wrote(await this.#context.client.patch(nodeKind, node.metadata.name, undefined, 'strategic', { status }, { subresource: 'status' }))
  }

  /** The node as it is, not as it was last heard of: a kubelet may just have begun to mount. */
  async #fresh(nodeName: string): Promise<Node | undefined> {
    return this.#context.client.get(nodeKind, nodeName).catch((error: unknown) => {
      if (isNotFound(error)) return undefined
      throw error
    })
  }

  async #detach({ metadata }: VolumeAttachment): Promise<void> {
    await this.#context.client.delete(volumeAttachmentKind, metadata.name, undefined, { preconditions: { uid: metadata.uid! } }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
    // A cache that is ahead has let go of it already.
    if (this.#attachments.get(undefined, metadata.name)?.metadata.uid === metadata.uid) this.#deleted.add(metadata.uid!)
  }

  /** Whether no other node has the volume; if one has, the pods are told once. */
  #mayAttach(name: string, { volume, pods }: Wanted, nodeName: string): boolean {
    if (mayBeShared(volume)) return true
    const holder = this.#reserved.get(name)
    if (holder !== undefined && holder !== nodeName) return false
    const elsewhere = this.#volumes.byIndex(inNodeIndex, name).flatMap((each) => this.#attachments.byIndex(volumeIndex, each.metadata.name)).filter(({ spec }) => spec.nodeName !== nodeName)
    if (elsewhere.length === 0) {
      this.#reserved.set(name, nodeName)
      return true
    }
    const key = `${nodeName} ${name}`
    // While another node is only being given it, it is not said to have it.
    if (this.#refused.has(key) || !elsewhere.some(({ status }) => status?.attached)) return false
    this.#refused.add(key)
    const others = elsewhere.flatMap(({ spec }) => this.#wantedOn(spec.nodeName).get(name)?.pods ?? [])
    for (const pod of pods) this.#context.events.event(pod, 'Warning', 'FailedAttachVolume', multiAttachMessage(volume.metadata.name, pod, others))
    return false
  }

  async #attach(volume: PersistentVolume, nodeName: string): Promise<void> {
    try {
      await this.#context.client.create(volumeAttachmentKind, attachmentOf(volume, nodeName))
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }
}

const inNodeIndex = 'name in node'
const nodeIndex = 'node'
const volumeIndex = 'volume'

function isOwn({ metadata, spec }: VolumeAttachment): boolean {
  return spec.source.persistentVolumeName !== undefined && metadata.name.startsWith('csi-')
}

/** What of a node matters here. */
function concernOf(node: Node): object {
  const { volumesInUse = [], volumesAttached = [], conditions } = node.status ?? {}
  return { volumesInUse, volumesAttached, ready: hasCondition(conditions, 'Ready'), taints: (node.spec?.taints ?? []).map(({ key }) => key), managed: isManaged(node) }
}

import type { Informer } from '../../../api/client/contract.ts'
import { defineController, type ControllerContext, type ControllerDefinition, type Outcome } from '../../../api/client/controller.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { CSINode, PersistentVolume, VolumeAttachment } from '../../../api/generated/types.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { csiNodeKind } from '../../../api/kinds/storage/csi-node.ts'
import { volumeAttachmentKind } from '../../../api/kinds/storage/volume-attachment.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { textOf } from '../framework/pod-control.ts'

/** What the attacher asks a CSI driver's controller for. Rejections carry the driver's own text. */
export interface CsiAttachDriver {
  /** `disk.example.com`. */
  readonly name: string
  /** ControllerPublishVolume: answers what nodes are told of the volume (status.attachmentMetadata). Absent: there is nothing to do. */
  publish?(volume: { readonly handle: string; readonly nodeId: string; readonly readOnly: boolean; readonly attributes: Readonly<Record<string, string>> }): Promise<Readonly<Record<string, string>>>
  /** ControllerUnpublishVolume. */
  unpublish?(volume: { readonly handle: string; readonly nodeId: string }): Promise<void>
}

const volumePrefix = 'volume '
const nodeIdKey = 'csi.alpha.kubernetes.io/node-id'
const index = 'volume'

/** Answers the VolumeAttachments of one driver, as the external-attacher beside a CSI driver's controller: holds attachment and volume by its
 *  finalizer, has the driver publish the volume to the node, says so in the status, and undoes that on deletion. Not modelled: in-tree volumes
 *  by the driver, secrets, inline volumes, the regular comparison with ListVolumes. */
export function csiAttacherController(driver: CsiAttachDriver): ControllerDefinition {
  return defineController({
    name: `csi-attacher-${driver.name}`,
    eventSource: `csi-attacher-${driver.name}`,
    noun: 'volumeattachment',
    workers: 10,
    queue: { baseDelayMs: 1000, maxDelayMs: 300_000 },
    setUp(context, queue) {
      const attacher = new CsiAttacher(context, queue, driver)
      return (key) => attacher.sync(key)
    },
  })
}

class CsiAttacher {
  readonly #context: ControllerContext
  readonly #driver: CsiAttachDriver
  readonly #finalizer: string
  readonly #attachments: Informer<VolumeAttachment>
  readonly #volumes: Informer<PersistentVolume>
  readonly #csiNodes: Informer<CSINode>

  constructor(context: ControllerContext, queue: WorkQueue, driver: CsiAttachDriver) {
    const { informers } = context
    this.#context = context
    this.#driver = driver
    this.#finalizer = `external-attacher/${driver.name.replace(/[^a-zA-Z0-9-]/g, '-')}`
    this.#attachments = informers.of(volumeAttachmentKind)
    this.#volumes = informers.of(persistentVolumeKind)
    this.#csiNodes = informers.of(csiNodeKind)
    this.#attachments.addIndex(index, ({ spec }) => (spec.source.persistentVolumeName === undefined ? [] : [spec.source.persistentVolumeName]))
    const seen = ({ metadata, spec }: VolumeAttachment): void => {
      if (spec.attacher === driver.name) queue.add(metadata.name)
    }
    this.#attachments.onChange({
      added: seen,
      // A driver's refusal, written by this attacher, is tried again after its pause, not at once.
      updated: (attachment, old) => {
        const lost = !attachment.metadata.deletionTimestamp && old.status?.attached && !attachment.status?.attached
        if (lost || attachment.metadata.deletionTimestamp !== old.metadata.deletionTimestamp) seen(attachment)
      },
      deleted: ({ spec }) => {
        if (spec.attacher === driver.name && spec.source.persistentVolumeName !== undefined) queue.add(volumePrefix + spec.source.persistentVolumeName)
      },
    })
    const volumeSeen = ({ metadata }: PersistentVolume): void => {
      if (metadata.deletionTimestamp && metadata.finalizers?.includes(this.#finalizer)) queue.add(volumePrefix + metadata.name)
    }
    this.#volumes.onChange({ added: volumeSeen, updated: volumeSeen })
  }

  async sync(key: string): Promise<Outcome> {
    if (key.startsWith(volumePrefix)) await this.#release(key.slice(volumePrefix.length))
    else {
      const attachment = this.#attachments.get(undefined, key)
      if (attachment?.metadata.deletionTimestamp) await this.#detach(attachment)
      else if (attachment && !attachment.status?.attached) await this.#attach(attachment)
    }
    return undefined
  }

  async #attach(attachment: VolumeAttachment): Promise<void> {
    let published: { readonly held: VolumeAttachment; readonly told: Readonly<Record<string, string>> }
    try {
      published = await this.#publish(attachment)
    } catch (error) {
      await this.#say(attachment, { attachError: { message: textOf(error), time: formatTime(this.#context.process.clock.now()) } })
      throw error
    }
    const { held, told } = published
    await this.#say(held, { attached: true, attachmentMetadata: Object.keys(told).length > 0 ? told : null, attachError: null, detachError: null })
  }

  async #publish(attachment: VolumeAttachment): Promise<{ readonly held: VolumeAttachment; readonly told: Readonly<Record<string, string>> }> {
    const volume = await this.#volumeOf(attachment)
    const { csi, accessModes = [] } = volume.spec!
    const nodeId = this.#nodeIdOf(attachment)
    await this.#hold(volume)
    const held = await this.#mark(attachment, nodeId)
    // A volume that may only be read is published for reading.
    const readOnly = csi!.readOnly ?? (accessModes.length > 0 && accessModes.every((mode) => mode === 'ReadOnlyMany'))
    return { held, told: (await this.#driver.publish?.({ handle: csi!.volumeHandle, nodeId, readOnly, attributes: csi!.volumeAttributes ?? {} })) ?? {} }
  }

  async #detach(attachment: VolumeAttachment): Promise<void> {
    const { metadata, spec } = attachment
    if (!metadata.finalizers?.includes(this.#finalizer)) return
    try {
      const { csi } = (await this.#volumeOf(attachment)).spec!
      await this.#driver.unpublish?.({ handle: csi!.volumeHandle, nodeId: metadata.annotations?.[nodeIdKey] ?? this.#nodeIdOf(attachment) })
    } catch (error) {
      await this.#say(attachment, { detachError: { message: textOf(error), time: formatTime(this.#context.process.clock.now()) } })
      throw error
    }
    this.#context.process.journal.info('Fully detached', { VolumeAttachment: metadata.name, node: spec.nodeName })
    await this.#say(attachment, { attached: false, detachError: null, attachmentMetadata: null })
    await this.#patch(metadata.name, { metadata: { uid: metadata.uid, finalizers: metadata.finalizers.filter((each) => each !== this.#finalizer) } })
  }

  async #volumeOf({ spec }: VolumeAttachment): Promise<PersistentVolume> {
    const name = spec.source.persistentVolumeName
    if (name === undefined) throw new Error('neither InlineVolumeSpec nor PersistentVolumeName specified in VA source')
    const volume = this.#volumes.get(undefined, name) ?? (await this.#context.client.get(persistentVolumeKind, name))
    if (!volume.spec?.csi) throw new Error(`persistent volume ${name} is not a CSI volume`)
    return volume
  }

  #nodeIdOf({ spec: { nodeName } }: VolumeAttachment): string {
    const csiNode = this.#csiNodes.get(undefined, nodeName)
    if (!csiNode) throw new Error(`failed to get node id: csinode.storage.k8s.io "${nodeName}" not found`)
    const driver = csiNode.spec.drivers.find(({ name }) => name === this.#driver.name)
    if (!driver) throw new Error(`CSINode ${nodeName} does not contain driver ${this.#driver.name}`)
    return driver.nodeID
  }

  /** The volume stays while it is attached anywhere. */
  async #hold({ metadata }: PersistentVolume): Promise<void> {
    if (metadata.finalizers?.includes(this.#finalizer)) return
    if (metadata.deletionTimestamp) throw new Error(`PersistentVolume "${metadata.name}" is marked for deletion`)
    const finalizers = [...(metadata.finalizers ?? []), this.#finalizer]
    await this.#context.client.patch(persistentVolumeKind, metadata.name, undefined, 'merge', { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, finalizers } })
  }

  async #mark(attachment: VolumeAttachment, nodeId: string): Promise<VolumeAttachment> {
    const { name, uid, resourceVersion, annotations, finalizers = [] } = attachment.metadata
    if (finalizers.includes(this.#finalizer) && annotations?.[nodeIdKey] === nodeId) return attachment
    return this.#context.client.patch<VolumeAttachment>(volumeAttachmentKind, name, undefined, 'merge', {
      metadata: { uid, resourceVersion, finalizers: [...new Set([...finalizers, this.#finalizer])], annotations: { [nodeIdKey]: nodeId } },
    })
  }

  async #say({ metadata: { name, uid } }: VolumeAttachment, status: object): Promise<void> {
    await this.#patch(name, { metadata: { uid }, status }, 'status')
  }

  async #patch(name: string, patch: object, subresource?: string): Promise<void> {
    await this.#context.client.patch(volumeAttachmentKind, name, undefined, 'merge', patch, subresource === undefined ? {} : { subresource }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }

  /** Lets go of a volume that is to be deleted and attached nowhere. */
  async #release(name: string): Promise<void> {
    const volume = this.#volumes.get(undefined, name)
    if (!volume?.metadata.deletionTimestamp || !volume.metadata.finalizers?.includes(this.#finalizer) || this.#attachments.byIndex(index, name).length > 0) return
    const { uid, resourceVersion, finalizers } = volume.metadata
    await this.#context.client.patch(persistentVolumeKind, name, undefined, 'merge', { metadata: { uid, resourceVersion, finalizers: finalizers.filter((each) => each !== this.#finalizer) } })
  }
}

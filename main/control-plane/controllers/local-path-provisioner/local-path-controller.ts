import type { Informer } from '../../../api/client/contract.ts'
import { defineController, type ControllerContext, type ControllerDefinition, type Outcome } from '../../../api/client/controller.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { storageClassKind } from '../../../api/kinds/storage/storage-class.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isAlreadyExists, isNotFound } from '../../../api/machinery/status-error.ts'
import { textOf } from '../framework/pod-control.ts'
import { checkClaim, helperName, helperPod, isToBeDeleted, isToBeProvided, provisionerName, selectedNodeAnnotation, volumeFor, volumeNameOf, type HelperAction } from './plan.ts'

const claimPrefix = 'claim '
const volumePrefix = 'volume '

export interface LocalPathOptions {
  /** Where helper pods run; default local-path-storage. */
  readonly namespace?: string
  /** --helper-image. */
  readonly helperImage: string
  /** Of its events: `rancher.io/local-path_<pod>_<uuid>`. */
  readonly identity: string
}

/** Makes directories of nodes into volumes, as Rancher's local-path-provisioner on the external provisioner library: what happens on a
 *  node is done by a pod there. Not modelled: shared file systems, volume types other than hostPath, its configuration file. */
export function localPathController(options: LocalPathOptions): ControllerDefinition {
  return defineController({
    name: 'local-path-provisioner',
    eventSource: `${provisionerName}_${options.identity}`,
    noun: 'persistentvolume',
    workers: 4,
    setUp: (context, queue) => {
      const controller = new LocalPathController(context, queue, options)
      return (key) => controller.sync(key)
    },
  })
}

class LocalPathController {
  readonly #context: ControllerContext
  readonly #namespace: string
  readonly #helperImage: string
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #volumes: Informer<PersistentVolume>
  readonly #classes: Informer<StorageClass>
  readonly #nodes: Informer<Node>
  readonly #pods: Informer<Pod>
  /** What each helper pod was made for, until it is done with. */
  readonly #helpers = new Map<string, string>()

  constructor(context: ControllerContext, queue: WorkQueue, options: LocalPathOptions) {
    const { informers } = context
    this.#context = context
    this.#namespace = options.namespace ?? 'local-path-storage'
    this.#helperImage = options.helperImage
    this.#claims = informers.of(persistentVolumeClaimKind)
    this.#volumes = informers.of(persistentVolumeKind)
    this.#classes = informers.of(storageClassKind)
    this.#nodes = informers.of(nodeKind)
    this.#pods = informers.of(podKind, { namespace: this.#namespace })
    const claimSeen = (claim: PersistentVolumeClaim): void => {
      if (isToBeProvided(claim, this.#classes.get(undefined, storageClassOf(claim)))) queue.add(claimPrefix + keyOf(claim))
    }
    const volumeSeen = (volume: PersistentVolume): void => {
      if (isToBeDeleted(volume)) queue.add(volumePrefix + volume.metadata.name)
    }
    const helperSeen = ({ metadata }: Pod): void => {
      const key = this.#helpers.get(metadata.name)
      if (key !== undefined) queue.add(key)
    }
    this.#claims.onChange({ added: claimSeen, updated: claimSeen })
    this.#volumes.onChange({ added: volumeSeen, updated: volumeSeen })
    // Claims may have been seen before their class.
    this.#classes.onChange({ added: () => this.#claims.list().forEach(claimSeen) })
    this.#pods.onChange({ updated: helperSeen, deleted: helperSeen })
  }

  async sync(key: string): Promise<Outcome> {
    if (key.startsWith(volumePrefix)) return this.#delete(key, key.slice(volumePrefix.length))
    const { namespace, name } = splitKey(key.slice(claimPrefix.length))
    const claim = this.#claims.get(namespace, name)
    const storageClass = claim && this.#classes.get(undefined, storageClassOf(claim))
    if (!claim || !storageClass || !isToBeProvided(claim, storageClass)) return undefined
    if (this.#volumes.get(undefined, volumeNameOf(claim))) return undefined
    const { events } = this.#context
    const selectedNode = claim.metadata.annotations?.[selectedNodeAnnotation]
    if (selectedNode && !this.#nodes.get(undefined, selectedNode)) return this.#withdrawNode(claim, selectedNode)
    if (!this.#helpers.has(helperName('create', volumeNameOf(claim)))) events.event(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim ${quote(keyOf(claim))}`)
    if (claim.spec?.volumeMode === 'Block') {
      events.event(claim, 'Warning', 'ProvisioningFailed', `${provisionerName} does not support block volume provisioning`)
      return undefined
    }
    try {
      checkClaim(claim)
      const nodeName = claim.metadata.annotations![selectedNodeAnnotation]!
      const node = this.#nodes.get(undefined, nodeName)
      if (!node) throw new Error(`failed to get target node: node ${quote(nodeName)} not found`)
      const volume = volumeFor(claim, storageClass, node)
      if (!(await this.#help('create', volume, nodeName, key))) return undefined
      await this.#create(volume)
      this.#helpers.delete(helperName('create', volume.metadata.name))
      events.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name}`)
      await this.#dismiss('create', volume)
    } catch (error) {
      events.event(claim, 'Warning', 'ProvisioningFailed', `failed to provision volume with StorageClass ${quote(storageClass.metadata.name)}: ${textOf(error)}`)
      throw error
    }
    return undefined
  }

  /** The node is gone: the scheduler has to choose another. */
  async #withdrawNode(claim: PersistentVolumeClaim, nodeName: string): Promise<Outcome> {
    const { client, events } = this.#context
    const { name, namespace, uid, resourceVersion } = claim.metadata
    events.event(claim, 'Warning', 'ProvisioningFailed', `node ${quote(nodeName)} not found`)
    await client.patch(persistentVolumeClaimKind, name, namespace, 'merge', { metadata: { uid, resourceVersion, annotations: { [selectedNodeAnnotation]: null } } })
    return undefined
  }

  async #create(volume: PersistentVolume): Promise<void> {
    try {
      await this.#context.client.create(persistentVolumeKind, volume)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }

  async #delete(key: string, name: string): Promise<Outcome> {
    const volume = this.#volumes.get(undefined, name)
    if (!volume || !isToBeDeleted(volume)) return undefined
    const { client, events } = this.#context
    try {
      const nodeName = volume.metadata.annotations?.['local.path.provisioner/selected-node'] ?? ''
      // With the node its directories are gone.
      if (this.#nodes.get(undefined, nodeName) && !(await this.#help('delete', volume, nodeName, key))) return undefined
      await client.delete(persistentVolumeKind, name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
      this.#helpers.delete(helperName('delete', name))
      await this.#dismiss('delete', volume)
    } catch (error) {
      events.event(volume, 'Warning', 'VolumeFailedDelete', textOf(error))
      throw error
    }
    return undefined
  }

  /** Has a pod do the work on the node; answers whether it is done. Its end wakes `key` again. */
  async #help(action: HelperAction, volume: PersistentVolume, nodeName: string, key: string): Promise<boolean> {
    const name = helperName(action, volume.metadata.name)
    const first = !this.#helpers.has(name)
    this.#helpers.set(name, key)
    const pod = this.#pods.get(this.#namespace, name)
    if (pod?.metadata.deletionTimestamp) return false
    if (pod?.status?.phase === 'Succeeded') return true
    if (pod?.status?.phase === 'Failed') {
      await this.#dismiss(action, volume)
      throw new Error(`failed to ${action} volume ${volume.metadata.name}: create process timeout after 120 seconds`)
    }
    if (pod && !first) return false
    try {
      await this.#context.client.create(podKind, helperPod(action, volume, nodeName, this.#namespace, this.#helperImage))
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    return false
  }

  async #dismiss(action: HelperAction, volume: PersistentVolume): Promise<void> {
    await this.#context.client.delete(podKind, helperName(action, volume.metadata.name), this.#namespace).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }
}

import type { ControllerContext } from '../../../api/client/controller.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { keyOf, objectKey } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { textOf } from '../framework/pod-control.ts'
import { boundByControllerAnnotation, provisionedByAnnotation, unbound, volumeModesMismatch } from './binding.ts'
import type { BinderStore } from './store.ts'

/** What is done with one volume. */
export class VolumeSync {
  readonly #context: ControllerContext
  readonly #store: BinderStore
  readonly #addClaim: (key: string) => void

  constructor(context: ControllerContext, store: BinderStore, addClaim: (key: string) => void) {
    this.#context = context
    this.#store = store
    this.#addClaim = addClaim
  }

  async sync(name: string): Promise<void> {
    const volume = this.#store.volume(name)
    if (!volume) return
    const reference = volume.spec?.claimRef
    if (!reference?.uid) {
      await this.#store.setVolumePhase(volume, 'Available')
      // The claim that it is reserved for need not wait for its next turn.
      if (reference?.name) this.#addClaim(objectKey(reference.namespace, reference.name))
      return
    }
    const claim = await this.#claimOf(volume)
    if (!claim) return this.#release(volume)
    if (!claim.spec?.volumeName) return this.#expected(volume, claim)
    if (claim.spec.volumeName === name) return void (await this.#store.setVolumePhase(volume, 'Bound'))
    const { annotations } = volume.metadata
    // Made for this claim, which then took another.
    if (annotations?.[provisionedByAnnotation] !== undefined && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') return this.#release(volume)
    await this.#store.setVolumePhase(await this.#store.updateVolume(unbound(volume)), 'Available')
  }

  /** The very claim that the volume is bound to; undefined when it is gone. The cache may not have heard of it yet. */
  async #claimOf({ spec, status }: PersistentVolume): Promise<PersistentVolumeClaim | undefined> {
    const { namespace, name, uid } = spec!.claimRef!
    const cached = this.#store.claim(namespace, name!)
    if (cached?.metadata.uid === uid) return cached
    if (status?.phase === 'Released' || status?.phase === 'Failed') return undefined
    try {
      const fresh = await this.#context.client.get(persistentVolumeClaimKind, name!, namespace)
      return fresh.metadata.uid === uid ? fresh : undefined
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** The claim does not know of its volume yet: its own sync binds it. */
  #expected(volume: PersistentVolume, claim: PersistentVolumeClaim): void {
    if (volumeModesMismatch(volume, claim)) {
      const { events } = this.#context
      events.event(volume, 'Warning', 'VolumeMismatch', `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${quote(claim.metadata.name)} due to incompatible volumeMode.`)
      events.event(claim, 'Warning', 'VolumeMismatch', `Cannot bind PersistentVolume ${quote(volume.metadata.name)} to requested PersistentVolumeClaim due to incompatible volumeMode.`)
      return
    }
    this.#context.process.journal.info('Volume not bound yet, waiting for syncClaim to fix it', { volumeName: volume.metadata.name, boundByController: volume.metadata.annotations?.[boundByControllerAnnotation] !== undefined })
    this.#addClaim(keyOf(claim))
  }

  /** The claim is gone: the volume is kept, or deleted by whoever made it. */
  async #release(volume: PersistentVolume): Promise<void> {
    const { phase } = volume.status ?? {}
    // Whoever failed to reclaim it is not overwritten.
    const released = phase === 'Released' || phase === 'Failed' ? volume : await this.#store.setVolumePhase(volume, 'Released')
    switch (released.spec?.persistentVolumeReclaimPolicy) {
      case 'Retain':
        return
      case 'Delete':
        return this.#delete(released)
      case 'Recycle':
        return this.#fail(released, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!')
      default:
        return this.#fail(released, 'VolumeUnknownReclaimPolicy', 'Volume has unrecognized PersistentVolumeReclaimPolicy')
    }
  }

  async #delete(volume: PersistentVolume): Promise<void> {
    const provisioner = volume.metadata.annotations?.[provisionedByAnnotation]
    // Deleted by the one that made it.
    if (provisioner && !provisioner.startsWith('kubernetes.io/')) return
    const path = volume.spec?.hostPath?.path
    try {
      if (path === undefined) throw new Error(`error getting deleter volume plugin for volume ${quote(volume.metadata.name)}: no deletable volume plugin matched`)
      if (!/^\/tmp\/.+/.test(path)) throw new Error(`host_path deleter only supports /tmp/.+ but received provided ${path}`)
    } catch (error) {
      return this.#fail(volume, 'VolumeFailedDelete', textOf(error))
    }
    try {
      await this.#context.client.delete(persistentVolumeKind, volume.metadata.name)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  async #fail(volume: PersistentVolume, reason: string, message: string): Promise<void> {
    if (volume.status?.phase === 'Failed') return
    const failed = await this.#store.setVolumePhase(volume, 'Failed', message)
    this.#context.events.event(failed, 'Warning', reason, message)
  }
}

import type { Informer } from '../../../api/client/contract.ts'
import type { ControllerContext } from '../../../api/client/controller.ts'
import type { PersistentVolumeClaim, Pod, StorageClass } from '../../../api/generated/types.ts'
import { betaStorageClassAnnotation, storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { isDefaultClass, storageClassKind } from '../../../api/kinds/storage/storage-class.ts'
import { compareBytes, quote } from '../../../api/machinery/go-text.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isPodTerminal } from '../../../api/machinery/pod.ts'
import { notFound } from '../../../api/machinery/status-error.ts'
import { indexByClaim, podsOfClaim } from '../framework/claims-of-pods.ts'
import { textOf } from '../framework/pod-control.ts'
import { bestMatch, bindCompletedAnnotation, boundByControllerAnnotation, claimFor, externalProvisioner, isBoundTo, mismatchOf, selectedNodeAnnotation } from './binding.ts'
import type { BinderStore } from './store.ts'

/** What is done with one claim. */
export class ClaimSync {
  readonly #context: ControllerContext
  readonly #store: BinderStore
  readonly #pods: Informer<Pod>

  constructor(context: ControllerContext, store: BinderStore) {
    this.#context = context
    this.#store = store
    this.#pods = context.informers.of(podKind)
    indexByClaim(this.#pods)
  }

  /** Answers whether the claim goes on waiting for a volume. */
  async sync(key: string): Promise<boolean> {
    const { namespace, name } = splitKey(key)
    const claim = this.#store.claim(namespace, name)
    if (!claim) return false
    if (claim.metadata.annotations?.[bindCompletedAnnotation] !== undefined) {
      await this.#syncBound(claim)
      return false
    }
    return claim.spec?.volumeName ? this.#syncNamed(claim, claim.spec.volumeName) : this.#syncUnbound(claim)
  }

  /** A claim that was bound once: it is still, or it is lost for good. */
  async #syncBound(claim: PersistentVolumeClaim): Promise<void> {
    const volumeName = claim.spec?.volumeName
    if (!volumeName) return this.#lose(claim, 'ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
    const volume = this.#store.volume(volumeName)
    if (!volume) return this.#lose(claim, 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
    const uid = volume.spec?.claimRef?.uid
    if (volume.spec?.claimRef && uid !== claim.metadata.uid) return this.#lose(claim, 'ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
    await this.#store.bind(volume, claim)
  }

  async #lose(claim: PersistentVolumeClaim, reason: string, message: string): Promise<void> {
    if (claim.status?.phase === 'Lost') return
    const lost = await this.#store.setClaimPhase(claim, 'Lost')
    this.#context.events.event(lost, 'Warning', reason, message)
  }

  /** A claim that wants one particular volume. */
  async #syncNamed(claim: PersistentVolumeClaim, volumeName: string): Promise<boolean> {
    const { events } = this.#context
    const volume = this.#store.volume(volumeName)
    if (volume && (!volume.spec?.claimRef || isBoundTo(volume, claim))) {
      const mismatch = volume.spec?.claimRef ? undefined : mismatchOf(volume, claim)
      if (mismatch === undefined) {
        await this.#store.bind(volume, claim)
        return false
      }
      events.event(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume ${quote(volumeName)}: ${mismatch}`)
    } else if (volume) {
      if (claim.metadata.annotations?.[boundByControllerAnnotation] !== undefined) {
        const { namespace, name } = volume.spec!.claimRef!
        throw new Error(`invalid binding of claim ${quote(keyOf(claim))} to volume ${quote(volumeName)}: volume already claimed by ${quote(`${namespace}/${name}`)}`)
      }
      events.event(claim, 'Warning', 'FailedBinding', `volume ${quote(volumeName)} already bound to a different claim.`)
    }
    await this.#store.setClaimPhase(claim, 'Pending')
    return true
  }

  /** A claim that takes any volume that fits, or has one made. */
  async #syncUnbound(claim: PersistentVolumeClaim): Promise<boolean> {
    const { events } = this.#context
    const className = storageClassOf(claim)
    const storageClass = className ? this.#store.classes.get(undefined, className) : undefined
    const delayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
    const volume = bestMatch(claim, this.#store.candidates(claim), delayed)
    if (volume) {
      await this.#store.bind(volume, claim)
      return false
    }
    if (await this.#assignDefaultClass(claim)) return true
    if (delayed && claim.metadata.annotations?.[selectedNodeAnnotation] === undefined) this.#sayWhatFor(claim)
    else if (className !== '') {
      await this.#provision(claim, className, storageClass)
      return true
    } else events.event(claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set')
    await this.#store.setClaimPhase(claim, 'Pending')
    return true
  }

  /** Claims from before there was a default class get it. */
  async #assignDefaultClass(claim: PersistentVolumeClaim): Promise<boolean> {
    if (claim.spec?.storageClassName !== undefined || claim.metadata.annotations?.[betaStorageClassAnnotation] !== undefined) return false
    const [newest] = this.#store.classes.list().filter(isDefaultClass).sort((a, b) => compareBytes(b.metadata.creationTimestamp ?? '', a.metadata.creationTimestamp ?? '') || compareBytes(a.metadata.name, b.metadata.name))
    if (!newest) return false
    await this.#store.updateClaim({ ...claim, spec: { ...claim.spec, storageClassName: newest.metadata.name } })
    return true
  }

  #sayWhatFor(claim: PersistentVolumeClaim): void {
    const { events } = this.#context
    const waiting = podsOfClaim(this.#pods, keyOf(claim)).filter((pod) => !pod.spec?.nodeName && !isPodTerminal(pod)).map((pod) => pod.metadata.name)
    if (waiting.length === 0) events.event(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
    else events.event(claim, 'Normal', 'WaitForPodScheduled', `waiting for ${waiting.length > 1 ? 'pods' : 'pod'} ${waiting.join(',')} to be scheduled`)
  }

  async #provision(claim: PersistentVolumeClaim, className: string, storageClass: StorageClass | undefined): Promise<void> {
    const { events } = this.#context
    let provisioner: string
    try {
      if (!storageClass) throw notFound({ group: storageClassKind.group, resource: storageClassKind.singular }, className)
      provisioner = externalProvisioner(storageClass)
    } catch (error) {
      events.event(claim, 'Warning', 'ProvisioningFailed', textOf(error))
      return
    }
    const marked = claimFor(claim, provisioner)
    const saved = marked === claim ? claim : await this.#store.updateClaim(marked)
    events.event(saved, 'Normal', 'ExternalProvisioning', `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`)
  }
}

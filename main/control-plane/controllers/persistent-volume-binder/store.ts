import type { ApiClient, Informer } from '../../../api/client/contract.ts'
import type { ControllerContext } from '../../../api/client/controller.ts'
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { storageClassKind } from '../../../api/kinds/storage/storage-class.ts'
import { keyOf, objectKey } from '../../../api/machinery/object.ts'
import { OwnWrites } from '../framework/own-writes.ts'
import { claimBoundTo, claimStatus, volumeBoundTo } from './binding.ts'

const byUse = 'use'

/** The claims, volumes and classes as the binder knows them, and the writes that bring a claim and a volume together. */
export class BinderStore {
  readonly classes: Informer<StorageClass>
  readonly #client: ApiClient
  readonly #claims: OwnWrites<PersistentVolumeClaim>
  readonly #volumes: OwnWrites<PersistentVolume>
  readonly #allVolumes: Informer<PersistentVolume>

  constructor({ client, informers }: ControllerContext) {
    this.#client = client
    this.classes = informers.of(storageClassKind)
    this.#allVolumes = informers.of(persistentVolumeKind)
    this.#allVolumes.addIndex(byUse, (volume) => [useOf(volume)])
    this.#claims = new OwnWrites(informers.of(persistentVolumeClaimKind))
    this.#volumes = new OwnWrites(this.#allVolumes)
  }

  claim(namespace: string | undefined, name: string): PersistentVolumeClaim | undefined {
    return this.#claims.get(namespace, name)
  }

  volume(name: string): PersistentVolume | undefined {
    return this.#volumes.get(undefined, name)
  }

  /** Volumes that may be bound to the claim: those that are free, of its class, and those that name it. */
  candidates(claim: PersistentVolumeClaim): PersistentVolume[] {
    const free = this.#allVolumes.byIndex(byUse, `free/${storageClassOf(claim)}`)
    const reserved = this.#allVolumes.byIndex(byUse, `for/${keyOf(claim)}`)
    return [...reserved, ...free].map((volume) => this.#volumes.newest(volume))
  }

  async updateClaim(claim: PersistentVolumeClaim): Promise<PersistentVolumeClaim> {
    return this.#claims.wrote(await this.#client.update(persistentVolumeClaimKind, claim))
  }

  async updateVolume(volume: PersistentVolume): Promise<PersistentVolume> {
    return this.#volumes.wrote(await this.#client.update(persistentVolumeKind, volume))
  }

  /** Answers the claim as it is then. */
  async setClaimPhase(claim: PersistentVolumeClaim, phase: string, volume?: PersistentVolume): Promise<PersistentVolumeClaim> {
    const status = claimStatus(claim, phase, volume)
    return status ? this.#claims.wrote(await this.#client.update(persistentVolumeClaimKind, { ...claim, status }, { subresource: 'status' })) : claim
  }

  async setVolumePhase(volume: PersistentVolume, phase: string, message = ''): Promise<PersistentVolume> {
    if (volume.status?.phase === phase) return volume
    const { message: _, ...status } = volume.status ?? {}
    return this.#volumes.wrote(await this.#client.update(persistentVolumeKind, { ...volume, status: { ...status, phase, ...(message ? { message } : {}) } }, { subresource: 'status' }))
  }

  /** Binds both to each other in four writes, of which each may be the last that succeeds: the next sync goes on from there. */
  async bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
    const bound = volumeBoundTo(volume, claim)
    const saved = bound === volume ? volume : await this.updateVolume(bound)
    const inPhase = await this.setVolumePhase(saved, 'Bound')
    const next = claimBoundTo(claim, inPhase)
    const savedClaim = next === claim ? claim : await this.updateClaim(next)
    await this.setClaimPhase(savedClaim, 'Bound', inPhase)
  }
}

function useOf(volume: PersistentVolume): string {
  const claim = volume.spec?.claimRef
  return claim?.name ? `for/${objectKey(claim.namespace, claim.name)}` : `free/${storageClassOf(volume)}`
}

import type { ApiClient } from '../../../api/client/contract.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { keyOf, objectKey, type KubeObject } from '../../../api/machinery/object.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { isFullyBound, isReachable, selectedNodeAnnotation } from './volume-matching.ts'
import type { VolumeSources } from './volume-sources.ts'

/** What is to become of a pod's unbound claims. */
export interface PodVolumes {
  /** Existing volumes that go to claims. */
  readonly bindings: readonly { readonly volume: PersistentVolume; readonly claim: PersistentVolumeClaim }[]
  /** Claims that a volume is to be made for. */
  readonly provisions: readonly PersistentVolumeClaim[]
}

export interface VolumeBinderOptions {
  readonly client: ApiClient
  readonly clock: Clock
  readonly sources: VolumeSources
  /** How long binding may take. */
  readonly timeoutMs: number
}

/** Writes down where volumes are to be and waits until they are: the persistent volume binder and provisioners do the work. Looks
 *  again when a claim or a volume that it waits for changes, or the pod or the node goes, not by the clock. */
export class VolumeBinder {
  readonly #options: VolumeBinderOptions
  /** By claim, pod and node: who waits for a change of it. */
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(options: VolumeBinderOptions) {
    this.#options = options
    const { claims, volumes, pods, nodes } = options.sources
    const claimChanged = (claim: PersistentVolumeClaim): void => this.#wake('claim', keyOf(claim))
    const volumeChanged = ({ spec }: PersistentVolume): void => {
      if (spec?.claimRef) this.#wake('claim', objectKey(spec.claimRef.namespace, spec.claimRef.name ?? ''))
    }
    claims.onChange({ updated: claimChanged, deleted: claimChanged })
    volumes.onChange({
      added: volumeChanged,
      updated: (volume, old) => {
        volumeChanged(volume)
        if (!volume.spec?.claimRef) volumeChanged(old)
      },
      deleted: volumeChanged,
    })
    pods.onChange({ deleted: (pod) => this.#wake('pod', keyOf(pod)) })
    nodes.onChange({ deleted: (node) => this.#wake('node', keyOf(node)) })
  }

  /** Resolves when all the claims are bound. Rejects when something cannot be written, or the outcome is another one: the provisioner
   *  gave the claim back, the pod is gone, it takes too long. */
  async bind(pod: Pod, nodeName: string, planned: PodVolumes): Promise<void> {
    const { client } = this.#options
    const bindings: PodVolumes['bindings'][number][] = []
    for (const { volume, claim } of planned.bindings) bindings.push({ volume: await client.update(persistentVolumeKind, volume), claim })
    const provisions: PersistentVolumeClaim[] = []
    for (const claim of planned.provisions) provisions.push(await client.update(persistentVolumeClaimKind, claim))
    try {
      await this.#bound(pod, nodeName, { bindings, provisions })
    } catch (error) {
      throw new Error(`binding volumes: ${(error as Error).message}`, { cause: error })
    }
  }

  #bound(pod: Pod, nodeName: string, written: PodVolumes): Promise<void> {
    const { clock, timeoutMs } = this.#options
    const claims = [...written.bindings.map(({ claim }) => claim), ...written.provisions]
    const keys = [`pod ${keyOf(pod)}`, `node ${nodeName}`, ...claims.map((claim) => `claim ${keyOf(claim)}`)]
    return new Promise((resolve, reject) => {
      let looking = false
      const end = (): void => {
        deadline.cancel()
        for (const key of keys) {
          const waiters = this.#waiting.get(key)
          waiters?.delete(wake)
          if (waiters?.size === 0) this.#waiting.delete(key)
        }
      }
      const look = (): void => {
        looking = false
        try {
          if (!this.#isBound(pod, nodeName, written)) return
          end()
          resolve()
        } catch (error) {
          end()
          reject(error as Error)
        }
      }
      const wake = (): void => {
        if (looking) return
        looking = true
        clock.after(0, look)
      }
      const deadline = clock.afterUncaused(timeoutMs, () => {
        end()
        reject(new Error('context deadline exceeded'))
      })
      for (const key of keys) this.#waiting.set(key, (this.#waiting.get(key) ?? new Set()).add(wake))
      wake()
    })
  }

  #wake(what: 'claim' | 'pod' | 'node', key: string): void {
    if (this.#waiting.size === 0) return
    for (const wake of this.#waiting.get(`${what} ${key}`) ?? []) wake()
  }

  /** Whether all that was written has come true. Throws when it will not. */
  #isBound(pod: Pod, nodeName: string, { bindings, provisions }: PodVolumes): boolean {
    const { sources } = this.#options
    const node = sources.nodes.get(undefined, nodeName)
    if (!node) throw new Error(`failed to get node ${quote(nodeName)}: node ${quote(nodeName)} not found`)
    const { name, namespace, uid } = pod.metadata
    if (sources.pods.get(namespace, name)?.metadata.uid !== uid) throw new Error(`pod does not exist any more: pod ${quote(name)} not found`)
    for (const { volume, claim } of bindings) {
      const current = sources.volumes.get(undefined, volume.metadata.name)
      if (!current) throw new Error(`failed to check binding: could not find v1.PersistentVolume ${quote(volume.metadata.name)}`)
      const currentClaim = sources.claims.get(namespace, claim.metadata.name)
      if (!currentClaim) throw new Error(`failed to check binding: could not find v1.PersistentVolumeClaim ${quote(keyOf(claim))}`)
      if (isOlder(current, volume)) return false
      requireReachable(current, node)
      if (!current.spec?.claimRef?.uid) throw new Error(`ClaimRef got reset for pv ${quote(current.metadata.name)}`)
      if (!isFullyBound(currentClaim)) return false
    }
    for (const claim of provisions) {
      const current = sources.claims.get(namespace, claim.metadata.name)
      if (!current) throw new Error(`failed to check provisioning pvc: could not find v1.PersistentVolumeClaim ${quote(keyOf(claim))}`)
      if (isOlder(current, claim)) return false
      if (!current.metadata.annotations) throw new Error(`selectedNode annotation reset for PVC ${quote(current.metadata.name)}`)
      // A provisioner that cannot make the volume there takes the annotation away.
      if (current.metadata.annotations[selectedNodeAnnotation] !== nodeName) throw new Error(`provisioning failed for PVC ${quote(current.metadata.name)}`)
      const volumeName = current.spec?.volumeName
      if (volumeName) {
        const volume = sources.volumes.get(undefined, volumeName)
        // Our picture of the volumes may be a little behind.
        if (!volume) return false
        requireReachable(volume, node)
      }
      if (!isFullyBound(current)) return false
    }
    return true
  }
}

function requireReachable(volume: PersistentVolume, node: Node): void {
  if (!isReachable(volume, node)) throw new Error(`pv ${quote(volume.metadata.name)} node affinity doesn't match node ${quote(node.metadata.name)}: no matching NodeSelectorTerms`)
}

function isOlder(seen: KubeObject, written: KubeObject): boolean {
  return Number(seen.metadata.resourceVersion) < Number(written.metadata.resourceVersion)
}

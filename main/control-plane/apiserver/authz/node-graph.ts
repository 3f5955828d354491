import type { PersistentVolume, Pod, ResourceSlice, VolumeAttachment } from '../../../api/generated/types.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import type { Resources } from '../registry/resources.ts'
import type { CacheEvent, WatchCache } from '../storage/watch-cache.ts'
import { referencesOf, volumeSecrets } from './pod-references.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'

/** What belongs to which node, kept from the server's caches as they change: upstream's graph of nodes, pods and what these refer to. */
export class NodeGraph {
  readonly #resources: Resources
  readonly #pods: WatchCache
  /** Node -> keys of what its pods refer to -> how many of them do. */
  readonly #references = new Map<string, Map<string, number>>()
  /** Key of a secret -> the volumes whose drivers read it. */
  readonly #volumesBySecret = new Map<string, Set<string>>()

  constructor(resources: Resources) {
    this.#resources = resources
    this.#pods = resources.storeOf('', 'pods').cache
    this.#pods.onChange((event) => {
      if (!event) return this.#readPodsAnew()
      const [before, after] = sides<Pod>(event)
      if (before && after && before.spec === after.spec && jsonEqual(before.status?.resourceClaimStatuses, after.status?.resourceClaimStatuses)) return
      if (before) this.#count(before, -1)
      if (after) this.#count(after, 1)
    })
    const volumes = resources.ofGroup('', 'persistentvolumes')?.stored?.cache
    volumes?.onChange((event) => {
      if (!event) {
        this.#volumesBySecret.clear()
        volumes.scan(undefined, (object) => (this.#keepVolume(object as PersistentVolume, true), true))
        return
      }
      const [before, after] = sides<PersistentVolume>(event)
      if (before) this.#keepVolume(before, false)
      if (after) this.#keepVolume(after, true)
    })
  }

  /** Whether a pod on the node refers to the object, itself or through a claim. `resource` is the plural. */
  leadsTo(node: string, resource: string, namespace: string, name: string): boolean {
    switch (resource) {
      case 'pods':
        return (this.#pods.get(`${namespace}/${name}`) as Pod | undefined)?.spec?.nodeName === node
      case 'persistentvolumes':
        return this.#volumeLeadsTo(node, name)
      case 'volumeattachments':
        return (this.#find('storage.k8s.io', resource, name) as VolumeAttachment | undefined)?.spec?.nodeName === node
      case 'resourceslices':
        return (this.#find('resource.k8s.io', resource, name) as ResourceSlice | undefined)?.spec?.nodeName === node
      default: {
        const key = `${resource}/${namespace}/${name}`
        if (this.#refersTo(node, key)) return true
        return resource === 'secrets' && [...(this.#volumesBySecret.get(key) ?? [])].some((volume) => this.#volumeLeadsTo(node, volume))
      }
    }
  }

  #volumeLeadsTo(node: string, name: string): boolean {
    const claim = (this.#find('', 'persistentvolumes', name) as PersistentVolume | undefined)?.spec?.claimRef
    return claim !== undefined && this.#refersTo(node, `persistentvolumeclaims/${claim.namespace}/${claim.name}`)
  }

  #find(group: string, plural: string, name: string): object | undefined {
    return this.#resources.ofGroup(group, plural)?.stored?.cache.get(name)
  }

  #refersTo(node: string, key: string): boolean {
    return (this.#references.get(node)?.get(key) ?? 0) > 0
  }

  #readPodsAnew(): void {
    this.#references.clear()
    this.#pods.scan(undefined, (object) => {
      this.#count(object as Pod, 1)
      return true
    })
  }

  #count(pod: Pod, by: number): void {
    const node = pod.spec?.nodeName
    // A mirror pod gives its node nothing: the node made it up.
    if (!node || pod.metadata.annotations?.[mirrorAnnotation]) return
    let references = this.#references.get(node)
    if (!references) this.#references.set(node, (references = new Map()))
    for (const key of referencesOf(pod)) {
      const count = (references.get(key) ?? 0) + by
      if (count > 0) references.set(key, count)
      else references.delete(key)
    }
    if (references.size === 0) this.#references.delete(node)
  }

  #keepVolume(volume: PersistentVolume, isThere: boolean): void {
    for (const key of volumeSecrets(volume)) {
      const volumes = this.#volumesBySecret.get(key) ?? new Set()
      if (isThere) volumes.add(volume.metadata.name)
      else volumes.delete(volume.metadata.name)
      if (volumes.size > 0) this.#volumesBySecret.set(key, volumes)
      else this.#volumesBySecret.delete(key)
    }
  }
}

function sides<T>(event: CacheEvent): readonly [T | undefined, T | undefined] {
  return [event.previous as T | undefined, event.type === 'DELETED' ? undefined : (event.object as T)]
}

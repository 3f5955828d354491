import type { EndpointSlice } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { cacheKey } from '../storage/keys.ts'
import type { WatchCache } from '../storage/watch-cache.ts'

const serviceNameLabel = 'kubernetes.io/service-name'

/** Which EndpointSlices belong to which Service, by the label that says so: made when first asked for, then kept with the cache. */
export class SlicesOfServices {
  readonly #cache: Pick<WatchCache, 'scan' | 'get' | 'onChange'>
  /** The slices' keys by the Service's; undefined until somebody asks (again). */
  #index: Map<string, Set<string>> | undefined
  #listens = false

  constructor(cache: Pick<WatchCache, 'scan' | 'get' | 'onChange'>) {
    this.#cache = cache
  }

  /** In the order of their names. */
  of(namespace: string, service: string): readonly EndpointSlice[] {
    this.#index ??= this.#made()
    const keys = this.#index.get(cacheKey(namespace, service))
    if (!keys) return []
    return [...keys].sort().flatMap((key) => (this.#cache.get(key) as EndpointSlice | undefined) ?? [])
  }

  #made(): Map<string, Set<string>> {
    if (!this.#listens) {
      this.#listens = true
      this.#cache.onChange((event) => {
        if (!event) this.#index = undefined
        if (!event || !this.#index) return
        const was = serviceOf(event.previous)
        const now = event.type === 'DELETED' ? undefined : serviceOf(event.object)
        if (was === now) return
        const { namespace, name } = event.object.metadata
        const key = cacheKey(namespace, name)
        if (was !== undefined) remove(this.#index, was, key)
        if (now !== undefined) add(this.#index, now, key)
      })
    }
    const index = new Map<string, Set<string>>()
    this.#cache.scan(undefined, (object, key) => {
      const service = serviceOf(object)
      if (service !== undefined) add(index, service, key)
      return true
    })
    return index
  }
}

function serviceOf(slice: KubeObject | undefined): string | undefined {
  const name = slice?.metadata.labels?.[serviceNameLabel]
  return name && cacheKey(slice!.metadata.namespace, name)
}

function add(index: Map<string, Set<string>>, service: string, key: string): void {
  const keys = index.get(service)
  if (keys) keys.add(key)
  else index.set(service, new Set([key]))
}

function remove(index: Map<string, Set<string>>, service: string, key: string): void {
  const keys = index.get(service)
  keys?.delete(key)
  if (keys?.size === 0) index.delete(service)
}

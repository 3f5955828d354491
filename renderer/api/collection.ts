import { computed, shallowRef, type ComputedRef } from 'vue'
import type { WatchEvent } from '../../preload/contract/watch-event.ts'
import { resourcePath, type Resource } from './discovery.ts'
import { identityOf, type ApiObject } from './object.ts'
import { reflect } from './reflector.ts'
import { coalesce, SharedLive, type Live } from './shared.ts'

interface ObjectList {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: { readonly resourceVersion?: string }
  readonly items: readonly ApiObject[]
}

export type CollectionState = 'loading' | 'live' | 'stale'

/** How often at most a collection tells of changes: a burst of events costs the window one update. */
const notifyMs = 60

/** All objects of one resource under a path, in the order in which they came to be known. */
export class Collection implements Live {
  readonly items = shallowRef<readonly ApiObject[]>([])
  readonly state = shallowRef<CollectionState>('loading')
  readonly error = shallowRef<Error>()
  /** What was deleted last, as it last was. */
  readonly deleted = shallowRef<ApiObject>()
  readonly #byIdentity = new Map<string, ApiObject>()
  readonly #tell = coalesce(notifyMs, () => (this.items.value = [...this.#byIdentity.values()]))
  readonly #stop: () => void

  /** `path` may carry a query (`?fieldSelector=…`). */
  constructor(path: string) {
    const [bare = '', query = ''] = path.split('?')
    this.#stop = reflect<ObjectList>(bare, query, undefined, {
      replace: (list) => this.#replace(list),
      apply: (events) => this.#apply(events),
      state: (state, error) => {
        this.state.value = state
        this.error.value = error
      },
    })
  }

  stop(): void {
    this.#tell.cancel()
    this.#stop()
  }

  #replace(list: ObjectList): void {
    const kind = list.kind?.replace(/List$/, '')
    const known = [...this.#byIdentity.keys()]
    const next = new Map<string, ApiObject>()
    for (const item of list.items) {
      const object = item.kind ? item : { ...item, apiVersion: list.apiVersion ?? '', kind: kind ?? '' }
      next.set(identityOf(object), object)
    }
    this.#byIdentity.clear()
    for (const identity of known) {
      const object = next.get(identity)
      if (object) this.#byIdentity.set(identity, object)
    }
    for (const [identity, object] of next) this.#byIdentity.set(identity, object)
    this.items.value = [...this.#byIdentity.values()]
  }

  #apply(events: readonly WatchEvent[]): void {
    for (const event of events) {
      const object = event.object as unknown as ApiObject
      if (event.type === 'DELETED') {
        this.#byIdentity.delete(identityOf(object))
        this.deleted.value = object
      } else this.#byIdentity.set(identityOf(object), object)
    }
    this.#tell.ask()
  }
}

const collections = new SharedLive((path) => new Collection(path))

export interface CollectionView {
  readonly items: ComputedRef<readonly ApiObject[]>
  readonly state: ComputedRef<CollectionState>
  readonly error: ComputedRef<Error | undefined>
  /** What was deleted last, as it last was. */
  readonly deleted: ComputedRef<ApiObject | undefined>
}

/** The objects under an API path, live; `undefined` pauses. */
export function usePath(path: () => string | undefined): CollectionView {
  const collection = collections.use(path)
  return {
    items: computed(() => collection.value?.items.value ?? []),
    state: computed(() => collection.value?.state.value ?? 'loading'),
    error: computed(() => collection.value?.error.value),
    deleted: computed(() => collection.value?.deleted.value),
  }
}

/** All objects of a resource (in a namespace), live. */
export function useCollection(resource: () => Resource | undefined, namespace: () => string = () => ''): CollectionView {
  return usePath(() => {
    const known = resource()
    return known && resourcePath(known, namespace())
  })
}

/** Resources of the core that the window itself is built around, known without discovery. */
export const coreResources = {
  nodes: { group: '', version: 'v1', plural: 'nodes', namespaced: false },
  pods: { group: '', version: 'v1', plural: 'pods', namespaced: true },
  services: { group: '', version: 'v1', plural: 'services', namespaced: true },
  namespaces: { group: '', version: 'v1', plural: 'namespaces', namespaced: false },
  endpointSlices: { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', namespaced: true },
} as const

export function useCore(name: keyof typeof coreResources): CollectionView {
  return usePath(() => resourcePath(coreResources[name]))
}

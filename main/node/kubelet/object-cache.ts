import type { ApiClient, WatchHandle } from '../../api/client/contract.ts'
import type { Kind } from '../../api/kinds/kind.ts'
import { objectKey, type KubeObject } from '../../api/machinery/object.ts'
import type { Process } from '../../kernel/machine.ts'

interface Entry<T> {
  users: number
  object: T | undefined
  /** The first list; callers wait for it. */
  loaded: Promise<void> | undefined
  watch: WatchHandle | undefined
}

const relistMs = 1_000

/** Single objects of one kind that pods refer to (config maps, secrets): each is listed and watched by name while some pod
 *  uses it, as upstream's watch-based managers do, and what is asked for is answered from memory. */
export class ObjectCache<T extends KubeObject> {
  readonly #process: Process
  readonly #client: ApiClient
  readonly #kind: Kind<T>
  readonly #entries = new Map<string, Entry<T>>()

  constructor(process: Process, client: ApiClient, kind: Kind<T>) {
    this.#process = process
    this.#client = client
    this.#kind = kind
  }

  /** One more pod refers to the object. */
  acquire(namespace: string, name: string): void {
    const key = objectKey(namespace, name)
    const entry = this.#entries.get(key)
    if (entry) entry.users++
    else this.#entries.set(key, { users: 1, object: undefined, loaded: undefined, watch: undefined })
  }

  release(namespace: string, name: string): void {
    const key = objectKey(namespace, name)
    const entry = this.#entries.get(key)
    if (!entry || --entry.users > 0) return
    entry.watch?.cancel()
    this.#entries.delete(key)
  }

  /** The object, or undefined when there is none. Rejects when the API cannot be asked. */
  async get(namespace: string, name: string): Promise<T | undefined> {
    const key = objectKey(namespace, name)
    const entry = this.#entries.get(key)
    if (!entry) throw new Error(`object ${JSON.stringify(namespace)}/${JSON.stringify(name)} not registered`)
    entry.loaded ??= this.#load(key, entry, namespace, name).catch((error: unknown) => {
      entry.loaded = undefined
      throw error
    })
    await entry.loaded
    return entry.object
  }

  async #load(key: string, entry: Entry<T>, namespace: string, name: string): Promise<void> {
    const fieldSelector = `metadata.name=${name}`
    const list = await this.#client.list(this.#kind, { namespace, fieldSelector })
    if (this.#entries.get(key) !== entry) return
    entry.object = list.items[0]
    entry.watch = this.#client.watch(
      this.#kind,
      { namespace, fieldSelector, resourceVersion: list.metadata.resourceVersion ?? '', allowBookmarks: true },
      (events) => {
        for (const event of events) {
          if (event.type === 'ADDED' || event.type === 'MODIFIED') entry.object = event.object as T
          else if (event.type === 'DELETED') entry.object = undefined
        }
      },
      () => {
        entry.watch = undefined
        if (this.#entries.get(key) !== entry) return
        // What is known stays good enough until the next list.
        this.#process.clock.afterUncaused(relistMs, () => {
          if (this.#entries.get(key) === entry && !entry.watch) void this.#load(key, entry, namespace, name).catch(() => (entry.loaded = undefined))
        })
      },
    )
  }
}

import type { Informer } from '../../../api/client/contract.ts'
import { keyOf, objectKey, type KubeObject } from '../../../api/machinery/object.ts'

/** An informer's objects, with what this controller itself has written until the informer has it too: decisions do not repeat
 *  because a cache lags. Bounded by the writes that are still on their way back. */
export class OwnWrites<T extends KubeObject> {
  readonly #informer: Informer<T>
  readonly #written = new Map<string, T>()

  /** Create before the informers start, and before handlers are registered that read through it. */
  constructor(informer: Informer<T>) {
    this.#informer = informer
    const seen = (object: T): void => {
      const mine = this.#written.get(keyOf(object))
      if (mine && (mine.metadata.uid !== object.metadata.uid || versionOf(object) >= versionOf(mine))) this.#written.delete(keyOf(object))
    }
    informer.onChange({ added: seen, updated: seen, deleted: (object) => void this.#written.delete(keyOf(object)) })
  }

  get(namespace: string | undefined, name: string): T | undefined {
    const cached = this.#informer.get(namespace, name)
    return cached && this.newest(cached)
  }

  /** The same object as this controller last wrote it. */
  newest(cached: T): T {
    const mine = this.#written.get(keyOf(cached))
    return mine && mine.metadata.uid === cached.metadata.uid && versionOf(mine) > versionOf(cached) ? mine : cached
  }

  /** Remembers an answer of the server; returns it. */
  wrote(object: T): T {
    const cached = this.#informer.get(object.metadata.namespace, object.metadata.name)
    if (cached && versionOf(object) > versionOf(cached)) this.#written.set(objectKey(object.metadata.namespace, object.metadata.name), object)
    return object
  }
}

function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion ?? 0)
}

import { keyOf, type KubeObject } from '../../../api/machinery/object.ts'
import type { ObjectSource } from './volume-sources.ts'

/** Objects as they will be when what was decided about them is written. An assumption stands on one version of its object and falls
 *  with it: what the API server says later is the truth. Upstream's assume cache. */
export class AssumedObjects<T extends KubeObject> {
  readonly #source: Pick<ObjectSource<T>, 'get'>
  readonly #assumed = new Map<string, T>()

  constructor(source: Pick<ObjectSource<T>, 'get'>) {
    this.#source = source
  }

  get size(): number {
    return this.#assumed.size
  }

  get(namespace: string | undefined, name: string): T | undefined {
    const actual = this.#source.get(namespace, name)
    return actual && this.seen(actual)
  }

  /** An object of the source as it is assumed to be. */
  seen(actual: T): T {
    if (this.#assumed.size === 0) return actual
    const key = keyOf(actual)
    const assumed = this.#assumed.get(key)
    if (!assumed) return actual
    if (assumed.metadata.resourceVersion === actual.metadata.resourceVersion && assumed.metadata.uid === actual.metadata.uid) return assumed
    this.#assumed.delete(key)
    return actual
  }

  /** Changed from the object of this resource version. */
  assume(object: T): void {
    this.#assumed.set(keyOf(object), object)
  }

  revert(object: T): void {
    this.#assumed.delete(keyOf(object))
  }
}

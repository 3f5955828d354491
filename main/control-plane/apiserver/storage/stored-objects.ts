import { deepFreeze } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { objectJson } from '../../../api/machinery/object-json.ts'
import type { KeyValue } from '../../etcd/client.ts'

interface Entry {
  revision: number
  object: KubeObject
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Objects as etcd holds them: JSON without resourceVersion, which is the key's revision. A value is decoded at most once,
 *  and never when this server wrote it: values keep their identity on the way through etcd. */
export class StoredObjects {
  readonly #byValue = new WeakMap<Uint8Array, Entry>()
  readonly #freeze: boolean

  /** `freeze` makes every object that is handed out immutable in fact, for tests and development. */
  constructor(freeze: boolean) {
    this.#freeze = freeze
  }

  /** The bytes to store. `object` must not change afterwards. */
  encode(object: KubeObject): Uint8Array {
    const value = encoder.encode(objectJson(object, true))
    this.#byValue.set(value, { revision: 0, object })
    return value
  }

  /** The object that lies under a key, with its resourceVersion; shared, never to be changed. */
  decode(kv: KeyValue): KubeObject {
    const known = this.#byValue.get(kv.value)
    if (known) {
      if (known.revision !== kv.modRevision) {
        known.object = this.#sealed(withVersion(known.object, kv.modRevision))
        known.revision = kv.modRevision
      }
      return known.object
    }
    const object = this.#sealed(withVersion(JSON.parse(decoder.decode(kv.value)) as KubeObject, kv.modRevision))
    this.#byValue.set(kv.value, { revision: kv.modRevision, object })
    return object
  }

  /** Lets go of the object that was made of a value which is no longer the newest: etcd keeps old values for minutes, and hardly
   *  anybody reads them. */
  forget(kv: KeyValue): void {
    this.#byValue.delete(kv.value)
  }

  #sealed(object: KubeObject): KubeObject {
    return this.#freeze ? deepFreeze(object) : object
  }
}

/** The object with that resourceVersion (undefined: none), everything else shared. */
export function withVersion<T extends KubeObject>(object: T, revision: number | undefined): T {
  const metadata = { ...object.metadata, resourceVersion: revision === undefined ? undefined : String(revision) }
  // What was stored once has its fields in this order, and can be copied as a whole.
  if (beginsWithKind(object)) return { ...object, metadata }
  const { kind, apiVersion, metadata: _old, ...rest } = object
  return { kind, apiVersion, metadata, ...rest } as unknown as T
}

function beginsWithKind(object: KubeObject): boolean {
  for (const name in object) return name === 'kind'
  return false
}

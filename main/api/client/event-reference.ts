import type { Clock } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import type { ObjectReference } from '../generated/types.ts'
import type { KubeObject } from '../machinery/object.ts'

/** The reference that events carry to what they are about. */
export function referenceTo(object: KubeObject, fieldPath?: string): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata
  return {
    kind: object.kind,
    ...(namespace ? { namespace } : {}),
    name,
    ...(uid ? { uid } : {}),
    apiVersion: object.apiVersion,
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(fieldPath ? { fieldPath } : {}),
  }
}

/** Event names: the object's name and the time in hexadecimal nanoseconds. Virtual time stands still within an event and
 *  recorders share it, so each recorder has nanoseconds of its own and never uses one twice. */
export class EventNames {
  readonly #clock: Clock
  readonly #offset: bigint
  #last = 0n

  constructor(host: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = host.clock
    this.#offset = BigInt(host.random.below(1_000_000))
  }

  next(objectName: string): string {
    const now = BigInt(Math.floor(this.#clock.now())) * 1_000_000n + this.#offset
    this.#last = now > this.#last ? now : this.#last + 1n
    return `${objectName}.${this.#last.toString(16)}`
  }
}

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

const bit24 = 2 ** 24

/** Event names: the object's name and the time in hexadecimal nanoseconds. Virtual time stands still within an event and
 *  recorders share it, so each recorder has nanoseconds of its own and never uses one twice. */
export class EventNames {
  readonly #clock: Clock
  readonly #offset: number
  /** The nanoseconds of the last name: their low 24 bits, and the rest. Together they are more than a number holds. */
  #low = 0
  #high = 0

  constructor(host: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = host.clock
    this.#offset = host.random.below(1_000_000)
  }

  next(objectName: string): string {
    const nowMs = Math.floor(this.#clock.now())
    const part = (nowMs % bit24) * 1_000_000 + this.#offset
    let high = Math.floor(nowMs / bit24) * 1_000_000 + Math.floor(part / bit24)
    let low = part % bit24
    if (high < this.#high || (high === this.#high && low <= this.#low)) {
      low = (this.#low + 1) % bit24
      high = low === 0 ? this.#high + 1 : this.#high
    }
    this.#low = low
    this.#high = high
    return `${objectName}.${high.toString(16)}${low.toString(16).padStart(6, '0')}`
  }
}

import type { Random } from '../../../kernel/random.ts'
import type { KeyValue } from '../../etcd/client.ts'
import type { Storage } from '../storage/storage.ts'
import { AllocationRange, reservedPart } from './range.ts'

const key = '/registry/ranges/servicenodeports'

interface Known {
  readonly revision: number
  readonly taken: readonly number[]
}

/** Which node ports are taken, in etcd: one RangeAllocation with a bit per port, as upstream keeps it. Every change replaces the whole on
 *  the condition that nobody else did meanwhile. */
export class PortClaims {
  readonly first: number
  readonly last: number
  readonly #storage: Storage
  readonly #random: Random
  #known: Known | undefined

  constructor(storage: Storage, ports: { readonly first: number; readonly last: number }, random: Random) {
    this.#storage = storage
    this.first = ports.first
    this.last = ports.last
    this.#random = random
  }

  /** Changes what is taken. `change` gets the range, with offsets from the first port, and may be called again when another server was
   *  faster: all that it decides has to be in its answer. What it throws changes nothing. */
  async transact<R>(change: (range: AllocationRange) => R, dryRun = false): Promise<R> {
    let fresh = this.#known === undefined
    if (fresh) await this.#read()
    for (;;) {
      const { revision, taken } = this.#known!
      const range = this.#rangeOf(taken)
      let result: R
      try {
        result = change(range)
      } catch (error) {
        // What this server remembers may be old: a refusal counts only against what is really stored.
        if (fresh) throw error
        await this.#read()
        fresh = true
        continue
      }
      if (!range.changed || dryRun) return result
      const now = range.offsets()
      const outcome = await this.#storage.write(key, revision, this.#encode(now))
      if (outcome.revision !== undefined) {
        this.#known = { revision: outcome.revision, taken: now }
        return result
      }
      this.#known = decode(outcome.current)
      fresh = true
    }
  }

  async #read(): Promise<void> {
    this.#known = decode((await this.#storage.read(key)).kv)
  }

  #rangeOf(taken: readonly number[]): AllocationRange {
    const size = this.last - this.first + 1
    return new AllocationRange(size, reservedPart(size, 128), this.#random, taken)
  }

  #encode(taken: readonly number[]): Uint8Array {
    const record = { kind: 'RangeAllocation', apiVersion: 'v1', metadata: { creationTimestamp: null }, range: `${this.first}-${this.last}`, data: bitmapText(taken) }
    return new TextEncoder().encode(JSON.stringify(record))
  }
}

function decode(kv: KeyValue | undefined): Known {
  if (!kv) return { revision: 0, taken: [] }
  return { revision: kv.modRevision, taken: bitmapOffsets((JSON.parse(new TextDecoder().decode(kv.value)) as { data?: string }).data ?? '') }
}

/** Bits as the bytes of one large number, most significant first, in base64: what Go's big.Int writes. */
export function bitmapText(offsets: readonly number[]): string {
  const bytes = new Uint8Array(offsets.length === 0 ? 0 : Math.floor(Math.max(...offsets) / 8) + 1)
  for (const offset of offsets) {
    const at = bytes.length - 1 - Math.floor(offset / 8)
    bytes[at] = bytes[at]! | (1 << offset % 8)
  }
  return btoa(String.fromCharCode(...bytes))
}

export function bitmapOffsets(text: string): number[] {
  const bytes = atob(text)
  const offsets: number[] = []
  for (let low = 0; low < bytes.length; low++) {
    const byte = bytes.charCodeAt(bytes.length - 1 - low)
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) offsets.push(low * 8 + bit)
  }
  return offsets
}

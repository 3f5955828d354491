import { formatAddress, formatRange, rangeSize, type AddressRange } from './addresses.ts'

/** Addresses of one range, given out as the host-local IPAM plug-in does: the next free one after the last given, wrapping
 *  around; the network's, the gateway's (.1) and the broadcast address are not for pods. */
export class AddressPool {
  readonly range: AddressRange
  readonly #taken = new Set<number>()
  #last: number

  constructor(range: AddressRange) {
    this.range = range
    this.#last = range.base + 1
  }

  get gateway(): string {
    return formatAddress(this.range.base + 1)
  }

  get used(): number {
    return this.#taken.size
  }

  /** Throws the plug-in's error when none is left. */
  allocate(): string {
    const first = this.range.base + 2
    const last = this.range.base + rangeSize(this.range) - 2
    const count = last - first + 1
    for (let step = 0; step < count; step++) {
      const candidate = first + ((this.#last - first + 1 + step + count) % count)
      if (this.#taken.has(candidate)) continue
      this.#taken.add(candidate)
      this.#last = candidate
      return formatAddress(candidate)
    }
    throw new Error(`plugin type="ptp" failed (add): failed to allocate for range 0: no IP addresses available in range set: ${formatAddress(this.range.base + 1)}-${formatAddress(last)} (${formatRange(this.range)})`)
  }

  release(address: string): void {
    for (const taken of this.#taken) {
      if (formatAddress(taken) !== address) continue
      this.#taken.delete(taken)
      return
    }
  }
}

/** The ranges of one size that a larger IPv4 range is cut into, given out in turn, as nodeipam's CidrSet. */
export class CidrPool {
  readonly #base: number
  readonly #maskSize: number
  readonly #count: number
  readonly #used = new Set<number>()
  #next = 0

  /** Throws when the large range is not an IPv4 CIDR that holds one of the small ones. */
  constructor(clusterCidr: string, maskSize: number) {
    const [address, size] = parseCidr(clusterCidr)
    if (maskSize < size || maskSize > 32) throw new Error(`node CIDR mask size ${maskSize} does not fit into ${clusterCidr}`)
    this.#base = address
    this.#maskSize = maskSize
    this.#count = 2 ** (maskSize - size)
  }

  /** The next free range; undefined when none is left. */
  allocate(): string | undefined {
    for (let tried = 0; tried < this.#count; tried++) {
      const index = this.#next
      this.#next = (index + 1) % this.#count
      if (this.#used.has(index)) continue
      this.#used.add(index)
      return this.#textOf(index)
    }
    return undefined
  }

  occupy(cidr: string): void {
    const index = this.#indexOf(cidr)
    if (index !== undefined) this.#used.add(index)
  }

  release(cidr: string): void {
    const index = this.#indexOf(cidr)
    if (index !== undefined) this.#used.delete(index)
  }

  #indexOf(cidr: string): number | undefined {
    const [address] = parseCidr(cidr)
    const index = Math.floor((address - this.#base) / 2 ** (32 - this.#maskSize))
    return index >= 0 && index < this.#count ? index : undefined
  }

  #textOf(index: number): string {
    const address = this.#base + index * 2 ** (32 - this.#maskSize)
    return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${this.#maskSize}`
  }
}

function parseCidr(text: string): [address: number, size: number] {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text)
  if (!match) throw new Error(`invalid CIDR address: ${text}`)
  const [a, b, c, d, size] = match.slice(1).map(Number) as [number, number, number, number, number]
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  return [address - (address % 2 ** (32 - size)), size]
}

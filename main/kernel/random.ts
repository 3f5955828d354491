/** A stream of pseudo-random numbers (xoshiro128**): the same seed and name give the same numbers on every machine. */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    let state = seed >>> 0
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0
      let mixed = state
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
      return (mixed ^ (mixed >>> 16)) >>> 0
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next()
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    const scrambled = Math.imul(this.#b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** A number in [0, 1). */
  float(): number {
    return this.uint32() / 4294967296
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.float() * bound)
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.float() < probability
  }

  /** `base` plus up to `factor` times `base`, as upstream's wait.Jitter. */
  jitter(base: number, factor: number): number {
    return base * (1 + this.float() * factor)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  /** An RFC 4122 version 4 identifier. */
  uuid(): string {
    const [a, b, c, d] = [this.uint32(), this.uint32(), this.uint32(), this.uint32()]
    const [versioned, variant] = [(b & 0x0fff) | 0x4000, (c >>> 16 & 0x3fff) | 0x8000]
    return `${hexOf(a >>> 16)}${hexOf(a)}-${hexOf(b >>> 16)}-${hexOf(versioned)}-${hexOf(variant)}-${hexOf(c)}${hexOf(d >>> 16)}${hexOf(d)}`
  }

  /** A name suffix as Kubernetes' rand.String: no vowels, no digits that look like letters. */
  suffix(length: number): string {
    const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
    let text = ''
    for (let index = 0; index < length; index++) text += alphabet[this.below(alphabet.length)]
    return text
  }
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The lowest 16 bits, as four digits. */
function hexOf(word: number): string {
  return hexOfByte[(word >>> 8) & 0xff]! + hexOfByte[word & 0xff]!
}

/** Hands out named streams, so that drawing more numbers in one component does not move the numbers of another. */
export class RandomSource {
  readonly seed: number

  constructor(seed: number) {
    this.seed = seed
  }

  stream(name: string): Random {
    let hash = (0x811c9dc5 ^ this.seed) >>> 0
    for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0
    return new Random(hash ^ Math.imul(this.seed, 0x9e3779b1))
  }
}

import type { Random } from '../../../kernel/random.ts'

/** Numbers of a range that are handed out once each. As upstream, the lower part of the range is kept for those who name the number
 *  they want, and taken at random only when the rest is full. */
export class AllocationRange {
  readonly size: number
  readonly #reserved: number
  readonly #random: Random
  readonly #taken: Set<number>
  #changed = false

  constructor(size: number, reserved: number, random: Random, taken: Iterable<number> = []) {
    this.size = size
    this.#reserved = reserved
    this.#random = random
    this.#taken = new Set(taken)
  }

  /** Whether anything was taken or released since it was made. */
  get changed(): boolean {
    return this.#changed
  }

  /** What is taken, in order. */
  offsets(): number[] {
    return [...this.#taken].sort((a, b) => a - b)
  }

  /** How many are taken. */
  get used(): number {
    return this.#taken.size
  }

  /** Takes one number; false when somebody has it. */
  take(offset: number): boolean {
    if (this.#taken.has(offset)) return false
    this.#taken.add(offset)
    this.#changed = true
    return true
  }

  /** Takes any free number; undefined when all are taken. */
  takeAny(): number | undefined {
    if (this.#taken.size >= this.size) return undefined
    return this.#freeIn(this.#reserved, this.size) ?? this.#freeIn(0, this.#reserved)
  }

  release(offset: number): void {
    if (this.#taken.delete(offset)) this.#changed = true
  }

  has(offset: number): boolean {
    return this.#taken.has(offset)
  }

  #freeIn(first: number, end: number): number | undefined {
    const count = end - first
    if (count <= 0) return undefined
    const start = this.#random.below(count)
    for (let step = 0; step < count; step++) {
      const offset = first + ((start + step) % count)
      if (this.take(offset)) return offset
    }
    return undefined
  }
}

/** How much of a range is kept for explicit requests: a sixteenth, between 16 and 256 for addresses, and 128 for ports. */
export function reservedPart(size: number, most: number): number {
  return Math.min(Math.max(16, Math.floor(size / 16)), most, Math.max(0, size - 1))
}

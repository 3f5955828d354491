/** The memory that all containers of a machine share: kept up to date by each, so that nobody has to add it up. */
export class MachineMemory {
  readonly capacityBytes: number
  #usedBytes = 0
  /** Called when more is used than there is; has to free some. */
  readonly #exhausted: () => void
  #freeing = false

  constructor(capacityBytes: number, exhausted: () => void) {
    this.capacityBytes = capacityBytes
    this.#exhausted = exhausted
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Some container uses so much more (or less) than before. */
  change(bytes: number): void {
    this.#usedBytes += bytes
    if (bytes <= 0 || this.#freeing) return
    this.#freeing = true
    // Each call kills one; what it held is given back before the next is chosen.
    for (let before = Infinity; this.#usedBytes > this.capacityBytes && this.#usedBytes < before; ) {
      before = this.#usedBytes
      this.#exhausted()
    }
    this.#freeing = false
  }
}

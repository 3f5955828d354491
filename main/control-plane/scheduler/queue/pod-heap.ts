/** A binary heap with a key for each item, so that any of them can be found, replaced and removed. */
export class KeyedHeap<T> {
  readonly #items: T[] = []
  readonly #positions = new Map<string, number>()
  readonly #keyOf: (item: T) => string
  readonly #before: (a: T, b: T) => boolean

  constructor(keyOf: (item: T) => string, before: (a: T, b: T) => boolean) {
    this.#keyOf = keyOf
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  get(key: string): T | undefined {
    const position = this.#positions.get(key)
    return position === undefined ? undefined : this.#items[position]
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  /** Adds the item, or puts it in the place of the one with its key. */
  set(item: T): void {
    const key = this.#keyOf(item)
    const position = this.#positions.get(key) ?? this.#items.length
    this.#items[position] = item
    this.#positions.set(key, position)
    this.#sink(this.#rise(position))
  }

  pop(): T | undefined {
    const first = this.#items[0]
    if (first !== undefined) this.delete(this.#keyOf(first))
    return first
  }

  delete(key: string): T | undefined {
    const position = this.#positions.get(key)
    if (position === undefined) return undefined
    const removed = this.#items[position]!
    const last = this.#items.pop()!
    this.#positions.delete(key)
    if (position < this.#items.length) {
      this.#items[position] = last
      this.#positions.set(this.#keyOf(last), position)
      this.#sink(this.#rise(position))
    }
    return removed
  }

  values(): readonly T[] {
    return this.#items
  }

  #rise(start: number): number {
    let position = start
    while (position > 0) {
      const parent = (position - 1) >>> 1
      if (!this.#before(this.#items[position]!, this.#items[parent]!)) break
      this.#swap(position, parent)
      position = parent
    }
    return position
  }

  #sink(start: number): void {
    let position = start
    for (;;) {
      let child = 2 * position + 1
      if (child >= this.#items.length) return
      if (child + 1 < this.#items.length && this.#before(this.#items[child + 1]!, this.#items[child]!)) child++
      if (!this.#before(this.#items[child]!, this.#items[position]!)) return
      this.#swap(position, child)
      position = child
    }
  }

  #swap(a: number, b: number): void {
    const first = this.#items[a]!
    const second = this.#items[b]!
    this.#items[a] = second
    this.#items[b] = first
    this.#positions.set(this.#keyOf(second), a)
    this.#positions.set(this.#keyOf(first), b)
  }
}

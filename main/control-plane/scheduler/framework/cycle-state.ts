/** Names what a plugin keeps between its extension points in one cycle. */
export class StateKey<T> {
  readonly name: string
  /** How preemption's trials get a copy of their own; absent: the value never changes and is shared. */
  readonly clone: ((value: T) => T) | undefined

  constructor(name: string, clone?: (value: T) => T) {
    this.name = name
    this.clone = clone
  }
}

/** What plugins remember during one attempt to schedule one pod. */
export class CycleState {
  readonly #values = new Map<StateKey<unknown>, unknown>()
  /** Plugins whose Filter, or Score, has nothing to do in this cycle. */
  readonly skippedFilters = new Set<string>()
  readonly skippedScores = new Set<string>()

  /** Throws when nobody wrote it. */
  read<T>(key: StateKey<T>): T {
    if (!this.#values.has(key as StateKey<unknown>)) throw new Error(`reading "${key.name}" from cycleState: not found`)
    return this.#values.get(key as StateKey<unknown>) as T
  }

  find<T>(key: StateKey<T>): T | undefined {
    return this.#values.get(key as StateKey<unknown>) as T | undefined
  }

  write<T>(key: StateKey<T>, value: T): void {
    this.#values.set(key as StateKey<unknown>, value)
  }

  clone(): CycleState {
    const copy = new CycleState()
    for (const [key, value] of this.#values) copy.#values.set(key, key.clone ? key.clone(value) : value)
    for (const name of this.skippedFilters) copy.skippedFilters.add(name)
    return copy
  }
}

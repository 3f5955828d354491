/** Something that entered from outside: a request, a keystroke, a fault. `index` is the number of events that ran before
 *  it, `data` is plain JSON and enough to do it again. */
export interface RecordedInput {
  readonly index: number
  readonly time: number
  readonly label: string
  readonly data: unknown
}

/** The inputs of a run, in order; when replaying, also the ones still to come. Bounded: a live run that outgrows
 *  `lengthMax` keeps its newest inputs and says that it can no longer be replayed from the start. */
export class InputLog {
  readonly recorded: RecordedInput[] = []
  truncated = false
  #upcoming: readonly RecordedInput[] = []
  #position = 0
  #apply: ((input: RecordedInput) => void) | undefined
  readonly #lengthMax: number

  constructor(lengthMax = 100_000) {
    this.#lengthMax = lengthMax
  }

  record(input: RecordedInput): void {
    this.recorded.push(input)
    if (this.recorded.length > this.#lengthMax) {
      this.recorded.splice(0, this.#lengthMax / 2)
      this.truncated = true
    }
  }

  startReplay(inputs: readonly RecordedInput[], apply: (input: RecordedInput) => void): void {
    this.#upcoming = inputs
    this.#position = 0
    this.#apply = apply
  }

  /** The input that has to run as event number `executed`, if any. */
  due(executed: number): RecordedInput | undefined {
    const next = this.#upcoming[this.#position]
    return next && next.index <= executed ? next : undefined
  }

  apply(input: RecordedInput): void {
    this.#position++
    this.record(input)
    this.#apply!(input)
  }
}

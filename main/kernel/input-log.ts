/** Something that entered from outside: a request, a keystroke, a fault. `index` is the number of events that ran before
 *  it, `data` is plain JSON and enough to do it again. */
export interface RecordedInput {
  readonly index: number
  readonly time: number
  readonly label: string
  readonly data: unknown
}

/** The inputs of a run, in order; when replaying, also the ones still to come. Bounded: a live run that outgrows
 *  `lengthMax` inputs or `bytesMax` of what they hold keeps its newest and says that it can no longer be replayed from the start. */
export class InputLog {
  readonly recorded: RecordedInput[] = []
  truncated = false
  #upcoming: readonly RecordedInput[] = []
  #position = 0
  #apply: ((input: RecordedInput) => void) | undefined
  readonly #lengthMax: number
  readonly #bytesMax: number
  #bytes = 0

  constructor(lengthMax = 100_000, bytesMax = 64 * 1024 * 1024) {
    this.#lengthMax = lengthMax
    this.#bytesMax = bytesMax
  }

  record(input: RecordedInput): void {
    this.recorded.push(input)
    this.#bytes += textBytes(input.data)
    if (this.recorded.length <= this.#lengthMax && this.#bytes <= this.#bytesMax) return
    this.truncated = true
    this.recorded.splice(0, Math.ceil(this.recorded.length / 2))
    while ((this.#bytes = this.#heldBytes()) > this.#bytesMax && this.recorded.length > 0) this.recorded.splice(0, Math.ceil(this.recorded.length / 2))
  }

  #heldBytes(): number {
    return this.recorded.reduce((sum, { data }) => sum + textBytes(data), 0)
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

const depthMax = 4

/** About how much the texts inside plain JSON take: bodies and bytes are texts here. */
function textBytes(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null || depth === depthMax) return 0
  let sum = 0
  for (const key in value) sum += textBytes((value as Record<string, unknown>)[key], depth + 1)
  return sum
}

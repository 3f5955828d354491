/** One thing that the kernel will do: `run` is called when virtual time reaches `time`. It is its own handle. */
export class ScheduledEvent {
  readonly time: number
  readonly sequence: number
  readonly cause: number
  /** Null once it was taken or cancelled. */
  run: (() => void) | null
  readonly queue: EventQueue

  constructor(queue: EventQueue, time: number, sequence: number, cause: number, run: () => void) {
    this.queue = queue
    this.time = time
    this.sequence = sequence
    this.cause = cause
    this.run = run
  }

  cancel(): void {
    this.queue.cancel(this)
  }
}

/** A binary heap ordered by (time, sequence): events due at the same instant run in the order they were scheduled.
 *  A cancelled event keeps its place with `run = null` and is skipped; the heap is rebuilt when half of it is dead. */
export class EventQueue {
  #heap: ScheduledEvent[] = []
  #dead = 0

  get size(): number {
    return this.#heap.length - this.#dead
  }

  push(event: ScheduledEvent): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(event)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]!
      if (!before(event, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = event
  }

  /** The next live event without removing it. */
  peek(): ScheduledEvent | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.run === null) {
      this.#removeTop()
      this.#dead--
    }
    return this.#heap[0]
  }

  /** Takes the work of the event that `peek` answered: from now on, cancelling it does nothing. */
  take(top: ScheduledEvent): () => void {
    const run = top.run!
    top.run = null
    this.#removeTop()
    return run
  }

  cancel(event: ScheduledEvent): void {
    if (event.run === null) return
    event.run = null
    this.#dead++
    if (this.#dead > 1024 && this.#dead * 2 > this.#heap.length) this.#compact()
  }

  #compact(): void {
    const live = this.#heap.filter((event) => event.run !== null)
    this.#heap = []
    this.#dead = 0
    for (const event of live) this.push(event)
  }

  #removeTop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    const length = heap.length
    if (length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= length) break
      if (child + 1 < length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}

function before(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence)
}

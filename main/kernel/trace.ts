/** A piece of work with a beginning, an end and a cause. `parent` 0 means that nothing inside caused it. */
export interface Span {
  readonly id: number
  readonly parent: number
  readonly name: string
  /** Who did it, as `process@machine`. */
  readonly where: string
  readonly start: number
  end: number | undefined
  /** Facts worth showing; a finished span may have gained some. */
  attributes: Readonly<Record<string, string | number | boolean>>
}

/** All spans of a run, newest kept, oldest forgotten. The kernel sets `current` before each event to the span that
 *  caused it; whoever starts a span makes it current until the event ends. */
export class Trace {
  /** Id of the span under which the running event happens; 0 = none. */
  current = 0
  readonly #now: () => number
  /** A ring: the span with id n lies at n modulo the capacity, until a newer one takes its place. */
  readonly #ring: Span[] = []
  readonly #capacity: number
  readonly #listeners = new Set<(span: Span, phase: 'start' | 'end') => void>()
  #next = 1

  constructor(now: () => number, capacity = 20_000) {
    this.#now = now
    this.#capacity = capacity
  }

  /** Starts a span under `parent` (default: the current one) and makes it current. */
  start(where: string, name: string, attributes: Span['attributes'] = {}, parent = this.current): Span {
    const span: Span = { id: this.#next++, parent, name, where, start: this.#now(), end: undefined, attributes }
    // Ids begin with 1.
    this.#ring[(span.id - 1) % this.#capacity] = span
    this.current = span.id
    for (const listener of this.#listeners) listener(span, 'start')
    return span
  }

  end(span: Span, attributes?: Span['attributes']): void {
    if (span.end !== undefined) return
    span.end = this.#now()
    if (attributes) span.attributes = { ...span.attributes, ...attributes }
    for (const listener of this.#listeners) listener(span, 'end')
  }

  get(id: number): Span | undefined {
    const span = this.#ring[(id - 1) % this.#capacity]
    return span?.id === id ? span : undefined
  }

  /** The oldest known ancestor: what set this off. */
  root(id: number): Span | undefined {
    let span = this.get(id)
    while (span && span.parent !== 0) {
      const parent = this.get(span.parent)
      if (!parent) break
      span = parent
    }
    return span
  }

  /** Those that are known, oldest first. */
  *spans(): IterableIterator<Span> {
    for (let id = Math.max(1, this.#next - this.#capacity); id < this.#next; id++) yield this.#ring[(id - 1) % this.#capacity]!
  }

  onSpan(listener: (span: Span, phase: 'start' | 'end') => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

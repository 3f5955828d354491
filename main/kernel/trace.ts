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
  readonly #spans = new Map<number, Span>()
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
    this.#spans.set(span.id, span)
    // Ids have no gaps, so the oldest is known without looking for it.
    if (this.#spans.size > this.#capacity) this.#spans.delete(span.id - this.#capacity)
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
    return this.#spans.get(id)
  }

  /** The oldest known ancestor: what set this off. */
  root(id: number): Span | undefined {
    let span = this.#spans.get(id)
    while (span && span.parent !== 0) {
      const parent = this.#spans.get(span.parent)
      if (!parent) break
      span = parent
    }
    return span
  }

  spans(): IterableIterator<Span> {
    return this.#spans.values()
  }

  onSpan(listener: (span: Span, phase: 'start' | 'end') => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

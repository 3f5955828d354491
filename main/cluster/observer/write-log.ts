import type { Span, Trace } from '../../kernel/trace.ts'
import type { EtcdWriteView } from '../../../preload/contract/etcd.ts'

const writesMax = 8_192
const transaction = 'KV/Txn '
const requestName = /^[A-Z]+ \//

interface Write {
  readonly span: Span
  readonly request: Span | undefined
  readonly cause: string
}

/** Remembers which request wrote which revision of which key: etcd keeps the values, the spans say who came with them. */
export class WriteLog {
  readonly #writes = new Map<string, Write>()
  readonly #trace: Trace
  readonly #stop: () => void

  constructor(trace: Trace) {
    this.#trace = trace
    this.#stop = trace.onSpan((span, phase) => {
      if (phase === 'end' && span.name.startsWith(transaction) && typeof span.attributes.revision === 'number') this.#note(span, span.attributes.revision)
    })
  }

  /** The write that made this version of the key; undefined when it was not seen, or is forgotten. */
  of(key: string, modRevision: number): EtcdWriteView | undefined {
    const write = this.#writes.get(`${modRevision} ${key}`)
    if (!write) return undefined
    const { span, request, cause } = write
    // The request's span learns who sent it when it ends, later than the write.
    return { time: span.end ?? span.start, spanId: span.id, request: request?.name ?? '', user: String(request?.attributes.user ?? ''), cause }
  }

  close(): void {
    this.#stop()
  }

  #note(span: Span, revision: number): void {
    const key = `${revision} ${span.name.slice(transaction.length)}`
    // A transaction whose condition failed reports the revision that an earlier one of the same key made.
    if (this.#writes.has(key)) return
    const root = this.#trace.root(span.id)
    this.#writes.set(key, { span, request: this.#requestAbove(span), cause: root?.where.endsWith('@outside') ? root.name : '' })
    if (this.#writes.size > writesMax) this.#writes.delete(this.#writes.keys().next().value!)
  }

  #requestAbove(span: Span): Span | undefined {
    let at: Span | undefined = span
    while (at && !(requestName.test(at.name) && at.where.startsWith('kube-apiserver@'))) at = this.#trace.get(at.parent)
    return at
  }
}

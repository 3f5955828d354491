import type { Process } from '../../../kernel/machine.ts'
import type { EtcdClient, KeyValue, RangeResponse, RequestOp } from '../../etcd/client.ts'
import type { Feed } from './feed.ts'
import { StorageMetrics } from './storage-metrics.ts'
import { rangeEndOf } from './keys.ts'

/** The outcome of a conditional write: the revision it made, or what lies under the key instead. */
export type Written = { readonly revision: number } | { readonly revision: undefined; readonly current: KeyValue | undefined }

/** Conditional writes and reads of single keys. Every write is announced to the feed, so that watchers wake under its span. */
export class Storage {
  readonly metrics = new StorageMetrics()
  readonly etcd: EtcdClient
  readonly feed: Feed

  readonly #process: Process

  constructor(process: Process, etcd: EtcdClient, feed: Feed) {
    this.#process = process
    this.etcd = etcd
    this.feed = feed
  }

  async read(key: string): Promise<{ readonly kv: KeyValue | undefined; readonly revision: number }> {
    const { kvs, header } = await this.#spanned('get', key, () => this.etcd.range({ key }))
    return { kv: kvs[0], revision: header.revision }
  }

  /** Writes when the key's revision is `expected` (0: when there is no such key). */
  write(key: string, expected: number, value: Uint8Array, lease?: number): Promise<Written> {
    return this.#transact(key, expected, { type: 'put', request: lease ? { key, value, lease } : { key, value } })
  }

  /** Deletes when the key's revision is `expected`. */
  remove(key: string, expected: number): Promise<Written> {
    return this.#transact(key, expected, { type: 'deleteRange', request: { key } })
  }

  /** The revision that etcd stands at, by a linearizable read. */
  async currentRevision(): Promise<number> {
    return (await this.etcd.range({ key: '/registry/-', countOnly: true })).header.revision
  }

  /** A page of a range at one revision (0: the newest). `from` is the first key wanted. */
  page(start: string, from: string, limit: number, revision: number): Promise<RangeResponse> {
    return this.#spanned('list', start, () => this.etcd.range({ key: from, rangeEnd: rangeEndOf(start), limit, revision }))
  }

  #transact(key: string, expected: number, change: RequestOp): Promise<Written> {
    return this.#spanned(change.type === 'put' ? (expected === 0 ? 'create' : 'update') : 'delete', key, () => this.#conditionally(key, expected, change))
  }

  /** A span for the way to etcd and back; what it wakes hangs below it. */
  async #spanned<R>(verb: string, key: string, run: () => Promise<R>): Promise<R> {
    const { trace } = this.#process.kernel
    const parent = trace.current
    const span = parent === 0 ? undefined : this.#process.span(`etcd ${verb}`, { key }, parent)
    const begun = this.#process.clock.now()
    let failed = true
    try {
      const result = await run()
      failed = false
      return result
    } finally {
      this.metrics.add(verb, key, (this.#process.clock.now() - begun) / 1000, failed)
      if (span) {
        this.#process.endSpan(span)
        trace.current = parent
      }
    }
  }

  async #conditionally(key: string, expected: number, change: RequestOp): Promise<Written> {
    const finished = this.feed.writing(key)
    let revision: number | undefined
    try {
      const response = await this.etcd.txn({
        compare: [{ key, target: 'mod', result: 'equal', value: expected }],
        success: [change],
        failure: [{ type: 'range', request: { key } }],
      })
      if (response.succeeded) {
        revision = response.header.revision
        return { revision }
      }
      const found = response.responses[0]
      return { revision: undefined, current: found?.type === 'range' ? found.response.kvs[0] : undefined }
    } finally {
      finished(revision)
    }
  }
}

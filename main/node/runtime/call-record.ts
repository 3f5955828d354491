/** One call as the runtime keeps it for whoever looks. */
export interface CallRecord {
  readonly time: number
  readonly method: string
  readonly about: string
  durationMs: number
  error: string | undefined
}

const capacity = 300

/** The newest calls. */
export class CallRing {
  readonly #records: CallRecord[] = []
  #total = 0
  #failed = 0

  begin(time: number, method: string, about: string): CallRecord {
    const record: CallRecord = { time, method, about, durationMs: 0, error: undefined }
    this.#records.push(record)
    if (this.#records.length > capacity) this.#records.shift()
    this.#total++
    return record
  }

  end(record: CallRecord, durationMs: number, error?: string): void {
    record.durationMs = durationMs
    record.error = error
    if (error !== undefined) this.#failed++
  }

  snapshot(): { readonly total: number; readonly failed: number; readonly calls: readonly CallRecord[] } {
    return { total: this.#total, failed: this.#failed, calls: this.#records.map((record) => ({ ...record })) }
  }
}

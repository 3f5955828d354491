import { Buckets } from '../metrics/buckets.ts'

const bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25]

export type WebhookType = 'admit' | 'validating'

export interface WebhookCount {
  readonly name: string
  readonly type: WebhookType
  readonly operation: string
  readonly rejected: boolean
  readonly code: number
  readonly seconds: Buckets
}

/** How webhooks do: upstream's admission webhook metrics. */
export class WebhookMetrics {
  readonly #calls = new Map<string, WebhookCount>()
  readonly #rejections = new Map<string, { readonly labels: Readonly<Record<string, string>>; count: number }>()
  readonly #open = new Map<string, { readonly labels: Readonly<Record<string, string>>; count: number }>()

  called(name: string, type: WebhookType, operation: string, rejected: boolean, code: number, seconds: number): void {
    const key = `${name} ${type} ${operation} ${rejected} ${code}`
    let count = this.#calls.get(key)
    if (!count) this.#calls.set(key, (count = { name, type, operation, rejected, code, seconds: new Buckets(bounds) }))
    count.seconds.add(seconds)
  }

  /** `kind`: calling_webhook_error, no_error or apiserver_internal_error. */
  rejected(name: string, type: WebhookType, operation: string, kind: string, code: number): void {
    bump(this.#rejections, { name, type, operation, error_type: kind, rejection_code: String(code) })
  }

  failedOpen(name: string, type: WebhookType): void {
    bump(this.#open, { name, type })
  }

  calls(): Iterable<WebhookCount> {
    return this.#calls.values()
  }

  rejections(): Iterable<{ readonly labels: Readonly<Record<string, string>>; readonly count: number }> {
    return this.#rejections.values()
  }

  failuresOpen(): Iterable<{ readonly labels: Readonly<Record<string, string>>; readonly count: number }> {
    return this.#open.values()
  }
}

function bump(counts: Map<string, { readonly labels: Readonly<Record<string, string>>; count: number }>, labels: Readonly<Record<string, string>>): void {
  const key = JSON.stringify(labels)
  const known = counts.get(key)
  if (known) known.count++
  else counts.set(key, { labels, count: 1 })
}

import type { HttpRequest, HttpResponse, HttpStream, HttpTransport, RequestOptions } from '../../../kernel/http.ts'
import type { Clock } from '../../../kernel/clock.ts'

/** client-go's buckets of a request's duration. */
export const requestBoundsSeconds: readonly number[] = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

export interface RequestDurations {
  readonly counts: number[]
  sum: number
  count: number
}

/** What client-go counts of the requests of a process: `rest_client_requests_total` by code and method, `<error>` where none was answered,
 *  and durations by verb. */
export class ClientMetrics {
  /** Keyed `code method`. */
  readonly requests = new Map<string, number>()
  readonly durations = new Map<string, RequestDurations>()

  count(code: string, method: string, ms: number): void {
    const key = `${code} ${method}`
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1)
    let durations = this.durations.get(method)
    if (!durations) this.durations.set(method, (durations = { counts: requestBoundsSeconds.map(() => 0), sum: 0, count: 0 }))
    durations.count++
    durations.sum += ms / 1000
    const bucket = requestBoundsSeconds.findIndex((bound) => ms / 1000 <= bound)
    if (bucket >= 0) durations.counts[bucket]!++
  }
}

/** A transport that counts what goes over it; a watch counts when it begins. */
export class CountedTransport implements HttpTransport {
  readonly #transport: HttpTransport
  readonly #metrics: ClientMetrics
  readonly #clock: Clock

  constructor(transport: HttpTransport, metrics: ClientMetrics, clock: Clock) {
    this.#transport = transport
    this.#metrics = metrics
    this.#clock = clock
  }

  request(request: HttpRequest, options?: RequestOptions): Promise<HttpResponse> {
    return this.#counted(request, this.#transport.request(request, options), (response) => response.status)
  }

  stream(request: HttpRequest, options?: RequestOptions): Promise<HttpStream> {
    return this.#counted(request, this.#transport.stream(request, options), (stream) => stream.response.status)
  }

  async #counted<R>({ method }: HttpRequest, answer: Promise<R>, statusOf: (answered: R) => number): Promise<R> {
    const from = this.#clock.now()
    try {
      const answered = await answer
      this.#metrics.count(String(statusOf(answered)), method, this.#clock.now() - from)
      return answered
    } catch (error) {
      this.#metrics.count('<error>', method, this.#clock.now() - from)
      throw error
    }
  }
}

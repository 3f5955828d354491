/** The way out of the simulation: calls that the user's own configuration (webhooks with a `url`) sends to real servers. What comes
 *  back enters as a recorded input, so that a replayed run is the same without anybody to call. */
import type { Kernel } from '../../../kernel/kernel.ts'
import type { Enter } from '../edge-input.ts'

/** One request of JSON, or without a body. */
export interface OutboundCall {
  readonly url: string
  /** Default POST. */
  readonly method?: string
  /** PEM certificates that the server's has to descend from; absent: the host's own trust. */
  readonly authorities?: string
  /** Whom the server's certificate has to name, where that is not the URL's host. */
  readonly serverName?: string
  /** Takes any server's certificate. */
  readonly insecure?: boolean
  readonly body: string
  /** A list is a header that comes several times. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** How long it may take, in the host's ms. */
  readonly timeoutMs: number
}

/** What came back: an answer of whatever status, or why there was none, in the words of Go's net/http. */
export type OutboundAnswer = { readonly status: number; readonly contentType: string; readonly retryAfter?: string; readonly body: string } | { readonly problem: string }

/** Makes a call for real. Never rejects. */
export type Performer = (call: OutboundCall) => Promise<OutboundAnswer>

/** What the API server sees of the way out. */
export interface OutboundDoor {
  call(call: OutboundCall): Promise<OutboundAnswer>
}

/** The label of the inputs that answers are. */
export const outboundLabel = 'outbound'

/** An answer as it is recorded; `id` counts the calls of the run. */
export interface OutboundInput {
  readonly id: number
  readonly answer: OutboundAnswer
}

/** The door of one run. Calls are counted in the order in which the simulation makes them, which is the same in every replay; a
 *  replayed answer finds its call by that number. */
export class OutsideCalls implements OutboundDoor {
  readonly #kernel: Kernel
  readonly #enter: Enter
  readonly #waiting = new Map<number, { readonly resolve: (answer: OutboundAnswer) => void; readonly cause: number }>()
  readonly #perform: Performer | undefined
  readonly #isFlatOut: () => boolean
  #recorded = false
  #nextId = 1

  /** `perform` is absent where nothing may leave. While `isFlatOut` answers true the simulated world stands still until a call is
   *  over: nothing else would keep its deadlines from passing at once. */
  constructor(kernel: Kernel, enter: Enter, perform: Performer | undefined, isFlatOut: () => boolean = () => false) {
    this.#kernel = kernel
    this.#enter = enter
    this.#perform = perform
    this.#isFlatOut = isFlatOut
  }

  call(call: OutboundCall): Promise<OutboundAnswer> {
    const perform = this.#perform
    if (!perform && !this.#recorded) return Promise.resolve({ problem: 'this server makes no calls to the outside' })
    const id = this.#nextId++
    const cause = this.#kernel.trace.current
    return new Promise((resolve) => {
      this.#waiting.set(id, { resolve, cause })
      if (!perform || this.#recorded) return
      const entered = perform(call).then((answer) => this.#enter(outboundLabel, { id, answer } satisfies OutboundInput, () => this.#arrive({ id, answer })))
      if (this.#isFlatOut()) this.#kernel.hold(entered)
    })
  }

  /** From now on nothing leaves: answers come from a recorded run. */
  useRecorded(): void {
    this.#recorded = true
  }

  /** Does a recorded answer again. */
  replay(data: unknown): void {
    this.#arrive(data as OutboundInput)
  }

  #arrive({ id, answer }: OutboundInput): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) return
    this.#waiting.delete(id)
    // The answer belongs to whoever asked.
    this.#kernel.trace.current = waiting.cause
    waiting.resolve(answer)
  }
}

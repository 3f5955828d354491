import type { Process } from '../../kernel/machine.ts'
import type { CloseReason, Connection, Endpoint } from '../../kernel/network.ts'
import { clientOver, type Caller, type EtcdMaintenance } from './callers.ts'
import { EtcdError, type EtcdClient, type EtcdWatch, type WatchEnd, type WatchRequest, type WatchResponse } from './client.ts'
import { labelOf, type Frame, type Method, type Methods, type Outcome } from './wire.ts'

/** A silent connection is asked whether it is still there, and given up when it does not say so: what the API server's etcd
 *  client does. */
const pingAfterMs = 30_000
const pongWithinMs = 10_000

export interface EtcdClientOptions {
  /** Ms until a call fails with `context deadline exceeded`. Default 10 000. */
  readonly timeoutMs?: number
}

interface PendingCall {
  readonly deadline: number
  readonly cause: number
  readonly settle: (outcome: Outcome<Methods[Method]['response']>) => void
}

interface OpenWatch {
  readonly onResponse: (response: WatchResponse) => void
  readonly onEnd: (end: WatchEnd) => void
}

/** A client of an etcd cluster over the simulated network: one connection, many calls and watches on it, dialed when first needed
 *  and again (the next endpoint first) after it broke. Calls that were under way then fail with `unavailable`: nobody
 *  knows whether they took place. Watches end with `lost`; whoever watches decides from which revision to watch again. */
export function etcdClient(process: Process, endpoints: readonly Endpoint[], options: EtcdClientOptions = {}): EtcdClient & EtcdMaintenance {
  return clientOver(new NetworkCaller(process, endpoints, options))
}

class NetworkCaller implements Caller {
  readonly #process: Process
  readonly #endpoints: readonly Endpoint[]
  readonly #timeoutMs: number
  #endpoint = 0
  #connection: Promise<Connection> | undefined
  /** The connection once it stands: what is sent then goes out at once and in order. */
  #open: Connection | undefined
  #nextId = 1
  /** In the order of their deadlines. */
  readonly #calls = new Map<number, PendingCall>()
  readonly #watches = new Map<number, OpenWatch>()
  #sweep: { cancel(): void } | undefined
  #heardAt = 0

  constructor(process: Process, endpoints: readonly Endpoint[], options: EtcdClientOptions) {
    if (endpoints.length === 0) throw new Error('an etcd client needs at least one endpoint')
    this.#process = process
    this.#endpoints = endpoints
    this.#timeoutMs = options.timeoutMs ?? 10_000
    process.scope.onClose(() => void this.#connection?.then((open) => open.close('reset'), () => {}))
  }

  call<M extends Method>(method: M, request: Methods[M]['request']): Promise<Methods[M]['response']> {
    const id = this.#nextId++
    return new Promise<Methods[M]['response']>((resolve, reject) => {
      this.#calls.set(id, {
        deadline: this.#process.clock.now() + this.#timeoutMs,
        cause: this.#process.kernel.trace.current,
        settle: (outcome) => {
          this.#calls.delete(id)
          if ('error' in outcome) reject(outcome.error)
          else resolve(outcome.response as Methods[M]['response'])
        },
      })
      this.#armSweep()
      this.#send(labelOf(method, request), { type: 'call', id, method, request }, () => this.#calls.has(id), (error) => this.#calls.get(id)?.settle({ error }))
    })
  }

  watch(request: WatchRequest, onResponse: (response: WatchResponse) => void, onEnd: (end: WatchEnd) => void): EtcdWatch {
    const id = this.#nextId++
    this.#watches.set(id, { onResponse, onEnd })
    this.#send(`Watch ${request.key}`, { type: 'watch', id, request }, () => this.#watches.has(id), (error) => this.#endWatch(id, { reason: 'lost', error }))
    return {
      cancel: () => {
        if (this.#watches.delete(id) && this.#open) transmit(this.#open, 'Watch cancel', { type: 'watch-cancel', id })
      },
      requestProgress: () => {
        if (this.#watches.has(id) && this.#open) transmit(this.#open, 'Watch progress', { type: 'watch-progress', id })
      },
    }
  }

  /** Sends a frame, now or when the connection stands, under the present cause; not at all when nobody wants it any more. */
  #send(label: string, frame: Frame, wanted: () => boolean, failed: (error: EtcdError) => void): void {
    if (this.#open) return transmit(this.#open, label, frame)
    const { trace } = this.#process.kernel
    const cause = trace.current
    this.#connect().then(
      (connection) => {
        if (!wanted()) return
        const present = trace.current
        trace.current = cause
        transmit(connection, label, frame)
        trace.current = present
      },
      (error: Error) => failed(new EtcdError('unavailable', `connection error: desc = "transport: Error while dialing: ${error.message}"`)),
    )
  }

  #connect(): Promise<Connection> {
    if (this.#connection) return this.#connection
    const dialing = this.#dial(this.#endpoints.length).then((connection) => {
      this.#heardAt = this.#process.clock.now()
      this.#open = connection
      connection.onMessage((message) => this.#receive(message.body as Frame))
      connection.onClose((reason) => this.#lost(dialing, reason))
      this.#watchOver(dialing, connection)
      return connection
    })
    this.#connection = dialing
    dialing.catch(() => {
      if (this.#connection === dialing) this.#connection = undefined
    })
    return dialing
  }

  /** Tries every endpoint once, beginning with the one that served last. */
  async #dial(attempts: number): Promise<Connection> {
    try {
      return await this.#process.stack.dial(this.#endpoints[this.#endpoint]!, 'tcp', undefined, this.#process.name)
    } catch (error) {
      this.#endpoint = (this.#endpoint + 1) % this.#endpoints.length
      if (attempts <= 1) throw error
      return this.#dial(attempts - 1)
    }
  }

  #receive(frame: Frame): void {
    this.#heardAt = this.#process.clock.now()
    if (frame.type === 'answer') {
      const call = this.#calls.get(frame.id)
      if (!call) return
      // The answer belongs to whoever asked.
      this.#process.kernel.trace.current = call.cause
      call.settle(frame.outcome)
    } else if (frame.type === 'watched') this.#watches.get(frame.id)?.onResponse(frame.response)
    else if (frame.type === 'watch-end') this.#endWatch(frame.id, frame.end)
  }

  #endWatch(id: number, end: WatchEnd): void {
    const watch = this.#watches.get(id)
    this.#watches.delete(id)
    watch?.onEnd(end)
  }

  #lost(dialing: Promise<Connection>, reason: CloseReason): void {
    if (this.#connection !== dialing) return
    this.#connection = this.#open = undefined
    this.#endpoint = (this.#endpoint + 1) % this.#endpoints.length
    const error = new EtcdError('unavailable', reason === 'timeout' ? 'keepalive ping failed to receive ACK within timeout' : 'error reading from server: EOF')
    for (const call of [...this.#calls.values()]) this.#settleApart(call, error)
    for (const id of [...this.#watches.keys()]) this.#endWatch(id, { reason: 'lost', error })
  }

  /** One timer for all calls: the oldest is the next to give up. */
  #armSweep(): void {
    if (this.#sweep) return
    const [oldest] = this.#calls.values()
    if (!oldest) return
    const { clock } = this.#process
    this.#sweep = clock.afterUncaused(oldest.deadline - clock.now(), () => {
      this.#sweep = undefined
      for (const call of [...this.#calls.values()]) {
        if (call.deadline > clock.now()) break
        this.#settleApart(call, new EtcdError('unavailable', 'context deadline exceeded'))
      }
      clock.after(0, () => this.#armSweep())
    })
  }

  /** Fails a call in an event of its own, under its own cause: several may fail together. */
  #settleApart(call: PendingCall, error: EtcdError): void {
    this.#process.kernel.trace.current = call.cause
    this.#process.clock.after(0, () => call.settle({ error }))
  }

  #watchOver(dialing: Promise<Connection>, connection: Connection): void {
    const { clock } = this.#process
    const look = (): void => {
      if (connection.closed || this.#connection !== dialing) return
      const silentMs = clock.now() - this.#heardAt
      if (silentMs < pingAfterMs || this.#watches.size === 0) {
        clock.afterUncaused(silentMs < pingAfterMs ? pingAfterMs - silentMs : pingAfterMs, look)
        return
      }
      const askedAt = clock.now()
      connection.send({ kind: 'heartbeat', label: 'ping', bytes: 0, body: { type: 'ping' } satisfies Frame })
      clock.afterUncaused(pongWithinMs, () => {
        if (this.#heardAt >= askedAt || this.#connection !== dialing) return look()
        this.#lost(dialing, 'timeout')
        connection.close('reset')
      })
    }
    clock.afterUncaused(pingAfterMs, look)
  }
}

function transmit(connection: Connection, label: string, body: Frame): void {
  connection.send({ kind: 'storage', label, bytes: 0, body })
}

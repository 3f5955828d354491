import type { BridgeFailure, FramePort, LabFrame, PortState } from './frames.ts'
import type { ArgumentOf, CallName, Calls, EventOf, ResultOf, StreamName, Streams } from './services.ts'

/** A call or stream that failed between window and lab. */
export class BridgeError extends Error {
  readonly code: BridgeFailure['code']
  readonly status: BridgeFailure['status']

  constructor(failure: BridgeFailure) {
    super(failure.message)
    this.name = 'BridgeError'
    this.code = failure.code
    this.status = failure.status
  }
}

/** The window's side: two verbs. */
export interface Bridge {
  call<N extends CallName>(name: N, argument: ArgumentOf<Calls[N]>): Promise<ResultOf<Calls[N]>>
  /** Subscribes; the answer unsubscribes. `onEnd` is called at most once, and not after unsubscribing. */
  listen<N extends StreamName>(
    name: N,
    argument: ArgumentOf<Streams[N]>,
    onEvent: (event: EventOf<Streams[N]>) => void,
    onEnd?: (error?: BridgeError) => void,
  ): () => void
  /** Told at once and at each change. When the port closes, open calls fail and streams end, both with code `disconnected`. */
  onState(handler: (state: PortState) => void): () => void
}

interface OpenStream {
  readonly onEvent: (event: never) => void
  readonly onEnd: ((error?: BridgeError) => void) | undefined
}

/** Speaks the two verbs over a port. */
export function bridgeOver(port: FramePort): Bridge {
  const calls = new Map<number, { readonly resolve: (value: never) => void; readonly reject: (error: BridgeError) => void }>()
  const streams = new Map<number, OpenStream>()
  let nextId = 1

  port.onFrame((frame: LabFrame) => {
    if (frame.type === 'event') {
      streams.get(frame.id)?.onEvent(frame.event as never)
    } else if (frame.type === 'end') {
      const stream = streams.get(frame.id)
      streams.delete(frame.id)
      stream?.onEnd?.(frame.error && new BridgeError(frame.error))
    } else {
      const call = calls.get(frame.id)
      calls.delete(frame.id)
      if (frame.type === 'result') call?.resolve(frame.value as never)
      else call?.reject(new BridgeError(frame.error))
    }
  })

  const disconnect = (): void => {
    const error = new BridgeError({ code: 'disconnected', message: 'The connection to the lab was lost.' })
    const openCalls = [...calls.values()]
    const openStreams = [...streams.values()]
    calls.clear()
    streams.clear()
    for (const call of openCalls) call.reject(error)
    for (const stream of openStreams) stream.onEnd?.(error)
  }
  let state: PortState = 'connecting'
  const watchers = new Set<(state: PortState) => void>()
  port.onState((next) => {
    state = next
    if (next === 'closed') disconnect()
    for (const watcher of watchers) watcher(next)
  })

  return {
    call: (name, argument) =>
      new Promise((resolve, reject) => {
        const id = nextId++
        calls.set(id, { resolve, reject })
        port.send({ type: 'call', id, name, argument })
      }),
    listen: (name, argument, onEvent, onEnd) => {
      const id = nextId++
      streams.set(id, { onEvent, onEnd })
      port.send({ type: 'listen', id, name, argument })
      return () => {
        if (streams.delete(id)) port.send({ type: 'unlisten', id })
      }
    },
    onState: (handler) => {
      watchers.add(handler)
      handler(state)
      return () => watchers.delete(handler)
    },
  }
}

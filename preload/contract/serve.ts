import { BridgeError } from './bridge.ts'
import type { BridgeFailure, LabFrame, WindowFrame } from './frames.ts'
import type { LabServices } from './services.ts'

/** One window's connection on the lab's side. */
export interface ServedWindow {
  /** Hands over a frame that came from the window. Anything that is no frame is answered or dropped, never thrown. */
  receive(frame: unknown): void
  /** The window went away: releases every stream. */
  close(): void
}

/** Serves one window: routes its frames to `services` and sends the answers. Throw a BridgeError for a chosen failure; any other
 *  thrown value becomes `internal` with its message. */
export function serveWindow(services: LabServices, send: (frame: LabFrame) => void): ServedWindow {
  const streams = new Map<number, (() => void) | undefined>()
  let closed = false

  const answer = (frame: LabFrame): void => {
    if (!closed) send(frame)
  }

  const call = (id: number, name: string, argument: unknown): void => {
    const run = lookUp<unknown>(services.calls, name)
    if (!run) return answer({ type: 'error', id, error: { code: 'unsupported', message: `there is no call named ${name}` } })
    Promise.resolve()
      .then(() => run(argument))
      .then(
        (value) => answer({ type: 'result', id, value: value ?? null }),
        (error: unknown) => answer({ type: 'error', id, error: failureOf(error) }),
      )
  }

  const listen = (id: number, name: string, argument: unknown): void => {
    const run = lookUp<() => void>(services.streams, name)
    if (!run) return answer({ type: 'end', id, error: { code: 'unsupported', message: `there is no stream named ${name}` } })
    streams.set(id, undefined)
    const end = (error?: unknown): void => {
      if (!streams.has(id)) return
      streams.get(id)?.()
      streams.delete(id)
      answer(error === undefined ? { type: 'end', id } : { type: 'end', id, error: failureOf(error) })
    }
    try {
      const release = run(argument, (event: unknown) => {
        if (streams.has(id)) answer({ type: 'event', id, event })
      }, end)
      if (streams.has(id)) streams.set(id, release)
      else release()
    } catch (error) {
      end(error)
    }
  }

  return {
    receive(frame) {
      if (!isWindowFrame(frame) || closed) return
      if (frame.type === 'call') call(frame.id, frame.name, frame.argument)
      else if (frame.type === 'unlisten') {
        const release = streams.get(frame.id)
        streams.delete(frame.id)
        release?.()
      } else if (!streams.has(frame.id)) listen(frame.id, frame.name, frame.argument)
    },
    close() {
      closed = true
      const releases = [...streams.values()]
      streams.clear()
      for (const release of releases) release?.()
    },
  }
}

/** Any thrown value as a failure for the window. */
export function failureOf(error: unknown): BridgeFailure {
  if (error instanceof BridgeError) return { code: error.code, message: error.message, ...(error.status && { status: error.status }) }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
}

/** Own properties only: names come from outside. The services' argument types are theirs to check. */
function lookUp<R>(table: object, name: string): ((...values: unknown[]) => R) | undefined {
  return Object.hasOwn(table, name) ? (table as Record<string, (...values: unknown[]) => R>)[name] : undefined
}

function isWindowFrame(value: unknown): value is WindowFrame {
  if (typeof value !== 'object' || value === null) return false
  const frame = value as { type?: unknown; id?: unknown; name?: unknown }
  if (!Number.isSafeInteger(frame.id)) return false
  return frame.type === 'unlisten' || ((frame.type === 'call' || frame.type === 'listen') && typeof frame.name === 'string')
}

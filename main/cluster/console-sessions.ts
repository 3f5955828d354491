import type { HostSession } from '../node/host/session.ts'
import { bytesOf } from '../control-plane/apiserver/edge-input.ts'
import type { Cluster } from './cluster.ts'

/** The label of everything that a terminal does to the machines, as recorded. */
export const consoleLabel = 'console'

/** A login, or a command on a machine. `id` counts the sessions of one console. */
export interface ConsoleOpen {
  readonly type: 'open'
  readonly id: number
  /** A machine's name or address; '' = the (first) control-plane machine, where the lab's terminal stands. */
  readonly machine: string
  /** A command line for the shell; absent with no argv: a login shell. */
  readonly command?: string
  /** A program and its arguments, without a shell. */
  readonly argv?: readonly string[]
  readonly tty: boolean
  readonly stdin: boolean
  readonly columns?: number
  readonly rows?: number
  readonly term?: string
}

/** What enters the simulation through the console, as plain JSON: enough to do it again in a replay. */
export type ConsoleInput =
  | ConsoleOpen
  /** Keystrokes or standard input, base64. */
  | { readonly type: 'input'; readonly id: number; readonly bytes: string }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'resize'; readonly id: number; readonly columns: number; readonly rows: number }
  | { readonly type: 'close'; readonly id: number }

/** Who hears what a session prints; called inside events. */
export interface ConsoleListener {
  onOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
  onExit(exitCode: number, lost: boolean): void
}

const silence: ConsoleListener = { onOutput: () => {}, onExit: () => {} }
const encoder = new TextEncoder()

/** The running sessions of a console. Every method is to be called inside the event of the recorded input. */
export class ConsoleSessions {
  readonly #cluster: Cluster
  readonly #running = new Map<number, HostSession>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Does what an input says; a replay has no listener. */
  apply(input: ConsoleInput, listener: ConsoleListener = silence): void {
    if (input.type === 'open') return this.#open(input, listener)
    const session = this.#running.get(input.id)
    if (input.type === 'input') session?.input(bytesOf(input.bytes))
    else if (input.type === 'end') session?.endInput()
    else if (input.type === 'resize') session?.resize(input.columns, input.rows)
    else {
      this.#running.delete(input.id)
      session?.close()
    }
  }

  #open(open: ConsoleOpen, listener: ConsoleListener): void {
    const host = this.#cluster.reach(open.machine)
    if (typeof host === 'string') {
      listener.onOutput('stderr', encoder.encode(`${host}\n`))
      return listener.onExit(255, false)
    }
    let ended = false
    const session = host.login(open, {
      onOutput: (stream, bytes) => listener.onOutput(stream, bytes),
      onExit: (exitCode, lost) => {
        ended = true
        this.#running.delete(open.id)
        listener.onExit(exitCode, lost)
      },
    })
    if (!ended) this.#running.set(open.id, session)
  }
}

/** A session in a container over WebSocket channels (v5.channel.k8s.io): what exec, attach, cp and debug have in common. */
import { parseJson } from '../../../api/machinery/codec/json.ts'
import type { Status } from '../../../api/generated/types.ts'
import type { Streams } from '../../streams.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import type { WebSocketConnection } from '../connection/web-socket.ts'

/** Newest first: v5 can close standard input alone. */
export const sessionProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const

const channels = { input: 0, output: 1, errors: 2, status: 3, resize: 4, close: 255 } as const

export interface SessionOptions {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly subresource: 'exec' | 'attach'
  readonly command?: readonly string[]
  readonly input: boolean
  /** The container's terminal; ours goes into raw mode. Errors come with the output then. */
  readonly terminal: boolean
  readonly errors?: boolean
  /** Where the bytes go and come from. */
  readonly ends: SessionEnds
}

export interface SessionEnds {
  output(bytes: Uint8Array): void
  errors(bytes: Uint8Array): void
  /** As Streams.onInput. */
  onInput?(data: (bytes: Uint8Array) => void, end: () => void): () => void
  /** Sizes of our terminal, the present one first. */
  onSize?(listener: (columns: number, rows: number) => void): () => void
  /** Ends the session from our side when called. */
  onDetach?(detach: () => void): void
}

/** Runs the session to its end. Throws what kubectl says of a failure, with the command's exit code. */
export async function runSession({ factory }: CommandContext, options: SessionOptions): Promise<void> {
  const query = new URLSearchParams()
  for (const word of options.command ?? []) query.append('command', word)
  query.set('container', options.container)
  if (options.input) query.set('stdin', 'true')
  query.set('stdout', 'true')
  if (options.errors ?? !options.terminal) query.set('stderr', 'true')
  if (options.terminal) query.set('tty', 'true')
  const path = `/api/v1/namespaces/${encodeURIComponent(options.namespace)}/pods/${encodeURIComponent(options.pod)}/${options.subresource}?${query.toString()}`
  const socket = await factory.webSocket(path, sessionProtocols)
  const stops: (() => void)[] = []
  try {
    const status = await converse(socket, options, stops)
    if (status) throwFailure(status)
  } finally {
    for (const stop of stops) stop()
    socket.close()
  }
}

function converse(socket: WebSocketConnection, { ends, input, terminal }: SessionOptions, stops: (() => void)[]): Promise<Status | undefined> {
  return new Promise((resolve, reject) => {
    let status: Status | undefined
    socket.onMessage((bytes) => {
      const payload = bytes.subarray(1)
      if (bytes[0] === channels.output) {
        if (payload.length > 0) ends.output(payload)
      } else if (bytes[0] === channels.errors) {
        if (payload.length > 0) ends.errors(payload)
      } else if (bytes[0] === channels.status && payload.length > 0) {
        status = parseStatus(payload)
        resolve(status)
      }
    })
    socket.onClose((error) => {
      if (status || !error) resolve(status)
      else reject(new CliError(error.message))
    })
    ends.onDetach?.(() => resolve(undefined))
    if (terminal && ends.onSize) stops.push(ends.onSize((columns, rows) => socket.send(frame(channels.resize, new TextEncoder().encode(`${JSON.stringify({ Width: columns, Height: rows })}\n`)))))
    if (input && ends.onInput) {
      stops.push(
        ends.onInput(
          (bytes) => socket.send(frame(channels.input, bytes)),
          () => {
            if (socket.protocol === sessionProtocols[0]) socket.send(frame(channels.close, new Uint8Array([channels.input])))
          },
        ),
      )
    }
  })
}

function frame(channel: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(payload.length + 1)
  bytes[0] = channel
  bytes.set(payload, 1)
  return bytes
}

function parseStatus(payload: Uint8Array): Status {
  const text = new TextDecoder().decode(payload)
  try {
    return parseJson(text) as Status
  } catch {
    throw new CliError(`error stream protocol error: unknown error: ${text}`)
  }
}

/** A command's exit code ends ours; anything else is an error of the session. */
function throwFailure(status: Status): void {
  if (status.status === 'Success') return
  if (status.reason !== 'NonZeroExitCode') throw new CliError(status.message ?? 'error stream protocol error: unknown error')
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')
  if (!cause) throw new CliError(`error stream protocol error: no ExitCode cause given`)
  const code = Number(cause.message)
  throw new CliError(`command terminated with exit code ${code}`, { exitCode: code, prefixed: false })
}

/** The ends of a session on our own streams. */
export function ownEnds(streams: Streams): SessionEnds {
  const { terminal } = streams
  return {
    output: (bytes) => streams.out(bytes),
    errors: (bytes) => streams.err(new TextDecoder().decode(bytes)),
    onInput: (data, end) => streams.onInput(data, end),
    ...(terminal
      ? {
          onSize(listener: (columns: number, rows: number) => void) {
            listener(terminal.columns, terminal.rows)
            return terminal.onResize(listener)
          },
        }
      : {}),
  }
}

/** Holds our terminal in raw mode while something runs, so that keys reach the container as they are. */
export async function inRawMode<T>(streams: Streams, raw: boolean, run: () => Promise<T>): Promise<T> {
  if (!raw) return run()
  streams.terminal?.setRaw(true)
  try {
    return await run()
  } finally {
    streams.terminal?.setRaw(false)
  }
}

/** Whether a terminal can be had: asked for, with input, and input is one. Says so when it cannot. */
export function wantsTerminal({ streams, flags }: CommandContext, asked: boolean, input: boolean): boolean {
  if (!asked || !input) return false
  if (streams.inputIsTerminal) return true
  if (!flags.bool('quiet')) streams.err('Unable to use a TTY - input is not a terminal or the right kind of file\n')
  return false
}

import type { Status } from '../../api/generated/types.ts'

/** What travels on the kubelet's streaming endpoints (`/exec`, `/attach`, `/portForward`) once the kubelet has opened the
 *  exchange with 101: the `data` of kernel/http frames. The API server relays them as they are; its edge translates them
 *  to `v5.channel.k8s.io` (0 stdin, 1 stdout, 2 stderr, 3 error, 4 resize, 255 close) or SPDY streams.
 *
 *  Exec and attach, client to server: `stdin`, `resize`, `close` (stdin ended). Server to client: `stdout`, `stderr`, then
 *  exactly one `error` as the last frame, then the stream ends. Its Status has kubectl's v4 meaning: `Success` for exit
 *  code 0, else `Failure` with reason NonZeroExitCode and a cause ExitCode, or reason InternalError. */
export type StreamFrame =
  | { readonly channel: 'stdin' | 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly channel: 'resize'; readonly size: TerminalSize }
  | { readonly channel: 'close'; readonly of: 'stdin' }
  | { readonly channel: 'error'; readonly status: Status }

export interface TerminalSize {
  readonly width: number
  readonly height: number
}

/** Port forwarding carries many connections on one exchange. The client chooses `id`s and says `open` before the first
 *  `data` of each; either side says `close`; the server says `error` (then `close`) when the pod's port does not answer. */
export type PortForwardFrame =
  | { readonly channel: 'open'; readonly id: number; readonly port: number }
  | { readonly channel: 'data'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly channel: 'close'; readonly id: number }
  | { readonly channel: 'error'; readonly id: number; readonly message: string }

/** The last frame of a command that ended by itself. */
export function exitFrame(exitCode: number): StreamFrame {
  if (exitCode === 0) return { channel: 'error', status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } }
  return {
    channel: 'error',
    status: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `command terminated with non-zero exit code: exit status ${exitCode}`,
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
    },
  }
}

/** The last frame of a command that could not run, or of a session that broke. */
export function failureFrame(message: string): StreamFrame {
  return {
    channel: 'error',
    status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: `Internal error occurred: ${message}`, reason: 'InternalError', details: { causes: [{ message }] }, code: 500 },
  }
}

/** Undoes exitFrame: the exit code that a last frame says, or undefined when the command did not run to its end. */
export function exitCodeOf(status: Status): number | undefined {
  if (status.status === 'Success') return 0
  if (status.reason !== 'NonZeroExitCode') return undefined
  const cause = status.details?.causes?.find((each) => each.reason === 'ExitCode')
  return cause?.message === undefined ? undefined : Number(cause.message)
}

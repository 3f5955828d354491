/** Terminals. A `shell` is the user's own shell on the host (node-pty) with the lab's commands first on its PATH; `node` is a login
 *  on a simulated machine; `container` is `kubectl exec -it` into a container. A session lives until its program exits or it is
 *  closed, not until the window goes away: a window that comes back lists and listens again. */
export type TerminalTarget =
  | { readonly kind: 'shell' }
  | { readonly kind: 'node'; readonly machine: string }
  | { readonly kind: 'container'; readonly namespace: string; readonly pod: string; readonly container?: string; readonly command?: readonly string[] }

export interface TerminalSession {
  readonly id: string
  readonly target: TerminalTarget
  /** For the tab: `shell`, `worker-1`, `default/nginx`. */
  readonly title: string
}

export type TerminalEvent =
  | { readonly type: 'data'; readonly data: string }
  /** The last event: the program ended. */
  | { readonly type: 'exit'; readonly exitCode: number }

export interface TerminalCalls {
  'terminal.open': { readonly argument: { readonly target: TerminalTarget; readonly columns: number; readonly rows: number }; readonly result: TerminalSession }
  'terminal.list': { readonly argument: null; readonly result: readonly TerminalSession[] }
  'terminal.write': { readonly argument: { readonly id: string; readonly data: string }; readonly result: null }
  'terminal.resize': { readonly argument: { readonly id: string; readonly columns: number; readonly rows: number }; readonly result: null }
  /** Hangs up; the program gets SIGHUP. */
  'terminal.close': { readonly argument: { readonly id: string }; readonly result: null }
}

export interface TerminalStreams {
  /** First what the session has printed so far (at most its last 256 KiB), then what it prints, in order; ends after `exit`. */
  'terminal.output': { readonly argument: { readonly id: string }; readonly event: TerminalEvent }
}

/** What crosses between window and lab, whatever carries it: Electron's IPC (through contextBridge) or a WebSocket. Frames
 *  are plain JSON values, in order, never lost while the port is up. The window asks with `call` and `listen`; the lab answers a
 *  call with one `result` or `error`, and a listen with any number of `event`s, then at most one `end`. Ids are chosen by the
 *  window and never reused on one port. */
export type WindowFrame =
  | { readonly type: 'call'; readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly type: 'listen'; readonly id: number; readonly name: string; readonly argument: unknown }
  /** The window no longer listens: the lab releases what it held and sends nothing more for this id (no `end` either). */
  | { readonly type: 'unlisten'; readonly id: number }

export type LabFrame =
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: BridgeFailure }
  | { readonly type: 'event'; readonly id: number; readonly event: unknown }
  /** The stream is over; with an error when it broke or never began. */
  | { readonly type: 'end'; readonly id: number; readonly error?: BridgeFailure }

/** Why a call or stream failed. `code` is for programs, `message` is a sentence for a person. A failing API request is no
 *  BridgeFailure: it is a result with its HTTP status. */
export interface BridgeFailure {
  readonly code: 'not-found' | 'invalid' | 'unavailable' | 'unsupported' | 'disconnected' | 'internal'
  readonly message: string
  /** The Kubernetes Status that ended a watch, where there is one (410 Expired …). */
  readonly status?: { readonly code?: number; readonly reason?: string; readonly message?: string }
}

/** One end of a connection in the window. Electron's preload exposes exactly this as `window.orrery`. */
export interface FramePort {
  send(frame: WindowFrame): void
  /** Frames that came before a handler was set are kept for it. One handler at a time. */
  onFrame(handler: (frame: LabFrame) => void): void
  /** Whether the lab can be reached; told at once with the present state, then at each change. One handler at a time. A port that
   *  has closed may open again (the server shell was restarted): then everything has to be asked for anew. */
  onState(handler: (state: PortState) => void): void
}

export type PortState = 'connecting' | 'open' | 'closed'

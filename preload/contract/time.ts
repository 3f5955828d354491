/** The lab's clock. */
export interface TimeState {
  /** Virtual ms since the epoch, when this was sent. */
  readonly now: number
  /** Virtual time at which the lab was created. */
  readonly epoch: number
  readonly paused: boolean
  /** Virtual ms per real ms; `0` stands for "as fast as it can". */
  readonly speed: number
  /** How far the run is behind its speed, virtual ms; 0 when it keeps up. */
  readonly behindMs: number
  /** Events run since the start: with the same seed and inputs, event n is the same event. */
  readonly executed: number
  /** Virtual time of the next event, if one waits. */
  readonly nextAt?: number
}

export interface TimeCalls {
  'time.pause': { readonly argument: null; readonly result: TimeState }
  'time.resume': { readonly argument: null; readonly result: TimeState }
  /** Only while paused (else `invalid`): runs the next `events`, or all that is due within `durationMs`; answers when done. */
  'time.step': { readonly argument: { readonly events: number } | { readonly durationMs: number }; readonly result: TimeState }
  /** Above 0 and at most 1000, or 0 for as fast as it can; anything else is `invalid`. */
  'time.setSpeed': { readonly argument: { readonly speed: number }; readonly result: TimeState }
}

export interface TimeStreams {
  /** At once, at each change of speed or pause, after each step, and twice a second of wall time while it runs. */
  'time.state': { readonly argument: null; readonly event: TimeState }
}

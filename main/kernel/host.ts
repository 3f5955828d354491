/** What the kernel needs from the runtime it lives in. `host.node.ts` is the only implementation that touches one. */
export interface Host {
  /** Calls `turn` again and again, each time in a task of its own, so that every promise the previous call woke has
   *  run dry before the next; stops when it answers false. */
  turns(turn: () => boolean): void
  /** The wall clock, in ms since the epoch. Only the pacer reads it. */
  wallNow(): number
  /** Calls `wake` once after about `delayMs` of wall time. Returns a cancel function. */
  wallWait(delayMs: number, wake: () => void): () => void
}

import type { Host } from './host.ts'

/** How many turns are queued at once. Node empties the microtask queue between two immediates, and polls for sockets
 *  only between two batches, so a batch costs one trip through the event loop. */
const batchLength = 32

export const nodeHost: Host = {
  turns(turn) {
    let stopped = false
    const one = (): void => {
      if (!stopped && !turn()) stopped = true
    }
    const batch = (): void => {
      one()
      if (stopped) return
      for (let index = 1; index < batchLength; index++) setImmediate(one)
      setImmediate(() => {
        if (!stopped) batch()
      })
    }
    setImmediate(batch)
  },
  wallNow: () => Date.now(),
  wallWait(delayMs, wake) {
    const timer = setTimeout(wake, Math.max(0, Math.ceil(delayMs)))
    return () => clearTimeout(timer)
  },
}

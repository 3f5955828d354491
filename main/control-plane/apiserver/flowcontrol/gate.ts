import type { Asked } from './flow-schemas.ts'

/** A request's place: it runs, waits its turn, or was turned away. Give it back with `leave`. */
export interface Pass {
  readonly outcome: 'runs' | 'waits' | 'refused'
  /** What its answer says of it. */
  readonly headers: Readonly<Record<string, string>>
  /** When a refused request should come again. Default 1. */
  readonly retryAfterSeconds?: number
}

/** What becomes of a request that has to wait. */
export interface Waiter {
  run(): void
  /** `retryAfterSeconds`: when it should come again. */
  reject(retryAfterSeconds: number): void
}

/** Lets requests in. */
export interface Gate {
  enter(asked: Asked, waiter: () => Waiter): Pass
  /** The request is over, or its client went away while it waited. */
  leave(pass: Pass): void
}

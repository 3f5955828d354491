/** How the server's seats are shared among priority levels: nominal limits by shares, and borrowing by demand. */

export interface LevelShares {
  readonly shares: number
  readonly lendablePercent: number
  /** Undefined: no limit. */
  readonly borrowingPercent: number | undefined
  readonly exempt: boolean
}

export interface LevelLimits {
  readonly nominal: number
  /** What it keeps whatever others want. */
  readonly lower: number
  /** What it may grow to. */
  readonly upper: number
}

/** The limits that follow from shares. `total` is the server's number of seats. */
export function limitsOf(levels: readonly LevelShares[], total: number): LevelLimits[] {
  const sum = levels.reduce((so, { shares }) => so + shares, 0)
  return levels.map(({ shares, lendablePercent, borrowingPercent, exempt }) => {
    const nominal = sum === 0 ? 0 : Math.ceil((total * shares) / sum)
    const lower = nominal - Math.round((nominal * lendablePercent) / 100)
    if (exempt) return { nominal, lower, upper: total }
    const upper = borrowingPercent === undefined ? total : nominal + Math.round((nominal * borrowingPercent) / 100)
    return { nominal, lower, upper }
  })
}

export interface Demand {
  readonly lower: number
  readonly upper: number
  /** The seats that it could use. */
  readonly target: number
}

/** Shares `total` so that everybody gets the same fraction of what they want, within their bounds (max-min fairness). Answers the
 *  seats of each, not rounded, and that fraction. */
export function shareSeats(total: number, demands: readonly Demand[]): { readonly seats: readonly number[]; readonly fraction: number } {
  const at = (fraction: number): number[] => demands.map(({ lower, upper, target }) => Math.min(Math.max(lower, target * fraction), Math.max(lower, upper)))
  const sumAt = (fraction: number): number => at(fraction).reduce((sum, seats) => sum + seats, 0)
  let high = 1
  for (let doubled = 0; doubled < 40 && sumAt(high) < total; doubled++) high *= 2
  let low = 0
  for (let halved = 0; halved < 50; halved++) {
    const middle = (low + high) / 2
    if (sumAt(middle) < total) low = middle
    else high = middle
  }
  return { seats: at(high), fraction: high }
}

/** A level's demand over time: its peak and its mean within a period, smoothed over periods as upstream does. */
export class SeatDemand {
  smoothed = 0
  #last = 0
  #since: number
  #start: number
  #area = 0
  #square = 0
  #peak = 0

  constructor(now: number) {
    this.#since = now
    this.#start = now
  }

  /** The demand has changed. */
  set(value: number, now: number): void {
    const ms = now - this.#since
    if (ms > 0) {
      this.#area += this.#last * ms
      this.#square += this.#last * this.#last * ms
      this.#since = now
    }
    this.#last = value
    if (value > this.#peak) this.#peak = value
  }

  /** Ends a period and begins the next. */
  settle(now: number): void {
    this.set(this.#last, now)
    const ms = Math.max(now - this.#start, 1)
    const mean = this.#area / ms
    const deviation = Math.sqrt(Math.max(this.#square / ms - mean * mean, 0))
    const envelope = Math.min(this.#peak, mean + deviation)
    this.smoothed = Math.max(envelope, smoothing * this.smoothed + (1 - smoothing) * envelope)
    if (this.smoothed < 0.01) this.smoothed = 0
    this.#start = now
    this.#area = 0
    this.#square = 0
    this.#peak = this.#last
  }

  get peak(): number {
    return this.#peak
  }
}

/** How much of the past stays in the smoothed demand after each period. */
const smoothing = 0.977

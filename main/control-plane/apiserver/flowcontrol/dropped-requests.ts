/** After how many seconds a request that was turned away should come again. Follows upstream's tracker of dropped requests: doubled while
 *  a level turns many away, a second less whenever a second begins after few. */

/** The most that a client is asked to wait, in seconds; nothing older matters. */
const retryAfterSecondsMax = 32
/** This many dropped requests for each second of waiting are many; fewer than one are few. */
const manyPerSecond = 3

/** What one priority level has turned away. */
export class DroppedRequests {
  /** Finished seconds in which something was dropped, oldest first. */
  #history: { readonly second: number; readonly count: number }[] = []
  #second = 0
  #count = 0
  #retryAfterSeconds = 1
  #raisedAt = 0

  get retryAfterSeconds(): number {
    return this.#retryAfterSeconds
  }

  /** Counts one request that is turned away at `now`, in ms since the epoch. */
  add(now: number): void {
    const second = Math.floor(now / 1000)
    if (second === this.#second) {
      this.#count++
      return
    }
    this.#history.push({ second: this.#second, count: this.#count })
    this.#history = this.#history.filter((each) => this.#second - each.second <= retryAfterSecondsMax)
    this.#second = second
    this.#count = 1
    this.#adjust(second)
  }

  #adjust(second: number): void {
    const seconds = this.#retryAfterSeconds
    const dropped = this.#history.reduce((sum, each) => (second - each.second <= seconds ? sum + each.count : sum), 0)
    if (dropped >= manyPerSecond * seconds && second - this.#raisedAt >= seconds) {
      this.#retryAfterSeconds = Math.min(seconds * 2, retryAfterSecondsMax)
      this.#raisedAt = second
    } else if (dropped < seconds && seconds > 1) this.#retryAfterSeconds--
  }
}

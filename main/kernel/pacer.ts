import type { Host } from './host.ts'
import type { Kernel } from './kernel.ts'

/** How long the kernel may run before the pacer looks at the wall again, so that sockets get their turn. */
const sliceEvents = 2_000

/** How far ahead of the wall the kernel may run, in wall ms: timers are no finer than this, and an answer that takes half a
 *  virtual millisecond should not wait for one. */
const aheadMs = 2

export type PaceState = 'running' | 'paused'

/** Lets a kernel follow the wall clock: `speed` virtual ms for each real ms. The wall only says how far the kernel may go
 *  and how fast; when the kernel is behind it runs flat out until it has caught up. */
export class Pacer {
  readonly #kernel: Kernel
  readonly #host: Host
  #speed: number
  #state: PaceState = 'paused'
  #wallBase = 0
  #virtualBase: number
  #cancelWait: (() => void) | undefined
  #busy = false
  #stopped = false
  #steps = 0
  #stepWaiters: (() => void)[] = []
  #onChange: () => void = () => {}
  #onCrash: (error: unknown) => void = (error) => {
    throw error
  }

  /** `speed` Infinity runs as fast as the machine can. */
  constructor(kernel: Kernel, host: Host, speed = 1) {
    this.#kernel = kernel
    this.#host = host
    this.#speed = speed
    this.#virtualBase = kernel.now()
    kernel.onInput(() => this.#wake())
  }

  get speed(): number {
    return this.#speed
  }

  get state(): PaceState {
    return this.#state
  }

  /** The virtual time that corresponds to this moment of the wall. */
  target(): number {
    if (this.#state === 'paused') return this.#kernel.now()
    if (this.#speed === Infinity) return Infinity
    return this.#virtualBase + (this.#host.wallNow() - this.#wallBase) * this.#speed
  }

  /** When an input that arrives at this moment happened, in virtual time. */
  stamp(): number {
    const target = this.target()
    return target === Infinity ? this.#kernel.now() : Math.max(this.#kernel.now(), target)
  }

  /** Starts or resumes. `virtualTarget` is the virtual time that the present moment shall correspond to (default: where the kernel is). */
  resume(virtualTarget = this.#kernel.now()): void {
    this.#virtualBase = virtualTarget
    this.#wallBase = this.#host.wallNow()
    this.#state = 'running'
    this.#onChange()
    this.#wake()
  }

  pause(): void {
    if (this.#state === 'paused') return
    this.#state = 'paused'
    this.#onChange()
  }

  /** While paused: runs the next `events` events; resolves when they have run (or time goes on by itself again). */
  step(events = 1): Promise<void> {
    if (this.#state !== 'paused' || this.#stopped) return Promise.resolve()
    this.#steps += events
    const done = new Promise<void>((resolve) => this.#stepWaiters.push(resolve))
    this.#wake()
    return done
  }

  /** While paused: runs all that is due until `time`, and resolves when that is done. */
  async stepTo(time: number): Promise<void> {
    if (this.#state !== 'paused' || this.#busy || this.#stopped) return
    this.#busy = true
    try {
      await this.#kernel.runUntil(time)
    } catch (error) {
      this.#onCrash(error)
    } finally {
      this.#busy = false
      this.#onChange()
    }
  }

  setSpeed(speed: number): void {
    if (!(speed > 0)) throw new Error(`speed has to be above 0, not ${speed}`)
    const running = this.#state === 'running'
    const target = running && this.#speed !== Infinity ? this.target() : this.#kernel.now()
    this.#speed = speed
    if (running) this.resume(Math.max(target, this.#kernel.now()))
    else this.#onChange()
  }

  /** Ends pacing for good. */
  stop(): void {
    this.#stopped = true
    this.#cancelWait?.()
  }

  onChange(listener: () => void): void {
    this.#onChange = listener
  }

  onCrash(handler: (error: unknown) => void): void {
    this.#onCrash = handler
  }

  #wake(): void {
    if (this.#busy || this.#stopped) return
    this.#cancelWait?.()
    this.#cancelWait = undefined
    this.#busy = true
    void this.#run()
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        if (this.#stopped) break
        if (this.#state === 'paused') {
          if (this.#steps <= 0) break
          const steps = this.#steps
          this.#steps = 0
          for (let index = 0; index < steps; index++) {
            const next = this.#kernel.nextTime()
            if (next !== undefined) await this.#kernel.runUntil(next, 1)
          }
          this.#onChange()
          continue
        }
        const target = this.target()
        const next = this.#kernel.nextTime()
        const allowed = target === Infinity ? Infinity : target + aheadMs * this.#speed
        if (next !== undefined && next <= allowed) {
          await this.#kernel.runUntil(next > target || target === Infinity ? next : target, sliceEvents)
          continue
        }
        if (next !== undefined) {
          this.#cancelWait = this.#host.wallWait(Math.min((next - target) / this.#speed, 60_000), () => this.#wake())
        }
        break
      }
    } catch (error) {
      this.#onCrash(error)
    } finally {
      this.#busy = false
      for (const resolve of this.#stepWaiters.splice(0)) resolve()
    }
  }
}

import type { Clock } from '../../kernel/clock.ts'
import type { StreamSession } from '../cri.ts'

/** A live session with a process: keeps what comes before somebody listens, and carries what a client sends into the
 *  process's own event. */
export class ExecSession implements StreamSession {
  readonly #clock: Clock
  readonly #input: { push(bytes: Uint8Array): void; end(): void; resize(columns: number, rows: number): void; hangUp(): void }
  readonly #early: { readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }[] = []
  #onStdout: ((bytes: Uint8Array) => void) | undefined
  #onStderr: ((bytes: Uint8Array) => void) | undefined
  #onExit: ((exitCode: number) => void) | undefined
  #exitCode: number | undefined
  #closed = false

  constructor(clock: Clock, input: { push(bytes: Uint8Array): void; end(): void; resize(columns: number, rows: number): void; hangUp(): void }) {
    this.#clock = clock
    this.#input = input
  }

  writeStdin(bytes: Uint8Array): void {
    if (!this.#closed) this.#clock.after(0, () => this.#input.push(bytes))
  }
  closeStdin(): void {
    if (!this.#closed) this.#clock.after(0, () => this.#input.end())
  }
  resize(columns: number, rows: number): void {
    if (!this.#closed) this.#clock.after(0, () => this.#input.resize(columns, rows))
  }
  onStdout(handler: (bytes: Uint8Array) => void): void {
    this.#onStdout = handler
    this.#flush()
  }
  onStderr(handler: (bytes: Uint8Array) => void): void {
    this.#onStderr = handler
    this.#flush()
  }
  onExit(handler: (exitCode: number) => void): void {
    this.#onExit = handler
    if (this.#exitCode !== undefined) handler(this.#exitCode)
  }
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#clock.after(0, () => this.#input.hangUp())
  }

  /** The process wrote. */
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    if (this.#closed) return
    const copy = bytes.slice()
    this.#clock.after(0, () => {
      this.#early.push({ stream, bytes: copy })
      this.#flush()
    })
  }

  /** The process ended; what it wrote before comes first. */
  ended(exitCode: number): void {
    this.#clock.after(0, () => {
      this.#exitCode = exitCode
      this.#onExit?.(exitCode)
    })
  }

  #flush(): void {
    while (this.#early.length > 0) {
      const { stream, bytes } = this.#early[0]!
      const handler = stream === 'stdout' ? this.#onStdout : this.#onStderr
      if (!handler) return
      this.#early.shift()
      handler(bytes)
    }
  }
}

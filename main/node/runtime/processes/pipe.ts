import { BrokenPipe, type OpenFile } from './open-file.ts'

const capacityBytes = 65_536

/** A pipe: a bounded buffer between writers, who wait when it is full, and readers, who wait when it is empty.
 *  Invariant: when no reader is left every write throws; when no writer is left reads drain and then end. */
export class Pipe {
  readonly reader: OpenFile
  readonly writer: OpenFile
  readonly #chunks: Uint8Array[] = []
  #buffered = 0
  #readers = 0
  #writers = 0
  #waitingReaders: (() => void)[] = []
  #waitingWriters: { resolve: () => void; reject: (error: Error) => void }[] = []

  constructor() {
    this.reader = {
      read: (limit) => this.#read(limit),
      write: () => {
        throw new BrokenPipe()
      },
      retain: () => {
        this.#readers++
      },
      release: () => {
        if (--this.#readers > 0) return
        this.#chunks.length = 0
        this.#buffered = 0
        for (const writer of this.#waitingWriters.splice(0)) writer.reject(new BrokenPipe())
      },
    }
    this.writer = {
      read: () => undefined,
      write: (bytes) => this.#write(bytes),
      retain: () => {
        this.#writers++
      },
      release: () => {
        if (--this.#writers === 0) this.#wakeReaders()
      },
    }
  }

  /** Puts bytes in from outside (a client's standard input), whether or not there is room. */
  push(bytes: Uint8Array): void {
    if (this.#readers === 0 || bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#buffered += bytes.length
    this.#wakeReaders()
  }

  async #read(limit = Infinity): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#writers === 0) return undefined
      await new Promise<void>((resolve) => this.#waitingReaders.push(resolve))
    }
    const first = this.#chunks[0]!
    let result = first
    if (first.length > limit) {
      result = first.subarray(0, limit)
      this.#chunks[0] = first.subarray(limit)
    } else this.#chunks.shift()
    this.#buffered -= result.length
    if (this.#buffered < capacityBytes) for (const writer of this.#waitingWriters.splice(0)) writer.resolve()
    return result
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#readers === 0) throw new BrokenPipe()
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#buffered += bytes.length
    this.#wakeReaders()
    while (this.#buffered >= capacityBytes) {
      await new Promise<void>((resolve, reject) => this.#waitingWriters.push({ resolve, reject }))
    }
  }

  #wakeReaders(): void {
    for (const wake of this.#waitingReaders.splice(0)) wake()
  }
}

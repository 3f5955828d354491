import type { OpenFile } from './open-file.ts'
import type { Signal } from './signals.ts'

const erase = 0x7f
const backspace = 0x08
const killLine = 0x15
const eraseWord = 0x17
const interrupt = 0x03
const quit = 0x1c
const endOfFile = 0x04

/** A pseudo-terminal with its line discipline: echo, line editing and signals in cooked mode, nothing of it in raw mode. */
export class Terminal {
  columns = 80
  rows = 24
  /** Set by line editors while they read: no echo, no lines, no signals. */
  raw = false
  /** False while a secret is typed. */
  echo = true
  /** Process group that control keys and hang-ups reach. */
  foreground = 0
  readonly file: OpenFile
  readonly #output: (bytes: Uint8Array) => void
  readonly #signalGroup: (group: number, signal: Signal) => void
  readonly #ready: (Uint8Array | undefined)[] = []
  #line: number[] = []
  #waiting: (() => void)[] = []
  #hungUp = false
  #references = 0

  constructor(output: (bytes: Uint8Array) => void, signalGroup: (group: number, signal: Signal) => void) {
    this.#output = output
    this.#signalGroup = signalGroup
    this.file = {
      terminal: this,
      writeCostMs: 0.02,
      byteCostMs: 1 / 20_000,
      read: (limit, reader) => this.#read(limit, reader),
      write: (bytes) => {
        if (!this.#hungUp) this.#output(withCarriageReturns(bytes))
      },
      retain: () => {
        this.#references++
      },
      release: () => {
        this.#references--
      },
    }
  }

  /** What a person typed. */
  input(bytes: Uint8Array): void {
    if (this.#hungUp) return
    if (this.raw) {
      this.#offer(bytes)
      return
    }
    for (const byte of bytes) this.#key(byte === 0x0d ? 0x0a : byte)
  }

  resize(columns: number, rows: number): void {
    if (columns === this.columns && rows === this.rows) return
    this.columns = columns
    this.rows = rows
    if (this.foreground !== 0) this.#signalGroup(this.foreground, 'WINCH')
  }

  /** The other side is gone: readers see the end, the foreground gets HUP. */
  hangUp(): void {
    if (this.#hungUp) return
    this.#hungUp = true
    if (this.foreground !== 0) this.#signalGroup(this.foreground, 'HUP')
    this.#wake()
  }

  /** No more input will come, but output still goes out. */
  endInput(): void {
    this.#offer(undefined)
  }

  #key(byte: number): void {
    if (byte === interrupt || byte === quit) {
      this.#line = []
      this.#echo(byte === interrupt ? '^C' : '^\\')
      if (this.foreground !== 0) this.#signalGroup(this.foreground, byte === interrupt ? 'INT' : 'QUIT')
    } else if (byte === endOfFile) {
      this.#offer(this.#line.length > 0 ? Uint8Array.from(this.#line) : undefined)
      this.#line = []
    } else if (byte === erase || byte === backspace) {
      if (this.#eraseOne()) this.#echo('\b \b')
    } else if (byte === killLine) {
      while (this.#eraseOne()) this.#echo('\b \b')
    } else if (byte === eraseWord) {
      while (this.#line.at(-1) === 0x20 && this.#eraseOne()) this.#echo('\b \b')
      while (this.#line.length > 0 && this.#line.at(-1) !== 0x20 && this.#eraseOne()) this.#echo('\b \b')
    } else if (byte === 0x0a) {
      this.#line.push(byte)
      this.#output(Uint8Array.of(0x0d, 0x0a))
      this.#offer(Uint8Array.from(this.#line))
      this.#line = []
    } else {
      this.#line.push(byte)
      if (byte < 0x20 && byte !== 0x09) this.#echo(`^${String.fromCharCode(byte + 0x40)}`)
      else if (this.echo) this.#output(Uint8Array.of(byte))
    }
  }

  /** Takes one character (all bytes of it) off the line. */
  #eraseOne(): boolean {
    if (this.#line.length === 0) return false
    while ((this.#line.at(-1)! & 0xc0) === 0x80) this.#line.pop()
    this.#line.pop()
    return true
  }

  #echo(text: string): void {
    if (!this.echo) return
    this.#output(new TextEncoder().encode(text))
  }

  #offer(bytes: Uint8Array | undefined): void {
    this.#ready.push(bytes)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async #read(limit = Infinity, reader?: { readonly ended: boolean }): Promise<Uint8Array | undefined> {
    while (this.#ready.length === 0) {
      if (this.#hungUp) return undefined
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
      // What is typed after a program was interrupted is for whoever reads next.
      if (reader?.ended) return undefined
    }
    const first = this.#ready[0]
    if (first && first.length > limit) {
      this.#ready[0] = first.subarray(limit)
      return first.subarray(0, limit)
    }
    this.#ready.shift()
    return first
  }
}

function withCarriageReturns(bytes: Uint8Array): Uint8Array {
  let count = 0
  for (const byte of bytes) if (byte === 0x0a) count++
  if (count === 0) return bytes
  const result = new Uint8Array(bytes.length + count)
  let at = 0
  for (const byte of bytes) {
    if (byte === 0x0a) result[at++] = 0x0d
    result[at++] = byte
  }
  return result
}

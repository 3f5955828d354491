/** Up to this many bytes the buffer is kept for what comes next, and what it held is handed over as a copy without slack. */
const keptCapacityMax = 65_536

/** Writes numbers, texts and bytes one after the other into a buffer that grows. */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#length++] = value
  }

  /** Little-endian, 32 bits. */
  fixed(value: number): void {
    this.#room(4)
    this.#bytes[this.#length++] = value & 0xff
    this.#bytes[this.#length++] = (value >>> 8) & 0xff
    this.#bytes[this.#length++] = (value >>> 16) & 0xff
    this.#bytes[this.#length++] = (value >>> 24) & 0xff
  }

  /** An integer from 0 to 2^53 - 1 in 7-bit groups. */
  integer(value: number): void {
    this.#room(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  blob(value: Uint8Array): void {
    this.integer(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** A key: every character is one byte. */
  key(text: string): void {
    this.integer(text.length)
    this.#room(text.length)
    for (let index = 0; index < text.length; index++) this.#bytes[this.#length++] = text.charCodeAt(index)
  }

  /** Overwrites four bytes written earlier. */
  patchFixed(at: number, value: number): void {
    this.#bytes[at] = value & 0xff
    this.#bytes[at + 1] = (value >>> 8) & 0xff
    this.#bytes[at + 2] = (value >>> 16) & 0xff
    this.#bytes[at + 3] = (value >>> 24) & 0xff
  }

  /** What was written from `start` on, not copied: valid until the next write. */
  view(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#length)
  }

  /** Hands over what was written and starts again. */
  take(): Uint8Array {
    const fits = this.#bytes.length <= keptCapacityMax
    const taken = fits || this.#length * 2 < this.#bytes.length ? this.#bytes.slice(0, this.#length) : this.#bytes.subarray(0, this.#length)
    if (!fits) this.#bytes = new Uint8Array(keptCapacityMax)
    this.#length = 0
    return taken
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

/** Reads back what ByteWriter wrote. Throws RangeError past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  get at(): number {
    return this.#at
  }

  get left(): number {
    return this.#end - this.#at
  }

  byte(): number {
    this.#need(1)
    return this.#bytes[this.#at++]!
  }

  fixed(): number {
    this.#need(4)
    const bytes = this.#bytes
    const at = this.#at
    this.#at += 4
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  }

  integer(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }

  /** A copy, so that it does not keep the whole file alive. */
  blob(): Uint8Array {
    const length = this.integer()
    this.#need(length)
    const value = this.#bytes.slice(this.#at, this.#at + length)
    this.#at += length
    return value
  }

  key(): string {
    const length = this.integer()
    this.#need(length)
    let text = ''
    for (let index = 0; index < length; index++) text += String.fromCharCode(this.#bytes[this.#at++]!)
    return text
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#end) throw new RangeError(`read of ${bytes} bytes at ${this.#at} passes the end at ${this.#end}`)
  }
}

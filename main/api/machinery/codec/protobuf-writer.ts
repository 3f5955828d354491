/** Protobuf wire encoding, written backwards: a message's length is known when its fields are. */

const chunkSize = 1024

export class ProtobufWriter {
  #buffer = new Uint8Array(chunkSize)
  #at = chunkSize

  /** How many bytes are written. */
  get length(): number {
    return this.#buffer.length - this.#at
  }

  /** The bytes, first to last. */
  finish(): Uint8Array {
    return this.#buffer.slice(this.#at)
  }

  #reserve(count: number): void {
    if (this.#at >= count) return
    const used = this.length
    let size = this.#buffer.length * 2
    while (size - used < count) size *= 2
    const larger = new Uint8Array(size)
    larger.set(this.#buffer.subarray(this.#at), size - used)
    this.#buffer = larger
    this.#at = size - used
  }

  /** An unsigned varint of a safe integer. */
  varint(value: number): void {
    let count = 1
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) count++
    this.#reserve(count)
    this.#at -= count
    let at = this.#at
    let rest = value
    while (rest >= 128) {
      this.#buffer[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#buffer[at] = rest
  }

  /** A signed integer as proto2's int32 and int64 write it: negatives take ten bytes. */
  integer(value: number): void {
    if (value >= 0) return this.varint(value)
    let rest = BigInt.asUintN(64, BigInt(value))
    this.#reserve(10)
    this.#at -= 10
    for (let i = 0; i < 10; i++) {
      this.#buffer[this.#at + i] = Number(rest & 127n) | (i < 9 ? 128 : 0)
      rest >>= 7n
    }
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at -= 8
    new DataView(this.#buffer.buffer).setFloat64(this.#at, value, true)
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#at -= bytes.length
    this.#buffer.set(bytes, this.#at)
  }

  text(text: string): void {
    const length = text.length
    this.#reserve(length)
    const from = this.#at - length
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return this.bytes(encoder.encode(text))
      this.#buffer[from + i] = code
    }
    this.#at = from
  }

  /** The tag of a field: after its value, as everything is written backwards. */
  tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType)
  }

  /** Closes a length-delimited field that was begun when `length` was `before`. */
  delimited(field: number, before: number): void {
    this.varint(this.length - before)
    this.tag(field, 2)
  }
}

const encoder = new TextEncoder()

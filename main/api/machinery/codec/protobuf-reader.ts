/** Protobuf wire decoding. Malformed bytes are DecodeErrors with gogo/protobuf's texts. */
import { DecodeError } from './json.ts'

// A byte order mark is a character like others in the middle of a message.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export class ProtobufReader {
  readonly #bytes: Uint8Array
  #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#at = from
    this.#end = end
  }

  get done(): boolean {
    return this.#at >= this.#end
  }

  /** An unsigned varint; exact up to 2^53. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 10; count++) {
      if (this.#at >= this.#end) throw new DecodeError('unexpected EOF')
      const byte = this.#bytes[this.#at++] as number
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
    throw new DecodeError('proto: integer overflow')
  }

  /** A signed integer: ten bytes are two's complement of 64 bits. */
  integer(): number {
    const start = this.#at
    const value = this.varint()
    if (this.#at - start < 10) return value
    let exact = 0n
    for (let i = 0; i < 10; i++) exact |= BigInt((this.#bytes[start + i] as number) & 127) << BigInt(7 * i)
    return Number(BigInt.asIntN(64, exact))
  }

  double(): number {
    if (this.#at + 8 > this.#end) throw new DecodeError('unexpected EOF')
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, 8)
    this.#at += 8
    return view.getFloat64(0, true)
  }

  /** The bounds of a length-delimited value, stepped over. */
  #span(): { from: number; end: number } {
    const length = this.varint()
    const from = this.#at
    if (length > this.#end - from) throw new DecodeError('unexpected EOF')
    this.#at = from + length
    return { from, end: this.#at }
  }

  bytes(): Uint8Array {
    const { from, end } = this.#span()
    return this.#bytes.subarray(from, end)
  }

  text(): string {
    const { from, end } = this.#span()
    if (end - from < 32) {
      let text = ''
      for (let i = from; i < end; i++) {
        const code = this.#bytes[i] as number
        if (code > 127) return decoder.decode(this.#bytes.subarray(from, end))
        text += String.fromCharCode(code)
      }
      return text
    }
    return decoder.decode(this.#bytes.subarray(from, end))
  }

  message(): ProtobufReader {
    const { from, end } = this.#span()
    return new ProtobufReader(this.#bytes, from, end)
  }

  /** Steps over a value of a field that is not known. */
  skip(wireType: number): void {
    switch (wireType) {
      case 0:
        this.varint()
        return
      case 1:
        this.#at += 8
        break
      case 2:
        this.#span()
        return
      case 5:
        this.#at += 4
        break
      default:
        throw new DecodeError(`proto: illegal wireType ${wireType}`)
    }
    if (this.#at > this.#end) throw new DecodeError('unexpected EOF')
  }
}

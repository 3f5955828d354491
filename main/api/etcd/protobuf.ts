/** A small protobuf codec driven by tables: as much of proto3 as etcd's API uses. */

/** `int64` is a number; `id` an unsigned 64-bit number as up to sixteen hexadecimal digits; `key` bytes as a text whose characters
 *  are the bytes; `enum` a number. */
export type Scalar = 'int64' | 'id' | 'bool' | 'bytes' | 'key' | 'string' | 'enum'

export interface Field {
  readonly number: number
  readonly name: string
  readonly type: Scalar | (() => MessageType)
  readonly repeated?: boolean
  /** Absent means something else than the zero value: it is left undefined when it was not sent, and sent when it is there. */
  readonly optional?: boolean
}

/** The fields of a message, in the order of their numbers. */
export type MessageType = readonly Field[]

export type MessageValue = { readonly [field: string]: unknown }

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

export function encodeMessage(type: MessageType, value: MessageValue): Uint8Array {
  const out: number[] = []
  for (const field of type) {
    const present = value[field.name]
    if (present === undefined || present === null) continue
    if (!field.repeated) writeField(out, field, present)
    else if (field.type === 'int64' || field.type === 'enum' || field.type === 'id' || field.type === 'bool') writePacked(out, field, present as readonly unknown[])
    else for (const each of present as readonly unknown[]) writeField(out, { ...field, optional: true }, each)
  }
  return Uint8Array.from(out)
}

/** The message's values; fields that were not sent have their zero values, but for messages and optional fields. */
export function decodeMessage(type: MessageType, bytes: Uint8Array): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const field of type) {
    if (field.repeated) value[field.name] = []
    else if (!field.optional && typeof field.type === 'string') value[field.name] = zeroOf(field.type)
  }
  let at = 0
  const varint = (): bigint => {
    let result = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError('protobuf: message ends in the middle of a number')
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, result)
    }
  }
  const slice = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('protobuf: message ends in the middle of a field')
    return bytes.slice(at, (at += length))
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const field = type.find((each) => each.number === tag >>> 3)
    const wire = tag & 7
    if (wire === 0) {
      const number = varint()
      if (field) put(value, field, fromVarint(field.type as Scalar, number))
    } else if (wire === 2) {
      const content = slice(Number(varint()))
      if (!field) continue
      if (field.repeated && isNumeric(field.type)) readPacked(content, (number) => put(value, field, fromVarint(field.type as Scalar, number)))
      else put(value, field, typeof field.type === 'function' ? decodeMessage(field.type(), content) : fromBytes(field.type, content))
    } else if (wire === 5) slice(4)
    else if (wire === 1) slice(8)
    else throw new RangeError(`protobuf: unknown wire type ${wire}`)
  }
  return value
}

function put(value: Record<string, unknown>, field: Field, content: unknown): void {
  if (field.repeated) (value[field.name] as unknown[]).push(content)
  else value[field.name] = content
}

function isNumeric(type: Field['type']): boolean {
  return type === 'int64' || type === 'enum' || type === 'id' || type === 'bool'
}

function zeroOf(type: Scalar): unknown {
  switch (type) {
    case 'int64':
    case 'enum':
      return 0
    case 'id':
      return '0'
    case 'bool':
      return false
    case 'bytes':
      return new Uint8Array(0)
    default:
      return ''
  }
}

function fromVarint(type: Scalar, number: bigint): unknown {
  if (type === 'bool') return number !== 0n
  if (type === 'id') return number.toString(16)
  return Number(BigInt.asIntN(64, number))
}

function fromBytes(type: Scalar, content: Uint8Array): unknown {
  if (type === 'bytes') return content
  if (type === 'string') return text.decoder.decode(content)
  return keyFromBytes(content)
}

/** Bytes as a text whose characters are the bytes. */
export function keyFromBytes(content: Uint8Array): string {
  let key = ''
  for (const byte of content) key += String.fromCharCode(byte)
  return key
}

export function bytesFromKey(key: string): Uint8Array {
  return Uint8Array.from(key, (character) => character.charCodeAt(0))
}

function writeField(out: number[], field: Field, value: unknown): void {
  if (typeof field.type === 'function') return writeBytes(out, field, encodeMessage(field.type(), value as MessageValue), true)
  if (isNumeric(field.type)) {
    const number = toVarint(field.type, value)
    if (number === 0n && !field.optional) return
    writeVarint(out, BigInt(field.number << 3))
    return writeVarint(out, number)
  }
  const content = field.type === 'bytes' ? (value as Uint8Array) : field.type === 'string' ? text.encoder.encode(value as string) : bytesFromKey(value as string)
  writeBytes(out, field, content, field.optional === true)
}

function writePacked(out: number[], field: Field, values: readonly unknown[]): void {
  if (values.length === 0) return
  const content: number[] = []
  for (const value of values) writeVarint(content, toVarint(field.type as Scalar, value))
  writeBytes(out, field, Uint8Array.from(content), true)
}

function readPacked(content: Uint8Array, each: (number: bigint) => void): void {
  let number = 0n
  let shift = 0n
  for (const byte of content) {
    number |= BigInt(byte & 0x7f) << shift
    if (byte >= 0x80) shift += 7n
    else {
      each(number)
      number = shift = 0n
    }
  }
}

function writeBytes(out: number[], field: Field, content: Uint8Array, evenEmpty: boolean): void {
  if (content.length === 0 && !evenEmpty) return
  writeVarint(out, BigInt((field.number << 3) | 2))
  writeVarint(out, BigInt(content.length))
  for (const byte of content) out.push(byte)
}

function writeVarint(out: number[], number: bigint): void {
  let rest = BigInt.asUintN(64, number)
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  out.push(Number(rest))
}

function toVarint(type: Scalar, value: unknown): bigint {
  if (type === 'bool') return value ? 1n : 0n
  if (type === 'id') return BigInt(`0x${(value as string) || '0'}`)
  return BigInt(Math.trunc(value as number))
}

/** Writing DER (X.690), as much of it as certificates need. */

const encoder = new TextEncoder()

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** One element of that tag byte. */
export function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(content)
  if (body.length < 0x80) return concat([Uint8Array.of(tag, body.length), body])
  const length: number[] = []
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256)
  return concat([Uint8Array.of(tag, 0x80 | length.length, ...length), body])
}

export const sequence = (...content: readonly Uint8Array[]): Uint8Array => element(0x30, ...content)
export const octets = (content: Uint8Array): Uint8Array => element(0x04, content)
/** A bit string; `unused` bits at its end do not count. */
export const bits = (content: Uint8Array, unused = 0): Uint8Array => element(0x03, Uint8Array.of(unused), content)
export const yes = Uint8Array.of(0x01, 0x01, 0xff)
export const text = (tag: number, value: string): Uint8Array => element(tag, encoder.encode(value))

/** A number that is not negative, from its bytes, most significant first. */
export function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  const trimmed = first < 0 ? Uint8Array.of(0) : bytes.subarray(first)
  return element(0x02, ...(trimmed[0]! & 0x80 ? [Uint8Array.of(0)] : []), trimmed)
}

/** `2.5.29.15` */
export function objectIdentifier(id: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = id.split('.').map(Number)
  const bytes: number[] = []
  for (const number of [first * 40 + second, ...rest]) {
    const groups = [number & 0x7f]
    for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return element(0x06, Uint8Array.from(bytes))
}

/** UTCTime until 2049, GeneralizedTime after, to the second. */
export function time(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return Number(digits.slice(0, 4)) < 2050 ? text(0x17, `${digits.slice(2)}Z`) : text(0x18, `${digits}Z`)
}

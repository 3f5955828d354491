/** Reading DER (X.690), as much of it as certificates and certificate requests need. */

/** One element: its tag byte, its content and the whole of it. Views into the bytes that were read. */
export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  readonly whole: Uint8Array
}

export class DerError extends Error {}

/** Tag bytes. */
export const derTag = { integer: 0x02, bitString: 0x03, octetString: 0x04, objectIdentifier: 0x06, sequence: 0x30, set: 0x31, attributes: 0xa0 } as const

/** The elements that the bytes consist of. Throws DerError when they are none, or not whole. */
export function derElements(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = []
  let at = 0
  while (at < bytes.length) {
    const element = elementAt(bytes, at)
    elements.push(element)
    at += element.whole.length
  }
  return elements
}

/** The one element that the bytes are. */
export function derElement(bytes: Uint8Array, tag: number): DerElement {
  const element = elementAt(bytes, 0)
  if (element.whole.length !== bytes.length) throw new DerError('asn1: syntax error: trailing data')
  return expectTag(element, tag)
}

/** The element, which has to be there and have that tag. */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (!element) throw new DerError('asn1: syntax error: sequence truncated')
  if (element.tag !== tag) throw new DerError(`asn1: structure error: tags don't match (${tag & 31} vs {class:${element.tag >> 6} tag:${element.tag & 31} length:${element.content.length} isCompound:${(element.tag & 32) !== 0}})`)
  return element
}

function elementAt(bytes: Uint8Array, start: number): DerElement {
  const tag = bytes[start]
  const first = bytes[start + 1]
  if (tag === undefined || first === undefined) throw new DerError('asn1: syntax error: data truncated')
  if ((tag & 31) === 31) throw new DerError('asn1: structure error: unexpected tag number')
  let length = first
  let header = 2
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 4) throw new DerError('asn1: syntax error: indefinite length found (not DER)')
    length = 0
    for (let index = 0; index < count; index++) {
      const byte = bytes[start + 2 + index]
      if (byte === undefined) throw new DerError('asn1: syntax error: data truncated')
      length = length * 256 + byte
    }
    if (length < 0x80) throw new DerError('asn1: structure error: non-minimal length')
    header += count
  }
  const end = start + header + length
  if (end > bytes.length) throw new DerError('asn1: syntax error: data truncated')
  return { tag, content: bytes.subarray(start + header, end), whole: bytes.subarray(start, end) }
}

/** `2.5.4.3`. */
export function objectIdentifierText(element: DerElement): string {
  const { content } = expectTag(element, derTag.objectIdentifier)
  const numbers: number[] = []
  let value = 0
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f)
    if (byte & 0x80) continue
    numbers.push(value)
    value = 0
  }
  const first = numbers.shift() ?? 0
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...numbers].join('.')
}

/** The bytes of a bit string that has no odd bits at its end. */
export function bitStringBytes(element: DerElement): Uint8Array {
  return expectTag(element, derTag.bitString).content.subarray(1)
}

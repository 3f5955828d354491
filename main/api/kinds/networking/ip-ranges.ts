/** IP addresses and ranges by the rules of the newer fields: one way to write each, nothing ambiguous. Follows upstream's IsValidIP and
 *  IsValidCIDR, and the strict checks that fields with a past make of new values. */
import { fieldInvalid } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { quote } from '../../machinery/go-text.ts'

export interface IpAddress {
  readonly bits: 32 | 128
  readonly value: bigint
  /** Written as an IPv4 address inside an IPv6 one: `::ffff:1.2.3.4`. */
  readonly isMapped: boolean
  readonly hasLeadingZeros: boolean
}

export interface IpRange extends IpAddress {
  readonly prefixLength: number
}

/** Reads an address as Go's old parser did: zeros in front of an octet count for nothing. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const value = parseOctets(text)
    return value === undefined ? undefined : { bits: 32, value, isMapped: false, hasLeadingZeros: /(?:^|\.)0\d/.test(text) }
  }
  const tail = /(?:^|:)([^:]*\.[^:]*)$/.exec(text)?.[1]
  let groupText = text
  if (tail !== undefined) {
    const octets = parseOctets(tail)
    if (octets === undefined) return undefined
    groupText = `${text.slice(0, -tail.length)}${(octets >> 16n).toString(16)}:${(octets & 0xffffn).toString(16)}`
  }
  const groups = parseGroups(groupText)
  if (!groups) return undefined
  const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
  const isMapped = value >> 32n === 0xffffn
  const hasLeadingZeros = tail !== undefined && /(?:^|\.)0\d/.test(tail)
  return isMapped ? { bits: 32, value: value & 0xffffffffn, isMapped, hasLeadingZeros } : { bits: 128, value, isMapped, hasLeadingZeros }
}

function parseOctets(text: string): bigint | undefined {
  const octets = text.split('.')
  if (octets.length !== 4 || !octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255)) return undefined
  return octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
}

function parseGroups(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [before, after] = halves.map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[]?]
  if (![...before, ...(after ?? [])].every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  const missing = 8 - before.length - (after?.length ?? 0)
  if (after ? missing < 1 : missing !== 0) return undefined
  return [...before, ...Array.from({ length: after ? missing : 0 }, () => '0'), ...(after ?? [])].map((group) => parseInt(group, 16))
}

/** The canonical text of an address (RFC 5952). */
export function ipText({ bits, value }: Pick<IpAddress, 'bits' | 'value'>): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16))
  // The first of the longest runs of zeros, of two at least, is left out.
  let longest = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === '0') length++
    if (length > longest.length) longest = { start, length }
  }
  if (longest.length < 2) return groups.join(':')
  return `${groups.slice(0, longest.start).join(':')}::${groups.slice(longest.start + longest.length).join(':')}`
}

/** Reads a range; the bits behind the prefix are as written. */
export function parseCidr(text: string): IpRange | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash))
  const length = text.slice(slash + 1)
  if (!address || !/^\d+$/.test(length) || Number(length) > (address.isMapped ? 128 : address.bits)) return undefined
  const written = Number(length)
  const hasLeadingZeros = address.hasLeadingZeros || /^0\d/.test(length)
  return { ...address, hasLeadingZeros, prefixLength: address.isMapped ? Math.max(written - 96, 0) : written }
}

/** The range with nothing behind its prefix. */
function masked(range: IpRange): bigint {
  const rest = BigInt(range.bits - range.prefixLength)
  return (range.value >> rest) << rest
}

export function cidrText(range: IpRange): string {
  return `${ipText({ bits: range.bits, value: masked(range) })}/${range.prefixLength}`
}

/** Whether `inner` lies in `outer` and is smaller. */
export function isStrictSubset(inner: IpRange, outer: IpRange): boolean {
  if (inner.bits !== outer.bits || outer.prefixLength >= inner.prefixLength) return false
  return masked({ ...inner, prefixLength: outer.prefixLength }) === masked(outer)
}

/** Messages for an address that a new field may not have. */
export function canonicalIpErrors(text: string): string[] {
  const address = parseIp(text)
  if (!address) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']
  if (address.hasLeadingZeros) return ['must not have leading 0s']
  if (address.isMapped) return ['must not be an IPv4-mapped IPv6 address']
  return ipText(address) === text ? [] : [`must be in canonical form (${quote(ipText(address))})`]
}

/** A range that is well formed and says nothing twice; any way of writing it will do. */
export function strictCidrErrors(text: string, at: FieldPath): FieldError[] {
  const range = parseCidr(text)
  if (!range) return [fieldInvalid(at, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
  if (range.hasLeadingZeros) return [fieldInvalid(at, text, 'must not have leading 0s in IP or prefix length')]
  if (range.isMapped) return [fieldInvalid(at, text, 'must not have an IPv4-mapped IPv6 address')]
  return masked(range) === range.value ? [] : [fieldInvalid(at, text, 'must not have bits set beyond the prefix length')]
}

/** The same, written the one right way. */
export function canonicalCidrErrors(text: string, at: FieldPath): FieldError[] {
  const errors = strictCidrErrors(text, at)
  const range = parseCidr(text)
  if (errors.length > 0 || !range || cidrText(range) === text) return errors
  return [fieldInvalid(at, text, `must be in canonical form (${quote(cidrText(range))})`)]
}

/** The warning for an IPv6 range that could be written better. */
export function cidrWarnings(text: string, at: FieldPath): string[] {
  const range = parseCidr(text)
  if (!range || range.bits === 32 || cidrText(range) === text) return []
  return [`${String(at)}: IPv6 CIDR value ${quote(text)} should be in RFC 5952 canonical format (${quote(cidrText(range))})`]
}

/** IPv4 arithmetic. Addresses are numbers from 0 to 2^32 - 1. */

export interface AddressRange {
  /** The network address. */
  readonly base: number
  readonly prefixLength: number
}

/** The number of a dotted address, or undefined when it is none. */
export function parseAddress(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (!match) return undefined
  let value = 0
  for (const part of match.slice(1)) {
    const byte = Number(part)
    if (byte > 255) return undefined
    value = value * 256 + byte
  }
  return value
}

export function formatAddress(value: number): string {
  return [value / 2 ** 24, value / 2 ** 16, value / 2 ** 8, value].map((part) => Math.floor(part) % 256).join('.')
}

/** `10.244.1.0/24`, or undefined when the text is no range. */
export function parseRange(text: string): AddressRange | undefined {
  const [address, bits, rest] = text.split('/')
  const value = parseAddress(address ?? '')
  const prefixLength = Number(bits)
  if (value === undefined || rest !== undefined || bits === undefined || !/^\d+$/.test(bits) || prefixLength > 32) return undefined
  const size = 2 ** (32 - prefixLength)
  return { base: Math.floor(value / size) * size, prefixLength }
}

export function formatRange(range: AddressRange): string {
  return `${formatAddress(range.base)}/${range.prefixLength}`
}

/** How many addresses a range has. */
export function rangeSize(range: AddressRange): number {
  return 2 ** (32 - range.prefixLength)
}

export function rangeContains(range: AddressRange, address: number): boolean {
  return address >= range.base && address < range.base + rangeSize(range)
}

/** The n-th range of `prefixLength` inside a range: per-node pod CIDRs. Undefined when there is no such. */
export function subRange(range: AddressRange, prefixLength: number, index: number): AddressRange | undefined {
  const size = 2 ** (32 - prefixLength)
  const base = range.base + index * size
  return prefixLength >= range.prefixLength && index >= 0 && base < range.base + rangeSize(range) ? { base, prefixLength } : undefined
}

/** `4.3.2.1.in-addr.arpa` of an address, for reverse look-ups. */
export function reverseName(address: string): string {
  return `${address.split('.').reverse().join('.')}.in-addr.arpa`
}

/** Undoes reverseName. */
export function addressOfReverseName(name: string): string | undefined {
  const match = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(name)
  if (!match) return undefined
  const address = match[1]!.split('.').filter(Boolean).reverse().join('.')
  return parseAddress(address) === undefined ? undefined : address
}

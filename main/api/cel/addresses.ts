/** IP addresses and networks as Go's net/netip reads them in Kubernetes' CEL library: strict, no zones, no IPv4-mapped IPv6. */

export interface IpAddress {
  readonly family: 4 | 6
  /** The address as a number of 32 or 128 bits. */
  readonly bits: bigint
}

export interface IpNetwork {
  readonly address: IpAddress
  readonly prefixLength: number
}

/** The address, or undefined for text that is none. */
export function parseIp(text: string): IpAddress | undefined {
  if (text.includes(':')) {
    const bits = parseIpv6(text)
    return bits === undefined ? undefined : { family: 6, bits }
  }
  const bits = parseIpv4(text)
  return bits === undefined ? undefined : { family: 4, bits }
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let bits = 0n
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    bits = (bits << 8n) | BigInt(part)
  }
  return bits
}

function parseIpv6(text: string): bigint | undefined {
  let rest = text
  let tail: bigint | undefined
  const lastColon = rest.lastIndexOf(':')
  if (rest.includes('.')) {
    tail = parseIpv4(rest.slice(lastColon + 1))
    if (tail === undefined) return undefined
    rest = `${rest.slice(0, lastColon + 1)}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`
  }
  const halves = rest.split('::')
  if (halves.length > 2) return undefined
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const left = groups(halves[0]!)
  const right = halves.length === 2 ? groups(halves[1]!) : []
  if ([...left, ...right].some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  const count = left.length + right.length
  if (halves.length === 2 ? count > 7 : count !== 8) return undefined
  let bits = 0n
  for (const group of [...left, ...new Array<string>(8 - count).fill('0'), ...right]) bits = (bits << 16n) | BigInt(`0x${group}`)
  return bits
}

/** Whether an IPv6 address stands for an IPv4 one (`::ffff:1.2.3.4`). */
export function isIpv4Mapped({ family, bits }: IpAddress): boolean {
  return family === 6 && bits >> 32n === 0xffffn
}

/** The canonical text: RFC 5952 for IPv6. */
export function ipText({ family, bits }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => Number((bits >> BigInt(112 - index * 16)) & 0xffffn))
  let bestStart = -1
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > bestLength) [bestStart, bestLength] = [start, length]
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  if (bestStart < 0) return text(groups)
  return `${text(groups.slice(0, bestStart))}::${text(groups.slice(bestStart + bestLength))}`
}

/** The network, or undefined. */
export function parseCidr(text: string): IpNetwork | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const address = parseIp(text.slice(0, slash))
  const length = text.slice(slash + 1)
  if (!address || !/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > widthOf(address)) return undefined
  return { address, prefixLength: Number(length) }
}

export function cidrText({ address, prefixLength }: IpNetwork): string {
  return `${ipText(address)}/${prefixLength}`
}

/** The network with its host bits cleared. */
export function maskedNetwork({ address, prefixLength }: IpNetwork): IpNetwork {
  const host = BigInt(widthOf(address) - prefixLength)
  return { address: { family: address.family, bits: (address.bits >> host) << host }, prefixLength }
}

export function networkContains(network: IpNetwork, address: IpAddress): boolean {
  if (network.address.family !== address.family) return false
  const host = BigInt(widthOf(address) - network.prefixLength)
  return network.address.bits >> host === address.bits >> host
}

export function widthOf({ family }: IpAddress): number {
  return family === 4 ? 32 : 128
}

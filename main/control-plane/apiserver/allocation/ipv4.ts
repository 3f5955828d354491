/** IPv4 addresses and ranges as numbers. */
export interface Cidr {
  readonly base: number
  readonly bits: number
  readonly text: string
}

/** The number of an address, or undefined when the text is none. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (!match) return undefined
  let value = 0
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return undefined
    value = value * 256 + Number(part)
  }
  return value
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** Throws for a text that is no range. */
export function parseCidr(text: string): Cidr {
  const [address = '', bits = ''] = text.split('/')
  const base = parseIpv4(address)
  if (base === undefined || !/^\d+$/.test(bits) || Number(bits) > 32) throw new Error(`invalid CIDR address: ${text}`)
  const size = 2 ** (32 - Number(bits))
  return { base: Math.floor(base / size) * size, bits: Number(bits), text }
}

export function cidrSize({ bits }: Cidr): number {
  return 2 ** (32 - bits)
}

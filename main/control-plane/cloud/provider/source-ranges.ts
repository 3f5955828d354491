function numberOf(address: string): number | undefined {
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined
  return parts.reduce((value, part) => value * 256 + part, 0)
}

/** Whether an IPv4 address lies in one of the CIDRs; no CIDRs: always. */
export function inRanges(address: string, ranges: readonly string[]): boolean {
  if (ranges.length === 0) return true
  const value = numberOf(address)
  return value !== undefined && ranges.some((range) => {
    const [base, bits = '32'] = range.trim().split('/')
    const start = numberOf(base!)
    const size = 2 ** (32 - Number(bits))
    return start !== undefined && Math.floor(start / size) === Math.floor(value / size)
  })
}

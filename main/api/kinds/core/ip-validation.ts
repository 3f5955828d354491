/** IP addresses and ranges as the API takes them (1.36 accepts what Go's net package did, and refuses leading zeros on new ones). */

const octet = /^(?:0|[1-9]\d{0,2})$/

export function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => octet.test(part) && Number(part) <= 255)
}

export function isIpv6(text: string): boolean {
  if (!text.includes(':')) return false
  let body = text
  const lastColon = text.lastIndexOf(':')
  if (text.includes('.')) {
    if (!isIpv4(text.slice(lastColon + 1))) return false
    body = `${text.slice(0, lastColon + 1)}0:0`
  }
  const halves = body.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false
  return halves.length === 2 ? groups.length < 8 : groups.length === 8
}

export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text)
}

/** Messages for what is no IP address. */
export function ipErrors(text: string): string[] {
  return isIp(text) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']
}

/** Messages for what is no range. */
export function isCidr(text: string): string[] {
  const slash = text.indexOf('/')
  const address = text.slice(0, slash)
  const bits = text.slice(slash + 1)
  const ok = slash > 0 && /^(?:0|[1-9]\d{0,2})$/.test(bits) && ((isIpv4(address) && Number(bits) <= 32) || (isIpv6(address) && Number(bits) <= 128))
  return ok ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']
}

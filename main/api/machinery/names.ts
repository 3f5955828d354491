/** How names, label keys and values are checked, with upstream's messages. Every function answers a list of messages, empty
 *  when the value is right. */
import { byteLength } from './go-text.ts'

const label1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain1123 = `${label1123}(\\.${label1123})*`
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const wildcard1123 = `\\*\\.${subdomain1123}`
const labelKeyName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValueFormat = `(${labelKeyName})?`

const label1123Pattern = new RegExp(`^${label1123}$`)
const subdomain1123Pattern = new RegExp(`^${subdomain1123}$`)
const label1035Pattern = new RegExp(`^${label1035}$`)
const wildcard1123Pattern = new RegExp(`^${wildcard1123}$`)
const labelKeyPattern = new RegExp(`^${labelKeyName}$`)
const labelValuePattern = new RegExp(`^${labelValueFormat}$`)

export const dns1123LabelLengthMax = 63
export const dns1123SubdomainLengthMax = 253
export const dns1035LabelLengthMax = 63
export const labelValueLengthMax = 63

/** `message (e.g. 'a', or 'b', regex used for validation is '…')`. */
export function regexError(message: string, format: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${format}')`
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${format}')`
}

export function lengthError(lengthMax: number): string {
  return `must be no more than ${lengthMax} characters`
}

function byteLengthError(lengthMax: number): string {
  return `must be no more than ${lengthMax} bytes`
}

export function inclusiveRangeError(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`
}

export function isDns1123Label(value: string): string[] {
  const errors: string[] = []
  if (byteLength(value) > dns1123LabelLengthMax) errors.push(lengthError(dns1123LabelLengthMax))
  if (!label1123Pattern.test(value)) {
    if (subdomain1123Pattern.test(value)) errors.push('must not contain dots')
    else errors.push(regexError("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character", label1123, 'my-name', '123-abc'))
  }
  return errors
}

export function isDns1123Subdomain(value: string): string[] {
  const errors: string[] = []
  if (byteLength(value) > dns1123SubdomainLengthMax) errors.push(lengthError(dns1123SubdomainLengthMax))
  if (!subdomain1123Pattern.test(value)) errors.push(regexError("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character", subdomain1123, 'example.com'))
  return errors
}

export function isDns1035Label(value: string): string[] {
  const errors: string[] = []
  if (byteLength(value) > dns1035LabelLengthMax) errors.push(lengthError(dns1035LabelLengthMax))
  if (!label1035Pattern.test(value)) errors.push(regexError("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character", label1035, 'my-name', 'abc-123'))
  return errors
}

export function isWildcardDns1123Subdomain(value: string): string[] {
  const errors: string[] = []
  if (byteLength(value) > dns1123SubdomainLengthMax) errors.push(lengthError(dns1123SubdomainLengthMax))
  if (!wildcard1123Pattern.test(value)) errors.push(regexError("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character", wildcard1123, '*.example.com'))
  return errors
}

const labelKeyMessage = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

/** Label keys, annotation keys (in lower case), finalizers, resource names: `[prefix/]name`. */
export function isQualifiedName(value: string): string[] {
  const errors: string[] = []
  const parts = value.split('/')
  const explained = regexError(labelKeyMessage, labelKeyName, 'MyName', 'my.name', '123-abc')
  if (parts.length > 2) return [`a valid label key ${explained} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  const name = parts[parts.length - 1] as string
  if (parts.length === 2) {
    const prefix = parts[0] as string
    if (prefix === '') errors.push('prefix part must be non-empty')
    else for (const message of isDns1123Subdomain(prefix)) errors.push(`prefix part ${message.replace(lengthError(dns1123SubdomainLengthMax), byteLengthError(dns1123SubdomainLengthMax))}`)
  }
  if (name === '') errors.push('name part must be non-empty')
  else if (byteLength(name) > 63) errors.push(`name part ${byteLengthError(63)}`)
  if (!labelKeyPattern.test(name)) errors.push(`name part ${explained}`)
  return errors
}

export function isLabelValue(value: string): string[] {
  const errors: string[] = []
  if (byteLength(value) > labelValueLengthMax) errors.push(byteLengthError(labelValueLengthMax))
  if (!labelValuePattern.test(value)) errors.push(regexError("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", labelValueFormat, 'MyValue', 'my_value', '12345'))
  return errors
}

/** Names that become one segment of a URL path: the loosest rule a name may have (roles, cluster roles …). */
export function isPathSegmentName(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%'].filter((piece) => value.includes(piece)).map((piece) => `may not contain '${piece}'`)
}

export function isValidPortNumber(port: number): string[] {
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? [] : [inclusiveRangeError(1, 65535)]
}

/** IANA service names: container port names, target port names. */
export function isValidPortName(port: string): string[] {
  const errors: string[] = []
  if (byteLength(port) > 15) errors.push(lengthError(15))
  if (!/^[-a-z0-9]+$/.test(port)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(port)) errors.push('must contain at least one letter (a-z)')
  if (port.includes('--')) errors.push('must not contain consecutive hyphens')
  if (port.startsWith('-') || port.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

export function isValidPercent(percent: string): string[] {
  return /^[0-9]+%$/.test(percent) ? [] : [regexError("a valid percent string must be a numeric string followed by an ending '%'", '[0-9]+%', '1%', '93%')]
}

export function isHttpHeaderName(value: string): string[] {
  return /^[-A-Za-z0-9]+$/.test(value) ? [] : [regexError("a valid HTTP header must consist of alphanumeric characters or '-'", '[-A-Za-z0-9]+', 'X-Header-Name')]
}

/** Environment variable names as 1.36 checks them: any printable ASCII but `=`. */
export function isEnvVarName(value: string): string[] {
  const errors: string[] = []
  if (value === '') errors.push('environment variable name must be non-empty')
  if (!/^[\x20-\x3c\x3e-\x7e]*$/.test(value)) errors.push("a valid environment variable name must consist only of printable ASCII characters other than '='")
  return errors
}

/** Keys of ConfigMaps and Secrets. */
export function isConfigMapKey(value: string): string[] {
  const errors: string[] = []
  if (byteLength(value) > dns1123SubdomainLengthMax) errors.push(lengthError(dns1123SubdomainLengthMax))
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) errors.push(regexError("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", '[-._a-zA-Z0-9]+', 'key.name', 'KEY_NAME', 'key-name'))
  if (value === '.') errors.push("must not be '.'")
  else if (value === '..') errors.push("must not be '..'")
  else if (value.startsWith('..')) errors.push("must not start with '..'")
  return errors
}

export function isCIdentifier(value: string): string[] {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? [] : [regexError("a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'", '[A-Za-z_][A-Za-z0-9_]*', 'my_name', 'MY_NAME', 'MyName')]
}

/** A generateName is checked as if a safe character replaced its trailing dash (upstream's maskTrailingDash). */
export function maskTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix
}

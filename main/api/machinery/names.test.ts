import { describe, expect, it } from 'vitest'
import { isConfigMapKey, isDns1035Label, isDns1123Label, isDns1123Subdomain, isEnvVarName, isLabelValue, isPathSegmentName, isQualifiedName, isValidPortName, isValidPortNumber } from './names.ts'

const subdomainText = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const labelText = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

describe('names', () => {
  it.each<[string, (value: string) => string[], string, string[]]>([
    ['subdomain', isDns1123Subdomain, 'a.b-c.d', []],
    ['subdomain', isDns1123Subdomain, 'A_b', [subdomainText]],
    ['subdomain', isDns1123Subdomain, 'a'.repeat(254), ['must be no more than 253 characters']],
    ['label', isDns1123Label, 'a-1', []],
    ['label', isDns1123Label, 'a.b', ['must not contain dots']],
    ['label', isDns1123Label, '-a', [labelText]],
    ['service', isDns1035Label, '1a', ["a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"]],
    ['label key', isQualifiedName, 'example.com/My.Name_1', []],
    ['label key', isQualifiedName, '/a', ['prefix part must be non-empty']],
    ['label key', isQualifiedName, 'x/'.concat('a'.repeat(64)), ['name part must be no more than 63 bytes']],
    ['label value', isLabelValue, '', []],
    ['label value', isLabelValue, 'a'.repeat(64), ['must be no more than 63 bytes']],
    ['path segment', isPathSegmentName, 'system:node', []],
    ['path segment', isPathSegmentName, 'a/b%', ["may not contain '/'", "may not contain '%'"]],
    ['path segment', isPathSegmentName, '..', ["may not be '..'"]],
    ['port name', isValidPortName, 'http-1', []],
    ['port name', isValidPortName, '1--', ['must contain at least one letter (a-z)', 'must not contain consecutive hyphens', 'must not begin or end with a hyphen']],
    ['environment', isEnvVarName, 'any thing!', []],
    ['environment', isEnvVarName, 'a=b', ["a valid environment variable name must consist only of printable ASCII characters other than '='"]],
    ['key', isConfigMapKey, '..x', ["must not start with '..'"]],
  ])('%s: %s of %j', (_name, check, value, messages) => {
    expect(check(value)).toEqual(messages)
  })

  it('ports have bounds', () => {
    expect(isValidPortNumber(80)).toEqual([])
    expect(isValidPortNumber(0)).toEqual(['must be between 1 and 65535, inclusive'])
  })
})

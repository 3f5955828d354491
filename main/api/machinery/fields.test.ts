import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeFieldValue, exactFieldMatch, formatFieldSelector, matchesFields, parseFieldSelector } from './fields.ts'

describe('field selectors', () => {
  it.each([
    ['a=b', 'a=b'], ['b==c,a!=d', 'a!=d,b=c'], ['', ''], ['a=', 'a='], [',a=b,', 'a=b'], ['a=x\\,y', 'a=x\\,y'], ['metadata.name=x', 'metadata.name=x'],
  ])('%s is %s', (text, printed) => {
    expect(formatFieldSelector(parseFieldSelector(text))).toBe(printed)
  })

  it.each([
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=b\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ])('%s is refused', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(new Error(message))
  })

  it('matches', () => {
    const selector = parseFieldSelector('spec.nodeName=n,status.phase!=Running')
    expect(exactFieldMatch(selector, 'spec.nodeName')).toBe('n')
    expect(exactFieldMatch(selector, 'status.phase')).toBeUndefined()
    const of = (fields: { [name: string]: string }) => (field: string) => fields[field]
    expect(matchesFields(selector, of({ 'spec.nodeName': 'n' }))).toBe(true)
    expect(matchesFields(selector, of({ 'spec.nodeName': 'n', 'status.phase': 'Running' }))).toBe(false)
  })

  it('any value survives escaping', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(exactFieldMatch(parseFieldSelector(`f=${escapeFieldValue(value)}`), 'f')).toBe(value)
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { everything, exactMatch, formatLabelSelector, formatSelector, matchesLabels, matchesSelector, parseSelector, selectorFromSet, selectorOf } from './labels.ts'

describe('parse', () => {
  it.each([
    ['', ''], ['x=a,y=b,z=c', 'x=a,y=b,z=c'], ['x!=a,y==b', 'x!=a,y==b'], ['!x,y', '!x,y'], ['x in (b,a)', 'x in (a,b)'], ['x notin ( a )', 'x notin (a)'],
    ['x in (),y', 'x in (),y'], ['x>1', 'x>1'], ['x=', 'x='], ['x= ,z= ', 'x=,z='], ['z,a', 'a,z'], ['in in (in)', 'in in (in)'], ['x in (,a)', 'x in (,a)'], ['example.com/a=b', 'example.com/a=b'],
  ])('%s', (text, printed) => {
    expect(formatSelector(parseSelector(text))).toBe(printed)
  })

  it.each([
    ['x,', "found '', expected: identifier after ','"],
    [',x', "found ',', expected: !, identifier, or 'end of string'"],
    ['x=a||y=b', "unable to parse requirement: values[0][x]: Invalid value: \"a||y\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"],
    ['x in a', "unable to parse requirement: found 'a' expected: '('"],
    ['x in (a', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['x y', "unable to parse requirement: found 'y', expected: in, notin, =, ==, !=, gt, lt"],
    ['x>a', 'unable to parse requirement: values[0]: Invalid value: "a": for \'Gt\', \'Lt\' operators, the value must be an integer'],
    ['x=a y', "found 'y', expected: ',' or 'end of string'"],
  ])('%s is refused', (text, message) => {
    expect(() => parseSelector(text)).toThrow(new Error(message))
  })

  it('names the wrong key', () => {
    expect(() => parseSelector('a//b=c')).toThrow('unable to parse requirement: <nil>: Invalid value: "a//b": a valid label key must consist of')
  })
})

describe('match', () => {
  it.each([
    ['x=a', { x: 'a' }, true], ['x=a', {}, false], ['x!=a', {}, true], ['x!=a', { x: 'a' }, false], ['x in (a,b)', { x: 'b' }, true], ['x notin (a,b)', { x: 'c' }, true],
    ['x notin (a,b)', {}, true], ['x', { x: '' }, true], ['!x', { x: '' }, false], ['x>1', { x: '2' }, true], ['x<1', { x: '2' }, false], ['x>1', { x: 'a' }, false], ['', { x: 'a' }, true],
  ])('%s against %o: %s', (text, labels, expected) => {
    expect(matchesSelector(parseSelector(text), labels)).toBe(expected)
  })

  it('reads LabelSelectors', () => {
    expect(matchesSelector(selectorOf(undefined), {})).toBe(false)
    expect(matchesSelector(selectorOf({}), {})).toBe(true)
    const selector = selectorOf({ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['old'] }] })
    expect(matchesSelector(selector, { app: 'web' })).toBe(true)
    expect(matchesSelector(selector, { app: 'web', tier: 'old' })).toBe(false)
    expect(formatSelector(selector)).toBe('app=web,tier notin (old)')
    expect(exactMatch(selector, 'app')).toBe('web')
    expect(formatLabelSelector({ matchExpressions: [{ key: 'a', operator: 'In' }] })).toBe('<error>')
    expect(() => selectorOf({ matchExpressions: [{ key: 'a', operator: 'Is' }] })).toThrow('"Is" is not a valid label selector operator')
  })
})

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/)
const requirement = fc.oneof(
  word.map((key) => key),
  word.map((key) => `!${key}`),
  fc.tuple(word, fc.constantFrom('=', '==', '!='), word).map((parts) => parts.join('')),
  fc.tuple(word, fc.constantFrom('in', 'notin'), fc.uniqueArray(word, { minLength: 1, maxLength: 3 })).map(([key, operator, values]) => `${key} ${operator} (${values.join(',')})`),
)

describe('properties', () => {
  it('printing and parsing again is stable and matches alike', () => {
    fc.assert(fc.property(fc.array(requirement, { maxLength: 4 }), fc.dictionary(word, word), (parts, labels) => {
      const selector = parseSelector(parts.join(','))
      const again = parseSelector(formatSelector(selector))
      expect(formatSelector(again)).toBe(formatSelector(selector))
      expect(matchesSelector(again, labels)).toBe(matchesSelector(selector, labels))
    }))
  })

  it('a set matches itself and everything matches all', () => {
    fc.assert(fc.property(fc.dictionary(word, word), (labels) => {
      expect(matchesSelector(selectorFromSet(labels), labels)).toBe(true)
      expect(matchesSelector(everything, labels)).toBe(true)
      expect(matchesLabels(labels, labels)).toBe(true)
    }))
  })
})

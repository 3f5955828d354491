import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { awkwardConfigMap, awkwardConfigMapYaml } from '../testing/recorded.ts'
import { DecodeError } from './json.ts'
import { formatYaml } from './yaml-format.ts'
import { parseYaml, parseYamlDocuments } from './yaml.ts'

describe('parse', () => {
  it.each<[string, unknown]>([
    ['a: yes\nb: no\nc: on\nd: off\ne: y\nf: "yes"', { a: true, b: false, c: true, d: false, e: true, f: 'yes' }],
    ['a: 0644\nb: 0o17\nc: 0x1f\nd: 1_000\ne: 1e3\nf: .5', { a: 420, b: 15, c: 31, d: 1000, e: 1000, f: 0.5 }],
    ['a: 2020-01-01\nb: 12:30:45\nc: 1.2.3\nd: ~', { a: '2020-01-01', b: '12:30:45', c: '1.2.3', d: null }],
    ['1: a\ntrue: b', { '1': 'a', true: 'b' }],
    ['x: &a {k: 1}\nw:\n  <<: *a\n  z: 2', { x: { k: 1 }, w: { k: 1, z: 2 } }],
    ['a: |\n  x\n  y\nb: >-\n  x\n  y', { a: 'x\ny\n', b: 'x y' }],
    ['{"a": [1, 2]}', { a: [1, 2] }],
    ['', null],
  ])('%j', (text, value) => {
    expect(parseYaml(text)).toEqual(value)
  })

  it.each([
    ['a: 1\na: 2\n', 'error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key "a" already set in map'],
    ['a: b: c\n', 'error converting YAML to JSON: yaml: line 1: mapping values are not allowed in this context'],
    ['a:\n\t- b\n', 'error converting YAML to JSON: yaml: line 2: found character that cannot start any token'],
  ])('%j is refused', (text, message) => {
    expect(() => parseYaml(text)).toThrow(message)
  })

  it.each([
    ['deep nesting', '['.repeat(50_000), 'exceeded max depth'],
    ['deep blocks', `${'- '.repeat(5000)}x`, 'exceeded max depth'],
    ['deep keys', Array.from({ length: 400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), 'exceeded max depth'],
    ['deep flow in blocks', `a:\n  b: ${'{x: '.repeat(300)}1${'}'.repeat(300)}\n`, 'exceeded max depth'],
    ['a bomb of aliases', ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]', ...[1, 2, 3, 4, 5, 6].map((i) => `a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`)].join('\n'), 'yaml: document contains excessive aliasing'],
    ['an unknown anchor', 'a: *x', "yaml: unknown anchor 'x' referenced"],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parseYaml(text)).toThrow(new DecodeError(message))
  })

  it('reads what only looks deep', () => {
    const text = `a: |\n  ${'['.repeat(600)}\nb: "${'{'.repeat(600)}"\nc: ${'x-'.repeat(300)}y\nd:\n${'- [1, 2]\n'.repeat(400)}`
    expect(parseYaml(text)).toMatchObject({ a: `${'['.repeat(600)}\n`, b: '{'.repeat(600), c: `${'x-'.repeat(300)}y`, d: { length: 400 } })
  })

  it('splits documents', () => {
    expect(parseYamlDocuments('# first\na: 1\n---\n# nothing\n---\nb: 2\n--- # end\n')).toEqual([{ a: 1 }, { b: 2 }])
  })
})

describe('format', () => {
  it('sorts keys, quotes what would be read as something else, and does not indent lists', () => {
    const text = formatYaml({ b: [{ y: 1, x: 'yes' }], a10: '1', a9: 'true', n: null, empty: {}, none: [], s: 'a: b', t: 'two\nlines\n', u: '', w: "it's", q: '100m', time: '2026-01-01T00:00:00Z', '1': 'x' })
    expect(text).toBe(
      ['"1": x', 'a9: "true"', 'a10: "1"', 'b:', '- x: "yes"', '  "y": 1', 'empty: {}', '"n": null', 'none: []', 'q: 100m', "s: 'a: b'", 't: |', '  two', '  lines', 'time: "2026-01-01T00:00:00Z"', 'u: ""', "w: it's", ''].join('\n'),
    )
  })

  it('writes what kubectl writes, to the letter, and reads it back', () => {
    expect(formatYaml(awkwardConfigMap)).toBe(awkwardConfigMapYaml)
    expect(parseYaml(awkwardConfigMapYaml)).toEqual(awkwardConfigMap)
  })

  it('folds long lines where go-yaml does', () => {
    const message = '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.'
    expect(formatYaml({ conditions: [{ message }] })).toBe(`conditions:\n- message: '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are\n    available: 1 No preemption victims found for incoming pod.'\n`)
  })

  it('is read back as it was', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9:#,\[\]{}&*!|>'"%@` \n.+\-~_]{0,40}$/), fc.constantFrom('yes', 'null', '1', '0x1', '1e3', '1:2', ' a', 'a ', '\n', 'a\n\n', '\n a', '- a', '---', '? a', 'a\tb', '=', '\u0085', '\u2028'))
    const value = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(text, tie('value'), { maxKeys: 3 })),
    })).value
    fc.assert(
      fc.property(value, (v) => {
        expect(parseYaml(formatYaml(v))).toEqual(JSON.parse(JSON.stringify(v)))
      }),
      { numRuns: 500 },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldErrorText } from '../../../machinery/field-error.ts'
import { deepFreeze } from '../../../machinery/json-value.ts'
import { uncorrelated } from './correlation.ts'
import { defaulted } from './defaulting.ts'
import { resolveFieldPath } from './field-paths.ts'
import { validateListTypes } from './list-types.ts'
import { pruned } from './prune.ts'
import type { Schema } from './structural.ts'
import { validateStructure } from './structural-validation.ts'
import { validateValue } from './value-validation.ts'

const object = (properties: Record<string, object>, more: object = {}): Schema => ({ type: 'object', properties, ...more }) as Schema
const problems = (value: unknown, schema: object, old: unknown = uncorrelated): string[] => validateValue(value, object({ f: schema }), '', old).map(fieldErrorText)

describe('values', () => {
  it.each<[string, unknown, object, string[]]>([
    ['a number for text', 1, { type: 'string' }, ['f: Invalid value: "integer": f in body must be of type string: "integer"']],
    ['text for a number', 'x', { type: 'integer' }, ['f: Invalid value: "string": f in body must be of type integer: "string"']],
    ['a fraction for an integer', 1.5, { type: 'integer' }, ['f: Invalid value: "number": f in body must be of type integer: "number"']],
    ['a whole number for a number', 1, { type: 'number' }, []],
    ['a list for an object', [], { type: 'object' }, ['f: Invalid value: "array": f in body must be of type object: "array"']],
    ['null', null, { type: 'string' }, ['f: Invalid value: "null": f in body must be of type string: "null"']],
    ['null where it may be', null, { type: 'string', nullable: true }, []],
    ['either', true, { 'x-kubernetes-int-or-string': true }, ['f: Invalid value: "boolean": f in body must be of type integer,string: "boolean"']],
    ['an integer of either', 1, { 'x-kubernetes-int-or-string': true }, []],
    ['too little', 1, { type: 'integer', minimum: 2 }, ['f: Invalid value: 1: f in body should be greater than or equal to 2']],
    ['too little, strictly', 2, { type: 'integer', minimum: 2, exclusiveMinimum: true }, ['f: Invalid value: 2: f in body should be greater than 2']],
    ['too much', 3.5, { type: 'number', maximum: 2.5 }, ['f: Invalid value: 3.5: f in body should be less than or equal to 2.5']],
    ['no multiple', 7, { type: 'integer', multipleOf: 3 }, ['f: Invalid value: 7: f in body should be a multiple of 3']],
    ['a multiple of a fraction', 0.3, { type: 'number', multipleOf: 0.1 }, []],
    ['too short', 'é', { type: 'string', minLength: 2 }, ['f: Invalid value: "é": f in body should be at least 2 chars long']],
    ['too long', 'abc', { type: 'string', maxLength: 2 }, ['f: Too long: may not be more than 2 bytes']],
    ['no match', 'b', { type: 'string', pattern: '^a+$' }, ['f: Invalid value: "b": f in body should match \'^a+$\'']],
    ['a match anywhere', 'xay', { type: 'string', pattern: 'a' }, []],
    ['none of some', 'c', { type: 'string', enum: ['a', 'b'] }, ['f: Unsupported value: "c": supported values: "a", "b"']],
    ['none of some numbers', 3, { type: 'integer', enum: [1, 2] }, ['f: Unsupported value: 3: supported values: "1", "2"']],
    ['a wrong time', 'x', { type: 'string', format: 'date-time' }, ['f: Invalid value: "x": f in body must be of type date-time: "x"']],
    ['an address', '1.2.3.4', { type: 'string', format: 'ipv4' }, []],
    ['no network', '10.0.0.0/33', { type: 'string', format: 'cidr' }, ['f: Invalid value: "10.0.0.0/33": f in body must be of type cidr: "10.0.0.0/33"']],
    ['a format nobody checks', 'x', { type: 'string', format: 'nope' }, []],
    ['too few items', [1], { type: 'array', minItems: 2, items: { type: 'integer' } }, ['f: Invalid value: 1: f in body should have at least 2 items']],
    ['too many items', [1, 2], { type: 'array', maxItems: 1, items: { type: 'integer' } }, ['f: Too many: 2: must have at most 1 item']],
    ['a wrong item', [1, 'x'], { type: 'array', items: { type: 'integer' } }, ['f[1]: Invalid value: "string": f[1] in body must be of type integer: "string"']],
    ['a wrong value of a map', { k: 1 }, { type: 'object', additionalProperties: { type: 'string' } }, ['f.k: Invalid value: "integer": f.k in body must be of type string: "integer"']],
    ['too few properties', {}, { type: 'object', minProperties: 1 }, ['f: Invalid value: 0: f in body should have at least 1 properties']],
    ['a missing field', {}, { type: 'object', required: ['a'] }, ['f.a: Required value']],
    ['none of the alternatives', 3, { type: 'integer', anyOf: [{ maximum: 1 }, { maximum: 2 }] }, ['<nil>: Invalid value: "": "f" must validate at least one schema (anyOf)', 'f: Invalid value: 3: f in body should be less than or equal to 1']],
    ['two of one', 1, { type: 'integer', oneOf: [{ maximum: 1 }, { maximum: 2 }] }, ['<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found 2 valid alternatives']],
    ['not all', 3, { type: 'integer', allOf: [{ maximum: 5 }, { maximum: 2 }] }, ['f: Invalid value: 3: f in body should be less than or equal to 2', '<nil>: Invalid value: "": "f" must validate all the schemas (allOf)']],
    ['what it must not be', 1, { type: 'integer', not: { enum: [1] } }, ['<nil>: Invalid value: "": "f" must not validate the schema (not)']],
  ])('%s', (_name, value, schema, wanted) => expect(problems({ f: value }, schema)).toEqual(wanted))

  it('that did not change are not held against anybody', () => {
    expect(problems({ f: 'x' }, { type: 'integer' }, { f: 'x' })).toEqual([])
    expect(problems({ f: { a: 'x', b: 'y' } }, { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } } }, { f: { a: 'x' } })).toEqual(['f.b: Invalid value: "string": f.b in body must be of type integer: "string"'])
    const list = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['n'], items: { type: 'object', properties: { n: { type: 'string' }, v: { type: 'integer' } } } }
    expect(problems({ f: [{ n: 'b', v: 1 }, { n: 'a', v: 'x' }] }, list, { f: [{ n: 'a', v: 'x' }] })).toEqual([])
    expect(problems({ f: ['x', 1] }, { type: 'array', items: { type: 'integer' } }, { f: ['x'] })).toHaveLength(1)
  })

  it('have no twins in sets and maps', () => {
    const schema = object({ set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } }, map: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a', 'b'], items: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' } } } } })
    expect(validateListTypes({ set: ['x', 'y', 'x'], map: [{ a: '1', b: 1 }, { a: '1', b: 2 }, { a: '1', b: 1 }] }, schema, uncorrelated).map(fieldErrorText)).toEqual(['set[2]: Duplicate value: "x"', 'map[2]: Duplicate value: {"a":"1","b":1}'])
  })
})

describe('pruning', () => {
  it.each<[string, unknown, object, unknown, string[]]>([
    ['takes out what is unknown', { a: 1, b: 2 }, { a: { type: 'integer' } }, { a: 1 }, ['b']],
    ['goes into lists and maps', { l: [{ a: 1, b: 2 }], m: { k: { a: 1, b: 2 } } }, { l: { type: 'array', items: object({ a: {} }) }, m: { type: 'object', additionalProperties: object({ a: {} }) } }, { l: [{ a: 1 }], m: { k: { a: 1 } } }, ['l[0].b', 'm.k.b']],
    ['keeps what is preserved, and prunes what is specified within', { p: { x: { y: 1 }, s: { a: 1, b: 2 } } }, { p: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { s: object({ a: {} }) } } }, { p: { x: { y: 1 }, s: { a: 1 } } }, ['p.s.b']],
    ['keeps the type and metadata of embedded resources', { e: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: {} } }, { e: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: {} } }, { e: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } } }, ['e.spec']],
    ['leaves values of other types', { a: [1], b: 'x' }, { a: { type: 'object' }, b: object({}) }, { a: [1], b: 'x' }, []],
    ['knows __proto__', JSON.parse('{"__proto__": 1, "constructor": 2}'), {}, {}, ['__proto__', 'constructor']],
  ])('%s', (_name, value, properties, wanted, unknown) => {
    const paths: string[] = []
    expect(pruned(deepFreeze(value), object(properties as Record<string, object>), false, paths)).toEqual(wanted)
    expect(paths).toEqual(unknown)
  })
})

describe('defaulting', () => {
  it.each<[string, unknown, object, unknown]>([
    ['fills in what is absent', {}, { a: { type: 'integer', default: 1 } }, { a: 1 }],
    ['leaves what is there', { a: 0 }, { a: { type: 'integer', default: 1 } }, { a: 0 }],
    ['goes down only where something is', {}, { o: object({ a: { default: 1 } }) }, {}],
    ['goes into defaults', {}, { o: { ...object({ a: { default: 1 } }), default: {} } }, { o: { a: 1 } }],
    ['goes into lists and maps', { l: [{}], m: { k: {} } }, { l: { type: 'array', items: object({ a: { default: 1 } }) }, m: { type: 'object', additionalProperties: object({ a: { default: 2 } }) } }, { l: [{ a: 1 }], m: { k: { a: 2 } } }],
    ['replaces nulls that may not be', { a: null, b: null, c: null }, { a: { type: 'integer', default: 1 }, b: { type: 'integer' }, c: { type: 'integer', nullable: true, default: 3 } }, { a: 1, c: null }],
  ])('%s', (_name, value, properties, wanted) => expect(defaulted(deepFreeze(value), object(properties as Record<string, object>))).toEqual(wanted))

  it('and pruning change nothing the second time', () => {
    const schema = object({ a: { type: 'integer', default: 1 }, o: { ...object({ b: { type: 'string', default: 'x' } }), default: {} }, l: { type: 'array', items: object({ c: { default: 1 } }) } })
    fc.assert(fc.property(fc.dictionary(fc.constantFrom('a', 'o', 'l', 'z'), fc.jsonValue({ maxDepth: 3 })), (value) => {
      const frozen = deepFreeze(value)
      const once = defaulted(pruned(frozen, schema, false), schema)
      expect(defaulted(pruned(once, schema, false), schema)).toBe(once)
    }))
  })
})

describe('structure', () => {
  it.each<[string, object, string]>([
    ['a root without a type', {}, 'openAPIV3Schema.type: Required value: must not be empty at the root'],
    ['a root that is no object', { type: 'string' }, 'openAPIV3Schema.type: Invalid value: "string": must be object at the root'],
    ['a field without a type', object({ a: {} }), 'openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields'],
    ['a list without items', object({ a: { type: 'array' } }), 'openAPIV3Schema.properties[a].items: Required value: must be specified'],
    ['types within junctors', object({ a: { type: 'string', anyOf: [{ type: 'string' }] } }), 'openAPIV3Schema.properties[a].anyOf[0].type: Forbidden: must be empty to be structural'],
    ['fields only within junctors', object({}, { not: { properties: { a: {} } } }), 'openAPIV3Schema.properties[a]: Required value: because it is defined in openAPIV3Schema.not.properties[a]'],
    ['patterns that are none', object({ a: { type: 'string', pattern: '(' } }), "openAPIV3Schema.properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`"],
    ['metadata with fields of its own', object({ metadata: { type: 'object', properties: { labels: { type: 'object' } } } }), 'openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified'],
    ['additional properties at the root', { type: 'object', additionalProperties: { type: 'string' } }, 'openAPIV3Schema.additionalProperties: Forbidden: must not be used at the root'],
    ['embedded resources that keep nothing', object({ e: { type: 'object', 'x-kubernetes-embedded-resource': true } }), 'openAPIV3Schema.properties[e].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'],
  ])('%s is told of', (_name, schema, text) => expect(validateStructure(schema as Schema).map(fieldErrorText)).toContain(text))

  it('takes int-or-string as it is written', () => {
    expect(validateStructure(object({ p: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: '^a' } }))).toEqual([])
  })
})

describe('paths', () => {
  it.each<[string, string[] | string]>([
    ['.a.b', ['a', 'b']], ["['a'].b", ['a', 'b']], [".m['x.y']", ['m', 'x.y']], ['a', 'expected [ or . but got: a'], ['.nope', 'does not refer to a valid field'], ['.a.b.c', 'does not refer to a valid field'], ["['a'", 'unexpected end of JSON path'], ['.', 'unexpected end of JSON path'],
  ])('%s', (path, wanted) => {
    const schema = object({ a: object({ b: { type: 'string' } }), m: { type: 'object', additionalProperties: { type: 'string' } } })
    const found = resolveFieldPath(path, schema)
    expect('steps' in found ? found.steps : found.problem).toEqual(wanted)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deepFreeze } from './json-value.ts'
import type { JsonObject } from './json-value.ts'
import { applyMergePatch, createMergePatch, createThreeWayMergePatch } from './merge-patch.ts'

describe('RFC 7396', () => {
  // The appendix of the RFC.
  it.each<[unknown, unknown, unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [['a', 'b'], ['c', 'd'], ['c', 'd']],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j patched by %j is %j', (target, patch, expected) => {
    expect(applyMergePatch(deepFreeze(target), deepFreeze(patch))).toEqual(expected)
  })
})

describe('three ways', () => {
  it('removes what was applied and is no longer said, and keeps what others set', () => {
    const original = { a: 1, b: { x: 1, y: 1 } }
    const modified = { b: { x: 2 } }
    const current = { a: 1, b: { x: 1, y: 1, z: 9 }, c: 3 }
    const patch = createThreeWayMergePatch(original, modified, current)
    expect(patch).toEqual({ a: null, b: { x: 2, y: null } })
    expect(applyMergePatch(current, patch)).toEqual({ b: { x: 2, z: 9 }, c: 3 })
  })
})

/** JSON objects without nulls: a merge patch cannot set null. */
const value = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 2 }), tie('object')),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('value'), { maxKeys: 3 }),
}))
const object = value.object as fc.Arbitrary<JsonObject>

describe('properties', () => {
  it('the created patch makes one into the other', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        const [a, b] = [JSON.parse(JSON.stringify(from)) as JsonObject, JSON.parse(JSON.stringify(to)) as JsonObject]
        expect(applyMergePatch(deepFreeze(a), createMergePatch(a, deepFreeze(b)))).toEqual(b)
        expect(createMergePatch(a, a)).toEqual({})
      }),
    )
  })
})

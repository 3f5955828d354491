import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalObject } from '../codec/typed.ts'
import { semanticEqual } from '../equality.ts'
import { deepFreeze, isObject } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import type { KubeObject } from '../object.ts'
import { mustSchemaOf } from '../schema.ts'
import type { Definition } from '../schema.ts'
import { randomOf, sampleOf } from '../testing/sample.ts'
import { compareValues, isSame } from './compare.ts'
import { decodeFieldsV1, difference, encodeFieldsV1, equalSets, forEachPath, intersection, isEmptySet, pathText, union } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { applyPatch, trackUpdate } from './field-manager.ts'
import { fieldTypeIn, isGranularMap, itemElement, mergeTypeOf } from './merge-type.ts'
import type { MergeType } from './merge-type.ts'
import { removePaths } from './merge-values.ts'
import { fieldSetOf } from './to-field-set.ts'

const names = ['io.k8s.api.apps.v1.Deployment', 'io.k8s.api.core.v1.Pod', 'io.k8s.api.core.v1.Service', 'io.k8s.api.core.v1.Node', 'io.k8s.api.networking.v1.Ingress']

/** Without empty maps and lists: one that was pruned empty is gone, as upstream has it. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutEmpty).filter((item) => item !== undefined)
    return items.length > 0 ? items : undefined
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const kept = withoutEmpty(item)
    return kept === undefined ? [] : [[key, kept] as const]
  })
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

/** Associative lists without duplicates and without items that have no key. */
function normal(value: unknown, type: MergeType): unknown {
  if (type.how === 'atomic') {
    const { inner } = type
    if (inner.how !== 'list') return normal(value, inner)
    return Array.isArray(value) ? value.map((item) => normal(item, inner.items)) : value
  }
  if (isGranularMap(type) && isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normal(item, fieldTypeIn(type, key) ?? { how: 'deduced' })]))
  if ((type.how === 'list-map' || type.how === 'set') && Array.isArray(value)) {
    const items = new Map<string, unknown>()
    for (const item of value) {
      try {
        items.set(itemElement(type, item), normal(item, type.items))
      } catch {
        // An item without a key cannot be applied.
      }
    }
    return [...items.values()]
  }
  return value
}

function sample(definition: Definition, seed: number): KubeObject {
  const object = sampleOf(definition, randomOf(seed))
  const metadata = isObject(object.metadata) ? object.metadata : {}
  // The other fields of metadata are nobody's.
  const rest = Object.fromEntries(['labels', 'annotations', 'finalizers', 'ownerReferences'].flatMap((key) => (metadata[key] === undefined ? [] : [[key, metadata[key]]])))
  const kind = definition.name.split('.').at(-1) as string
  return deepFreeze(withoutEmpty(normal({ ...object, apiVersion: 'v1', kind, metadata: { ...rest, name: 'a', namespace: 'b' } }, mergeTypeOf(definition))) as KubeObject)
}

function apply(live: KubeObject | undefined, applied: KubeObject, type: MergeType, manager = 'one', force = false): KubeObject {
  return deepFreeze(applyPatch({ live, applied, manager, force, type, timestamp: '2026-01-01T00:00:00Z', apiVersion: 'v1' }))
}

function content(object: KubeObject, definition: Definition): JsonObject {
  const { managedFields: _fields, ...metadata } = object.metadata
  return canonicalObject({ ...object, metadata } as unknown as JsonObject, definition)
}

function pathsOf(set: FieldSet): string[] {
  const paths: string[] = []
  forEachPath(set, (path) => paths.push(pathText(path)))
  return paths
}

const cases = fc.tuple(fc.constantFrom(...names), fc.nat(), fc.nat(), fc.nat())

describe('applying whole objects', () => {
  it('twice leaves what the second says', () => {
    fc.assert(
      fc.property(cases, ([name, a, b]) => {
        const definition = mustSchemaOf(name)
        const type = mergeTypeOf(definition)
        const [first, second] = [sample(definition, a), sample(definition, b)]
        const live = apply(apply(undefined, first, type), second, type)
        expect(semanticEqual(content(live, definition), content(second, definition)), JSON.stringify([content(live, definition), content(second, definition)])).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('by two appliers, and one applies nothing any more, leaves what the other says', () => {
    fc.assert(
      fc.property(cases, ([name, a, b]) => {
        const definition = mustSchemaOf(name)
        const type = mergeTypeOf(definition)
        const [first, second] = [sample(definition, a), sample(definition, b)]
        const nothing = { apiVersion: 'v1', kind: first.kind, metadata: { name: 'a', namespace: 'b' } }
        const both = apply(apply(undefined, first, type), second, type, 'two', true)
        const left = apply(both, nothing, type)
        // What the second said is still there, in every field that it owns.
        const wanted = fieldSetOf(second, type)
        expect(pathsOf(difference(wanted, fieldSetOf(left, type)))).toEqual([])
        const comparison = compareValues(second, left, type)
        expect(isEmptySet(intersection(comparison.modified, wanted))).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('after updates by others never fails when forced, and always says what it says', () => {
    fc.assert(
      fc.property(cases, ([name, a, b, c]) => {
        const definition = mustSchemaOf(name)
        const type = mergeTypeOf(definition)
        const created = trackUpdate({ live: undefined, updated: sample(definition, a), manager: 'creator', type, timestamp: '2026-01-01T00:00:00Z' })
        const live = deepFreeze({ ...created, metadata: { ...created.metadata, uid: 'u' } })
        const updated = sample(definition, b)
        const next = deepFreeze(trackUpdate({ live, updated: { ...updated, metadata: { ...updated.metadata, uid: 'u' } }, manager: 'updater', type, timestamp: '2026-01-01T00:01:00Z' }))
        const applied = sample(definition, c)
        const result = apply(next, applied, type, 'applier', true)
        expect(pathsOf(compareValues(applied, result, type).removed)).toEqual([])
        expect(pathsOf(difference(fieldSetOf(applied, type), fieldSetOf(result, type)))).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})

describe('field sets', () => {
  const setOf = ([name, seed]: readonly [string, number]): FieldSet => fieldSetOf(sample(mustSchemaOf(name), seed), mergeTypeOf(mustSchemaOf(name)))
  const one = fc.tuple(fc.constantFrom(...names), fc.nat())

  it('survive FieldsV1', () => {
    fc.assert(fc.property(one, (which) => {
      const set = setOf(which)
      expect(equalSets(decodeFieldsV1(JSON.parse(JSON.stringify(encodeFieldsV1(set)))), set)).toBe(true)
    }), { numRuns: 50 })
  })

  it('obey the laws of sets', () => {
    fc.assert(fc.property(one, one, (x, y) => {
      const [a, b] = [setOf(x), setOf(y)]
      expect(equalSets(union(a, b), union(b, a))).toBe(true)
      expect(equalSets(intersection(a, b), intersection(b, a))).toBe(true)
      expect(equalSets(union(difference(a, b), intersection(a, b)), a)).toBe(true)
      expect(isEmptySet(intersection(difference(a, b), b))).toBe(true)
      expect(difference(a, difference(b, b))).toBe(a)
    }), { numRuns: 50 })
  })

  it('of an object, removed from it, leave nothing of it', () => {
    fc.assert(fc.property(one, ([name, seed]) => {
      const type = mergeTypeOf(mustSchemaOf(name))
      const object = sample(mustSchemaOf(name), seed)
      const rest = removePaths(object, fieldSetOf(object, type), type)
      expect(isEmptySet(fieldSetOf(rest ?? {}, type))).toBe(true)
      expect(isSame(compareValues(object, object, type))).toBe(true)
    }), { numRuns: 50 })
  })
})

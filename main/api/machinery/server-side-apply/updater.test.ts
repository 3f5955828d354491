import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonEqual } from '../equality.ts'
import { deepFreeze } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import { difference, emptySet, equalSets, forEachPath, intersection, isEmptySet, pathText, setOfPaths, union } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import type { Managers } from './managed-fields.ts'
import { deduced, mergeTypeOfStructural } from './merge-type.ts'
import type { MergeType } from './merge-type.ts'
import { fieldSetOf } from './to-field-set.ts'
import { applyConfiguration, updateOwnership } from './updater.ts'

const text = { type: 'string' }
const number = { type: 'integer' }
const object = (properties: object, more: object = {}): JsonObject => ({ type: 'object', properties, ...more })
const mapOf = (values: object, more: object = {}): JsonObject => ({ type: 'object', additionalProperties: values, ...more })
const setOf = (items: object): JsonObject => ({ type: 'array', items, 'x-kubernetes-list-type': 'set' })
const atomicList = (items: object): JsonObject => ({ type: 'array', items, 'x-kubernetes-list-type': 'atomic' })
const listMap = (keys: string[], properties: object): JsonObject => ({ type: 'array', items: object(properties), 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys })

const schema = object({
  number,
  text,
  flag: { type: 'boolean' },
  labels: mapOf(text),
  maps: mapOf(mapOf(text)),
  lists: mapOf(setOf(text)),
  tags: setOf(text),
  counts: setOf(number),
  whole: atomicList(text),
  selector: mapOf(text, { 'x-kubernetes-map-type': 'atomic' }),
  part: object({ name: text, size: number, inner: object({ depth: number }) }),
  items: listMap(['name'], { name: text, size: number, tags: setOf(text), labels: mapOf(text) }),
  ports: listMap(['port', 'protocol'], { port: number, protocol: { type: 'string', default: 'TCP' }, name: text }),
  open: object({ known: object({ value: number }) }, { 'x-kubernetes-preserve-unknown-fields': true }),
})
const type = mergeTypeOfStructural(schema)

type Step =
  | { by: string; apply: object; force?: true; conflicts?: string[] }
  | { by: string; update: object }
  | { schema: MergeType }

interface Scenario {
  name: string
  type?: MergeType
  ignored?: string[][]
  steps: Step[]
  is: object
  /** By manager, the paths that it owns. */
  owns: { [manager: string]: string[] }
}

function run({ type: first = type, ignored, steps }: Scenario): { live: JsonObject; owns: { [manager: string]: string[] } } {
  let live: JsonObject = {}
  let managers: Managers = new Map()
  let now = first
  for (const step of steps) {
    if ('schema' in step) {
      now = step.schema
      continue
    }
    deepFreeze(live)
    const identity = { manager: step.by, operation: 'apply' in step ? ('Apply' as const) : ('Update' as const), apiVersion: 'v1', subresource: '' }
    const write = { id: step.by, identity, type: now, ignored: ignored ? setOfPaths(ignored) : emptySet, timestamp: '2026-01-01T00:00:00Z' }
    if ('update' in step) {
      updateOwnership(live, step.update as JsonObject, managers, write)
      live = step.update as JsonObject
      continue
    }
    const result = applyConfiguration(live, deepFreeze(step.apply) as JsonObject, managers, write, step.force === true)
    const conflicts = 'conflicts' in result ? result.conflicts.map(({ managed, path }) => `${managed.manager} ${pathText(path)}`).sort() : undefined
    expect(conflicts).toEqual(step.conflicts?.toSorted())
    if ('conflicts' in result) continue
    live = result.value
    managers = result.managers
  }
  const owns: { [manager: string]: string[] } = {}
  for (const [id, { set }] of managers) {
    owns[id] = []
    forEachPath(set, (path) => owns[id]?.push(pathText(path)))
    owns[id].sort()
  }
  return { live, owns }
}

const scenarios: Scenario[] = [
  // Leaves.
  { name: 'an applier owns what it says', steps: [{ by: 'a', apply: { number: 1, text: 'x', flag: false } }], is: { number: 1, text: 'x', flag: false }, owns: { a: ['.flag', '.number', '.text'] } },
  { name: 'applying less gives up and removes', steps: [{ by: 'a', apply: { number: 1, text: 'x' } }, { by: 'a', apply: { text: 'y' } }], is: { text: 'y' }, owns: { a: ['.text'] } },
  { name: 'applying nothing leaves nothing, and no manager', steps: [{ by: 'a', apply: { number: 1, tags: ['x'] } }, { by: 'a', apply: {} }], is: {}, owns: {} },
  { name: 'an update takes what it changes and lets the rest be', steps: [{ by: 'a', apply: { number: 1, text: 'x' } }, { by: 'b', update: { number: 2, text: 'x' } }], is: { number: 2, text: 'x' }, owns: { a: ['.text'], b: ['.number'] } },
  { name: 'an update that removes takes ownership from all', steps: [{ by: 'a', apply: { number: 1, text: 'x' } }, { by: 'b', update: { text: 'x' } }], is: { text: 'x' }, owns: { a: ['.text'] } },
  { name: 'an update that changes nothing owns nothing', steps: [{ by: 'a', apply: { number: 1 } }, { by: 'b', update: { number: 1 } }], is: { number: 1 }, owns: { a: ['.number'] } },
  { name: 'an updater that applies later keeps and removes as an applier', steps: [{ by: 'a', update: { number: 1, text: 'x' } }, { by: 'a', apply: { number: 1 } }], is: { number: 1 }, owns: { a: ['.number'] } },
  { name: 'a conflict changes nothing', steps: [{ by: 'a', apply: { number: 1, text: 'x' } }, { by: 'b', apply: { number: 2, text: 'x', flag: true }, conflicts: ['a .number'] }], is: { number: 1, text: 'x' }, owns: { a: ['.number', '.text'] } },
  { name: 'the same value is shared', steps: [{ by: 'a', apply: { number: 1 } }, { by: 'b', apply: { number: 1 } }, { by: 'c', apply: { number: 2 }, conflicts: ['a .number', 'b .number'] }, { by: 'a', apply: { number: 2 }, conflicts: ['b .number'] }], is: { number: 1 }, owns: { a: ['.number'], b: ['.number'] } },
  { name: 'what is shared stays while one still says it', steps: [{ by: 'a', apply: { number: 1 } }, { by: 'b', apply: { number: 1 } }, { by: 'a', apply: {} }], is: { number: 1 }, owns: { b: ['.number'] } },
  { name: 'force takes from everybody', steps: [{ by: 'a', apply: { number: 1, text: 'x' } }, { by: 'b', apply: { number: 1 } }, { by: 'c', apply: { number: 3 }, force: true }], is: { number: 3, text: 'x' }, owns: { a: ['.text'], c: ['.number'] } },
  { name: 'removing what an updater changed does not conflict, and leaves it', steps: [{ by: 'a', apply: { number: 1, text: 'x' } }, { by: 'b', update: { number: 2, text: 'x' } }, { by: 'a', apply: { text: 'x' } }], is: { number: 2, text: 'x' }, owns: { a: ['.text'], b: ['.number'] } },
  { name: 'apply, update, apply again conflicts with the updater', steps: [{ by: 'a', apply: { number: 1 } }, { by: 'b', update: { number: 2 } }, { by: 'a', apply: { number: 1 }, conflicts: ['b .number'] }], is: { number: 2 }, owns: { b: ['.number'] } },
  { name: 'a null that is applied is a value', steps: [{ by: 'a', apply: { number: 1 } }, { by: 'b', apply: { number: null }, conflicts: ['a .number'] }], is: { number: 1 }, owns: { a: ['.number'] } },

  // Maps and structs.
  { name: 'maps are owned by key', steps: [{ by: 'a', apply: { labels: { x: '1', y: '1' } } }, { by: 'b', apply: { labels: { y: '1', z: '1' } } }, { by: 'a', apply: { labels: { x: '1' } } }], is: { labels: { x: '1', y: '1', z: '1' } }, owns: { a: ['.labels.x'], b: ['.labels.y', '.labels.z'] } },
  { name: 'an empty map is a leaf', steps: [{ by: 'a', apply: { labels: {} } }], is: { labels: {} }, owns: { a: ['.labels'] } },
  { name: 'an empty map that others fill is theirs below', steps: [{ by: 'a', apply: { labels: {} } }, { by: 'b', apply: { labels: { x: '1' } } }], is: { labels: { x: '1' } }, owns: { a: ['.labels'], b: ['.labels.x'] } },
  { name: 'an update that makes a map owns the map, too', steps: [{ by: 'a', update: { labels: { x: '1' } } }], is: { labels: { x: '1' } }, owns: { a: ['.labels', '.labels.x'] } },
  { name: 'a struct goes when its only applier is done with it', steps: [{ by: 'a', apply: { part: { name: 'x', inner: { depth: 1 } }, number: 1 } }, { by: 'a', apply: { number: 1 } }], is: { number: 1 }, owns: { a: ['.number'] } },
  { name: 'a struct stays with what another applies in it', steps: [{ by: 'a', apply: { part: { name: 'x', size: 1 } } }, { by: 'b', apply: { part: { inner: { depth: 1 } } } }, { by: 'a', apply: {} }], is: { part: { inner: { depth: 1 } } }, owns: { b: ['.part.inner.depth'] } },
  { name: 'maps in maps', steps: [{ by: 'a', apply: { maps: { x: { k: '1' }, y: { k: '1' } } } }, { by: 'b', apply: { maps: { x: { l: '1' } } } }, { by: 'a', apply: { maps: { y: { k: '2' } } } }], is: { maps: { x: { l: '1' }, y: { k: '2' } } }, owns: { a: ['.maps.y', '.maps.y.k'], b: ['.maps.x', '.maps.x.l'] } },
  { name: 'an atomic map is one leaf', steps: [{ by: 'a', apply: { selector: { x: '1' } } }, { by: 'b', apply: { selector: { y: '1' } }, conflicts: ['a .selector'] }, { by: 'b', apply: { selector: { y: '1' } }, force: true }], is: { selector: { y: '1' } }, owns: { b: ['.selector'] } },
  { name: 'an atomic list is one leaf', steps: [{ by: 'a', apply: { whole: ['x', 'x'] } }, { by: 'b', apply: { whole: ['x'] }, conflicts: ['a .whole'] }, { by: 'c', update: { whole: ['x', 'x', 'y'] } }], is: { whole: ['x', 'x', 'y'] }, owns: { c: ['.whole'] } },
  { name: 'unknown fields of an open struct merge by what they are', steps: [{ by: 'a', apply: { open: { known: { value: 1 }, other: { x: 1 }, list: [1] } } }, { by: 'b', apply: { open: { other: { y: 2 } } } }, { by: 'b', apply: { open: { list: [2] } }, conflicts: ['a .open.list'] }], is: { open: { known: { value: 1 }, other: { x: 1, y: 2 }, list: [1] } }, owns: { a: ['.open.known.value', '.open.list', '.open.other', '.open.other.x'], b: ['.open.other', '.open.other.y'] } },

  // Sets.
  { name: 'sets are owned by value; the applied order wins', steps: [{ by: 'a', apply: { tags: ['x', 'y', 'z'] } }, { by: 'a', apply: { tags: ['z', 'x'] } }], is: { tags: ['z', 'x'] }, owns: { a: ['.tags[="x"]', '.tags[="z"]'] } },
  { name: 'values of others keep their places', steps: [{ by: 'a', apply: { tags: ['a', 'c', 'e'] } }, { by: 'b', apply: { tags: ['e', 'd', 'c'] } }], is: { tags: ['a', 'e', 'd', 'c'] }, owns: { a: ['.tags[="a"]', '.tags[="c"]', '.tags[="e"]'], b: ['.tags[="c"]', '.tags[="d"]', '.tags[="e"]'] } },
  { name: 'a value of a set is removed only when nobody owns it', steps: [{ by: 'a', apply: { counts: [1, 2] } }, { by: 'b', apply: { counts: [2, 3] } }, { by: 'a', apply: { counts: [1] } }, { by: 'b', apply: { counts: [3] } }], is: { counts: [1, 3] }, owns: { a: ['.counts[=1]'], b: ['.counts[=3]'] } },
  { name: 'an updater takes the values it adds', steps: [{ by: 'a', apply: { tags: ['x'] } }, { by: 'b', update: { tags: ['x', 'y'] } }, { by: 'a', apply: { tags: ['z'] } }], is: { tags: ['y', 'z'] }, owns: { a: ['.tags[="z"]'], b: ['.tags[="y"]'] } },
  { name: 'sets in maps', steps: [{ by: 'a', apply: { lists: { x: ['1', '2'] } } }, { by: 'b', apply: { lists: { x: ['2', '3'], y: ['1'] } } }, { by: 'a', apply: {} }], is: { lists: { x: ['2', '3'], y: ['1'] } }, owns: { b: ['.lists.x', '.lists.x[="2"]', '.lists.x[="3"]', '.lists.y', '.lists.y[="1"]'] } },
  { name: 'updates may write duplicates: both are one', steps: [{ by: 'a', update: { tags: ['x', 'x'] } }, { by: 'b', update: { tags: ['x', 'x', 'y'] } }], is: { tags: ['x', 'x', 'y'] }, owns: { a: ['.tags', '.tags[="x"]'], b: ['.tags[="y"]'] } },
  { name: 'an apply cannot touch a duplicate without taking all of them', steps: [{ by: 'a', update: { tags: ['x', 'x'] } }, { by: 'b', apply: { tags: ['x'] }, conflicts: ['a .tags[="x"]'] }, { by: 'b', apply: { tags: ['x'] }, force: true }], is: { tags: ['x'] }, owns: { a: ['.tags'], b: ['.tags[="x"]'] } },
  { name: 'an apply beside duplicates lets them be', steps: [{ by: 'a', update: { tags: ['x', 'x'] } }, { by: 'b', apply: { tags: ['y'] } }], is: { tags: ['x', 'x', 'y'] }, owns: { a: ['.tags', '.tags[="x"]'], b: ['.tags[="y"]'] } },

  // Lists of maps.
  { name: 'items are owned by key, their fields one by one', steps: [{ by: 'a', apply: { items: [{ name: 'x', size: 1 }] } }, { by: 'b', apply: { items: [{ name: 'x', labels: { l: '1' } }] } }], is: { items: [{ name: 'x', size: 1, labels: { l: '1' } }] }, owns: { a: ['.items[name="x"]', '.items[name="x"].name', '.items[name="x"].size'], b: ['.items[name="x"]', '.items[name="x"].labels.l', '.items[name="x"].name'] } },
  { name: 'an item that is not applied any more goes with all in it', steps: [{ by: 'a', apply: { items: [{ name: 'x', size: 1, tags: ['t'] }, { name: 'y' }] } }, { by: 'a', apply: { items: [{ name: 'y' }] } }], is: { items: [{ name: 'y' }] }, owns: { a: ['.items[name="y"]', '.items[name="y"].name'] } },
  { name: 'an item that another applies loses only what was ours', steps: [{ by: 'a', apply: { items: [{ name: 'x', size: 1 }] } }, { by: 'b', apply: { items: [{ name: 'x', tags: ['t'] }] } }, { by: 'a', apply: {} }], is: { items: [{ name: 'x', tags: ['t'] }] }, owns: { b: ['.items[name="x"]', '.items[name="x"].name', '.items[name="x"].tags[="t"]'] } },
  { name: 'an item to which an updater added something goes with it', steps: [{ by: 'a', apply: { items: [{ name: 'x' }] } }, { by: 'b', update: { items: [{ name: 'x', size: 3 }] } }, { by: 'a', apply: {} }], is: {}, owns: {} },
  { name: 'two keys, one with a default', steps: [{ by: 'a', apply: { ports: [{ port: 1 }] } }, { by: 'b', apply: { ports: [{ port: 1, protocol: 'UDP' }, { port: 1, protocol: 'TCP', name: 'n' }] } }], is: { ports: [{ port: 1, protocol: 'UDP' }, { port: 1, protocol: 'TCP', name: 'n' }] }, owns: { a: ['.ports[port=1,protocol="TCP"]', '.ports[port=1,protocol="TCP"].port'], b: ['.ports[port=1,protocol="TCP"]', '.ports[port=1,protocol="TCP"].name', '.ports[port=1,protocol="TCP"].port', '.ports[port=1,protocol="TCP"].protocol', '.ports[port=1,protocol="UDP"]', '.ports[port=1,protocol="UDP"].port', '.ports[port=1,protocol="UDP"].protocol'] } },
  { name: 'a conflict names the item', steps: [{ by: 'a', apply: { ports: [{ port: 1, name: 'n' }] } }, { by: 'b', apply: { ports: [{ port: 1, protocol: 'TCP', name: 'm' }] }, conflicts: ['a .ports[port=1,protocol="TCP"].name'] }], is: { ports: [{ port: 1, name: 'n' }] }, owns: { a: ['.ports[port=1,protocol="TCP"]', '.ports[port=1,protocol="TCP"].name', '.ports[port=1,protocol="TCP"].port'] } },

  // What an endpoint does not own.
  { name: 'ignored fields are never owned', ignored: [['f:part']], steps: [{ by: 'a', apply: { number: 1, part: { name: 'x' } } }, { by: 'b', update: { number: 2, part: { name: 'y' } } }, { by: 'c', apply: { part: { name: 'z' } } }], is: { number: 2, part: { name: 'z' } }, owns: { b: ['.number'] } },

  // Without a schema.
  { name: 'deduced maps merge, deduced lists are whole', type: deduced, steps: [{ by: 'a', apply: { x: { y: 1 }, l: [{ name: 'n' }] } }, { by: 'b', apply: { x: { z: 1 } } }, { by: 'b', apply: { l: [] }, conflicts: ['a .l'] }], is: { x: { y: 1, z: 1 }, l: [{ name: 'n' }] }, owns: { a: ['.l', '.x', '.x.y'], b: ['.x', '.x.z'] } },
  { name: 'a deduced value that changes its kind takes what was below', type: deduced, steps: [{ by: 'a', apply: { x: { y: 1 } } }, { by: 'b', apply: { x: 1 }, conflicts: ['a .x'] }, { by: 'b', apply: { x: 1 }, force: true }], is: { x: 1 }, owns: { b: ['.x'] } },

  // A schema that changes.
  { name: 'a part that becomes atomic is owned whole by all who owned of it', steps: [{ by: 'a', apply: { part: { name: 'x' } } }, { by: 'b', apply: { part: { size: 1 } } }, { schema: mergeTypeOfStructural(object({ part: object({ name: text, size: number }, { 'x-kubernetes-map-type': 'atomic' }) })) }, { by: 'b', apply: { part: { size: 2 } }, conflicts: ['a .part'] }, { by: 'b', apply: { part: { size: 2 } }, force: true }], is: { part: { size: 2 } }, owns: { b: ['.part'] } },
  { name: 'a list that becomes atomic, too', steps: [{ by: 'a', apply: { tags: ['x', 'y'] } }, { schema: mergeTypeOfStructural(object({ tags: atomicList(text), number })) }, { by: 'b', apply: { number: 1 } }], is: { tags: ['x', 'y'], number: 1 }, owns: { a: ['.tags'], b: ['.number'] } },
]

describe('ownership', () => {
  it.each(scenarios)('$name', (scenario) => {
    const { live, owns } = run(scenario)
    expect(live).toEqual(scenario.is)
    expect(owns).toEqual(scenario.owns)
  })
})

const few = fc.constantFrom('x', 'y', 'z')
const small = fc.integer({ min: 0, max: 2 })
const labels = fc.dictionary(few, few, { maxKeys: 3 })
const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })
const values = fc
  .record({
    number: some(small),
    labels: some(labels),
    maps: some(fc.dictionary(few, labels, { maxKeys: 2 })),
    tags: some(fc.uniqueArray(few)),
    whole: some(fc.array(few, { maxLength: 2 })),
    selector: some(labels),
    part: some(fc.record({ name: some(few), inner: some(fc.record({ depth: some(small) })) })),
    items: some(fc.uniqueArray(fc.record({ name: few, size: some(small), tags: some(fc.uniqueArray(few)) }), { selector: (item) => item.name })),
    ports: some(fc.uniqueArray(fc.record({ port: small, protocol: some(fc.constantFrom('TCP', 'UDP')), name: some(few) }), { selector: (item) => `${item.port}/${item.protocol ?? 'TCP'}` })),
    open: some(fc.record({ known: some(fc.record({ value: some(small) })), other: some(labels) })),
  })
  // An empty part that its applier emptied is gone, and comes back when it is applied again.
  .map((value) => (withoutEmpty(JSON.parse(JSON.stringify(value))) ?? {}) as JsonObject)
const turns = fc.array(fc.record({ by: fc.constantFrom('a', 'b', 'c'), how: fc.constantFrom('apply', 'force', 'update'), value: values }), { minLength: 1, maxLength: 8 })

function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.length > 0 ? value.map(withoutEmpty) : undefined
  const kept = Object.entries(value).flatMap(([key, part]) => (withoutEmpty(part) === undefined ? [] : [[key, withoutEmpty(part)] as const]))
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}

describe('whatever is written in whatever order', () => {
  it('appliers get and own what they say, give up the rest, and nothing is owned that is not there', () => {
    fc.assert(
      fc.property(turns, (steps) => {
        let live: JsonObject = {}
        let managers: Managers = new Map()
        for (const { by, how, value } of steps) {
          deepFreeze(live)
          const isUpdate = how === 'update'
          const id = `${isUpdate ? 'update' : 'apply'} ${by}`
          const write = { id, identity: { manager: by, operation: isUpdate ? ('Update' as const) : ('Apply' as const), apiVersion: 'v1', subresource: '' }, type, ignored: emptySet, timestamp: '2026-01-01T00:00:00Z' }
          if (isUpdate) {
            updateOwnership(live, value, managers, write)
            live = value
          } else {
            const before = managers.get(id)?.set ?? emptySet
            const result = applyConfiguration(live, value, managers, write, how === 'force')
            if ('conflicts' in result) {
              expect(how).toBe('apply')
              for (const { managed, path } of result.conflicts) expect(equalSets(intersection(managed.set, setOfPaths([path])), setOfPaths([path])), pathText(path)).toBe(true)
              continue
            }
            const said = fieldSetOf(value, type)
            const there = fieldSetOf(result.value, type)
            // Leaves that are said are there as they are said, and owned.
            expect(isEmptySet(difference(leavesOf(said), there))).toBe(true)
            expect(equalSets(result.managers.get(id)?.set ?? emptySet, said)).toBe(true)
            // What nobody says any more is gone.
            let others: FieldSet = said
            for (const [otherId, { set }] of result.managers) if (otherId !== id) others = union(others, set)
            const orphans = intersection(leavesOf(difference(before, others)), leavesOf(there))
            expect(isEmptySet(orphans)).toBe(true)
            // Saying it again changes nothing.
            const again = applyConfiguration(result.value, value, result.managers, write, false)
            if ('conflicts' in again) throw new Error('conflicts with itself')
            expect(jsonEqual(again.value, result.value)).toBe(true)
            for (const [otherId, { set }] of again.managers) expect(equalSets(set, result.managers.get(otherId)?.set ?? emptySet)).toBe(true)
            live = result.value
            managers = result.managers
          }
          for (const { set } of managers.values()) expect(isEmptySet(set)).toBe(false)
        }
      }),
      { numRuns: 300 },
    )
  })
})

/** The members without anything below them. */
function leavesOf(set: FieldSet): FieldSet {
  const paths: string[][] = []
  const walk = (at: FieldSet, prefix: readonly string[]): void => {
    for (const element of at.members ?? []) {
      const below = at.children?.get(element)
      if (!below || isEmptySet(below)) paths.push([...prefix, element])
    }
    for (const [element, child] of at.children ?? []) walk(child, [...prefix, element])
  }
  walk(set, [])
  return setOfPaths(paths)
}

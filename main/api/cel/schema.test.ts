import { describe, expect, it } from 'vitest'
import type { JSONSchemaProps } from '../generated/types.ts'
import { compile } from './compile.ts'
import { escapedName, typeOfSchema } from './schema-types.ts'
import { valueOfSchema } from './schema-values.ts'

const text = { type: 'string' }
const schema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', maxLength: 10 },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    either: { 'x-kubernetes-int-or-string': true },
    'a-b': text,
    namespace: text,
    when: { type: 'string', format: 'date-time' },
    long: { type: 'string', format: 'duration' },
    raw: { type: 'string', format: 'byte' },
    labels: { type: 'object', additionalProperties: text },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
    ports: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['port'], items: { type: 'object', required: ['port'], properties: { port: { type: 'integer' }, name: text } } },
    nothing: { 'x-kubernetes-preserve-unknown-fields': true },
    pod: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  },
} as unknown as JSONSchemaProps
const value = {
  apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'it', labels: { a: 'b' } },
  name: 'x', count: 3, ratio: 2, either: '10%', 'a-b': 'dashed', namespace: 'ns', when: '2024-01-01T00:00:00Z', long: '1h', raw: 'aGk=', labels: { k: 'v' },
  set: ['a', 'b'], ports: [{ port: 1, name: 'one' }, { port: 2 }], pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: {} },
}

function run(source: string, json: unknown = value): unknown {
  const type = typeOfSchema(schema, true)!
  const compiled = compile(source, { variables: { self: type, oldSelf: type } })
  if ('text' in compiled) return compiled.text.split('\n')[0]
  const outcome = compiled.program.evaluate({ self: valueOfSchema(json, schema, true), oldSelf: valueOfSchema({ ...value, set: ['b', 'a'], ports: [{ port: 2 }, { port: 1, name: 'one' }] }, schema, true) })
  return 'error' in outcome ? outcome.error : outcome.value
}

describe('an object seen through its schema', () => {
  it.each<[string, unknown]>([
    ['self.name == "x" && self.count == 3 && self.ratio == 2.0', true],
    ['self.ratio == 2', "ERROR: <input>:1:12: found no matching overload for '_==_' applied to '(double, int)'"],
    ['type(self.either) == string && (type(self.either) == int ? self.either > 3 : self.either.endsWith("%"))', true],
    ['self.a__dash__b == "dashed" && self.__namespace__ == "ns"', true],
    ['self.when < timestamp("2025-01-01T00:00:00Z") && self.long == duration("60m") && self.raw == b"hi"', true],
    ['self.labels.k == "v" && "k" in self.labels && self.labels.all(k, self.labels[k].size() == 1)', true],
    ['self.metadata.name == "it" && self.kind == "Thing"', true],
    ['self.metadata.labels.size() == 1', "ERROR: <input>:1:14: undefined field 'labels'"],
    ['has(self.nothing)', "ERROR: <input>:1:4: undefined field 'nothing'"],
    ['self.pod.metadata.name == "p"', true],
    ['self.set == ["b", "a"]', true], ['self.set == oldSelf.set', true], ['self.set + ["a", "c"] == ["a", "b", "c"]', true],
    ['self.ports == oldSelf.ports', true], ['self.ports.exists(p, p.port == 2 && !has(p.name))', true], ['(self.ports + oldSelf.ports).size()', 2n],
    ['self.ports[0].name', 'one'], ['self.ports[1].name', 'no such key: name'], ['self.?count.orValue(0)', 3n], ['self.ports[?9].hasValue()', false],
  ])('%s', (source, wanted) => expect(run(source)).toEqual(wanted))

  it('whose data is not as the schema says fails where it is read', () => {
    expect(run('self.count == 1', { count: 'x' })).toBe('invalid data, expected integer, got string')
    expect(run('self.name == "x"', { count: 'x', name: 'x' })).toBe(true)
  })
})

it('names are escaped as Kubernetes does', () => {
  expect(['a', 'a-b', 'a.b/c', 'a__b', 'in', '1a', 'ä', ''].map(escapedName)).toEqual(['a', 'a__dash__b', 'a__dot__b__slash__c', 'a__underscores__b', '__in__', undefined, undefined, undefined])
})

it('sizes are bounded by the schema, else by what fits into a request', () => {
  const type = typeOfSchema(schema, false)!
  expect(type.fields?.get('name')?.sizeMax).toBe(40)
  expect(type.fields?.get('labels')).toMatchObject({ kind: 'map', sizeMax: Math.floor((3 * 1024 * 1024 - 2) / 8) })
  expect(type.fields?.get('ports')?.sizeMax).toBe(Math.floor((3 * 1024 * 1024 - 2) / (2 + 4 + 1 + 4 + 1)))
  expect(type.serializedMin).toBe(2 + 4 + 2 + 4)
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deepFreeze } from './json-value.ts'
import type { KubeObject } from './object.ts'
import { objectJson } from './object-json.ts'

const entry = fc.record({ manager: fc.string(), operation: fc.constantFrom('Apply', 'Update'), time: fc.constant('2026-01-01T00:00:00Z'), fieldsV1: fc.constantFrom({ 'f:data': { '.': {}, 'f:a"b': {} } }, deepFreeze({ 'f:spec': {} })) }, { requiredKeys: ['manager'] })
const object = fc.record(
  {
    kind: fc.string(),
    apiVersion: fc.string(),
    metadata: fc.record({ name: fc.string(), resourceVersion: fc.constant('12'), labels: fc.dictionary(fc.string(), fc.string()), managedFields: fc.array(entry, { maxLength: 3 }), uid: fc.constant(undefined) }, { requiredKeys: [] }),
    spec: fc.jsonValue(),
    '__proto__x': fc.constantFrom(undefined, 1),
  },
  { requiredKeys: ['kind', 'apiVersion', 'metadata'] },
) as fc.Arbitrary<unknown> as fc.Arbitrary<KubeObject>

/** As JSON has it: without undefined, and without an empty managedFields, which says nothing. */
function plain(value: KubeObject, versionless: boolean): unknown {
  const copy = JSON.parse(JSON.stringify(value)) as { metadata: { managedFields?: unknown[]; resourceVersion?: string } }
  if (copy.metadata.managedFields?.length === 0) delete copy.metadata.managedFields
  if (versionless) delete copy.metadata.resourceVersion
  return copy
}

describe('objectJson', () => {
  it('says what JSON.stringify says', () => {
    fc.assert(
      fc.property(object, fc.boolean(), (value, versionless) => {
        expect(JSON.parse(objectJson(value, versionless))).toEqual(plain(value, versionless))
        // Again, now that texts are known.
        expect(JSON.parse(objectJson(value, versionless))).toEqual(plain(value, versionless))
      }),
    )
  })

  it('begins with kind, apiVersion and metadata', () => {
    expect(objectJson({ data: { a: 'b' }, metadata: { name: 'x', resourceVersion: '1' }, apiVersion: 'v1', kind: 'ConfigMap' } as KubeObject, true)).toBe('{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":{"a":"b"}}')
  })
})

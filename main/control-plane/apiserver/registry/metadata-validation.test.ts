import { describe, expect, it } from 'vitest'
import type { ObjectMeta } from '../../../api/generated/types.ts'
import { fieldErrorText, fieldPath } from '../../../api/machinery/field-error.ts'
import { isDns1123Subdomain } from '../../../api/machinery/names.ts'
import { fieldManagerErrors, validateMetadata, validateMetadataUpdate } from './metadata-validation.ts'

const good: ObjectMeta = { name: 'a', namespace: 'b', resourceVersion: '1' }
const entry = { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }
const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }

const texts = (metadata: Partial<ObjectMeta>): string[] => validateMetadata({ ...good, ...metadata }, true, isDns1123Subdomain).map(fieldErrorText)

describe('metadata', () => {
  it.each<[Partial<ObjectMeta>, string[]]>([
    [{}, []],
    [{ name: '' }, ['metadata.name: Required value: name or generateName is required']],
    [{ namespace: '' }, ['metadata.namespace: Required value']],
    [{ generation: -1 }, ['metadata.generation: Invalid value: -1: must be greater than or equal to 0']],
    [{ annotations: { a: 'x'.repeat(256 * 1024 - 1) } }, []],
    [{ annotations: { a: 'x'.repeat(256 * 1024) } }, ['metadata.annotations: Too long: may not be more than 262144 bytes']],
    [{ annotations: { UPPER: 'x' } }, []],
    [{ ownerReferences: [{ ...owner, name: '', uid: '' }] }, ['metadata.ownerReferences.name: Invalid value: "": must not be empty', 'metadata.ownerReferences.uid: Invalid value: "": must not be empty']],
    [{ ownerReferences: [{ ...owner, apiVersion: 'a/b/c' }] }, ['metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty']],
    [{ ownerReferences: [{ ...owner, kind: 'Event' }] }, ['metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"p","uid":"u"}: /v1, Kind=Event is disallowed from being an owner']],
    [{ finalizers: ['own'] }, ['metadata.finalizers[0]: Invalid value: "own": name is neither a standard finalizer name nor is it fully qualified']],
    [{ finalizers: ['orphan', 'foregroundDeletion'] }, ['metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set']],
    [{ managedFields: [entry, { ...entry, manager: 'a\u0007b', subresource: 's'.repeat(257) }] }, ['metadata.managedFields[1].manager: Invalid value: "a\\ab": invalid character U+0007 (at position 1)', 'metadata.managedFields[1].subresource: Too long: may not be more than 256 bytes']],
  ])('%j', (metadata, expected) => {
    expect(texts(metadata)).toEqual(expected)
  })

  it.each<[Partial<ObjectMeta>, Partial<ObjectMeta>, string[]]>([
    [{ resourceVersion: '' }, {}, ['metadata.resourceVersion: Invalid value: "": must be specified for an update']],
    [{ generation: 1 }, { generation: 2 }, ['metadata.generation: Invalid value: 1: must not be decremented']],
    [{ name: 'c' }, {}, ['metadata.name: Invalid value: "c": field is immutable']],
    [{ uid: 'x' }, { uid: 'y' }, ['metadata.uid: Invalid value: "x": field is immutable']],
    [{ deletionTimestamp: 'then', finalizers: ['a/b', 'a/c'] }, { deletionTimestamp: 'then', finalizers: ['a/b'] }, ['metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/c"}']],
  ])('%j from %j', (metadata, old, expected) => {
    expect(validateMetadataUpdate({ ...good, ...metadata }, { ...good, ...old }).map(fieldErrorText)).toEqual(expected)
  })

  it('names of field managers are counted in bytes', () => {
    const problems = (manager: string): string[] => fieldManagerErrors(manager, () => fieldPath('fieldManager')).map(fieldErrorText)
    expect(problems('kubectl-client-side-apply')).toEqual([])
    expect(problems('ä'.repeat(64))).toEqual([])
    expect(problems('ä'.repeat(65))).toEqual(['fieldManager: Too long: may not be more than 128 bytes'])
    expect(problems('ä\n')).toEqual(['fieldManager: Invalid value: "ä\\n": invalid character U+000A (at position 2)'])
  })
})

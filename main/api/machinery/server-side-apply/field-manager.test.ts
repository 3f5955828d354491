import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ManagedFieldsEntry } from '../../generated/types.ts'
import { semanticEqual } from '../equality.ts'
import { deepFreeze } from '../json-value.ts'
import type { KubeObject } from '../object.ts'
import { mustSchemaOf } from '../schema.ts'
import type { StatusError } from '../status-error.ts'
import { upgradeManagedFields } from './csa-upgrade.ts'
import { applyPatch, lastAppliedText, trackUpdate } from './field-manager.ts'
import { deduced, mergeTypeOf, mergeTypeOfStructural } from './merge-type.ts'
import type { MergeType } from './merge-type.ts'

const deploymentType = mergeTypeOf(mustSchemaOf('io.k8s.api.apps.v1.Deployment'))
const podType = mergeTypeOf(mustSchemaOf('io.k8s.api.core.v1.Pod'))
const serviceType = mergeTypeOf(mustSchemaOf('io.k8s.api.core.v1.Service'))
const configMapType = mergeTypeOf(mustSchemaOf('io.k8s.api.core.v1.ConfigMap'))

const t0 = '2026-01-01T00:00:00Z'
const t1 = '2026-01-01T00:01:00Z'

function configMap(data: { [key: string]: string }, metadata: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default', ...metadata }, data } as KubeObject
}

interface Step {
  type?: MergeType
  manager?: string
  force?: boolean
  timestamp?: string
  apiVersion?: string
}

function apply(live: KubeObject | undefined, applied: KubeObject, step: Step = {}): KubeObject {
  if (live) deepFreeze(live)
  deepFreeze(applied)
  return applyPatch({ live, applied, manager: 'one', force: false, type: configMapType, timestamp: t0, apiVersion: applied.apiVersion, ...step })
}

function stored(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, uid: 'u', resourceVersion: '1' } }
}

function errorOf(run: () => unknown): StatusError {
  try {
    run()
  } catch (error) {
    return error as StatusError
  }
  throw new Error('nothing was thrown')
}

function fields(object: KubeObject): { [manager: string]: unknown } {
  return Object.fromEntries((object.metadata.managedFields ?? []).map((entry: ManagedFieldsEntry) => [`${entry.operation} ${entry.manager}${entry.subresource ? `/${entry.subresource}` : ''}`, entry.fieldsV1]))
}

describe('apply', () => {
  it('creates and owns what it says', () => {
    const made = apply(undefined, configMap({ x: '1' }, { labels: { l: '1' } }))
    expect(fields(made)).toEqual({ 'Apply one': { 'f:metadata': { 'f:labels': { 'f:l': {} } }, 'f:data': { 'f:x': {} } } })
    expect(made.metadata.managedFields?.[0]).toMatchObject({ manager: 'one', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', time: t0 })
  })

  it('removes what it no longer says, and keeps what others own', () => {
    let live = stored(apply(undefined, configMap({ x: '1', y: '1' })))
    live = apply(live, configMap({ y: '1', z: '2' }), { manager: 'two' })
    live = apply(live, configMap({ w: '3' }), { timestamp: t1 })
    expect(live).toMatchObject({ data: { y: '1', z: '2', w: '3' } })
    expect((live as unknown as { data: object }).data).not.toHaveProperty('x')
    expect(fields(live)).toEqual({ 'Apply one': { 'f:data': { 'f:w': {} } }, 'Apply two': { 'f:data': { 'f:y': {}, 'f:z': {} } } })
  })

  it('conflicts with appliers, and takes over by force', () => {
    const live = stored(apply(undefined, configMap({ x: '1', y: '1' })))
    const error = errorOf(() => apply(live, configMap({ x: '2' }), { manager: 'two' }))
    expect(error.code).toBe(409)
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "one": .data.x')
    expect(error.status.details).toEqual({ causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' }] })
    const two = errorOf(() => apply(live, configMap({ x: '2', y: '2' }), { manager: 'two' }))
    expect(two.message).toBe('Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\n- .data.y')
    const forced = apply(live, configMap({ x: '2' }), { manager: 'two', force: true })
    expect(fields(forced)).toEqual({ 'Apply one': { 'f:data': { 'f:y': {} } }, 'Apply two': { 'f:data': { 'f:x': {} } } })
  })

  it('conflicts with updaters, naming the version', () => {
    let live: KubeObject = trackUpdate({ live: undefined, updated: configMap({ x: '1' }), manager: 'kubectl-create', type: configMapType, timestamp: t0 })
    live = stored(live)
    const error = errorOf(() => apply(live, configMap({ x: '2' })))
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "kubectl-create" using v1: .data.x')
  })

  it('shares what both say alike', () => {
    let live = stored(apply(undefined, configMap({ x: '1' })))
    live = apply(live, configMap({ x: '1' }), { manager: 'two', timestamp: t1 })
    expect(fields(live)).toEqual({ 'Apply one': { 'f:data': { 'f:x': {} } }, 'Apply two': { 'f:data': { 'f:x': {} } } })
    live = apply(live, configMap({}), {})
    expect(live).toMatchObject({ data: { x: '1' } })
  })

  it('takes an object without managers from before-first-apply', () => {
    const live = stored(configMap({ x: '1', y: '1' }))
    const error = errorOf(() => apply(live, configMap({ x: '2' })))
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.x')
  })

  it('merges associative lists by key and keeps the live order around the applied one', () => {
    const containers = (names: string[]): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { template: { spec: { containers: names.map((name) => ({ name, image: name })) } } } }) as unknown as KubeObject
    const namesOf = (object: KubeObject): string[] => (object as unknown as { spec: { template: { spec: { containers: { name: string }[] } } } }).spec.template.spec.containers.map((c) => c.name)
    let live = apply(undefined, containers(['a', 'b']), { type: deploymentType })
    expect(fields(live)['Apply one']).toEqual({
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:name': {} }, 'k:{"name":"b"}': { '.': {}, 'f:image': {}, 'f:name': {} } } } } },
    })
    live = apply(live, containers(['c', 'b']), { type: deploymentType, manager: 'two' })
    expect(namesOf(live)).toEqual(['a', 'c', 'b'])
    live = apply(live, containers(['b']), { type: deploymentType })
    expect(namesOf(live)).toEqual(['c', 'b'])
  })

  it('gives key fields their defaults: ports without a protocol are TCP', () => {
    const service = (ports: object[]): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports } }) as unknown as KubeObject
    let live = apply(undefined, service([{ port: 80 }]), { type: serviceType })
    expect(fields(live)['Apply one']).toEqual({ 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } } })
    live = apply(live, service([{ port: 80, protocol: 'TCP', name: 'web' }]), { type: serviceType, manager: 'two' })
    expect((live as unknown as { spec: { ports: unknown } }).spec.ports).toEqual([{ port: 80, protocol: 'TCP', name: 'web' }])
  })

  it('replaces atomic parts whole', () => {
    const selector = (labels: object): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { selector: labels } }) as unknown as KubeObject
    let live = apply(undefined, selector({ a: '1' }), { type: serviceType })
    expect(fields(live)['Apply one']).toEqual({ 'f:spec': { 'f:selector': {} } })
    live = apply(live, selector({ b: '1' }), { type: serviceType, manager: 'two', force: true })
    expect(live).toMatchObject({ spec: { selector: { b: '1' } } })
    expect(fields(live)).toEqual({ 'Apply two': { 'f:spec': { 'f:selector': {} } } })
  })

  it('refuses what does not fit', () => {
    const bad = { ...configMap({}), dat: {} } as unknown as KubeObject
    expect(errorOf(() => apply(undefined, bad)).message).toBe('failed to create typed patch object (default/a; /v1, Kind=ConfigMap): .dat: field not declared in schema')
    expect(errorOf(() => apply(undefined, configMap({ x: 1 as unknown as string }))).message).toContain('.data.x: expected string, got')
    expect(errorOf(() => apply(undefined, configMap({}, { managedFields: [] }))).message).toBe('metadata.managedFields must be nil')
    expect(errorOf(() => apply(undefined, configMap({}), { apiVersion: 'v2' })).message).toBe('Incorrect version specified in apply patch. Specified patch version: v1, expected: v2')
    const twice = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } } } } as unknown as KubeObject
    expect(errorOf(() => apply(undefined, twice, { type: deploymentType })).message).toBe('failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="a"]')
  })

  it('kubectl does not conflict with what client-side apply set and nobody changed', () => {
    const first = configMap({ x: '1', y: '1' })
    const annotated = { ...first, metadata: { ...first.metadata, annotations: { 'kubectl.kubernetes.io/last-applied-configuration': lastAppliedText(first) } } }
    let live: KubeObject = stored(trackUpdate({ live: undefined, updated: annotated, manager: 'kubectl-client-side-apply', type: configMapType, timestamp: t0 }))
    const applied = apply(live, configMap({ x: '2', y: '1' }), { manager: 'kubectl' })
    expect(applied).toMatchObject({ data: { x: '2', y: '1' } })
    expect(applied.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration']).toBe(lastAppliedText(configMap({ x: '2', y: '1' })))
    live = trackUpdate({ live, updated: { ...live, data: { x: 'edited', y: '1' } } as unknown as KubeObject, manager: 'kubectl-edit', type: configMapType, timestamp: t1 })
    expect(errorOf(() => apply(live, configMap({ x: '2', y: '1' }), { manager: 'kubectl' })).message).toBe('Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.x')
  })

  it('works without a schema and with a structural one', () => {
    const custom = (spec: object): KubeObject => ({ apiVersion: 'e.com/v1', kind: 'T', metadata: { name: 'a' }, spec }) as unknown as KubeObject
    let live = apply(undefined, custom({ a: { b: 1 }, list: [1, 2] }), { type: deduced })
    expect(fields(live)['Apply one']).toEqual({ 'f:spec': { '.': {}, 'f:a': { '.': {}, 'f:b': {} }, 'f:list': {} } })
    live = apply(live, custom({ a: { c: 2 } }), { type: deduced, manager: 'two' })
    expect(live).toMatchObject({ spec: { a: { b: 1, c: 2 }, list: [1, 2] } })
    const type = mergeTypeOfStructural(
      { type: 'object', properties: { spec: { type: 'object', properties: { items: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'], items: { type: 'object', properties: { id: { type: 'string' }, value: { type: 'integer' } } } } } } } },
      mergeTypeOf(mustSchemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')),
    )
    live = apply(undefined, custom({ items: [{ id: 'x', value: 1 }] }), { type })
    live = apply(live, custom({ items: [{ id: 'y', value: 2 }] }), { type, manager: 'two' })
    expect(live).toMatchObject({ spec: { items: [{ id: 'x', value: 1 }, { id: 'y', value: 2 }] } })
  })
})

describe('updates', () => {
  const track = (live: KubeObject | undefined, updated: KubeObject, manager: string, more: object = {}): KubeObject => {
    if (live) deepFreeze(live)
    deepFreeze(updated)
    return trackUpdate({ live, updated, manager, type: podType, timestamp: t0, ...more })
  }
  const pod = (spec: object, status?: object): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { l: '1' } }, spec, ...(status ? { status } : {}) }) as unknown as KubeObject

  it('owns new maps with a dot, as upstream does', () => {
    const made = track(undefined, pod({ containers: [{ name: 'c', image: 'i' }] }), 'kubectl-run')
    expect(fields(made)).toEqual({
      'Update kubectl-run': { 'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } }, 'f:spec': { '.': {}, 'f:containers': { '.': {}, 'k:{"name":"c"}': { '.': {}, 'f:image': {}, 'f:name': {} } } } },
    })
  })

  it('moves changed fields to whoever changed them, and keeps status apart', () => {
    let live = stored(track(undefined, pod({ containers: [{ name: 'c', image: 'i' }] }), 'kubectl-run'))
    live = track(live, { ...live, spec: { containers: [{ name: 'c', image: 'j' }] } } as unknown as KubeObject, 'kubectl-edit', { timestamp: t1 })
    expect(fields(live)['Update kubectl-edit']).toEqual({ 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { 'f:image': {} } } } })
    live = track(live, { ...live, status: { phase: 'Running' } } as unknown as KubeObject, 'kubelet', { subresource: 'status', timestamp: t1 })
    expect(fields(live)['Update kubelet/status']).toEqual({ 'f:status': { '.': {}, 'f:phase': {} } })
    const same = track(live, { ...live }, 'kubelet', { subresource: 'status' })
    expect(same.metadata.managedFields).toBe(live.metadata.managedFields)
  })

  it('resets on an explicit empty list and leaves untracked objects alone', () => {
    let live = stored(track(undefined, pod({}), 'one'))
    live = track(live, { ...live, metadata: { ...live.metadata, managedFields: [] } }, 'two')
    expect(live.metadata.managedFields).toBeUndefined()
    live = track(live, { ...live, spec: { nodeName: 'n' } } as unknown as KubeObject, 'two')
    expect(live.metadata.managedFields).toBeUndefined()
  })

  it('does not own what the endpoint resets', () => {
    const made = track(undefined, pod({ nodeName: 'n' }, { phase: 'Running' }), 'one', { resetFields: [['status']] })
    expect(JSON.stringify(fields(made))).not.toContain('status')
  })

  it('keeps at most ten updaters', () => {
    let live: KubeObject = stored(track(undefined, pod({}), 'm0'))
    for (let i = 1; i < 14; i++) live = track(live, { ...live, metadata: { ...live.metadata, labels: { ...live.metadata.labels, [`l${i}`]: '1' } } }, `m${i}`, { timestamp: `2026-01-01T00:00:${String(i).padStart(2, '0')}Z` })
    const managers = (live.metadata.managedFields ?? []).map((entry) => entry.manager)
    expect(managers).toHaveLength(10)
    expect(managers).toContain('ancient-changes')
    expect(managers).toContain('m13')
  })

  it('hands the fields of client-side apply to the applier', () => {
    const live = track(undefined, pod({ nodeName: 'n' }), 'kubectl-client-side-apply')
    const upgraded = upgradeManagedFields(live.metadata.managedFields ?? [], ['kubectl-client-side-apply'], 'kubectl')
    expect(upgraded).toHaveLength(1)
    expect(upgraded[0]).toMatchObject({ manager: 'kubectl', operation: 'Apply', fieldsV1: live.metadata.managedFields?.[0]?.fieldsV1 })
  })
})

const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'))

describe('properties', () => {
  it('applying twice is applying once; the applier owns exactly what it says; forced apply makes it so', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('one', 'two', 'three'), data), { minLength: 1, maxLength: 6 }), (steps) => {
        let live: KubeObject | undefined
        const last = new Map<string, { [key: string]: string }>()
        for (const [manager, wanted] of steps) {
          live = apply(live, configMap(wanted), { manager, force: true })
          last.set(manager, wanted)
          const is = (live as unknown as { data?: { [key: string]: string } }).data ?? {}
          for (const key in wanted) expect(is[key]).toBe(wanted[key])
          const again = apply(live, configMap(wanted), { manager, force: true })
          // An empty map that was pruned away comes back as an empty map: the same to a typed reader.
          expect(semanticEqual(again, live)).toBe(true)
          const owned = (fields(live)[`Apply ${manager}`] as { 'f:data'?: object } | undefined)?.['f:data'] ?? {}
          expect(Object.keys(owned).sort()).toEqual(Object.keys(wanted).map((key) => `f:${key}`).sort())
          for (const key in is) expect([...last.values()].some((each) => key in each)).toBe(true)
        }
      }),
    )
  })

  it('every value is owned by whoever wrote it last', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('one', 'two'), data), { minLength: 1, maxLength: 6 }), (steps) => {
        let live: KubeObject | undefined
        const owner = new Map<string, string>()
        for (const [manager, values] of steps) {
          const before = (live as unknown as { data?: { [key: string]: string } })?.data ?? {}
          for (const key of new Set([...Object.keys(before), ...Object.keys(values)])) if (before[key] !== values[key]) owner.set(key, manager)
          const updated = { ...configMap(values), ...(live ? { metadata: live.metadata } : {}) } as KubeObject
          live = trackUpdate({ live, updated, manager, type: configMapType, timestamp: t0 })
          for (const key in values) {
            const owned = (fields(live)[`Update ${owner.get(key)}`] as { 'f:data': { [key: string]: unknown } })['f:data']
            expect(owned[`f:${key}`]).toBeDefined()
          }
        }
      }),
    )
  })
})

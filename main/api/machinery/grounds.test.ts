import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pod } from '../generated/types.ts'
import { conditionOf, withCondition, withoutCondition } from './conditions.ts'
import type { ConditionLike } from './conditions.ts'
import { jsonEqual, quantitiesEqual, semanticEqual } from './equality.ts'
import { compareBytes, quote } from './go-text.ts'
import { canonicalJson, fnv32a, podTemplateHash, safeEncode } from './hash.ts'
import { parseIntOrString, resolveFenceposts, scaledValue } from './int-or-string.ts'
import { cloneJson, deepFreeze } from './json-value.ts'
import { controllerOf, controllerReference, isControlledBy, splitKey, withFinalizer, withoutFinalizer } from './object.ts'
import { parseResourcePath, resourcePath } from './paths.ts'
import { isPodActive, isPodAvailable, isPodReady, podAvailableAt, targetPortOf } from './pod.ts'
import { fieldAt, mustSchemaOf } from './schema.ts'

describe('objects', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'r', uid: 'u' } }

  it('refer to their controller', () => {
    const reference = controllerReference(owner)
    expect(reference).toEqual({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u', controller: true, blockOwnerDeletion: true })
    const pod = { metadata: { name: 'p', ownerReferences: [{ ...reference, controller: undefined }, reference] } }
    expect(controllerOf(pod as Pod)).toBe(reference)
    expect(isControlledBy(pod as Pod, owner)).toBe(true)
  })

  it('keep finalizers', () => {
    const with1 = withFinalizer(deepFreeze({ metadata: { name: 'a' } }), 'f')
    expect(with1.metadata).toEqual({ name: 'a', finalizers: ['f'] })
    expect(withFinalizer(with1, 'f')).toBe(with1)
    expect(withoutFinalizer(with1, 'f').metadata).toEqual({ name: 'a' })
  })

  it('have keys', () => {
    expect(splitKey('a/b')).toEqual({ namespace: 'a', name: 'b' })
    expect(() => splitKey('a/b/c')).toThrow('unexpected key format: "a/b/c"')
  })
})

describe('conditions', () => {
  it('move their time only with their status', () => {
    const first = withCondition<ConditionLike>(undefined, { type: 'Ready', status: 'False', reason: 'A' }, 't0')
    const second = withCondition(deepFreeze(first), { type: 'Ready', status: 'False', reason: 'B' }, 't1')
    expect(second).toEqual([{ type: 'Ready', status: 'False', reason: 'B', lastTransitionTime: 't0' }])
    const third = withCondition(second, { type: 'Ready', status: 'True', reason: 'B' }, 't2')
    expect(conditionOf(third, 'Ready')?.lastTransitionTime).toBe('t2')
    expect(withCondition(third, { type: 'Ready', status: 'True', reason: 'B' }, 't3')).toBe(third)
    expect(withoutCondition(third, 'Ready')).toEqual([])
  })
})

describe('pods', () => {
  const pod = (status: Pod['status'], more: object = {}): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', ...more }, spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }] }, ...(status ? { status } : {}) })
  const ready = pod({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '1970-01-01T00:00:10Z' }] })

  it('are ready, available, active', () => {
    expect([isPodReady(ready), isPodAvailable(ready, 5, 14_000), isPodAvailable(ready, 5, 15_000), podAvailableAt(ready, 5)]).toEqual([true, false, true, 15_000])
    expect(isPodActive(ready)).toBe(true)
    expect(isPodActive(pod({ phase: 'Failed' }))).toBe(false)
    expect(isPodActive(pod({ phase: 'Running' }, { deletionTimestamp: 'x' }))).toBe(false)
    expect([targetPortOf(ready, 'web'), targetPortOf(ready, 'none'), targetPortOf(ready, 80)]).toEqual([8080, undefined, 80])
  })
})

describe('counts and percentages', () => {
  it('scale and round', () => {
    expect([scaledValue('25%', 10, 'up'), scaledValue('25%', 10, 'down'), scaledValue(3, 10, 'up')]).toEqual([3, 2, 3])
    expect(() => scaledValue('3', 10, 'up')).toThrow('invalid value for IntOrString: invalid type: string is not a percentage')
    expect(resolveFenceposts('25%', '25%', 1)).toEqual({ surge: 1, unavailable: 0 })
    expect(resolveFenceposts(0, '1%', 10)).toEqual({ surge: 0, unavailable: 1 })
    expect([parseIntOrString('80'), parseIntOrString('http'), parseIntOrString('9999999999')]).toEqual([80, 'http', '9999999999'])
  })
})

describe('hashes', () => {
  it('are what FNV-1a says', () => {
    expect([fnv32a(''), fnv32a('a'), fnv32a('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968])
    expect(safeEncode('1')).toBe('5')
    expect(podTemplateHash({ a: 1, b: undefined })).toBe(podTemplateHash({ a: 1 }))
    expect(podTemplateHash({ a: 1, c: [2] })).toBe(podTemplateHash({ c: [2], a: 1 }))
    expect(podTemplateHash({ a: 1 }, 1)).not.toBe(podTemplateHash({ a: 1 }))
    expect(podTemplateHash({ a: 1 })).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/)
  })
})

describe('paths', () => {
  it.each([
    ['/api/v1/pods', { group: '', version: 'v1', resource: 'pods' }],
    ['/api/v1/namespaces/d/pods/p/log', { group: '', version: 'v1', namespace: 'd', resource: 'pods', name: 'p', subresource: 'log' }],
    ['/apis/apps/v1/namespaces/d/deployments/a/scale', { group: 'apps', version: 'v1', namespace: 'd', resource: 'deployments', name: 'a', subresource: 'scale' }],
    ['/api/v1/namespaces/d', { group: '', version: 'v1', resource: 'namespaces', name: 'd', namespace: 'd' }],
    ['/api/v1/namespaces/d/finalize', { resource: 'namespaces', name: 'd', subresource: 'finalize' }],
    ['/api/v1/nodes/n/proxy/metrics/cadvisor', { resource: 'nodes', name: 'n', subresource: 'proxy', rest: 'metrics/cadvisor' }],
    ['/api/v1/watch/pods', { resource: 'pods', watchPrefix: true }],
  ])('%s', (path, expected) => {
    expect(parseResourcePath(path)).toMatchObject(expected)
  })

  it('that are none', () => {
    for (const path of ['/healthz', '/api', '/api/v1', '/apis/apps', '/apis/apps/v1']) expect(parseResourcePath(path)).toBeUndefined()
  })

  it('survive the round trip', () => {
    const path = { group: 'apps', version: 'v1', resource: 'deployments', namespace: 'a', name: 'x:y', subresource: 'status' }
    expect(resourcePath(path)).toBe('/apis/apps/v1/namespaces/a/deployments/x%3Ay/status')
    expect(parseResourcePath(resourcePath(path))).toMatchObject(path)
  })
})

describe('equality', () => {
  it('is semantic or exact', () => {
    expect(semanticEqual({ a: [], b: null, c: { d: {} } }, {})).toBe(false)
    expect(semanticEqual({ a: [], b: null }, {})).toBe(true)
    expect(jsonEqual({ a: [], b: undefined }, { a: [] })).toBe(true)
    expect(jsonEqual({ a: [] }, {})).toBe(false)
    expect([quantitiesEqual('1000m', '1'), quantitiesEqual('1Gi', '1G')]).toEqual([true, false])
  })

  it('of copies', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const copy = cloneJson(value)
      expect(jsonEqual(copy, value)).toBe(true)
      expect(semanticEqual(copy, value)).toBe(true)
      expect(canonicalJson(copy)).toBe(canonicalJson(value))
    }))
  })
})

describe('text', () => {
  it('is quoted and ordered as Go does', () => {
    expect(quote('a"b\\\n\x00é\u2028😀')).toBe('"a\\"b\\\\\\n\\x00é\\u2028😀"')
    expect(['b', 'a', 'B', '😀', '\uffff'].sort(compareBytes)).toEqual(['B', 'a', 'b', '\uffff', '😀'])
  })
})

describe('schemas', () => {
  it('join types, wire numbers, merge keys and patch strategies', () => {
    const ports = fieldAt('io.k8s.api.apps.v1.Deployment', 'spec.template.spec.containers.ports')
    expect(ports).toMatchObject({ wire: [6], merge: { how: 'keys', keys: ['containerPort', 'protocol'] }, patch: { merge: true, key: 'containerPort' } })
    expect(fieldAt('io.k8s.api.apps.v1.Deployment', 'spec.strategy')).toMatchObject({ patch: { merge: false, retainKeys: true } })
    expect(fieldAt('io.k8s.api.core.v1.ContainerPort', 'protocol')?.default).toBe('TCP')
    expect(fieldAt('io.k8s.api.core.v1.Container', 'imagePullPolicy')).toMatchObject({ enum: ['Always', 'IfNotPresent', 'Never'], goType: 'v1.PullPolicy' })
    expect(fieldAt('io.k8s.api.core.v1.Volume', 'emptyDir')?.wire).toEqual([2, 2])
    expect(mustSchemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector').atomic).toBe(true)
  })
})

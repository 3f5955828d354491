import { describe, expect, it } from 'vitest'
import type { Node, Pod, PodSpec } from '../generated/types.ts'
import { matchesNodeSelector, matchesRequiredNodeAffinity } from './node-selector.ts'
import { podLimits, podRequests } from './pod-resources.ts'
import { toleratesTaint, tolerationTimeMs, untoleratedTaint, withoutTaint, withTaint } from './taints.ts'

const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { zone: 'a', size: '5' } } }
const pod = (spec: Partial<PodSpec>, status?: Pod['status']): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [], ...spec }, ...(status ? { status } : {}) })

describe('taints', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' }

  it.each([
    [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, true], [{ key: 'k', value: 'v' }, true], [{ key: 'k', value: 'w' }, false], [{ key: 'k', operator: 'Exists' }, true], [{ operator: 'Exists' }, true],
    [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }, false], [{ key: 'x', operator: 'Exists' }, false],
  ])('%j tolerates: %s', (toleration, expected) => {
    expect(toleratesTaint(toleration, taint)).toBe(expected)
  })

  it('are found, added, removed', () => {
    expect(untoleratedTaint([taint, { key: 'e', effect: 'PreferNoSchedule' }], [], ['NoSchedule', 'NoExecute'])).toBe(taint)
    expect(untoleratedTaint([taint], [{ operator: 'Exists' }])).toBeUndefined()
    expect(withTaint([taint], { ...taint, value: 'w' })).toEqual([{ ...taint, value: 'w' }])
    expect(withoutTaint([taint], taint)).toEqual([])
  })

  it('bound how long a pod may stay', () => {
    const out = { key: 'o', effect: 'NoExecute' }
    expect(tolerationTimeMs([out], [])).toBe(0)
    expect(tolerationTimeMs([out], [{ key: 'o', operator: 'Exists', tolerationSeconds: 300 }, { operator: 'Exists', tolerationSeconds: 5 }])).toBe(5000)
    expect(tolerationTimeMs([out], [{ operator: 'Exists' }])).toBeUndefined()
    expect(tolerationTimeMs([taint], [])).toBeUndefined()
  })
})

describe('node selectors', () => {
  it.each([
    [[{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] }], true], [[{ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }], false], [[{ matchExpressions: [{ key: 'size', operator: 'Gt', values: ['4'] }] }], true],
    [[{ matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }] }], true], [[{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }], true], [[{}], false], [[], false], [[{}, { matchExpressions: [{ key: 'zone', operator: 'Exists' }] }], true],
  ])('%j: %s', (nodeSelectorTerms, expected) => {
    expect(matchesNodeSelector({ nodeSelectorTerms }, node)).toBe(expected)
  })

  it('go with labels', () => {
    expect(matchesRequiredNodeAffinity(pod({ nodeSelector: { zone: 'a' } }), node)).toBe(true)
    expect(matchesRequiredNodeAffinity(pod({ nodeSelector: { zone: 'b' } }), node)).toBe(false)
  })
})

describe('pod resources', () => {
  const container = (name: string, cpu: string, more: object = {}): PodSpec['containers'][number] => ({ name, resources: { requests: { cpu }, limits: { cpu } }, ...more })

  it('are the larger of running and initialising, with sidecars and overhead', () => {
    const spec = {
      initContainers: [container('i1', '1'), container('side', '200m', { restartPolicy: 'Always' }), container('i2', '2')],
      containers: [container('a', '500m'), container('b', '700m')],
      overhead: { cpu: '100m', memory: '1Mi' },
    }
    expect(podRequests(pod(spec))).toEqual({ cpu: '2300m', memory: '1Mi' })
    expect(podRequests(pod(spec), { withoutOverhead: true })).toEqual({ cpu: '2200m' })
    expect(podLimits(pod(spec))).toEqual({ cpu: '2300m' })
    expect(podRequests(pod({ ...spec, initContainers: [] }), { withoutOverhead: true })).toEqual({ cpu: '1200m' })
  })

  it('are replaced at the level of the pod', () => {
    expect(podRequests(pod({ containers: [container('a', '500m')], resources: { requests: { cpu: '2', memory: '1Gi' } } }))).toEqual({ cpu: '2', memory: '1Gi' })
  })

  it('count what is allocated', () => {
    const status = { containerStatuses: [{ name: 'a', allocatedResources: { cpu: '800m' }, image: '', imageID: '', ready: true, restartCount: 0 }] }
    expect(podRequests(pod({ containers: [container('a', '500m')] }, status), { useStatus: true })).toEqual({ cpu: '800m' })
  })
})

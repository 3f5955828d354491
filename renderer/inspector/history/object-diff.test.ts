import { describe, expect, it } from 'vitest'
import { differences } from './object-diff.ts'

const pod = (change: object): object => ({ metadata: { name: 'web', resourceVersion: '1' }, spec: { containers: [{ name: 'nginx', image: 'nginx:1' }, { name: 'side', image: 'busybox' }] }, ...change })

describe('the differences of two versions', () => {
  it('names each place, with what stood there', () => {
    expect(differences({ spec: { replicas: 3 } }, { spec: { replicas: 5, paused: true } })).toEqual([
      { path: 'spec.replicas', before: '3', after: '5' },
      { path: 'spec.paused', after: 'true' },
    ])
    expect(differences({ spec: { a: 1, b: [1, 2] } }, { spec: { a: 1 } })).toEqual([{ path: 'spec.b', before: '[1,2]' }])
  })

  it('finds the elements of a list by name, wherever they stand', () => {
    const after = pod({ spec: { containers: [{ name: 'side', image: 'busybox' }, { name: 'nginx', image: 'nginx:2' }] } })
    expect(differences(pod({}), after)).toEqual([{ path: 'spec.containers[nginx].image', before: 'nginx:1', after: 'nginx:2' }])
    expect(differences({ conditions: [{ type: 'Ready', status: 'False' }] }, { conditions: [{ type: 'Ready', status: 'True' }, { type: 'Initialized', status: 'True' }] })).toEqual([
      { path: 'conditions[Ready].status', before: 'False', after: 'True' },
      { path: 'conditions[Initialized]', after: 'type: Initialized\nstatus: "True"' },
    ])
  })

  it('compares what has no name by its place', () => {
    expect(differences({ list: [{ a: 1 }, { a: 1 }] }, { list: [{ a: 1 }, { a: 2 }] })).toEqual([{ path: 'list[1].a', before: '1', after: '2' }])
  })

  it('leaves out what every write changes', () => {
    expect(differences(pod({}), pod({ metadata: { name: 'web', resourceVersion: '2', managedFields: [{ manager: 'kubelet' }] } }))).toEqual([])
  })

  it('quotes keys that have dots', () => {
    expect(differences({ metadata: { labels: {} } }, { metadata: { labels: { 'app.kubernetes.io/name': 'x' } } })).toEqual([{ path: 'metadata.labels["app.kubernetes.io/name"]', after: 'x' }])
  })
})

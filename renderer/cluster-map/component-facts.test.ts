import { expect, it } from 'vitest'
import { componentFacts } from './component-facts.ts'

it('says in short how a component does', () => {
  expect(componentFacts('etcd', { revision: 1204, keys: 1 })).toBe('revision 1\u2009204 · 1 key')
  expect(componentFacts('kube-scheduler', { active: [], backoff: [], unschedulable: [{}], counts: { active: 2, backoff: 1, unschedulable: 40 } })).toBe('3 waiting · 40 unschedulable')
  expect(componentFacts('kube-controller-manager', [{ depth: 1, processing: 2 }, { depth: 0, processing: 0 }])).toBe('2 loops · 3 at work')
  expect(componentFacts('kube-apiserver', {})).toBe('')
  expect(componentFacts('etcd', undefined)).toBe('')
})

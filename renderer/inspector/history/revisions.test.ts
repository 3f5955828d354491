import { expect, it } from 'vitest'
import type { EtcdHistory } from '../../../preload/contract/etcd.ts'
import { revisionsOf } from './revisions.ts'

const entry = (manager: string, time: string): object => ({ manager, operation: 'Update', time })
const version = (modRevision: number, replicas: number, managedFields: readonly object[]): EtcdHistory['versions'][number] => ({ modRevision, version: modRevision - 9, valueBytes: 1, value: JSON.stringify({ metadata: { managedFields }, spec: { replicas } }) })
const first = entry('kubectl-create', '2026-01-01T00:00:00Z')
const second = entry('controller', '2026-01-01T00:00:07Z')

it('compares each version with its elder, and says whose field manager wrote', () => {
  const [newest, oldest] = revisionsOf({ revision: 20, end: 'created', versions: [version(12, 5, [first, second]), version(10, 3, [first])] })
  expect(newest).toMatchObject({ revision: 12, created: false, managers: ['controller'], time: Date.parse('2026-01-01T00:00:07Z'), exact: false, changes: [{ path: 'spec.replicas', before: '3', after: '5' }] })
  expect(oldest).toMatchObject({ revision: 10, created: true, managers: ['kubectl-create'], changes: undefined })
})

it('claims nothing about the oldest version when its elders are compacted', () => {
  const [only] = revisionsOf({ revision: 20, end: 'compacted', versions: [version(12, 5, [first, second])] })
  expect(only).toMatchObject({ created: false, managers: [], time: undefined, changes: undefined })
})

it('takes the time of the write where it is known', () => {
  const write = { time: 1234, spanId: 7, request: 'PATCH /x', user: 'someone', cause: '' }
  const [only] = revisionsOf({ revision: 20, end: 'created', versions: [{ ...version(10, 3, [first]), write }] })
  expect(only).toMatchObject({ time: 1234, exact: true, write })
})

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../../api/generated/types.ts'
import { testNode } from '../testing/controller-bench.ts'
import { claimingPod, testVolume } from '../testing/storage-objects.ts'
import { attachmentName, isDone, maxWaitForUnmountMs, mayBeShared, mayDetach, multiAttachMessage } from './attachable.ts'

it('names attachments by the hash of volume, driver and node', () => {
  expect(attachmentName('vol-1', 'disk.example.com', 'worker-1')).toBe(`csi-${createHash('sha256').update('vol-1disk.example.comworker-1').digest('hex')}`)
})

it.each([
  [[], true],
  [['ReadWriteOnce'], false],
  [['ReadWriteOncePod'], false],
  [['ReadWriteOnce', 'ReadOnlyMany'], true],
  [['ReadWriteMany'], true],
])('says whether a volume of modes %j may be shared: %s', (accessModes, shared) => {
  expect(mayBeShared(testVolume('pv', { accessModes }))).toBe(shared)
})

describe('detaching', () => {
  const name = 'kubernetes.io/csi/disk.example.com^vol-1'
  const node = (inUse: boolean, more: Parameters<typeof testNode>[1] = {}): Node => {
    const made = testNode('worker-1', more)
    return { ...made, status: { ...made.status!, volumesInUse: inUse ? [name] : ['another'] } }
  }
  const outOfService = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }]
  it.each([
    ['not mounted', node(false), 0, true],
    ['mounted on a healthy node', node(true), 10 * maxWaitForUnmountMs, false],
    ['mounted on an unhealthy node', node(true, { ready: false }), maxWaitForUnmountMs - 1, false],
    ['mounted on an unhealthy node for long', node(true, { ready: false }), maxWaitForUnmountMs, true],
    ['mounted on a node out of service', node(true, { taints: outOfService }), 0, true],
    ['on a node that is gone', undefined, 0, false],
    ['on a node that is gone for long', undefined, maxWaitForUnmountMs, true],
  ] as const)('%s', (_, on, undesiredMs, may) => {
    expect(mayDetach(on, name, undesiredMs)).toBe(may)
  })
})

it.each<[string, Pod['status'], boolean, boolean]>([
  ['runs', { phase: 'Running', containerStatuses: [running()] }, false, false],
  ['has ended', { phase: 'Succeeded' }, false, true],
  ['is deleted and runs', { phase: 'Running', containerStatuses: [running()] }, true, false],
  ['is deleted and has stopped', { phase: 'Running', containerStatuses: [{ ...running(), state: { terminated: { exitCode: 0 } } }] }, true, true],
])('knows whether a pod that %s needs its volumes', (_, status, deleted, done) => {
  const pod = claimingPod('web', 'data', 'worker-1')
  expect(isDone({ ...pod, metadata: { ...pod.metadata, ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) }, status: status! })).toBe(done)
})

function running(): NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number] {
  return { name: 'c', image: 'nginx', imageID: '', ready: true, restartCount: 0, state: { running: {} } }
}

const elsewhere: Pod = { ...claimingPod('far', 'data'), metadata: { name: 'far', namespace: 'other' } }
it.each([
  [[], "Volume is already exclusively attached to one node and can't be attached to another"],
  [[claimingPod('a', 'data'), claimingPod('b', 'data')], 'Volume is already used by pod(s) a, b'],
  [[claimingPod('a', 'data'), elsewhere], 'Volume is already used by pod(s) a and 1 pod(s) in different namespaces'],
  [[elsewhere], 'Volume is already used by 1 pod(s) in different namespaces'],
])('tells who has the volume %#', (others, text) => {
  expect(multiAttachMessage('pv-1', claimingPod('web', 'data'), others)).toBe(`Multi-Attach error for volume "pv-1" ${text}`)
})

import { describe, expect, it } from 'vitest'
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../generated/types.ts'
import { rowOf } from '../testing/row-of.ts'
import { podKind } from './pod.ts'

const container = (name: string, more: Partial<ContainerStatus>): ContainerStatus => ({ name, image: 'i', imageID: '', ready: false, restartCount: 0, ...more })
const running = container('a', { ready: true, started: true, state: { running: {} } })

function row(status: PodStatus, spec: Partial<PodSpec> = {}, deletionTimestamp?: string) {
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', creationTimestamp: '2026-01-01T00:00:00Z', ...(deletionTimestamp ? { deletionTimestamp } : {}) }, spec: { containers: [{ name: 'a' }], ...spec }, status }
  const { Ready, Status, Restarts } = rowOf(podKind, pod)
  return [Ready, Status, Restarts]
}

const sidecar = { initContainers: [{ name: 'i', restartPolicy: 'Always' }] }
const init = { initContainers: [{ name: 'i' }, { name: 'j' }] }

describe('READY, STATUS and RESTARTS', () => {
  it.each<[string, PodStatus, Partial<PodSpec>, string | undefined, (string | number)[]]>([
    ['unscheduled', { phase: 'Pending' }, {}, undefined, ['0/1', 'Pending', '0']],
    ['running', { phase: 'Running', containerStatuses: [running] }, {}, undefined, ['1/1', 'Running', '0']],
    ['being created', { phase: 'Pending', containerStatuses: [container('a', { state: { waiting: { reason: 'ContainerCreating' } } })] }, {}, undefined, ['0/1', 'ContainerCreating', '0']],
    ['crashing', { phase: 'Running', containerStatuses: [container('a', { restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:55:00Z' } } })] }, {}, undefined, ['0/1', 'CrashLoopBackOff', '3 (5m ago)']],
    ['completed', { phase: 'Succeeded', containerStatuses: [container('a', { state: { terminated: { exitCode: 0, reason: 'Completed' } } })] }, {}, undefined, ['0/1', 'Completed', '0']],
    ['exited without a reason', { phase: 'Failed', containerStatuses: [container('a', { state: { terminated: { exitCode: 7 } } })] }, {}, undefined, ['0/1', 'ExitCode:7', '0']],
    ['killed', { phase: 'Failed', containerStatuses: [container('a', { state: { terminated: { exitCode: 137, signal: 9 } } })] }, {}, undefined, ['0/1', 'Signal:9', '0']],
    ['evicted', { phase: 'Failed', reason: 'Evicted' }, {}, undefined, ['0/1', 'Evicted', '0']],
    ['gated', { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }, {}, undefined, ['0/1', 'SchedulingGated', '0']],
    ['stopping', { phase: 'Running', containerStatuses: [running] }, {}, '2026-01-01T00:59:00Z', ['1/1', 'Terminating', '0']],
    ['lost with its node', { phase: 'Running', reason: 'NodeLost' }, {}, '2026-01-01T00:59:00Z', ['0/1', 'Unknown', '0']],
    ['at its second init container', { phase: 'Pending', initContainerStatuses: [container('i', { state: { terminated: { exitCode: 0 } } }), container('j', { state: { running: {} } })] }, init, undefined, ['0/1', 'Init:1/2', '0']],
    ['failed in an init container', { phase: 'Pending', initContainerStatuses: [container('i', { restartCount: 2, state: { terminated: { exitCode: 1, reason: 'Error' } } })] }, init, undefined, ['0/1', 'Init:Error', '2']],
    ['backing off in an init container', { phase: 'Pending', initContainerStatuses: [container('i', { state: { waiting: { reason: 'CrashLoopBackOff' } } })] }, init, undefined, ['0/1', 'Init:CrashLoopBackOff', '0']],
    ['with a sidecar', { phase: 'Running', initContainerStatuses: [container('i', { ready: true, started: true, state: { running: {} } })], containerStatuses: [running] }, sidecar, undefined, ['2/2', 'Running', '0']],
    ['one of two completed', { phase: 'Running', containerStatuses: [container('a', { state: { terminated: { exitCode: 0, reason: 'Completed' } } }), { ...running, name: 'b' }] }, { containers: [{ name: 'a' }, { name: 'b' }] }, undefined, ['1/2', 'NotReady', '0']],
  ])('%s', (_, status, spec, deleted, expected) => {
    expect(row(status, spec, deleted)).toEqual(expected)
  })

  it('shows where it runs', () => {
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { containers: [], nodeName: 'worker-1', readinessGates: [{ conditionType: 'x' }] }, status: { podIPs: [{ ip: '10.244.1.2' }] } }
    expect(rowOf(podKind, pod)).toMatchObject({ Name: 'web', Age: '60m', IP: '10.244.1.2', Node: 'worker-1', 'Nominated Node': '<none>', 'Readiness Gates': '0/1' })
  })
})

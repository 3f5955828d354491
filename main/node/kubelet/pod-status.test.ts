import { describe, expect, test } from 'vitest'
import type { Container, ContainerState, ContainerStatus, Pod, PodCondition, PodSpec } from '../../api/generated/types.ts'
import { containersReadyCondition, initializedCondition, readyCondition } from './pod-conditions.ts'
import { phaseOf } from './pod-phase.ts'
import { podStatusPatch } from './status-patch.ts'

const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: 'x', ...more })

function pod(spec: Partial<PodSpec> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', uid: 'u' }, spec: { restartPolicy: 'Always', containers: [container('a'), container('b')], ...spec } }
}

const states: Readonly<Record<string, { state: ContainerState; lastState?: ContainerState }>> = {
  running: { state: { running: {} } },
  waiting: { state: { waiting: { reason: 'ContainerCreating' } } },
  succeeded: { state: { terminated: { exitCode: 0 } } },
  failed: { state: { terminated: { exitCode: 1 } } },
  restarting: { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1 } } },
}

/** `a=running b=failed` as statuses. */
function statuses(text: string): ContainerStatus[] {
  return text.split(' ').filter(Boolean).map((word) => {
    const [name, state] = word.split('=') as [string, string]
    return { name, image: '', imageID: '', restartCount: 0, ready: state === 'running', started: state === 'running', ...states[state]! }
  })
}

describe('phaseOf', () => {
  test.each<[string, string, Partial<PodSpec>, boolean]>([
    ['a=waiting b=waiting', 'Pending', {}, false],
    ['a=running b=waiting', 'Pending', {}, false],
    ['a=running b=running', 'Running', {}, false],
    ['a=running b=failed', 'Running', { restartPolicy: 'Never' }, false],
    ['a=restarting b=running', 'Running', {}, false],
    ['a=restarting b=restarting', 'Running', {}, false],
    ['a=succeeded b=succeeded', 'Running', {}, false],
    ['a=succeeded b=succeeded', 'Succeeded', { restartPolicy: 'OnFailure' }, false],
    ['a=succeeded b=failed', 'Running', { restartPolicy: 'OnFailure' }, false],
    ['a=succeeded b=failed', 'Failed', { restartPolicy: 'Never' }, false],
    ['a=succeeded b=succeeded', 'Succeeded', {}, true],
    ['a=succeeded b=failed', 'Failed', {}, true],
    ['i=running a=waiting b=waiting', 'Pending', { initContainers: [container('i')] }, false],
    ['i=failed a=waiting b=waiting', 'Failed', { restartPolicy: 'Never', initContainers: [container('i')] }, false],
    ['i=failed a=waiting b=waiting', 'Pending', { initContainers: [container('i')] }, false],
    ['i=succeeded a=running b=running', 'Running', { initContainers: [container('i')] }, false],
    ['a=running', 'Pending', {}, false],
  ])('%s: %s', (text, phase, spec, terminal) => {
    expect(phaseOf(pod(spec), statuses(text), terminal, text.includes('a=running') || text.includes('a=succeeded'))).toBe(phase)
  })
})

const said = ({ status, reason, message }: Pick<PodCondition, 'status' | 'reason' | 'message'>): string => [status, reason, message].filter((part) => part !== undefined).join(' | ')

describe('conditions', () => {
  test.each([
    ['a=running b=running', 'Running', 'True'],
    ['a=running b=waiting', 'Pending', 'False | ContainersNotReady | containers with unready status: [b]'],
    ['a=waiting b=waiting', 'Pending', 'False | ContainersNotReady | containers with unready status: [a b]'],
    ['a=running', 'Pending', 'False | ContainersNotReady | containers with unknown status: [b]'],
    ['a=succeeded b=succeeded', 'Succeeded', 'False | PodCompleted'],
    ['a=failed b=failed', 'Failed', 'False | PodFailed'],
  ])('ContainersReady of %s in %s: %s', (text, phase, expected) => {
    expect(said(containersReadyCondition(pod(), statuses(text), phase))).toBe(expected)
  })

  test('Ready follows its gates', () => {
    const gated = pod({ readinessGates: [{ conditionType: 'example.com/lb' }] })
    const ready = containersReadyCondition(gated, statuses('a=running b=running'), 'Running')
    expect(said(readyCondition(gated, ready, []))).toBe('False | ReadinessGatesNotReady | corresponding condition of pod readiness gate "example.com/lb" does not exist.')
    expect(said(readyCondition(gated, ready, [{ type: 'example.com/lb', status: 'False' }]))).toBe('False | ReadinessGatesNotReady | the status of pod readiness gate "example.com/lb" is not "True", but False')
    expect(said(readyCondition(gated, ready, [{ type: 'example.com/lb', status: 'True' }]))).toBe('True')
  })

  test('Initialized', () => {
    const with2 = pod({ initContainers: [container('i'), container('j')] })
    expect(said(initializedCondition(with2, statuses('i=running j=waiting a=waiting b=waiting').map((status) => ({ ...status, ready: false })), 'Pending'))).toBe('False | ContainersNotInitialized | containers with incomplete status: [i j]')
    expect(said(initializedCondition(with2, statuses('i=succeeded').map((status) => ({ ...status, ready: true })), 'Pending'))).toBe('False | ContainersNotInitialized | containers with unknown status: [j]')
    expect(said(initializedCondition(pod(), [], 'Pending'))).toBe('True')
  })
})

describe('podStatusPatch', () => {
  const api: Pod = { ...pod(), status: { phase: 'Pending', qosClass: 'BestEffort', conditions: [{ type: 'PodScheduled', status: 'True' }, { type: 'Foreign', status: 'True' }], podIPs: [{ ip: '10.244.1.2' }], podIP: '10.244.1.2' } }

  test('says nothing when nothing differs', () => {
    expect(podStatusPatch(api, api.status!)).toBeUndefined()
  })

  test('says only what differs, for this uid only', () => {
    expect(podStatusPatch(api, { ...api.status, phase: 'Running', conditions: [...api.status!.conditions!, { type: 'Ready', status: 'True' }] })).toEqual({
      metadata: { uid: 'u' },
      status: { phase: 'Running', '$setElementOrder/conditions': [{ type: 'PodScheduled' }, { type: 'Foreign' }, { type: 'Ready' }], conditions: [{ type: 'Ready', status: 'True' }] },
    })
  })

  test('takes away what is no longer so', () => {
    const { podIP: _ip, podIPs: _ips, ...rest } = api.status!
    expect(podStatusPatch(api, rest)).toEqual({ metadata: { uid: 'u' }, status: { podIP: null, podIPs: null } })
  })
})

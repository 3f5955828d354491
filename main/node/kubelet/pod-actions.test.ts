import { describe, expect, test } from 'vitest'
import type { Container, Pod, PodSpec } from '../../api/generated/types.ts'
import type { ContainerStatus, PodSandboxStatus } from '../cri.ts'
import { computePodActions, type ProbeOutcome } from './pod-actions.ts'
import type { PodRuntime } from './pod-runtime.ts'

const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: 'nginx', ...more })

function pod(spec: Partial<PodSpec>): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', uid: 'u' }, spec: { restartPolicy: 'Always', containers: [container('a'), container('b')], ...spec } }
}

function sandbox(state: 'ready' | 'notready' = 'ready', attempt = 0): PodSandboxStatus {
  return { id: `s${attempt}`, state, createdAt: attempt, ips: ['10.244.1.2'], config: { name: 'p', uid: 'u', namespace: 'default', attempt, hostname: 'p', hostNetwork: false, logDirectory: '', portMappings: [], labels: {}, annotations: {}, runtimeHandler: '', hostAliases: [] } }
}

function status(name: string, state: ContainerStatus['state'], exitCode = 0, hash = 'h'): ContainerStatus {
  const config = { name, attempt: 0, annotations: { 'io.kubernetes.container.hash': hash } } as unknown as ContainerStatus['config']
  return { id: `c-${name}`, sandboxId: 's0', config, state, createdAt: 1, startedAt: 1, finishedAt: 2, exitCode, reason: '', message: '', signal: 0, imageRef: '' }
}

const runtime = (sandboxes: PodSandboxStatus[], containers: ContainerStatus[]): PodRuntime => ({ uid: 'u', sandboxes, containers })

function actions(spec: Partial<PodSpec>, has: PodRuntime, probes: { startup?: Record<string, ProbeOutcome>; liveness?: Record<string, ProbeOutcome> } = {}): string {
  const result = computePodActions(pod(spec), has, { startup: (id) => probes.startup?.[id], liveness: (id) => probes.liveness?.[id] }, () => 'h')
  const words = [
    result.killPod && 'kill pod',
    result.createSandbox && `sandbox #${result.attempt}`,
    result.containersToKill.length > 0 && `kill ${result.containersToKill.map((each) => `${each.name} (${each.message})`).join(', ')}`,
    result.initContainersToStart.length > 0 && `init ${result.initContainersToStart.map((each) => each.name).join(' ')}`,
    result.containersToStart.length > 0 && `start ${result.containersToStart.map((each) => each.name).join(' ')}`,
    result.ephemeralContainersToStart.length > 0 && `ephemeral ${result.ephemeralContainersToStart.map((each) => each.name).join(' ')}`,
  ]
  return words.filter(Boolean).join('; ') || 'nothing'
}

const running = (...names: string[]): ContainerStatus[] => names.map((name) => status(name, 'running'))
const init = [container('one'), container('two')]
const side = container('side', { restartPolicy: 'Always' })

describe('computePodActions', () => {
  test.each<[string, Partial<PodSpec>, PodRuntime, string]>([
    ['a new pod', {}, runtime([], []), 'kill pod; sandbox #0; start a b'],
    ['a new pod with init containers', { initContainers: init }, runtime([], []), 'kill pod; sandbox #0; init one'],
    ['all is well', {}, runtime([sandbox()], running('a', 'b')), 'nothing'],
    ['a container is missing', {}, runtime([sandbox()], running('a')), 'start b'],
    ['the sandbox died', {}, runtime([sandbox('notready')], running('a', 'b')), 'kill pod; sandbox #1; start a b'],
    ['the sandbox died and nothing restarts', { restartPolicy: 'Never' }, runtime([sandbox('notready')], running('a', 'b')), 'kill pod'],
    ['the sandbox died after all had succeeded', { restartPolicy: 'OnFailure' }, runtime([sandbox('notready')], [status('a', 'exited'), status('b', 'exited')]), 'kill pod'],
    ['two sandboxes are ready', {}, runtime([sandbox('ready', 1), sandbox()], []), 'kill pod; sandbox #2; start a b'],
    ['one exited, Always', {}, runtime([sandbox()], [status('a', 'exited'), ...running('b')]), 'start a'],
    ['one succeeded, OnFailure', { restartPolicy: 'OnFailure' }, runtime([sandbox()], [status('a', 'exited'), ...running('b')]), 'nothing'],
    ['one failed, OnFailure', { restartPolicy: 'OnFailure' }, runtime([sandbox()], [status('a', 'exited', 1), ...running('b')]), 'start a'],
    ['one failed, Never', { restartPolicy: 'Never' }, runtime([sandbox()], [status('a', 'exited', 1), ...running('b')]), 'nothing'],
    ['all failed, Never', { restartPolicy: 'Never' }, runtime([sandbox()], [status('a', 'exited', 1), status('b', 'exited', 1)]), 'kill pod'],
    ['the spec changed', {}, runtime([sandbox()], [status('a', 'running', 0, 'old'), ...running('b')]), 'kill a (Container a definition changed, will be restarted); start a'],
    ['a container in an unknown state', {}, runtime([sandbox()], [status('a', 'unknown'), ...running('b')]), 'kill a (Container is in "unknown" state, try killing it before restart); start a'],
    ['first init container runs', { initContainers: init }, runtime([sandbox()], running('one')), 'nothing'],
    ['first init container is done', { initContainers: init }, runtime([sandbox()], [status('one', 'exited')]), 'init two'],
    ['first init container failed', { initContainers: init }, runtime([sandbox()], [status('one', 'exited', 1)]), 'init one'],
    ['first init container failed, Never', { initContainers: init, restartPolicy: 'Never' }, runtime([sandbox()], [status('one', 'exited', 1)]), 'kill pod'],
    ['init is done', { initContainers: init }, runtime([sandbox()], [status('two', 'exited'), status('one', 'exited')]), 'start a b'],
    ['init was done and forgotten', { initContainers: init }, runtime([sandbox()], running('a', 'b')), 'nothing'],
    ['a sidecar starts before the next', { initContainers: [side, ...init] }, runtime([sandbox()], running('side')), 'init one'],
    ['the last init container is a sidecar that runs', { initContainers: [side] }, runtime([sandbox()], running('side')), 'start a b'],
    ['a sidecar died', { initContainers: [side] }, runtime([sandbox()], [status('side', 'exited', 1), ...running('a', 'b')]), 'init side'],
    ['a sidecar was forgotten', { initContainers: [side] }, runtime([sandbox()], running('a', 'b')), 'init side'],
    ['sidecars do not keep a finished pod alive', { initContainers: [side], restartPolicy: 'Never' }, runtime([sandbox()], [...running('side'), status('a', 'exited'), status('b', 'exited')]), 'kill pod'],
    ['an ephemeral container was added', { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] }, runtime([sandbox()], running('a', 'b')), 'ephemeral debug'],
    ['own rules restart on an exit code', { restartPolicy: 'Never', containers: [container('a', { restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] }), container('b')] }, runtime([sandbox()], [status('a', 'exited', 42), ...running('b')]), 'start a'],
  ])('%s', (_, spec, has, expected) => {
    expect(actions(spec, has)).toBe(expected)
  })

  test.each<[string, Partial<PodSpec>, Parameters<typeof actions>[2], string]>([
    ['liveness', {}, { liveness: { 'c-a': 'failure' } }, 'kill a (Container a failed liveness probe, will be restarted); start a'],
    ['liveness, Never', { restartPolicy: 'Never' }, { liveness: { 'c-a': 'failure' } }, 'kill a (Container a failed liveness probe)'],
    ['startup', {}, { startup: { 'c-a': 'failure' } }, 'kill a (Container a failed startup probe, will be restarted); start a'],
    ['liveness is well', {}, { liveness: { 'c-a': 'success' } }, 'nothing'],
  ])('a failed probe: %s', (_, spec, probes, expected) => {
    expect(actions(spec, runtime([sandbox()], running('a', 'b')), probes)).toBe(expected)
  })

  test('a sidecar that has not passed its startup probe holds the next back', () => {
    const initContainers = [container('side', { restartPolicy: 'Always', startupProbe: { exec: { command: ['x'] } } }), container('one')]
    const has = runtime([sandbox()], running('side'))
    expect(actions({ initContainers }, has)).toBe('nothing')
    expect(actions({ initContainers }, has, { startup: { 'c-side': 'success' } })).toBe('init one')
    expect(actions({ initContainers }, has, { startup: { 'c-side': 'failure' } })).toBe('kill side (Init container side failed startup probe); init side')
  })
})

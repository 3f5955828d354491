import { describe, expect, test } from 'vitest'
import { configMapKind } from '../../api/kinds/core/config-map.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { serveHttp } from '../../kernel/http.ts'
import { KubeletBench } from './testing/bench.ts'

async function bench(): Promise<KubeletBench> {
  const made = new KubeletBench()
  made.runtime.programs.set('nginx', { pullMs: 100 })
  await made.run(1_000)
  return made
}

const waiting = (b: KubeletBench, name: string): string => {
  const state = b.get(name)?.status?.containerStatuses?.[0]?.state
  return state?.waiting ? `${state.waiting.reason}: ${state.waiting.message ?? ''}` : JSON.stringify(state)
}

describe('images', () => {
  test('that no registry has end in ErrImagePull, then ImagePullBackOff, with growing delays', async () => {
    const b = await bench()
    b.pod('bad', { containers: [{ name: 'main', image: 'nowhere:1' }] })
    await b.run(1_500)
    const notFound = 'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nowhere:1": failed to resolve reference "docker.io/library/nowhere:1": docker.io/library/nowhere:1: not found'
    expect(waiting(b, 'bad')).toBe(`ErrImagePull: ${notFound}`)
    expect(b.get('bad')!.status!.phase).toBe('Pending')
    await b.run(2_000)
    expect(waiting(b, 'bad')).toBe(`ImagePullBackOff: Back-off pulling image "nowhere:1": ErrImagePull: ${notFound}`)
    expect(b.events('bad')).toEqual([
      'Normal Pulling Pulling image "nowhere:1"',
      `Warning Failed Failed to pull image "nowhere:1": ${notFound}`,
      'Warning Failed Error: ErrImagePull',
      'Normal BackOff Back-off pulling image "nowhere:1"',
      'Warning Failed Error: ImagePullBackOff',
    ])
    await b.run(60_000)
    expect(b.events('bad').filter((event) => event.startsWith('Normal Pulling'))[0]).toBe('Normal Pulling Pulling image "nowhere:1" x3')
    expect(b.conditions('bad')).toEqual(['PodReadyToStartContainers=True', 'Initialized=True', 'Ready=False(ContainersNotReady)', 'ContainersReady=False(ContainersNotReady)', 'PodScheduled=True'])
    expect(b.get('bad')!.status!.conditions![2]!.message).toBe('containers with unready status: [main]')
  })

  test('with wrong names are InvalidImageName; with policy Never and absent ErrImageNeverPull', async () => {
    const b = await bench()
    b.pod('upper', { containers: [{ name: 'main', image: 'Nginx:1' }] })
    b.pod('never', { containers: [{ name: 'main', image: 'nginx:2', imagePullPolicy: 'Never' }] })
    await b.run(1_500)
    expect(waiting(b, 'upper')).toBe(`InvalidImageName: Failed to apply default image tag "Nginx:1": couldn't parse image name "Nginx:1": repository name must be lowercase`)
    expect(waiting(b, 'never')).toBe('ErrImageNeverPull: Container image "nginx:2" is not present with pull policy of Never')
  })

  test('that are there are not pulled again, unless the policy is Always', async () => {
    const b = await bench()
    b.runtime.preload('nginx:1', 'nginx:latest')
    b.pod('present', { containers: [{ name: 'main', image: 'nginx:1' }] })
    b.pod('latest', { containers: [{ name: 'main', image: 'nginx' }] })
    await b.run(3_000)
    expect(b.events('present')[0]).toBe('Normal Pulled Container image "nginx:1" already present on machine and can be accessed by the pod')
    expect(b.events('latest')[0]).toBe('Normal Pulling Pulling image "nginx"')
  })
})

describe('restarts', () => {
  test('back off from 10 s to 5 min', async () => {
    const b = await bench()
    b.runtime.programs.set('crash', { pullMs: 10, endsAfterMs: 500, exitCode: 1 })
    b.pod('crash', { containers: [{ name: 'main', image: 'crash:1' }] })
    await b.run(5_000)
    const uid = b.get('crash')!.metadata.uid
    expect(waiting(b, 'crash')).toBe(`CrashLoopBackOff: back-off 10s restarting failed container=main pod=crash_default(${uid})`)
    expect(b.get('crash')!.status!.containerStatuses![0]).toMatchObject({ restartCount: 1, ready: false, started: false, lastState: { terminated: { exitCode: 1, reason: 'Error' } } })
    expect(b.get('crash')!.status!.phase).toBe('Running')
    expect(b.events('crash')).toContain(`Warning BackOff Back-off restarting failed container main in pod crash_default(${uid})`)
    const startedAt = (n: number): number => b.runtime.startTimes.filter((each) => each.name === `crash/main#${n}`)[0]!.time
    await b.run(200_000)
    const gaps = [1, 2, 3, 4].map((n) => Math.round((startedAt(n + 1) - startedAt(n)) / 1000))
    expect(gaps).toEqual([11, 21, 41, 81])
    expect(waiting(b, 'crash')).toContain('back-off 2m40s restarting')
  })

  test.each([
    ['Never', 1, 'Failed', 0],
    ['Never', 0, 'Succeeded', 0],
    ['OnFailure', 0, 'Succeeded', 0],
  ])('policy %s, exit code %d: %s', async (restartPolicy, exitCode, phase, restarts) => {
    const b = await bench()
    b.runtime.programs.set('job', { pullMs: 10, endsAfterMs: 500, exitCode })
    b.pod('job', { restartPolicy, containers: [{ name: 'main', image: 'job:1' }] })
    await b.run(60_000)
    expect(b.get('job')!.status).toMatchObject({ phase, containerStatuses: [{ restartCount: restarts, state: { terminated: { exitCode } } }] })
    expect(b.conditions('job')[2]).toBe(phase === 'Succeeded' ? 'Ready=False(PodCompleted)' : 'Ready=False(PodFailed)')
    expect(b.conditions('job')[1]).toBe(phase === 'Succeeded' ? 'Initialized=True(PodCompleted)' : 'Initialized=True')
    b.api.remove(podKind, 'default', 'job')
    await b.run(1_000)
    expect(b.get('job')).toBeUndefined()
  })
})

describe('pods that end', () => {
  test('show their sandbox stopped, and keep their address', async () => {
    const b = await bench()
    b.runtime.programs.set('task', { pullMs: 10, endsAfterMs: 500 })
    b.runtime.eventDelayMs = 5
    b.pod('once', { restartPolicy: 'Never', containers: [{ name: 'main', image: 'task:1' }] })
    await b.run(5_000)
    expect(b.get('once')!.status).toMatchObject({ phase: 'Succeeded', podIP: expect.any(String) })
    expect(b.conditions('once')).toEqual(['PodReadyToStartContainers=False', 'Initialized=True(PodCompleted)', 'Ready=False(PodCompleted)', 'ContainersReady=False(PodCompleted)', 'PodScheduled=True'])
  })
})

describe('pods past their deadline', () => {
  test('lose readiness at once, and fail when their containers have stopped', async () => {
    const b = await bench()
    b.runtime.programs.set('slow', { pullMs: 10, stopsAfterMs: 5_000 })
    b.pod('late', { activeDeadlineSeconds: 2, containers: [{ name: 'main', image: 'slow:1' }] })
    await b.run(4_000)
    expect(b.get('late')!.status).toMatchObject({ phase: 'Running', containerStatuses: [{ state: { running: {} } }] })
    expect(b.get('late')!.status!.reason).toBeUndefined()
    expect(b.conditions('late')[2]).toBe('Ready=False(PodFailed)')
    await b.run(6_000)
    expect(b.get('late')!.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline', containerStatuses: [{ state: { terminated: {} } }] })
  })
})

describe('init containers', () => {
  test('run one after another before the app', async () => {
    const b = await bench()
    b.runtime.programs.set('setup', { pullMs: 10, endsAfterMs: 1_000 })
    b.pod('web', { initContainers: [{ name: 'one', image: 'setup:1' }, { name: 'two', image: 'setup:1' }], containers: [{ name: 'main', image: 'nginx:1' }] })
    await b.run(500)
    expect(b.get('web')!.status).toMatchObject({ phase: 'Pending', initContainerStatuses: [{ name: 'one', state: { running: {} }, started: true, ready: false }, { name: 'two', state: { waiting: { reason: 'PodInitializing' } } }], containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }] })
    expect(b.get('web')!.status!.conditions![1]).toMatchObject({ type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message: 'containers with incomplete status: [one two]' })
    await b.run(3_000)
    expect(b.runtime.calls.filter((call) => call.startsWith('start'))).toEqual(['start web/one#0', 'start web/two#0', 'start web/main#0'])
    expect(b.get('web')!.status).toMatchObject({ phase: 'Running', initContainerStatuses: [{ ready: true, started: false, state: { terminated: { reason: 'Completed' } } }, { ready: true }] })
  })

  test('that fail hold the app back and are tried again', async () => {
    const b = await bench()
    b.runtime.programs.set('setup', { pullMs: 10, endsAfterMs: 100, exitCode: 2 })
    b.pod('web', { initContainers: [{ name: 'one', image: 'setup:1' }], containers: [{ name: 'main', image: 'nginx:1' }] })
    await b.run(5_000)
    expect(b.get('web')!.status).toMatchObject({ phase: 'Pending', initContainerStatuses: [{ restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } }] })
    expect(b.runtime.calls).not.toContain('start web/main#0')
  })

  test('that fail for good fail the pod', async () => {
    const b = await bench()
    b.runtime.programs.set('setup', { pullMs: 10, endsAfterMs: 100, exitCode: 2 })
    b.pod('web', { restartPolicy: 'Never', initContainers: [{ name: 'one', image: 'setup:1' }], containers: [{ name: 'main', image: 'nginx:1' }] })
    await b.run(5_000)
    expect(b.get('web')!.status!.phase).toBe('Failed')
  })

  test('with restartPolicy Always are sidecars: they start first, stay, and stop last', async () => {
    const b = await bench()
    b.runtime.programs.set('proxy', { pullMs: 10 })
    b.pod('web', { initContainers: [{ name: 'side', image: 'proxy:1', restartPolicy: 'Always' }], containers: [{ name: 'main', image: 'nginx:1' }] })
    await b.run(3_000)
    expect(b.get('web')!.status).toMatchObject({ phase: 'Running', initContainerStatuses: [{ name: 'side', ready: true, started: true }], containerStatuses: [{ ready: true }] })
    expect(b.conditions('web')[2]).toBe('Ready=True')
    b.runtime.end('side', 1)
    await b.run(1_000)
    expect(b.get('web')!.status).toMatchObject({ phase: 'Running', initContainerStatuses: [{ restartCount: 1 }] })
    b.api.remove(podKind, 'default', 'web')
    await b.run(1_000)
    expect(b.runtime.calls.filter((call) => call.startsWith('stop web/'))).toEqual(['stop web/main#0 grace=30', 'stop web/side#1 grace=30'])
    expect(b.get('web')).toBeUndefined()
  })
})

describe('volumes', () => {
  test('of config maps that are missing keep the container from being made', async () => {
    const b = await bench()
    b.pod('web', { containers: [{ name: 'main', image: 'nginx:1', volumeMounts: [{ name: 'config', mountPath: '/etc/web' }] }], volumes: [{ name: 'config', configMap: { name: 'web' } }] })
    await b.run(2_000)
    expect(waiting(b, 'web')).toBe('ContainerCreating: ')
    expect(b.events('web')).toEqual(['Warning FailedMount MountVolume.SetUp failed for volume "config" : configmap "web" not found x3'])
    expect(b.conditions('web')[0]).toBe('PodReadyToStartContainers=False')
    b.api.seed(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', namespace: 'default' }, data: { 'index.html': 'hello' } })
    await b.run(10_000)
    expect(b.get('web')!.status!.phase).toBe('Running')
    const mount = b.runtime.configOf('web', 'main')!.mounts[0]!
    expect(mount).toMatchObject({ containerPath: '/etc/web', readOnly: true, source: { type: 'files' } })
    const content = (): string => (mount.source.type === 'files' ? new TextDecoder().decode(mount.source.files()[0]!.content()) : '')
    expect(content()).toBe('hello')
    b.api.mutate(configMapKind, 'default', 'web', (map) => {
      map.data!['index.html'] = 'changed'
    })
    await b.run(5_000)
    expect(content()).toBe('hello')
    await b.run(90_000)
    expect(content()).toBe('changed')
  })
})

describe('probes', () => {
  test('readiness decides whether the pod is Ready', async () => {
    const b = await bench()
    let status = 500
    b.runtime.programs.set('web', { pullMs: 10, serve: (stack) => serveHttp(stack, 8080, (exchange) => exchange.respond({ status, headers: {} })) })
    b.pod('web', { containers: [{ name: 'main', image: 'web:1', readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 5, failureThreshold: 2 } }] })
    await b.run(3_000)
    expect(b.get('web')!.status!.containerStatuses![0]).toMatchObject({ ready: false, started: true })
    expect(b.events('web').some((event) => event.startsWith('Warning Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 500'))).toBe(true)
    status = 200
    await b.run(6_000)
    expect(b.conditions('web')[2]).toBe('Ready=True')
    status = 503
    await b.run(6_000)
    expect(b.conditions('web')[2]).toBe('Ready=True')
    await b.run(5_000)
    expect(b.conditions('web')[2]).toBe('Ready=False(ContainersNotReady)')
  })

  test('liveness restarts the container', async () => {
    const b = await bench()
    b.runtime.programs.set('web', { pullMs: 10 })
    b.pod('web', { containers: [{ name: 'main', image: 'web:1', livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 2, failureThreshold: 3 } }] })
    await b.run(10_000)
    expect(b.events('web').some((event) => event.startsWith('Warning Unhealthy Liveness probe failed: Get "http://10.244.1.2:8080/healthz": dial tcp 10.244.1.2:8080: connect: connection refused'))).toBe(true)
    expect(b.events('web')).toContain('Normal Killing Container main failed liveness probe, will be restarted')
    expect(b.get('web')!.status!.containerStatuses![0]!.restartCount).toBe(1)
  })

  test('startup holds the others back, then lets them begin', async () => {
    const b = await bench()
    const exec = { started: false }
    b.runtime.programs.set('web', { pullMs: 10, exec: (command) => ({ exitCode: command[0] === 'started' && !exec.started ? 1 : 0, stdout: new TextEncoder().encode('not yet'), stderr: new Uint8Array() }) })
    b.pod('web', { containers: [{ name: 'main', image: 'web:1', startupProbe: { exec: { command: ['started'] }, periodSeconds: 1, failureThreshold: 30 }, readinessProbe: { exec: { command: ['ready'] }, periodSeconds: 1 } }] })
    await b.run(5_000)
    expect(b.get('web')!.status!.containerStatuses![0]).toMatchObject({ ready: false, started: false })
    expect(b.runtime.calls.some((call) => call.endsWith(' ready'))).toBe(false)
    expect(b.events('web').some((event) => event.startsWith('Warning Unhealthy Startup probe failed: not yet'))).toBe(true)
    exec.started = true
    await b.run(3_000)
    expect(b.get('web')!.status!.containerStatuses![0]).toMatchObject({ ready: true, started: true })
  })
})

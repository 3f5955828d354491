import { describe, expect, test } from 'vitest'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { internalError } from '../../api/machinery/status-error.ts'
import { KubeletBench } from './testing/bench.ts'

async function bench(): Promise<KubeletBench> {
  const b = new KubeletBench()
  b.runtime.programs.set('nginx', { pullMs: 10 })
  await b.run(1_000)
  b.pod('web')
  await b.run(2_000)
  return b
}

const starts = (b: KubeletBench): string[] => b.runtime.calls.filter((call) => call.startsWith('start'))

describe('a kubelet that was gone', () => {
  test('finds its pods running and leaves them alone', async () => {
    const b = await bench()
    const before = b.get('web')!.status
    b.process.crash()
    await b.run(5_000)
    b.startKubelet()
    await b.run(20_000)
    expect(starts(b)).toEqual(['start web/main#0'])
    expect(b.get('web')!.status).toEqual(before)
    expect(b.events('worker-1').filter((event) => event.startsWith('Normal Starting'))).toHaveLength(2)
  })

  test('restarts what died meanwhile, and counts it', async () => {
    const b = await bench()
    b.process.crash()
    b.runtime.end('main', 1)
    await b.run(5_000)
    b.startKubelet()
    await b.run(5_000)
    expect(b.get('web')!.status!.containerStatuses![0]).toMatchObject({ restartCount: 1, ready: true, lastState: { terminated: { exitCode: 1 } } })
  })

  test('ends pods that were deleted meanwhile, gracefully or at once', async () => {
    const b = await bench()
    b.pod('other')
    await b.run(2_000)
    b.process.crash()
    b.api.remove(podKind, 'default', 'web')
    b.api.remove(podKind, 'default', 'other', { gracePeriodSeconds: 0 })
    await b.run(1_000)
    expect(b.get('web')).toBeDefined()
    expect(b.get('other')).toBeUndefined()
    b.startKubelet()
    await b.run(5_000)
    expect(b.get('web')).toBeUndefined()
    expect(b.runtime.calls.filter((call) => call.startsWith('remove sandbox')).sort()).toEqual(['remove sandbox default/other', 'remove sandbox default/web'])
  })

  test('does not run again what has ended', async () => {
    const b = await bench()
    b.runtime.programs.set('job', { pullMs: 10, endsAfterMs: 100 })
    b.pod('job', { restartPolicy: 'Never', containers: [{ name: 'main', image: 'job:1' }] })
    await b.run(2_000)
    const before = b.get('job')!.status
    expect(before!.phase).toBe('Succeeded')
    b.process.crash()
    b.startKubelet()
    await b.run(5_000)
    expect(b.get('job')!.status).toEqual(before)
    expect(starts(b)).toEqual(['start web/main#0', 'start job/main#0'])
    b.api.remove(podKind, 'default', 'job')
    await b.run(2_000)
    expect(b.get('job')).toBeUndefined()
  })
})

describe('a sandbox that dies', () => {
  test('is made again, with its containers', async () => {
    const b = await bench()
    await b.kernel.settle(b.runtime.killSandbox('web'))
    await b.run(3_000)
    expect(b.events('web')).toContain('Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.')
    expect(b.get('web')!.status).toMatchObject({ phase: 'Running', podIP: '10.244.1.3', podIPs: [{ ip: '10.244.1.3' }], containerStatuses: [{ restartCount: 1, ready: true }] })
    await b.run(2_000)
    expect(b.runtime.calls.filter((call) => call.startsWith('run'))).toHaveLength(2)
  })
})

describe('an API that fails', () => {
  test('gets the status later', async () => {
    const b = await bench()
    let failing = true
    b.api.fault = (request) => (failing && request.resource === 'pods/status' ? { before: internalError('no') } : undefined)
    b.pod('late')
    await b.run(3_000)
    expect(b.get('late')!.status!.phase).toBe('Pending')
    failing = false
    await b.run(10_000)
    expect(b.get('late')!.status!.phase).toBe('Running')
  })

  test('whose node was deleted gets it again', async () => {
    const b = await bench()
    b.api.remove(nodeKind, undefined, 'worker-1')
    await b.run(400_000)
    expect(b.api.peek(nodeKind, undefined, 'worker-1')).toBeDefined()
  })
})

describe('admission', () => {
  test.each([
    ['cpu', { containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu: '5' } } }] }, 'OutOfcpu', "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000"],
    ['node selector', { nodeSelector: { disk: 'ssd' } }, 'NodeAffinity', "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
  ])('%s', async (_, spec, reason, message) => {
    const b = await bench()
    b.pod('greedy', spec)
    await b.run(1_000)
    expect(b.get('greedy')!.status).toMatchObject({ phase: 'Failed', reason, message })
    expect(starts(b)).toEqual(['start web/main#0'])
    b.api.remove(podKind, 'default', 'greedy')
    await b.run(1_000)
    expect(b.get('greedy')).toBeUndefined()
  })

  test('host ports are taken once', async () => {
    const b = await bench()
    const spec = { containers: [{ name: 'main', image: 'nginx:1', ports: [{ containerPort: 80, hostPort: 8080 }] }] }
    b.pod('one', spec)
    b.pod('two', spec)
    await b.run(2_000)
    expect(b.get('one')!.status!.phase).toBe('Running')
    expect(b.get('two')!.status).toMatchObject({ phase: 'Failed', reason: 'NodePorts' })
  })
})

describe('hooks and ends', () => {
  test('preStop runs before the stop signal, and counts against the grace period', async () => {
    const b = await bench()
    b.pod('hooked', { terminationGracePeriodSeconds: 20, containers: [{ name: 'main', image: 'nginx:1', lifecycle: { preStop: { sleep: { seconds: 5 } }, postStart: { exec: { command: ['hello'] } } } }] })
    await b.run(2_000)
    expect(b.runtime.calls).toContain('exec hooked/main#0 hello')
    b.api.remove(podKind, 'default', 'hooked')
    await b.run(4_000)
    expect(b.runtime.calls.some((call) => call.startsWith('stop hooked/'))).toBe(false)
    await b.run(2_000)
    expect(b.runtime.calls).toContain('stop hooked/main#0 grace=15')
  })

  test('a postStart hook that fails ends the container', async () => {
    const b = await bench()
    b.runtime.programs.set('picky', { pullMs: 10, exec: () => ({ exitCode: 1, stdout: new Uint8Array(), stderr: new Uint8Array() }) })
    b.pod('hooked', { containers: [{ name: 'main', image: 'picky:1', lifecycle: { postStart: { exec: { command: ['hello'] } } } }] })
    await b.run(1_000)
    expect(b.events('hooked')).toContain('Warning FailedPostStartHook PostStartHook failed')
    expect(b.get('hooked')!.status!.containerStatuses![0]!.state!.waiting?.reason).toMatch(/PostStartHookError|CrashLoopBackOff/)
  })

  test('a container that ignores its signal is killed when the grace period is over', async () => {
    const b = await bench()
    b.runtime.programs.set('stubborn', { pullMs: 10, stopsAfterMs: 600_000 })
    b.pod('stubborn', { terminationGracePeriodSeconds: 10, containers: [{ name: 'main', image: 'stubborn:1' }] })
    await b.run(2_000)
    b.api.remove(podKind, 'default', 'stubborn')
    await b.run(9_000)
    expect(b.get('stubborn')).toBeDefined()
    await b.run(3_000)
    expect(b.get('stubborn')).toBeUndefined()
  })

  test('a grace period that is cut short holds at once', async () => {
    const b = await bench()
    b.runtime.programs.set('stubborn', { pullMs: 10, stopsAfterMs: 600_000 })
    b.pod('stubborn', { terminationGracePeriodSeconds: 300, containers: [{ name: 'main', image: 'stubborn:1' }] })
    await b.run(2_000)
    b.api.remove(podKind, 'default', 'stubborn')
    await b.run(2_000)
    b.api.remove(podKind, 'default', 'stubborn', { gracePeriodSeconds: 3 })
    await b.run(6_000)
    expect(b.get('stubborn')).toBeUndefined()
  })

  test('activeDeadlineSeconds ends a pod', async () => {
    const b = await bench()
    b.pod('timed', { activeDeadlineSeconds: 10 })
    await b.run(8_000)
    expect(b.get('timed')!.status!.phase).toBe('Running')
    await b.run(5_000)
    expect(b.get('timed')!.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' })
  })
})

describe('a pod deleted before it ran', () => {
  test('does not wait for volumes that never come', async () => {
    const b = await bench()
    b.pod('stuck', { containers: [{ name: 'main', image: 'nginx:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] }], volumes: [{ name: 'v', secret: { secretName: 'none' } }] })
    await b.run(20_000)
    b.api.remove(podKind, 'default', 'stuck')
    await b.run(500)
    expect(b.get('stuck')).toBeUndefined()
  })

  test('does not wait for its image', async () => {
    const b = await bench()
    b.runtime.programs.set('huge', { pullMs: 600_000 })
    b.pod('stuck', { containers: [{ name: 'main', image: 'huge:1' }] })
    await b.run(20_000)
    b.api.remove(podKind, 'default', 'stuck')
    await b.run(500)
    expect(b.get('stuck')).toBeUndefined()
  })

  test('does not wait for a preStop hook beyond a grace period that was cut short', async () => {
    const b = await bench()
    b.pod('hooked', { terminationGracePeriodSeconds: 600, containers: [{ name: 'main', image: 'nginx:1.14', lifecycle: { preStop: { sleep: { seconds: 500 } } } }] })
    await b.run(3_000)
    b.api.remove(podKind, 'default', 'hooked')
    await b.run(5_000)
    b.api.remove(podKind, 'default', 'hooked', { gracePeriodSeconds: 1 })
    await b.run(2_000)
    expect(b.get('hooked')).toBeUndefined()
  })
})

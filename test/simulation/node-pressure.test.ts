import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Node, Pod } from '../../main/api/generated/types.ts'
import { nodeKind } from '../../main/api/kinds/core/node.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { bootedLab, type SimulatedLab } from './simulated-lab.ts'
import { runOnMachine } from './test-terminal.ts'

let lab: SimulatedLab
beforeAll(async () => {
  lab = await bootedLab({ workers: 1 })
})
afterAll(() => lab.cluster.stop())

const configPath = '/var/lib/kubelet/config.yaml'

async function run(command: string): Promise<string> {
  const { out, err } = await runOnMachine(lab, command, 'worker-1')
  return out + err
}

async function conditionIs(type: string, status: string): Promise<boolean> {
  const { status: found } = await lab.settle(lab.client.get<Node>(nodeKind, 'worker-1'))
  return found?.conditions?.find((condition) => condition.type === type)?.status === status
}

/** In seconds of virtual time, by steps of one: for what takes minutes. */
async function until(condition: () => Promise<boolean>, limitMs: number, what: string): Promise<void> {
  const deadline = lab.cluster.kernel.now() + limitMs
  while (!(await condition())) {
    if (lab.cluster.kernel.now() > deadline) throw new Error(`${what} did not come true within ${limitMs} ms of virtual time`)
    await lab.cluster.kernel.runFor(1_000)
  }
}

const podOf = (name: string): Promise<Pod> => lab.settle(lab.client.get<Pod>(podKind, name, 'default'))

async function start(name: string, spec: object): Promise<void> {
  await lab.settle(lab.client.create(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { nodeName: 'worker-1', ...spec } } as Pod))
  await until(async () => (await podOf(name)).status?.phase === 'Running', 60_000, `${name} to run`)
}

describe('eviction as the configuration of a kubelet says', () => {
  test.each([
    ['evictionHard: { memory.free: 1Gi }', 'failed to run Kubelet: unsupported eviction signal memory.free'],
    ['evictionSoft: { memory.available: 1Gi }', 'failed to run Kubelet: failed to create kubelet: grace period must be specified for the soft eviction threshold memory.available'],
    ['imageGCHighThresholdPercent: 50', 'imageGCLowThresholdPercent (--image-gc-low-threshold) 80 must be less than imageGCHighThresholdPercent (--image-gc-high-threshold) 50'],
  ])('%s: the kubelet says why it does not start', async (line, message) => {
    await run(`cp ${configPath} /tmp/kept.yaml; echo '${line}' >> ${configPath}; systemctl restart kubelet; sleep 1`)
    expect(await run('journalctl -u kubelet -n 5')).toContain(message)
    await run(`cp /tmp/kept.yaml ${configPath}; systemctl restart kubelet; sleep 1`)
    expect(await run('systemctl is-active kubelet')).toBe('active\n')
  })

  test('a threshold of memory that is crossed ends the largest pod, and the node has the condition until its time is over', async () => {
    await start('idle', { containers: [{ name: 'main', image: 'nginx:1.27' }] })
    await start('hungry', { containers: [{ name: 'main', image: 'polinux/stress', args: ['stress', '--vm', '1', '--vm-bytes', '1500M', '--vm-hang', '0'] }] })
    await lab.cluster.kernel.runFor(30_000)
    expect((await podOf('hungry')).status?.phase).toBe('Running')

    await run(`sed -i 's/^evictionPressureTransitionPeriod: 0s/evictionPressureTransitionPeriod: 40s/' ${configPath}; printf 'evictionHard:\\n  memory.available: 7Gi\\n' >> ${configPath}; systemctl restart kubelet`)
    await until(async () => (await podOf('hungry')).status?.phase === 'Failed', 60_000, 'the eviction')
    expect((await podOf('hungry')).status).toMatchObject({ reason: 'Evicted', message: expect.stringMatching(/^The node was low on resource: memory\. Threshold quantity: 7Gi, available: \d+\w*\. Container main was using 15\d\dMi, request is 0, has larger consumption of memory\. $/) })
    expect(await conditionIs('MemoryPressure', 'True')).toBe(true)
    expect((await podOf('idle')).status?.phase).toBe('Running')
    await until(() => conditionIs('MemoryPressure', 'False'), 90_000, 'the end of the pressure')
  })

  test('images that nobody uses go when the disk is as full as imageGCHighThresholdPercent says', async () => {
    expect(await run('crictl images')).toContain('polinux/stress')
    await lab.settle(lab.client.delete(podKind, 'hungry', 'default'))
    await run(`printf 'imageGCHighThresholdPercent: 2\\nimageGCLowThresholdPercent: 1\\n' >> ${configPath}; systemctl restart kubelet`)
    // It looks every five minutes, and spares what it sees for the first time.
    await lab.cluster.kernel.runFor(610_000)
    const left = await run('crictl images')
    expect(left).not.toContain('polinux/stress')
    expect(left).toContain('nginx')
  })
})

describe('graceful node shutdown', () => {
  test('systemctl poweroff waits for pods as long as shutdownGracePeriod says, then the machine is off', async () => {
    await run(`sed -i -e 's/^shutdownGracePeriod: 0s/shutdownGracePeriod: 40s/' -e 's/^shutdownGracePeriodCriticalPods: 0s/shutdownGracePeriodCriticalPods: 10s/' ${configPath}; systemctl restart kubelet; sleep 2`)
    await start('quick', { containers: [{ name: 'main', image: 'nginx:1.27' }] })
    await start('stubborn', { terminationGracePeriodSeconds: 20, containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', "trap '' TERM; while true; do sleep 1; done"] }] })
    const machine = lab.cluster.machines.get('worker-1')!
    expect((await runOnMachine(lab, 'systemctl poweroff', 'worker-1')).code).toBe(0)
    await lab.cluster.kernel.runFor(5_000)
    expect(machine.poweredOn).toBe(true)
    const node = await lab.settle(lab.client.get<Node>(nodeKind, 'worker-1'))
    expect(node.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'False', reason: 'KubeletNotReady', message: 'node is shutting down' })
    expect((await podOf('quick')).status).toMatchObject({ phase: 'Failed', reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' })
    expect((await podOf('stubborn')).status?.phase).toBe('Running')
    await until(() => Promise.resolve(!machine.poweredOn), 40_000, 'the machine to be off')
    expect((await podOf('stubborn')).status).toMatchObject({ phase: 'Failed', reason: 'Terminated' })
  })

  test('shutdown goes in a minute unless told otherwise, and can be called off', async () => {
    lab.cluster.nodes.get('worker-1')!.powerOn()
    expect(await run('shutdown -r')).toMatch(/^Reboot scheduled for \d{4}-\d\d-\d\d [\d:]+ UTC, use 'shutdown -c' to cancel\.\n$/)
    expect(await run('shutdown -c; shutdown later')).toBe('Failed to parse time specification: later\n')
    await lab.cluster.kernel.runFor(70_000)
    expect(lab.cluster.machines.get('worker-1')!.poweredOn).toBe(true)
  })

  test('reboot --force waits for nobody; the machine comes back', async () => {
    await until(() => conditionIs('Ready', 'True'), 120_000, 'the node to be back')
    await start('again', { containers: [{ name: 'main', image: 'nginx:1.27' }] })
    const machine = lab.cluster.machines.get('worker-1')!
    await runOnMachine(lab, 'reboot --force', 'worker-1')
    await lab.cluster.kernel.runFor(1_000)
    expect(machine.poweredOn).toBe(false)
    expect((await podOf('again')).status?.phase).toBe('Running')
    await until(() => Promise.resolve(machine.poweredOn), 30_000, 'the machine to be on')
    await until(() => conditionIs('Ready', 'True'), 120_000, 'the node to be ready')
  })
})

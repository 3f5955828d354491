import { describe, expect, test } from 'vitest'
import { NodeUnderTest } from './testing/node-under-test.ts'

const mebibyte = 1_048_576
const shell = (script: string): { readonly command: readonly string[] } => ({ command: ['sh', '-c', script] })
const noLimit = { cpuRequestMillis: 0, cpuLimitMillis: 0, memoryLimitBytes: 0 }

describe('memory of the whole machine', () => {
  test('ends the container with the highest score when it is gone, and tells of it', async () => {
    const node = new NodeUnderTest()
    const victims: string[] = []
    node.client.onSystemOutOfMemory(({ process }) => victims.push(process))
    const hog = (megabytes: number): readonly string[] => ['stress', '--vm', '1', '--vm-bytes', `${megabytes}M`, '--vm-hang', '1']
    const guarded = await node.run('polinux/stress', { command: hog(5000), oomScoreAdj: -997 })
    await node.kernel.runFor(5_000)
    const small = await node.run('polinux/stress', { command: hog(300), oomScoreAdj: 1000 })
    const large = await node.run('polinux/stress', { command: hog(4000), oomScoreAdj: 1000 })
    await node.kernel.runFor(10_000)
    const states = []
    for (const { containerId } of [guarded, small, large]) {
      const { state, reason, exitCode } = await node.settle(node.client.containerStatus(containerId))
      states.push([state, reason, exitCode])
    }
    expect(states).toEqual([['running', '', 0], ['running', '', 0], ['exited', 'OOMKilled', 137]])
    expect(victims).toEqual(['stress'])
    expect(node.client.footprint().containers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)).toBeLessThan(5_400 * mebibyte)
  })

  test('a limit that is lowered below what is used ends the container; one that is raised lets it grow', async () => {
    const node = new NodeUnderTest()
    const { containerId } = await node.run('polinux/stress', { command: ['stress', '--vm', '1', '--vm-bytes', '200M', '--vm-hang', '1'], resources: { ...noLimit, memoryLimitBytes: 400 * mebibyte } })
    await node.kernel.runFor(3_000)
    await node.settle(node.client.updateContainerResources(containerId, { ...noLimit, memoryLimitBytes: 300 * mebibyte }))
    expect(await node.settle(node.client.containerStatus(containerId))).toMatchObject({ state: 'running', resources: { memoryLimitBytes: 300 * mebibyte } })
    await node.settle(node.client.updateContainerResources(containerId, { ...noLimit, memoryLimitBytes: 50 * mebibyte }))
    expect(await node.settle(node.client.containerStatus(containerId))).toMatchObject({ state: 'exited', reason: 'OOMKilled' })
  })
})

describe('files', () => {
  test('count as written when they are new or changed, not when they come with the image', async () => {
    const node = new NodeUnderTest()
    const { containerId } = await node.run('busybox:1.36', shell('sleep 3600'))
    const written = (): number => node.client.footprint().containers.find(({ id }) => id === containerId)!.writtenBytes
    expect((await node.exec(containerId, 'cat', '/etc/passwd')).code).toBe(0)
    expect(written()).toBe(0)
    await node.exec(containerId, 'sh', '-c', 'head -c 100000 /dev/zero > /tmp/file; echo more >> /etc/passwd')
    expect(written()).toBeGreaterThan(100_000)
    expect(written()).toBeLessThan(110_000)
  })

  test('of storage outside of all machines are the same for whoever mounts it', async () => {
    const node = new NodeUnderTest()
    const mounts = [{ containerPath: '/data', source: { type: 'network', storage: 'disk/vol-1' }, readOnly: false }] as const
    const first = await node.run('busybox:1.36', { ...shell('echo kept > /data/file; sleep 3600'), mounts })
    await node.kernel.runFor(1_000)
    await node.settle(node.client.removePodSandbox(first.sandboxId))
    const second = await node.run('busybox:1.36', { ...shell('sleep 3600'), mounts })
    expect((await node.exec(second.containerId, 'cat', '/data/file')).out).toBe('kept\n')
  })
})

describe('a container that logs megabytes a second', () => {
  test('keeps a bounded log, and leaves others alone', async () => {
    const node = new NodeUnderTest()
    const line = 'x'.repeat(8_000)
    const loud = await node.run('busybox:1.36', shell(`while true; do echo ${line}; done`))
    const calm = await node.run('busybox:1.36', shell('while true; do echo tick; sleep 1; done'))
    await node.kernel.runFor(3_000)
    const log = node.client.footprint().containers.find(({ id }) => id === loud.containerId)!.logBytes
    expect(log).toBeGreaterThan(1_000_000)
    expect(log).toBeLessThan(2_200_000)
    expect(node.log(calm.logPath).split('\n').length).toBeGreaterThanOrEqual(3)
  })
})

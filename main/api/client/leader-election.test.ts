import { describe, expect, it } from 'vitest'
import type { Process } from '../../kernel/machine.ts'
import { leaseKind } from '../kinds/coordination/lease.ts'
import { leaderElection, type LeaderElection } from './leader-election.ts'
import { FakeApi } from './testing/fake-api.ts'
import { testBench, testProcess } from './testing/test-process.ts'

function setUp() {
  const bench = testBench()
  const api = new FakeApi(bench.process)
  const log: string[] = []
  const candidate = (identity: string, process: Process): LeaderElection =>
    leaderElection(process, api, {
      name: 'kube-scheduler',
      identity,
      events: { event: (_object, _type, reason, message) => void log.push(`${reason}: ${message}`) },
      onStarted: () => void log.push(`${identity} starts`),
      onStopped: () => void log.push(`${identity} stops`),
    })
  return { ...bench, api, log, candidate }
}

describe('leader election', () => {
  it('elects one, which renews; another takes over 15 s after the last renewal', async () => {
    const { kernel, machine, api, log, candidate } = setUp()
    const first = testProcess(machine, 'first')
    const a = candidate('a', first)
    await kernel.runFor(50)
    const b = candidate('b', testProcess(machine, 'second'))
    await kernel.runFor(60_000)
    expect(a.isLeader).toBe(true)
    expect(b.isLeader).toBe(false)
    expect(b.leader).toBe('a')
    expect(log).toEqual(['LeaderElection: a became leader', 'a starts'])
    machine.process('first')!.crash()
    const crashedAt = kernel.now()
    await kernel.runWhile(() => !b.isLeader, 60_000)
    expect(kernel.now() - crashedAt).toBeGreaterThan(12_900)
    expect(kernel.now() - crashedAt).toBeLessThan(15_000 + 4_400 + 100)
    expect(api.peek(leaseKind, 'kube-system', 'kube-scheduler')?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1, leaseDurationSeconds: 15 })
  })

  it('steps down when it could not renew for 10 s', async () => {
    const { kernel, process, api, log, candidate } = setUp()
    candidate('a', process)
    await kernel.runFor(5_000)
    api.fault = () => ({ before: new Error('connect: connection refused') })
    const cutAt = kernel.now()
    await kernel.runWhile(() => !log.includes('a stops'), 60_000)
    expect(kernel.now() - cutAt).toBeGreaterThan(8_000)
    expect(kernel.now() - cutAt).toBeLessThanOrEqual(10_000)
    expect(log).toContain('LeaderElection: a stopped leading')
  })

  it('gives the lease back when stopped, so that another leads soon', async () => {
    const { kernel, process, machine, api, log, candidate } = setUp()
    const a = candidate('a', process)
    await kernel.runFor(1_000)
    const b = candidate('b', testProcess(machine, 'second'))
    await kernel.runFor(1_000)
    await kernel.settle(a.stop())
    expect(api.peek(leaseKind, 'kube-system', 'kube-scheduler')?.spec?.holderIdentity).toBe('')
    await kernel.runWhile(() => !b.isLeader, 4_500)
    expect(log).toEqual(['LeaderElection: a became leader', 'a starts', 'a stops', 'LeaderElection: b became leader', 'b starts'])
  })
})

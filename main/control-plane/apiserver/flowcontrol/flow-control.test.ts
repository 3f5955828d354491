import { describe, expect, it } from 'vitest'
import type { FlowSchema, PriorityLevelConfiguration } from '../../../api/generated/types.ts'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { nodeHost } from '../../../kernel/host.node.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { Machine } from '../../../kernel/machine.ts'
import type { Process } from '../../../kernel/machine.ts'
import { Network } from '../../../kernel/network.ts'
import { requestInfoOf } from '../request-info/request-info.ts'
import { FlowControl } from './flow-control.ts'
import type { Ticket } from './flow-control.ts'
import { flowMatchers } from './flow-schemas.ts'
import { estimateWork } from './work-estimate.ts'

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'
const level = (name: string, nominalConcurrencyShares: number, lendablePercent: number, queues = 4): PriorityLevelConfiguration => ({ apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name, uid: `${name}-uid` }, spec: { type: 'Limited', limited: { nominalConcurrencyShares, lendablePercent, limitResponse: { type: 'Queue', queuing: { queues, handSize: 2, queueLengthLimit: 50 } } } } })
const schema = (name: string, to: string, user: string, matchingPrecedence = 100): FlowSchema => ({ apiVersion, kind: 'FlowSchema', metadata: { name, uid: `${name}-uid` }, spec: { priorityLevelConfiguration: { name: to }, matchingPrecedence, distinguisherMethod: { type: 'ByNamespace' }, rules: [{ subjects: [{ kind: 'User', user: { name: user } }], resourceRules: [{ verbs: ['*'], apiGroups: [''], resources: ['pods', 'configmaps', 'pods/status'], namespaces: ['*'] }], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/logs/*'] }] }] } })

function started(seats = 12): { kernel: Kernel; flow: FlowControl } {
  const kernel = new Kernel({ host: nodeHost, seed: 1, epoch: 0 })
  const machine = new Machine(new Network(kernel), 'm', '10.0.0.1', new SimulatedDisk(kernel, 'm'))
  let process!: Process
  machine.start('p', (given) => {
    process = given
    return {}
  })
  const flow = new FlowControl(process, { seats, statsOf: () => undefined })
  flow.configure([schema('busy', 'busy', 'ann'), schema('idle', 'idle', 'ben')], [level('busy', 5, 0), level('idle', 10, 80)])
  return { kernel, flow }
}

const get = requestInfoOf('GET', '/api/v1/namespaces/default/pods/x')
const users = (name: string): { name: string; groups: string[] } => ({ name, groups: ['system:authenticated'] })

describe('flow schemas', () => {
  it('match by subject, verb, resource and path, in order', () => {
    const [first, second] = flowMatchers([schema('b', 'x', 'ann', 50), schema('a', 'x', 'ann', 50)])
    expect([first!.name, second!.name]).toEqual(['a', 'b'])
    const asked = (method: string, path: string, user = 'ann'): boolean => first!.matches({ user: users(user), info: requestInfoOf(method, path) })
    expect(asked('GET', '/api/v1/namespaces/default/pods')).toBe(true)
    expect(asked('PUT', '/api/v1/namespaces/default/pods/x/status')).toBe(true)
    expect(asked('GET', '/api/v1/namespaces/default/pods/x/log')).toBe(false)
    expect(asked('GET', '/api/v1/pods')).toBe(false)
    expect(asked('GET', '/apis/apps/v1/namespaces/default/deployments')).toBe(false)
    expect(asked('GET', '/logs/x')).toBe(true)
    expect(asked('POST', '/healthz')).toBe(false)
    expect(asked('GET', '/healthz', 'ben')).toBe(false)
  })
})

describe('work', () => {
  const stats = (objects: number, averageBytes: number, watchers = 0) => () => ({ objects, averageBytes, watchers: () => watchers })
  it.each([
    ['GET', '/api/v1/pods', 500, 4_000, 10],
    ['GET', '/api/v1/pods?limit=50', 500, 4_000, 2],
    ['GET', '/api/v1/pods?resourceVersion=0', 5_000, 4_000, 10],
    ['GET', '/api/v1/pods?resourceVersion=5&resourceVersionMatch=Exact', 5_000, 4_000, 100],
    ['GET', '/api/v1/pods?labelSelector=a&limit=1&continue=x', 1_000, 4_000, 20],
    ['GET', '/api/v1/namespaces/default/pods/x', 5_000, 4_000, 1],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dx', 5_000, 4_000, 1],
    ['GET', '/api/v1/pods?watch=1&resourceVersion=5', 5_000, 4_000, 1],
    ['GET', '/api/v1/pods?watch=1', 5_000, 4_000, 10],
  ])('%s %s of %i objects of %i bytes takes %i seats', (method, path, objects, bytes, seats) => {
    expect(estimateWork(requestInfoOf(method, path), stats(objects, bytes), 1_000).initialSeats).toBe(seats)
  })

  it('of a write goes on with those who watch', () => {
    expect(estimateWork(requestInfoOf('POST', '/api/v1/namespaces/a/pods'), stats(1, 1, 25), 1_000)).toEqual({ initialSeats: 1, finalSeats: 3, additionalLatencyMs: 5 })
    expect(estimateWork(requestInfoOf('POST', '/api/v1/namespaces/a/pods'), stats(1, 1, 1_000), 1_000)).toEqual({ initialSeats: 1, finalSeats: 10, additionalLatencyMs: 50 })
  })
})

describe('seats', () => {
  it('are borrowed from who does not need them, and given back', async () => {
    const { kernel, flow } = started()
    const limit = (name: string): number => flow.levels.find((each) => each.name === name)!.set.limit
    const nominal = [limit('busy'), limit('idle')]
    expect(nominal).toEqual([3, 6])
    const running: Ticket[] = []
    const enter = (): void => {
      const ticket: Ticket = flow.enter({ user: users('ann'), info: get }, () => ({ run: () => running.push(ticket), reject: () => undefined }))
      if (ticket.request?.state === 'executing') running.push(ticket)
    }
    for (let index = 0; index < 30; index++) enter()
    expect(running).toHaveLength(3)
    await kernel.runFor(11_000)
    expect(limit('busy')).toBeGreaterThan(6)
    expect(limit('idle')).toBeGreaterThanOrEqual(1)
    expect(running.length).toBe(limit('busy'))
    // Whoever still waits gives up, the rest finishes; with time the seats go home.
    await kernel.runFor(10_000)
    for (const ticket of running.splice(0)) flow.leave(ticket)
    await kernel.runFor(60_000 * 60)
    expect([limit('busy'), limit('idle')]).toEqual(nominal)
    expect(flow.levels.every(({ set }) => set.isIdle)).toBe(true)
  })

  it('are waited for fifteen seconds at most', async () => {
    const { kernel, flow } = started()
    const rejected: number[] = []
    for (let index = 0; index < 4; index++) flow.enter({ user: users('ann'), info: get }, () => ({ run: () => undefined, reject: () => rejected.push(index) }))
    await kernel.runFor(9_000)
    flow.configure([schema('busy', 'busy', 'ann')], [level('busy', 5, 0), level('idle', 10, 0)])
    await kernel.runFor(8_000)
    expect(rejected).toEqual([3])
    expect(flow.metrics.all().find(({ schema: name }) => name === 'busy')!.rejected.get('time-out')).toBe(1)
  })

  it('of a level that is taken away are given back before it goes', () => {
    const { flow } = started()
    const ticket = flow.enter({ user: users('ann'), info: get }, () => ({ run: () => undefined, reject: () => undefined }))
    flow.configure([], [])
    expect(flow.levels.find(({ name }) => name === 'busy')).toMatchObject({ quiescing: true })
    expect(flow.enter({ user: users('ann'), info: get }, () => ({ run: () => undefined, reject: () => undefined })).schema.name).toBe('catch-all')
    flow.leave(ticket)
    expect(flow.levels.map(({ name }) => name).sort()).toEqual(['catch-all', 'exempt'])
  })
})

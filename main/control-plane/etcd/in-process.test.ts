import { describe, expect, it } from 'vitest'
import { SimulatedDisk } from '../../kernel/disk.ts'
import { nodeHost } from '../../kernel/host.node.ts'
import { Kernel } from '../../kernel/kernel.ts'
import { Machine, type Process } from '../../kernel/machine.ts'
import { Network } from '../../kernel/network.ts'
import type { WatchResponse } from './client.ts'
import { inProcessEtcd } from './in-process.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function start(): { kernel: Kernel; etcd: ReturnType<typeof inProcessEtcd> } {
  const kernel = new Kernel({ host: nodeHost, seed: 1, epoch: 0 })
  const machine = new Machine(new Network(kernel), 'controlplane', '10.0.0.1', new SimulatedDisk(kernel, 'controlplane'))
  let process!: Process
  machine.start('test', (given) => {
    process = given
    return {}
  })
  return { kernel, etcd: inProcessEtcd(process) }
}

describe('in-process etcd', () => {
  it('hands a value through by reference, from put to range and watch', async () => {
    const { kernel, etcd } = start()
    const seen: WatchResponse[] = []
    etcd.watch({ key: '/a', rangeEnd: '/b', prevKv: true }, (response) => seen.push(response), () => {})
    const value = bytes('one')
    await kernel.settle(etcd.put({ key: '/a/1', value }))
    expect((await kernel.settle(etcd.range({ key: '/a/1' }))).kvs[0]!.value).toBe(value)
    expect(seen[0]!.events[0]!.kv.value).toBe(value)
    expect(seen[0]!.header.revision).toBe(2)
    await kernel.settle(etcd.put({ key: '/a/1', value: bytes('two') }))
    expect(seen[1]!.events[0]!.prevKv!.value).toBe(value)
  })

  it('runs a guarded transaction as the API server does it', async () => {
    const { kernel, etcd } = start()
    const create = etcd.txn({
      compare: [{ key: '/k', target: 'mod', result: 'equal', value: 0 }],
      success: [{ type: 'put', request: { key: '/k', value: bytes('v') } }],
      failure: [{ type: 'range', request: { key: '/k' } }],
    })
    expect(await kernel.settle(create)).toMatchObject({ succeeded: true, header: { revision: 2 } })
    const again = await kernel.settle(
      etcd.txn({
        compare: [{ key: '/k', target: 'mod', result: 'equal', value: 0 }],
        success: [{ type: 'put', request: { key: '/k', value: bytes('w') } }],
        failure: [{ type: 'range', request: { key: '/k' } }],
      }),
    )
    expect(again.succeeded).toBe(false)
    expect(again.responses[0]).toMatchObject({ type: 'range', response: { kvs: [{ key: '/k', modRevision: 2 }], header: { revision: 2 } } })
  })

  it('catches a watch up from the past, and ends it when the past is compacted', async () => {
    const { kernel, etcd } = start()
    for (let index = 0; index < 5; index++) await kernel.settle(etcd.put({ key: `/k${index}`, value: bytes(String(index)) }))
    const seen: number[] = []
    etcd.watch({ key: '/k', rangeEnd: '/l', startRevision: 3 }, (response) => seen.push(...response.events.map((event) => event.kv.modRevision)), () => {})
    await kernel.runFor(1)
    await kernel.settle(etcd.deleteRange({ key: '/k', rangeEnd: '/l' }))
    await kernel.runFor(1)
    expect(seen).toEqual([3, 4, 5, 6, 7, 7, 7, 7, 7])
    await kernel.settle(etcd.compact(6))
    const ends: unknown[] = []
    etcd.watch({ key: '/k', rangeEnd: '/l', startRevision: 5 }, () => {}, (end) => ends.push(end))
    await kernel.runFor(1)
    expect(ends).toEqual([{ reason: 'compacted', compactRevision: 6 }])
    await expect(kernel.settle(etcd.range({ key: '/k1', revision: 5 }))).rejects.toThrow('etcdserver: mvcc: required revision has been compacted')
    await expect(kernel.settle(etcd.range({ key: '/k1', revision: 9 }))).rejects.toThrow('etcdserver: mvcc: required revision is a future revision')
  })

  it('expires a lease in virtual time and deletes its keys in one revision', async () => {
    const { kernel, etcd } = start()
    const { id } = await kernel.settle(etcd.leaseGrant(10))
    await kernel.settle(etcd.put({ key: '/e/1', value: bytes('a'), lease: id }))
    await kernel.settle(etcd.put({ key: '/e/2', value: bytes('b'), lease: id }))
    const seen: WatchResponse[] = []
    etcd.watch({ key: '/e/', rangeEnd: '/e0' }, (response) => seen.push(response), () => {})
    await kernel.runFor(8_000)
    await kernel.settle(etcd.leaseKeepAlive(id))
    await kernel.runFor(9_500)
    expect(seen).toHaveLength(0)
    expect(await kernel.settle(etcd.leaseTimeToLive(id, true))).toMatchObject({ ttlSeconds: 0, grantedTtlSeconds: 10, keys: ['/e/1', '/e/2'] })
    await kernel.runFor(2_000)
    expect(seen.map((response) => response.events.map((event) => [event.type, event.kv.key]))).toEqual([[['delete', '/e/1'], ['delete', '/e/2']]])
    await expect(kernel.settle(etcd.leaseKeepAlive(id))).rejects.toThrow('etcdserver: requested lease not found')
    await expect(kernel.settle(etcd.put({ key: '/e/3', value: bytes('c'), lease: id }))).rejects.toThrow('etcdserver: requested lease not found')
  })

  it('tells a silent watch how far it is, when asked and by itself', async () => {
    const { kernel, etcd } = start()
    const seen: WatchResponse[] = []
    const watch = etcd.watch({ key: '/quiet', progressNotify: true }, (response) => seen.push(response), () => {})
    await kernel.settle(etcd.put({ key: '/loud', value: bytes('x') }))
    watch.requestProgress()
    await kernel.runFor(1)
    expect(seen).toEqual([{ header: expect.objectContaining({ revision: 2 }) as unknown, events: [] }])
    await kernel.runFor(5_000)
    expect(seen).toHaveLength(2)
    watch.cancel()
    await kernel.runFor(20_000)
    expect(seen).toHaveLength(2)
  })

  it('refuses what etcd refuses, in its words', async () => {
    const { kernel, etcd } = start()
    const put = (key: string) => ({ type: 'put' as const, request: { key, value: bytes('v') } })
    await expect(kernel.settle(etcd.put({ key: '', value: bytes('v') }))).rejects.toThrow('etcdserver: key is not provided')
    await expect(kernel.settle(etcd.txn({ compare: [], success: [put('a'), put('a')], failure: [] }))).rejects.toThrow('etcdserver: duplicate key given in txn request')
    await expect(
      kernel.settle(etcd.txn({ compare: [], success: [put('b'), { type: 'deleteRange', request: { key: 'a', rangeEnd: 'c' } }], failure: [] })),
    ).rejects.toThrow('etcdserver: duplicate key given in txn request')
    await expect(
      kernel.settle(etcd.txn({ compare: [], success: Array.from({ length: 129 }, (_, index) => put(`k${index}`)), failure: [] })),
    ).rejects.toThrow('etcdserver: too many operations in txn request')
    await expect(kernel.settle(etcd.put({ key: 'a', value: new Uint8Array(1_600_000) }))).rejects.toThrow('etcdserver: request is too large')
    await kernel.settle(etcd.leaseGrant(5, 7))
    await expect(kernel.settle(etcd.leaseGrant(5, 7))).rejects.toThrow('etcdserver: lease already exists')
  })

  it('stops taking writes when the database is full, until the alarm is disarmed', async () => {
    const { kernel } = start()
    const machine = new Machine(new Network(kernel), 'full', '10.0.0.2', new SimulatedDisk(kernel, 'full'))
    let process!: Process
    machine.start('test', (given) => {
      process = given
      return {}
    })
    const etcd = inProcessEtcd(process, { quotaBytes: 64_000 })
    for (let index = 0; index < 4; index++) await kernel.settle(etcd.put({ key: '/big', value: new Uint8Array(10_000) }))
    const full = 'etcdserver: mvcc: database space exceeded'
    await expect(kernel.settle(etcd.put({ key: '/big', value: new Uint8Array(10_000) }))).rejects.toThrow(full)
    await expect(kernel.settle(etcd.put({ key: '/small', value: bytes('x') }))).rejects.toThrow(full)
    expect((await kernel.settle(etcd.alarms())).alarms).toEqual([{ memberId: '8e9e05c52164694d', alarm: 'NOSPACE' }])
    await kernel.settle(etcd.deleteRange({ key: '/big' }))
    await kernel.settle(etcd.compact(6))
    await kernel.settle(etcd.defragment())
    await expect(kernel.settle(etcd.put({ key: '/small', value: bytes('x') }))).rejects.toThrow(full)
    await kernel.settle(etcd.disarm())
    await kernel.settle(etcd.put({ key: '/small', value: bytes('x') }))
  })
})

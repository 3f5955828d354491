import { describe, expect, it } from 'vitest'
import { SimulatedDisk } from '../../kernel/disk.ts'
import { HttpClient } from '../../kernel/http.ts'
import { nodeHost } from '../../kernel/host.node.ts'
import { Kernel } from '../../kernel/kernel.ts'
import { Machine, type Process } from '../../kernel/machine.ts'
import { Network } from '../../kernel/network.ts'
import type { EtcdClient, WatchEnd, WatchResponse } from './client.ts'
import { etcdClient } from './network-client.ts'
import { etcdServer, type EtcdServerOptions } from './server.ts'
import type { EtcdView } from './view.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array): string => new TextDecoder().decode(value)

interface World {
  readonly kernel: Kernel
  readonly network: Network
  readonly machine: Machine
  readonly etcd: EtcdClient
  readonly client: Process
}

function world(seed = 1, options: Partial<EtcdServerOptions> = {}): World {
  const kernel = new Kernel({ host: nodeHost, seed, epoch: 0 })
  const network = new Network(kernel)
  const machine = new Machine(network, 'controlplane', '192.168.64.10', new SimulatedDisk(kernel, 'controlplane'))
  machine.start('etcd', etcdServer({ name: 'controlplane', ...options }))
  const other = new Machine(network, 'other', '192.168.64.99', new SimulatedDisk(kernel, 'other'))
  let client!: Process
  other.start('client', (process) => {
    client = process
    return {}
  })
  return { kernel, network, machine, client, etcd: etcdClient(client, [{ address: '192.168.64.10', port: 2379 }]) }
}

/** Tries until the server is there. */
async function eventually<T>(kernel: Kernel, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await kernel.settle(attempt())
    } catch (error) {
      if (tries > 20) throw error
      await kernel.runFor(100)
    }
  }
}

describe('etcdServer', () => {
  it('serves the whole API over the network, values by reference', async () => {
    const { kernel, etcd } = world()
    await kernel.runFor(10)
    const value = bytes('v')
    const seen: WatchResponse[] = []
    etcd.watch({ key: '/r/', rangeEnd: '/r0', prevKv: true }, (response) => seen.push(response), () => {})
    await kernel.settle(etcd.put({ key: '/r/a', value }))
    const { kvs } = await kernel.settle(etcd.range({ key: '/r/', rangeEnd: '/r0' }))
    expect(kvs[0]!.value).toBe(value)
    expect(seen[0]!.events[0]!.kv.value).toBe(value)
    const status = await kernel.settle(etcd.status())
    expect(status).toMatchObject({ version: '3.6.6', raftIndex: 1, raftTerm: 1, dbSizeBytes: 24_576 })
    expect(status.leader).toBe(status.header.memberId)
    expect(await kernel.settle(etcd.memberList())).toMatchObject([{ name: 'controlplane', clientUrls: ['https://192.168.64.10:2379'] }])
    await expect(kernel.settle(etcd.range({ key: '' }))).rejects.toMatchObject({ code: 'invalid', message: 'etcdserver: key is not provided' })
  })

  it('commits what comes together with one flush', async () => {
    const { kernel, machine, etcd } = world()
    await kernel.runFor(10)
    await kernel.settle(etcd.put({ key: 'warm', value: bytes('') }))
    const before = (machine.process('etcd')!.view('etcd') as EtcdView).wal.fsyncs
    const puts = Array.from({ length: 50 }, (_, index) => etcd.put({ key: `k${index}`, value: bytes('') }))
    const answers = await kernel.settle(Promise.all(puts))
    expect(answers.map((answer) => answer.header.revision)).toEqual(Array.from({ length: 50 }, (_, index) => index + 3))
    expect((machine.process('etcd')!.view('etcd') as EtcdView).wal.fsyncs - before).toBeLessThanOrEqual(2)
  })

  it('keeps the cause: what a watcher does belongs to the request that set it off', async () => {
    const { kernel, client, etcd } = world()
    await kernel.runFor(10)
    const roots: (string | undefined)[] = []
    etcd.watch({ key: 'k' }, () => roots.push(kernel.trace.root(kernel.trace.current)?.name), () => {})
    await kernel.runFor(10)
    const writes = ['one', 'two', 'three'].map((name) => {
      kernel.trace.current = 0
      client.span(name)
      return etcd.put({ key: 'k', value: bytes(name) })
    })
    await kernel.settle(Promise.all(writes))
    expect(roots).toEqual(['one', 'two', 'three'])
  })

  it('reports a broken connection to watches and calls, and connects again', async () => {
    const { kernel, machine, etcd } = world()
    await kernel.runFor(10)
    await kernel.settle(etcd.put({ key: 'k', value: bytes('1') }))
    const ends: WatchEnd[] = []
    etcd.watch({ key: 'k' }, () => {}, (end) => ends.push(end))
    await kernel.runFor(10)
    const call = etcd.put({ key: 'k', value: bytes('2') })
    await kernel.runFor(0.3)
    machine.process('etcd')!.crash()
    await expect(kernel.settle(call)).rejects.toMatchObject({ code: 'unavailable', message: 'error reading from server: EOF' })
    expect(ends).toMatchObject([{ reason: 'lost', error: { message: 'error reading from server: EOF' } }])
    await expect(kernel.settle(etcd.range({ key: 'k' }))).rejects.toMatchObject({
      message: 'connection error: desc = "transport: Error while dialing: dial tcp 192.168.64.10:2379: connect: connection refused"',
    })
    machine.start('etcd', etcdServer({ name: 'controlplane' }))
    const { kvs } = await eventually(kernel, () => etcd.range({ key: 'k' }))
    expect(kvs).toHaveLength(1)
    expect(await kernel.settle(etcd.status())).toMatchObject({ raftTerm: 2 })
  })

  it('notices a partition although it only watches', async () => {
    const { kernel, network, etcd } = world()
    await kernel.runFor(10)
    const ends: WatchEnd[] = []
    etcd.watch({ key: 'k' }, () => {}, (end) => ends.push(end))
    await kernel.runFor(100)
    network.partition('controlplane', 'other')
    await kernel.runFor(41_000)
    expect(ends).toMatchObject([{ reason: 'lost', error: { message: 'keepalive ping failed to receive ACK within timeout' } }])
    network.heal('controlplane', 'other')
    await eventually(kernel, () => etcd.put({ key: 'k', value: bytes('') }))
  })

  it('answers health and metrics on the loopback address', async () => {
    const { kernel, machine } = world()
    await kernel.runFor(10)
    let local!: Process
    machine.start('prober', (process) => {
      local = process
      return {}
    })
    const http = new HttpClient(local, { address: '127.0.0.1', port: 2381 })
    const health = await kernel.settle(http.request({ method: 'GET', path: '/health', headers: {} }))
    expect([health.status, text(health.body as Uint8Array)]).toEqual([200, '{"health":"true","reason":""}'])
    const metrics = await kernel.settle(http.request({ method: 'GET', path: '/metrics', headers: {} }))
    expect(text(metrics.body as Uint8Array)).toContain('\netcd_server_has_leader 1\n')
  })

  it('takes snapshots, removes the log before them, and starts from them', async () => {
    const { kernel, machine, etcd } = world(3, { snapshotLogBytes: 20_000 })
    await kernel.runFor(10)
    const { id } = await kernel.settle(etcd.leaseGrant(100))
    await kernel.settle(etcd.put({ key: 'leased', value: bytes('x'), lease: id }))
    for (let round = 0; round < 300; round++) await kernel.settle(etcd.put({ key: `k${round % 7}`, value: bytes('y'.repeat(200)) }))
    await kernel.settle(etcd.compact(200))
    await kernel.runFor(100)
    const view = machine.process('etcd')!.view('etcd') as EtcdView
    expect(view.snapshot.taken).toBeGreaterThan(1)
    expect(view.wal.bytes).toBeLessThan(60_000)
    expect(machine.disk.list('var/lib/etcd/member/snap/')).toHaveLength(1)
    const all = { key: '\0', rangeEnd: '\0' }
    const before = await kernel.settle(etcd.range(all))
    machine.powerOff()
    machine.powerOn()
    machine.start('etcd', etcdServer({ name: 'controlplane' }))
    const after = await eventually(kernel, () => etcd.range(all))
    expect(after.kvs).toEqual(before.kvs)
    expect(after.header.revision).toBe(before.header.revision)
    expect(await kernel.settle(etcd.leaseTimeToLive(id, true))).toMatchObject({ ttlSeconds: 99, keys: ['leased'] })
    const history: number[] = []
    etcd.watch({ ...all, startRevision: 250 }, (response) => history.push(...response.events.map((event) => event.kv.modRevision)), () => {})
    await kernel.runFor(10)
    expect(history).toEqual(Array.from({ length: 53 }, (_, index) => 250 + index))
    await kernel.runFor(101_000)
    expect((await kernel.settle(etcd.range({ key: 'leased' }))).count).toBe(0)
  })

  it('refuses to start on a damaged log', async () => {
    const { kernel, machine, etcd } = world()
    await kernel.runFor(10)
    for (let round = 0; round < 5; round++) await kernel.settle(etcd.put({ key: 'k', value: bytes('value') }))
    machine.process('etcd')!.crash()
    const [path] = machine.disk.list('var/lib/etcd/member/wal/')
    const damaged = machine.disk.read(path!)!.slice()
    damaged[text(damaged).indexOf('value')]! ^= 1
    await kernel.settle(machine.disk.replace(path!, damaged))
    expect(() => machine.start('etcd', etcdServer({ name: 'controlplane' }))).toThrow(/walpb: crc mismatch/)
  })
})

/** Writes for a while and notes what was acknowledged; the same for the same seed, up to the event at which the power goes. */
interface Workload {
  readonly acknowledged: Map<string, string>
  /** Sent, not answered: may or may not have happened. */
  readonly uncertain: Map<string, Set<string>>
  revision: number
}

function startWorkload({ kernel, etcd, client }: World): Workload {
  const workload: Workload = { acknowledged: new Map(), uncertain: new Map(), revision: 0 }
  const writer = async (name: string): Promise<void> => {
    for (let round = 0; round < 16; round++) {
      const key = `${name}${round % 3}`
      const value = `${name}-${round}-${'z'.repeat(40)}`
      const uncertain = workload.uncertain.get(key) ?? new Set()
      workload.uncertain.set(key, uncertain.add(value))
      try {
        const { header } =
          round % 4 === 3
            ? await etcd.txn({ compare: [], success: [{ type: 'put', request: { key, value: bytes(value) } }, { type: 'put', request: { key: `${key}-twin`, value: bytes(value) } }], failure: [] })
            : await etcd.put({ key, value: bytes(value) })
        workload.acknowledged.set(key, value)
        workload.revision = Math.max(workload.revision, header.revision)
        uncertain.clear()
      } catch {
        await client.clock.sleep(5)
        return
      }
    }
  }
  kernel.schedule(5, () => {
    for (const name of ['a', 'b', 'c']) void writer(name)
  })
  return workload
}

async function check({ kernel, etcd }: World, workload: Workload, at: number): Promise<string> {
  const { kvs, header } = await eventually(kernel, () => etcd.range({ key: '\0', rangeEnd: '\0' }))
  const state = new Map(kvs.map((kv) => [kv.key, text(kv.value)]))
  for (const [key, value] of workload.acknowledged) {
    const found = state.get(key)
    if (found !== value && !workload.uncertain.get(key)!.has(found ?? '')) throw new Error(`event ${at}: ${key} was acknowledged as ${value}, found ${found}`)
  }
  for (const [key, value] of state) if (key.endsWith('-twin')) expect(state.has(key.slice(0, -5)), `event ${at}: half a transaction (${value})`).toBe(true)
  expect(header.revision).toBeGreaterThanOrEqual(workload.revision)
  return JSON.stringify([header.revision, kvs.map((kv) => [kv.key, kv.modRevision, kv.version, text(kv.value)])])
}

describe('a power failure', () => {
  it('at any event of a write workload loses nothing that was acknowledged, and recovery can be interrupted and repeated', async () => {
    const options = { snapshotLogBytes: 700 }
    const whole = world(11, options)
    startWorkload(whole)
    await whole.kernel.runFor(400)
    const events = whole.kernel.executed
    expect(events).toBeGreaterThan(100)
    for (let at = 1; at <= events; at++) {
      const run = world(11, options)
      const workload = startWorkload(run)
      await run.kernel.runUntil(400, at)
      run.machine.powerOff()
      await run.kernel.runFor(20)
      run.machine.powerOn()
      run.machine.start('etcd', etcdServer({ name: 'controlplane', ...options }))
      // The power goes again, somewhere in the recovery.
      await run.kernel.runUntil(run.kernel.now() + 5, at % 7)
      run.machine.powerOff()
      run.machine.powerOn()
      run.machine.start('etcd', etcdServer({ name: 'controlplane', ...options }))
      const first = await check(run, workload, at)
      run.machine.powerOff()
      run.machine.powerOn()
      run.machine.start('etcd', etcdServer({ name: 'controlplane', ...options }))
      expect(await check(run, workload, at)).toBe(first)
    }
  })
})

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { MessageBatch } from '../../../preload/contract/observe.ts'
import { SimulatedDisk } from '../../kernel/disk.ts'
import { nodeHost } from '../../kernel/host.node.ts'
import { Kernel } from '../../kernel/kernel.ts'
import { Machine } from '../../kernel/machine.ts'
import { Network, type TrafficKind } from '../../kernel/network.ts'
import { MessageFeed } from './message-feed.ts'
import { TraceFeed } from './trace-feed.ts'

const kernelOf = (): Kernel => new Kernel({ host: nodeHost, seed: 1, epoch: 0 })

describe('the feed of messages', () => {
  test('merges what is alike, names the ends, and says what a person set off', async () => {
    const kernel = kernelOf()
    const network = new Network(kernel)
    const [a, b] = ['a', 'b'].map((name, index) => new Machine(network, name, `10.0.0.${index + 1}`, new SimulatedDisk(kernel, name)))
    b!.stack.listen(6443, () => {})
    const feed = new MessageFeed(kernel, network)
    const batches: MessageBatch[] = []
    const stop = feed.listen((batch) => batches.push(batch))
    const connection = await kernel.settle(a!.stack.dial({ address: '10.0.0.2', port: 6443 }, 'tcp', undefined, 'kubelet'))
    const send = (label: string, kind: TrafficKind): void => connection.send({ kind, label, bytes: 10, body: null })
    kernel.trace.start('kubectl@outside', 'kubectl: POST pods', { user: true })
    send('POST pods', 'write')
    kernel.trace.current = 0
    for (let index = 0; index < 3; index++) send('PUT lease', 'heartbeat')
    await vi.waitFor(() => expect(batches).toHaveLength(1))
    expect(batches[0]!.flows.map(({ from, to, label, count, bytes, user }) => ({ from, to, label, count, bytes, user }))).toEqual([
      { from: { machine: 'a', process: 'kubelet' }, to: { machine: 'b', process: 'kube-apiserver' }, label: 'POST pods', count: 1, bytes: 10, user: true },
      { from: { machine: 'a', process: 'kubelet' }, to: { machine: 'b', process: 'kube-apiserver' }, label: 'PUT lease', count: 3, bytes: 30, user: false },
    ])
    stop()
    feed.close()
  })

  test('counts what is more than a person can see', async () => {
    const kernel = kernelOf()
    const network = new Network(kernel)
    const feed = new MessageFeed(kernel, network)
    const batches: MessageBatch[] = []
    feed.listen((batch) => batches.push(batch))
    for (let index = 0; index < 1_000; index++) feed.addOutside(`client-${index}`, 'controlplane', 'read', 'GET', false)
    await vi.waitFor(() => expect(batches).toHaveLength(1))
    expect(batches[0]!.flows).toHaveLength(400)
    expect(batches[0]!.dropped).toBe(600)
    feed.close()
  })
})

describe('the feed of traces', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('groups spans under what set them off', () => {
    const { trace } = kernelOf()
    const feed = new TraceFeed(trace)
    const root = trace.start('kubectl@outside', 'kubectl: POST pods', { user: true }, 0)
    const request = trace.start('kube-apiserver@controlplane', 'POST pods', {}, root.id)
    trace.start('kube-scheduler@controlplane', 'schedule', {}, request.id)
    trace.start('kubelet@worker-1', 'PUT lease', {}, 0)
    feed.listenRoots(10, true, (traces) => expect(traces.map(({ root: first, spanCount }) => [first.name, spanCount])).toEqual([['kubectl: POST pods', 3]]))()
    feed.listenTree(root.id, (spans) => expect(spans.map((span) => span.name)).toEqual(['kubectl: POST pods', 'POST pods', 'schedule']))()
    expect(feed.rootOf(request.id)).toBe(root.id)
    expect(() => feed.rootOf(99)).toThrow('span 99 was forgotten')
    feed.close()
  })

  test('forgets the oldest, what nobody asked for first', () => {
    const { trace } = kernelOf()
    const feed = new TraceFeed(trace)
    const asked = trace.start('kubectl@outside', 'kubectl: POST pods', { user: true }, 0)
    const first = trace.start('kubelet@worker-1', 'noise', {}, 0)
    for (let index = 0; index < 500; index++) trace.start('kubelet@worker-1', 'noise', {}, 0)
    expect(feed.rootOf(asked.id)).toBe(asked.id)
    expect(() => feed.rootOf(first.id)).toThrow('was forgotten')
    feed.close()
  })
})

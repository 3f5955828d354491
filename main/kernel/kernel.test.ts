import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeHost } from './host.node.ts'
import { SimulatedDisk } from './disk.ts'
import { HttpClient, serveHttp } from './http.ts'
import { Kernel } from './kernel.ts'
import { Machine, type Process } from './machine.ts'
import { Network } from './network.ts'

const kernelOf = (seed = 1): Kernel => new Kernel({ host: nodeHost, seed, epoch: 0 })

function pairOfMachines(kernel: Kernel): { network: Network; a: Machine; b: Machine } {
  const network = new Network(kernel)
  const machine = (name: string, address: string): Machine => new Machine(network, name, address, new SimulatedDisk(kernel, name))
  return { network, a: machine('a', '10.0.0.1'), b: machine('b', '10.0.0.2') }
}

describe('kernel', () => {
  test('events run by time, then by the order in which they were scheduled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 60 }), async (delays) => {
        const kernel = kernelOf()
        const ran: number[] = []
        delays.forEach((delay, index) => kernel.schedule(delay, () => ran.push(index)))
        await kernel.runUntil(100)
        const expected = delays.map((delay, index) => ({ delay, index })).sort((x, y) => x.delay - y.delay || x.index - y.index)
        expect(ran).toEqual(expected.map((entry) => entry.index))
        expect(kernel.now()).toBe(100)
      }),
      { numRuns: 50 },
    )
  })

  test('promises woken by an event run dry before the next event', async () => {
    const kernel = kernelOf()
    const order: string[] = []
    kernel.schedule(1, () => {
      void (async () => {
        for (let step = 0; step < 50; step++) await Promise.resolve()
        order.push('dry')
      })()
    })
    kernel.schedule(1, () => order.push('next'))
    await kernel.runUntil(1)
    expect(order).toEqual(['dry', 'next'])
  })

  test('a sleeper wakes under the cause it slept with', async () => {
    const kernel = kernelOf()
    const { a } = pairOfMachines(kernel)
    const seen: number[] = []
    let expected = 0
    a.start('x', (process) => {
      expected = process.span('work').id
      void process.clock.sleep(5).then(() => seen.push(kernel.trace.current))
      return {}
    })
    kernel.schedule(1, () => kernel.trace.start('other', 'noise'))
    await kernel.runUntil(10)
    expect(seen).toEqual([expected])
  })

  test('recorded inputs replayed with the seed give the same run', async () => {
    const live = kernelOf(7)
    const transcript = (kernel: Kernel): string[] => {
      const lines: string[] = []
      const random = kernel.random.stream('ticker')
      const tick = (): void => {
        lines.push(`${kernel.executed} ${kernel.now().toFixed(3)} tick`)
        kernel.schedule(random.jitter(3, 1), tick)
      }
      tick()
      return lines
    }
    const first = transcript(live)
    const apply = (lines: string[], kernel: Kernel, data: unknown): void => {
      lines.push(`${kernel.executed} ${kernel.now().toFixed(3)} input ${String(data)}`)
      kernel.schedule(1, () => lines.push(`${kernel.executed} after ${String(data)}`))
    }
    await live.runUntil(20)
    live.input('say', 'hello', () => apply(first, live, 'hello'), 25)
    await live.runUntil(40)
    live.input('say', 'again', () => apply(first, live, 'again'))
    await live.runUntil(60)
    const replayed = kernelOf(7)
    const second = transcript(replayed)
    replayed.replay(live.inputs.recorded, (input) => apply(second, replayed, input.data))
    await replayed.runUntil(60)
    expect(second).toEqual(first)
    expect(first.join('\n')).toContain('input again')
  })

  test('an event that throws fails the run', async () => {
    const kernel = kernelOf()
    kernel.schedule(1, () => {
      throw new Error('broken invariant 42')
    })
    await expect(kernel.runUntil(5)).rejects.toThrow('broken invariant 42')
  })

  test('a million events take seconds, not minutes', async () => {
    const kernel = kernelOf()
    let count = 0
    const next = (): void => {
      if (++count < 100_000) kernel.schedule(1, next)
    }
    next()
    await kernel.runUntil(200_000)
    expect(count).toBe(100_000)
  })
})

describe('network and http', () => {
  async function served(kernel: Kernel, client: Process): Promise<string> {
    const http = new HttpClient(client, { address: '10.0.0.2', port: 80 })
    const response = await http.request({ method: 'GET', path: '/hello', headers: {} })
    return `${response.status} ${JSON.stringify(response.body)} at ${kernel.now().toFixed(3)}`
  }

  test('a request crosses the wire and comes back, the same time every run', async () => {
    const once = async (): Promise<string> => {
      const kernel = kernelOf(3)
      const { a, b } = pairOfMachines(kernel)
      serveHttp(b.stack, 80, (exchange) => exchange.respond({ status: 200, headers: {}, body: { path: exchange.request.path } }))
      let process!: Process
      a.start('client', (started) => {
        process = started
        return {}
      })
      return kernel.settle(served(kernel, process))
    }
    const first = await once()
    expect(first).toMatch(/^200 \{"path":"\/hello"\} at 0\.\d+$/)
    expect(await once()).toBe(first)
  })

  test('nobody listening is refused; a partition times out; healing lets held messages through', async () => {
    const kernel = kernelOf()
    const { network, a, b } = pairOfMachines(kernel)
    await expect(kernel.settle(a.stack.dial({ address: '10.0.0.2', port: 81 }))).rejects.toThrow('dial tcp 10.0.0.2:81: connect: connection refused')
    const heard: string[] = []
    b.stack.listen(82, (connection) => connection.onMessage((message) => heard.push(message.label)))
    const connection = await kernel.settle(a.stack.dial({ address: '10.0.0.2', port: 82 }))
    network.partition('a', 'b')
    connection.send({ kind: 'traffic', label: 'held', bytes: 1, body: null })
    await expect(kernel.settle(a.stack.dial({ address: '10.0.0.2', port: 82 }))).rejects.toThrow('i/o timeout')
    expect(heard).toEqual([])
    network.heal('a', 'b')
    await kernel.runFor(10)
    expect(heard).toEqual(['held'])
  })

  test('a filter rewrites the destination, and another rejects it', async () => {
    const kernel = kernelOf()
    const { a, b } = pairOfMachines(kernel)
    b.stack.listen(8080, () => {})
    a.stack.egress.push((flow) => {
      if (flow.destination.address === '10.96.0.10') flow.destination = { address: '10.0.0.2', port: 8080 }
      return flow.destination.port === 9 ? 'reject' : 'accept'
    })
    const connection = await kernel.settle(a.stack.dial({ address: '10.96.0.10', port: 80 }))
    expect(connection.remote).toEqual({ address: '10.0.0.2', port: 8080 })
    await expect(kernel.settle(a.stack.dial({ address: '10.0.0.2', port: 9 }))).rejects.toThrow('connection refused')
  })

  test('nothing of a crashed process runs again', async () => {
    const kernel = kernelOf()
    const { a } = pairOfMachines(kernel)
    let ticks = 0
    const running = a.start('ticker', (process) => {
      process.clock.every(10, () => ticks++)
      return {}
    })
    await kernel.runUntil(35)
    running.crash()
    await kernel.runUntil(1000)
    expect(ticks).toBe(3)
    expect(a.process('ticker')).toBeUndefined()
  })
})

describe('disk', () => {
  test('what was synced survives a crash, what was not may not', async () => {
    const kernel = kernelOf(5)
    const disk = new SimulatedDisk(kernel, 'd')
    disk.append('wal', new Uint8Array([1, 2, 3]))
    await kernel.settle(disk.sync('wal'))
    disk.append('wal', new Uint8Array(100).fill(9))
    disk.crash()
    const left = disk.read('wal')!
    expect([...left.slice(0, 3)]).toEqual([1, 2, 3])
    expect(left.length).toBeLessThanOrEqual(103)
  })
})

import { describe, expect, test } from 'vitest'
import { SimulatedDisk } from '../kernel/disk.ts'
import { nodeHost } from '../kernel/host.node.ts'
import { HttpClient, serveHttp } from '../kernel/http.ts'
import { Kernel } from '../kernel/kernel.ts'
import { Machine, type Process } from '../kernel/machine.ts'
import { Network } from '../kernel/network.ts'
import { LoadBalancer } from './load-balancer.ts'

/** A load balancer before servers that answer /readyz with `status` and everything else with their name. */
function bench() {
  const kernel = new Kernel({ host: nodeHost, seed: 3, epoch: 0 })
  const network = new Network(kernel)
  const names = ['one', 'two', 'three']
  const machines = new Map(names.map((name, index) => [name, new Machine(network, name, `10.0.0.${index + 1}`, new SimulatedDisk(kernel, name))]))
  const status = new Map(names.map((name) => [name, 200]))
  const serve = (name: string): void => {
    machines.get(name)!.start('server', (process) => {
      serveHttp(process.stack, 6443, (exchange) => exchange.respond({ status: exchange.request.path === '/readyz' ? status.get(name)! : 200, headers: { server: name } }), { scope: process.scope })
      return {}
    })
  }
  const balancer = new LoadBalancer(kernel, network, { address: '10.0.0.100', port: 6443, backends: names.map((machine, index) => ({ machine, address: `10.0.0.${index + 1}` })) })
  const client = new Machine(network, 'client', '10.0.0.50', new SimulatedDisk(kernel, 'client'))
  let count = 0
  /** Which server a new connection reaches. */
  const reach = async (): Promise<string> => {
    let process!: Process
    client.start(`client-${++count}`, (given) => {
      process = given
      return {}
    })
    return kernel.settle(new HttpClient(process, balancer.endpoint).request({ method: 'GET', path: '/', headers: {} }).then(({ headers }) => headers.server!, (error: Error) => error.message))
  }
  const several = async (times: number): Promise<string[]> => {
    const reached: string[] = []
    for (let index = 0; index < times; index++) reached.push(await reach())
    return reached
  }
  return { kernel, machines, status, serve, balancer, several, reach, names }
}

describe('the load balancer', () => {
  test('refuses until a server is ready, then passes connections on in turn', async () => {
    const { kernel, balancer, names, serve, status, several, reach } = bench()
    balancer.boot()
    expect(await reach()).toBe('dial tcp 10.0.0.100:6443: connect: connection refused')
    status.set('two', 500)
    names.forEach(serve)
    await kernel.runFor(2_000)
    expect((await several(4)).sort()).toEqual(['one', 'one', 'three', 'three'])
    status.set('two', 200)
    await kernel.runFor(2_000)
    expect((await several(6)).sort()).toEqual(['one', 'one', 'three', 'three', 'two', 'two'])
  })

  test('leaves out a server whose process, and one whose machine died, and takes them back', async () => {
    const { kernel, balancer, names, serve, machines, several } = bench()
    names.forEach(serve)
    balancer.boot()
    await kernel.runFor(1_000)
    machines.get('one')!.process('server')!.crash()
    await kernel.runFor(2_000)
    expect(new Set(await several(4))).toEqual(new Set(['two', 'three']))
    machines.get('two')!.powerOff()
    await kernel.runFor(4_000)
    expect(new Set(await several(4))).toEqual(new Set(['three']))
    machines.get('two')!.powerOn()
    serve('two')
    serve('one')
    await kernel.runFor(4_000)
    expect(new Set(await several(6))).toEqual(new Set(names))
    expect(balancer.isHealthy('one')).toBe(true)
  })
})

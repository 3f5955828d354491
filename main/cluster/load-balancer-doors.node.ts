import { createServer, type Server, type Socket } from 'node:net'
import type { LoadBalancer, LoadBalancerPort } from '../control-plane/cloud/cloud-api.ts'
import type { Cluster } from './cluster.ts'
import { trafficLabel, type TrafficInput } from './outside-traffic.ts'

/** The host's doors to the cloud's load balancers: for each TCP port of one, a port on 127.0.0.1 of the host. It is the Service's node
 *  port where that is free, so that it can be guessed. */
export interface LoadBalancerDoors {
  close(): Promise<void>
}

interface Door {
  readonly server: Server
  readonly balancer: string
  readonly port: number
  hostPort: number
}

export function openLoadBalancerDoors(cluster: Cluster, log: (line: string) => void = () => {}): LoadBalancerDoors {
  const site = cluster.cloud
  if (!site) return { close: async () => {} }
  const { provider } = site
  const doors = new Map<string, Door>()
  const sockets = new Set<Socket>()
  let nextId = 1

  const enter = (input: TrafficInput, run: () => void): void => cluster.gateway.enter(trafficLabel, input, run)

  const connect = (socket: Socket, address: string, port: number): void => {
    sockets.add(socket)
    const id = nextId++
    let ended = false
    const put = (input: TrafficInput, listener?: Parameters<Cluster['traffic']['apply']>[1]): void => enter(input, () => cluster.traffic.apply(input, listener))
    put({ type: 'open', id, to: { address, port } }, {
      onData: (bytes) => void socket.write(bytes),
      onEnd: () => {
        ended = true
        socket.end()
      },
    })
    socket.on('data', (bytes) => put({ type: 'data', id, bytes: bytes.toString('base64') }))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      if (!ended) put({ type: 'close', id })
    })
  }

  const publish = (balancer: string): void => {
    const ports = [...doors.values()].filter((door) => door.balancer === balancer && door.hostPort !== 0).map(({ port, hostPort }) => ({ port, hostPort }))
    if (ports.length === 0) provider.hostPorts.delete(balancer)
    else provider.hostPorts.set(balancer, ports)
    provider.touched()
  }

  const open = (key: string, balancer: string, what: string, address: string, port: number, wanted: number): void => {
    const server = createServer((socket) => connect(socket, address, port))
    const door: Door = { server, balancer, port, hostPort: 0 }
    doors.set(key, door)
    const listening = (): void => {
      const bound = server.address()
      if (doors.get(key) !== door || bound === null || typeof bound === 'string') return
      door.hostPort = bound.port
      publish(balancer)
      log(`load balancer of ${what}: ${address}:${port} is at http://127.0.0.1:${bound.port}`)
    }
    server.once('error', () => server.listen(0, '127.0.0.1', listening))
    server.listen(wanted, '127.0.0.1', listening)
  }

  const reconcile = (): void => {
    const wanted = new Map<string, { readonly balancer: LoadBalancer; readonly port: LoadBalancerPort }>(
      provider.loadBalancers().flatMap((balancer) => balancer.ports.filter(({ protocol }) => protocol === 'TCP').map((port) => [`${balancer.name} ${balancer.address} ${port.port}`, { balancer, port }] as const)),
    )
    for (const [key, door] of doors) {
      if (wanted.has(key)) continue
      doors.delete(key)
      door.server.close()
      publish(door.balancer)
    }
    for (const [key, { balancer, port }] of wanted) {
      if (!doors.has(key)) open(key, balancer.name, balancer.description, balancer.address, port.port, port.nodePort)
    }
  }
  const forget = provider.onChange(reconcile)
  reconcile()
  return {
    close: async () => {
      forget()
      for (const socket of sockets) socket.destroy()
      await Promise.all([...doors.values()].map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve()))))
      doors.clear()
    },
  }
}

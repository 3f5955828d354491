import type { Connection } from '../../kernel/network.ts'
import { activeSandbox } from './pod-runtime.ts'
import { findWorker, plain, type KubeletRequest } from './server-request.ts'
import type { PortForwardFrame } from './streams.ts'

/** /portForward/{namespace}/{pod}: carries connections to ports inside the pod's network. What a client sends travels as bytes;
 *  simulated servers answer byte streams in bytes. */
export function servePortForward({ exchange, segments, parts }: KubeletRequest): void {
  const { tools, registry } = parts
  const worker = findWorker(registry, segments[0], segments[1])
  if (!worker) return plain(exchange, 404, 'pod does not exist')
  const sandbox = activeSandbox(tools.cache.known(worker.uid))
  const stack = sandbox && tools.runtime.sandboxStack(sandbox.id)
  if (!sandbox || !stack) return plain(exchange, 500, 'unable to do port forwarding: pod is not running')

  const connections = new Map<number, Promise<Connection | undefined>>()
  const send = (frame: PortForwardFrame, bytes = 0): void => exchange.send(frame, { kind: 'stream', label: 'port-forward', bytes })
  const drop = (id: number): void => {
    void connections.get(id)?.then((connection) => connection?.close())
    connections.delete(id)
  }
  const openPort = (id: number, port: number): void => {
    connections.set(
      id,
      stack.dial({ address: '127.0.0.1', port }, 'tcp', undefined, tools.process.name).then(
        (connection) => {
          connection.onMessage((message) => {
            if (message.body instanceof Uint8Array) send({ channel: 'data', id, bytes: message.body }, message.body.length)
          })
          connection.onClose(() => {
            if (connections.delete(id)) send({ channel: 'close', id })
          })
          return connection
        },
        () => {
          const namespace = `/var/run/netns/cni-${sandbox.id.slice(0, 8)}`
          send({
            channel: 'error',
            id,
            message: `error forwarding port ${port} to pod ${sandbox.id}, uid : failed to execute portforward in network namespace ${JSON.stringify(namespace)}: failed to connect to localhost:${port} inside namespace ${JSON.stringify(sandbox.id)}, IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address `,
          })
          connections.delete(id)
          send({ channel: 'close', id })
          return undefined
        },
      ),
    )
  }
  exchange.open({ status: 101, headers: { connection: 'Upgrade', upgrade: 'portforward.k8s.io' } })
  exchange.onData((data) => {
    const frame = data as PortForwardFrame
    if (frame.channel === 'open') openPort(frame.id, frame.port)
    else if (frame.channel === 'close') drop(frame.id)
    else if (frame.channel === 'data') {
      void connections.get(frame.id)?.then((connection) => connection?.send({ kind: 'stream', label: 'port-forward', bytes: frame.bytes.length, body: frame.bytes }))
    }
  })
  exchange.onCancel(() => {
    for (const id of [...connections.keys()]) drop(id)
  })
}

/** A machine that answers as a kubelet does on its streaming endpoints: enough for the API server's side of them. */
import type { Node, Pod } from '../../../api/generated/types.ts'
import { exitFrame } from '../../../node/kubelet/streams.ts'
import type { PortForwardFrame, StreamFrame } from '../../../node/kubelet/streams.ts'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { serveHttp } from '../../../kernel/http.ts'
import type { HttpHandler, ServerExchange } from '../../../kernel/http.ts'
import { Machine } from '../../../kernel/machine.ts'
import type { Network } from '../../../kernel/network.ts'

export const nodeName = 'worker-9'
const address = '192.168.64.19'
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

export const fakeNode: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: nodeName },
  spec: {},
  status: { addresses: [{ type: 'InternalIP', address }], daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } } },
}

export function podOnFakeNode(name: string): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { nodeName, containers: [{ name: 'main', image: 'nginx' }, { name: 'side', image: 'busybox' }] } }
}

/** `exec cat` echoes, `exec exit N` ends with N, `exec size` prints the terminal's size when it is told one; port 80 answers lines. */
export function startFakeKubelet(network: Network): Machine {
  const machine = new Machine(network, nodeName, address, new SimulatedDisk(network.kernel, nodeName))
  machine.start('kubelet', (process) => {
    serveHttp(process.stack, 10_250, handler, { scope: process.scope })
    return {}
  })
  return machine
}

const handler: HttpHandler = (exchange) => {
  const url = new URL(exchange.request.path, 'https://kubelet')
  const [endpoint] = url.pathname.split('/').filter((segment) => segment !== '')
  if (exchange.request.certificate?.commonName !== 'kube-apiserver-kubelet-client') return exchange.respond({ status: 401, headers: {}, body: encode('Unauthorized') })
  if (endpoint === 'containerLogs') return serveLog(exchange, url.searchParams)
  if (endpoint === 'exec') return serveExec(exchange, url.searchParams.getAll('command'))
  if (endpoint === 'portForward') return servePorts(exchange)
  exchange.respond({ status: endpoint === 'healthz' ? 200 : 404, headers: { 'content-type': 'text/plain' }, body: encode(endpoint === 'healthz' ? 'ok' : '404 page not found\n') })
}

function serveLog(exchange: ServerExchange, query: URLSearchParams): void {
  const head = { status: 200, headers: { 'content-type': 'text/plain' } }
  if (query.get('follow') !== 'true') return exchange.respond({ ...head, body: encode('one\ntwo\n') })
  exchange.open(head)
  exchange.send(encode('one\n'))
  exchange.send(encode('two\n'))
  exchange.end()
}

function serveExec(exchange: ServerExchange, command: readonly string[]): void {
  if (command[0] === 'nosuch') return exchange.respond({ status: 500, headers: {}, body: encode('container not found ("main")') })
  exchange.open({ status: 101, headers: {} })
  const send = (frame: StreamFrame): void => exchange.send(frame)
  const exit = (code: number): void => {
    send(exitFrame(code))
    exchange.end()
  }
  if (command[0] === 'exit') {
    send({ channel: 'stdout', bytes: encode('out\n') })
    send({ channel: 'stderr', bytes: encode('err\n') })
    return exit(Number(command[1]))
  }
  exchange.onData((data) => {
    const frame = data as StreamFrame
    if (frame.channel === 'stdin' && command[0] === 'cat') send({ channel: 'stdout', bytes: frame.bytes })
    else if (frame.channel === 'close' && command[0] === 'cat') exit(0)
    else if (frame.channel === 'resize' && command[0] === 'size') {
      send({ channel: 'stdout', bytes: encode(`${frame.size.height} ${frame.size.width}\n`) })
      exit(0)
    }
  })
}

function servePorts(exchange: ServerExchange): void {
  exchange.open({ status: 101, headers: {} })
  const send = (frame: PortForwardFrame): void => exchange.send(frame)
  exchange.onData((data) => {
    const frame = data as PortForwardFrame
    if (frame.channel === 'open' && frame.port !== 80) {
      send({ channel: 'error', id: frame.id, message: `connection refused on ${frame.port}` })
      send({ channel: 'close', id: frame.id })
    } else if (frame.channel === 'data') {
      send({ channel: 'data', id: frame.id, bytes: encode(`you said: ${decode(frame.bytes)}`) })
    }
  })
}

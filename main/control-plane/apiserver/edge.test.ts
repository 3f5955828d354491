/** Clients of the real edge that misbehave on streams, and a server that sends its clients away. */
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { serveHttp } from '../../kernel/http.ts'
import type { Machine } from '../../kernel/machine.ts'
import { fakeNode, podOnFakeNode, startFakeKubelet } from './testing/fake-kubelet.ts'
import type { DevServer } from './testing/dev-server.node.ts'
import { startDevServer } from './testing/dev-server.node.ts'
import { edgeCaller } from './testing/edge-caller.node.ts'
import type { EdgeCaller } from './testing/edge-caller.node.ts'

let dev: DevServer
let edge: EdgeCaller
let backend: Machine
const pod = '/api/v1/namespaces/default/pods/streams'
const until = async (done: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 250 && !done(); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(done()).toBe(true)
}
const running = (): number => {
  const { recent } = dev.controlplane.process('kube-apiserver')!.view('requests') as { recent: { durationMs?: number }[] }
  return recent.filter(({ durationMs }) => durationMs === undefined).length
}

beforeAll(async () => {
  dev = await startDevServer()
  edge = edgeCaller(dev)
  backend = startFakeKubelet(dev.network)
  await edge.call('POST', '/api/v1/nodes', JSON.stringify(fakeNode))
  await edge.call('POST', '/api/v1/namespaces/default/serviceaccounts', JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }))
  await edge.call('POST', '/api/v1/namespaces/default/pods', JSON.stringify(podOnFakeNode('streams')))
})
afterAll(() => dev.close())

function upgraded(path: string, headers: Record<string, string>): Promise<{ socket: TLSSocket; text: () => string; closed: () => boolean }> {
  return new Promise((resolve, reject) => {
    let text = ''
    let closed = false
    const socket = connectTls({ ...edge.tls, host: '127.0.0.1', port: dev.listener.port, ALPNProtocols: ['http/1.1'] }, () => {
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    })
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      if (text.includes('\r\n\r\n')) resolve({ socket, text: () => text, closed: () => closed })
    })
    socket.on('close', () => (closed = true))
    socket.on('end', () => (closed = true))
    socket.on('error', reject)
  })
}

const spdy = { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' }

describe('streams that misbehave', () => {
  it('end when they speak no SPDY, too much of it, or nothing any more', async () => {
    const garbage = [Buffer.from('hello, is this SPDY?'), Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]), Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff]), Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2])]
    for (const bytes of garbage) {
      const { socket, text, closed } = await upgraded(`${pod}/exec?container=main&command=cat&stdin=1`, spdy)
      expect(text()).toContain('101 Switching Protocols')
      socket.write(bytes)
      if (bytes.length < 20) await until(closed)
      socket.destroy()
    }
    const gone = await upgraded(`${pod}/exec?container=main&command=cat&stdin=1`, spdy)
    gone.socket.end()
    await until(() => running() === 0)
  })

  it('are refused before they begin, in plain words', async () => {
    const unknown = await upgraded(`${pod}/exec?container=main&command=cat`, { ...spdy, 'X-Stream-Protocol-Version': 'v9' })
    expect(unknown.text()).toContain('403 Forbidden')
    expect(unknown.text()).toContain('unable to upgrade: unable to negotiate protocol: client supports [v9], server accepts [v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]')
    const broken = await upgraded(`${pod.replace('streams', 'nosuch')}/exec?container=main&command=cat`, { Upgrade: 'websocket' })
    expect(broken.text()).toContain('404 Not Found')
    const keyless = await upgraded(`${pod}/exec?container=main&command=cat`, { Upgrade: 'websocket' })
    expect(keyless.text()).toMatch(/^HTTP\/1\.1 40[05]/)
    await until(() => running() === 0)
  })

  it('end when a WebSocket message is too large, or is no frame', async () => {
    const socket = new WebSocket(`${dev.url.replace('https', 'wss')}${pod}/exec?container=main&command=cat&stdin=1`, ['v4.channel.k8s.io'], edge.tls)
    const code = new Promise<number>((resolve) => socket.on('close', resolve))
    socket.on('open', () => socket.send(Buffer.alloc(5 * 1024 * 1024)))
    expect(await code).toBe(1009)
    await until(() => running() === 0)
  })

  it('lose nobody else, however many there are', async () => {
    const sockets: WebSocket[] = []
    for (let index = 0; index < 50; index++) sockets.push(new WebSocket(`${dev.url.replace('https', 'wss')}/api/v1/pods?watch=1`, edge.tls))
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('open', resolve))))
    expect((await edge.call('GET', pod)).status).toBe(200)
    for (const socket of sockets) socket.terminate()
    await until(() => running() === 0)
  })
})

describe('a proxy', () => {
  it('carries another protocol\'s bytes as they are', async () => {
    backend.start('echo', (process) => {
      serveHttp(process.stack, 8080, (exchange) => {
        if (exchange.request.headers['upgrade'] !== 'echo') return exchange.respond({ status: 400, headers: {} })
        exchange.open({ status: 101, headers: { connection: 'Upgrade', upgrade: 'echo', 'x-mine': '1' } })
        exchange.onData((data) => exchange.send(data))
      }, { scope: process.scope })
      return {}
    })
    await edge.call('PATCH', `${pod}/status`, JSON.stringify({ status: { podIP: '192.168.64.19', podIPs: [{ ip: '192.168.64.19' }] } }), { 'content-type': 'application/merge-patch+json' })
    const { socket, text } = await upgraded(`${pod}:8080/proxy/`, { Upgrade: 'echo' })
    expect(text()).toContain('HTTP/1.1 101 Switching Protocols')
    expect(text()).toContain('x-mine: 1')
    socket.write('hello')
    await until(() => text().endsWith('\r\n\r\nhello'))
    socket.end()
    await until(() => running() === 0)
    const refused = await upgraded(`${pod}:8080/proxy/`, { Upgrade: 'other' })
    expect(refused.text()).toContain('HTTP/1.1 400 Bad Request')
  })
})

describe('large answers', () => {
  it('keep their place until they are taken', async () => {
    for (let index = 0; index < 6; index++) await edge.call('POST', '/api/v1/namespaces/default/configmaps', JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `large-${index}` }, data: { text: 'x'.repeat(900_000) } }))
    const executing = async (): Promise<number> => [...(await edge.call('GET', '/debug/api_priority_and_fairness/dump_priority_levels')).text.matchAll(/^\S+, +\d+, +\w+, +\w+, +\d+, +(\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0)
    const session = connectHttp2(dev.url, edge.tls)
    const stream = session.request({ ':path': '/api/v1/namespaces/default/configmaps' })
    let bytes = 0
    await new Promise((resolve) => stream.on('response', resolve))
    // The question itself is one; the list that nobody reads is the other.
    expect(await executing()).toBe(2)
    stream.on('data', (part: Buffer) => (bytes += part.length))
    await new Promise((resolve) => stream.on('end', resolve))
    expect(bytes).toBeGreaterThan(5_000_000)
    for (let tries = 0; tries < 100 && (await executing()) > 1; tries++) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await executing()).toBe(1)
    session.close()
  })
})

describe('compressed bodies', () => {
  it('are not unpacked, as upstream does not', async () => {
    const packed = gzipSync(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'packed' } }))
    const answer = await edge.call('POST', '/api/v1/namespaces/default/configmaps', packed, { 'content-encoding': 'gzip' })
    expect(JSON.parse(answer.text)).toMatchObject({ code: 400, reason: 'BadRequest' })
  })
})

describe('a server that goes', () => {
  it('sends clients of HTTP/2 away, and tells others that the connection ends', async () => {
    const session = connectHttp2(dev.url, edge.tls)
    const ask = (path: string): Promise<{ status: number; headers: Record<string, unknown> }> =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': path })
        stream.on('response', (headers) => resolve({ status: Number(headers[':status']), headers }))
        stream.on('error', reject)
        stream.resume()
      })
    expect((await ask('/api/v1/namespaces')).status).toBe(200)
    let away = false
    session.on('goaway', () => (away = true))
    session.on('close', () => (away = true))
    dev.kernel.input('test', {}, () => void dev.server.stop?.())
    await until(() => running() === 0)
    const late = await ask('/api/v1/namespaces')
    expect(late.status).toBe(503)
    expect(late.headers['retry-after']).toBe('1')
    expect(late.headers).not.toHaveProperty('connection')
    await until(() => away)
    const plain = await edge.call('GET', '/api/v1/namespaces')
    expect(plain).toMatchObject({ status: 503, headers: { connection: 'close' } })
    expect(JSON.parse(plain.text)).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable', message: 'apiserver is shutting down' })
    expect((await edge.call('GET', '/readyz')).status).toBe(500)
    expect((await edge.call('GET', '/livez')).status).toBe(200)
  })
})

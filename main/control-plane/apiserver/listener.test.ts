/** The HTTPS edge by itself: protocols, limits and clients that misbehave. */
import { connect as connectHttp2 } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { edgeLabel, replayEdge } from './edge-input.ts'
import type { DevServer } from './testing/dev-server.node.ts'
import { startDevServer } from './testing/dev-server.node.ts'
import { startServer } from './testing/start-server.ts'

let dev: DevServer
beforeAll(async () => {
  dev = await startDevServer()
})
afterAll(() => dev.close())

const configMaps = '/api/v1/namespaces/default/configmaps'
const tls = (): { ca: string; cert: string; key: string } => ({ ca: dev.pki.ca.certificate, cert: dev.pki.admin.certificate, key: dev.pki.admin.key })

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

function call(method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}, certificate = true): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { ...tls(), ...(certificate ? {} : { cert: undefined, key: undefined }), host: '127.0.0.1', port: dev.listener.port, method, path, headers: { 'content-type': 'application/json', ...headers }, agent: false as const }
    const request = httpsRequest(options, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString('latin1') }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

function openSocket(): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...tls(), host: '127.0.0.1', port: dev.listener.port, ALPNProtocols: ['http/1.1'] }, () => resolve(socket))
    socket.on('error', reject)
  })
}

const until = async (done: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 250 && !done(); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(done()).toBe(true)
}

describe('the HTTPS edge', () => {
  it('tells clients without TLS so', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      let got = ''
      const socket = connectPlain(dev.listener.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
      socket.on('data', (part) => (got += part.toString('latin1')))
      socket.on('close', () => resolve(got))
      socket.on('error', reject)
    })
    expect(text).toBe('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n')
  })

  it('answers over HTTP/1.1 and HTTP/2, with HEAD and pretty', async () => {
    expect(JSON.parse((await call('GET', '/version')).text)).toMatchObject({ gitVersion: 'v1.36.1' })
    expect(await call('HEAD', '/api/v1/namespaces/default')).toMatchObject({ status: 200, text: '' })
    expect((await call('GET', '/api/v1/namespaces/default?pretty=true')).text).toContain('\n  "kind": "Namespace"')
    const session = connectHttp2(dev.url, tls())
    const status = await new Promise((resolve, reject) => {
      const stream = session.request({ ':path': '/api/v1/namespaces' })
      stream.on('response', (headers) => resolve(headers[':status']))
      stream.on('error', reject)
      stream.resume()
    })
    expect(status).toBe(200)
    session.close()
  })

  it('refuses bodies that are too large, without reading them to their end', async () => {
    const answer = await call('POST', configMaps, Buffer.alloc(4 * 1024 * 1024, ' '))
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.text)).toMatchObject({ kind: 'Status', reason: 'RequestEntityTooLarge', message: 'Request entity too large: limit is 3145728' })
  })

  it('compresses large answers for those who can read them', async () => {
    await call('POST', configMaps, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'large' }, data: { text: 'x'.repeat(200_000) } }))
    const packed = await call('GET', `${configMaps}/large`, undefined, { 'accept-encoding': 'gzip' })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(packed.text.length).toBeLessThan(20_000)
    expect((await call('GET', `${configMaps}/large`)).headers['content-encoding']).toBeUndefined()
  })

  it('tells the anonymous from those with a bad token', async () => {
    expect((await call('GET', '/livez', undefined, {}, false)).text).toBe('ok')
    expect(JSON.parse((await call('GET', '/api/v1/pods', undefined, {}, false)).text)).toMatchObject({ code: 403, message: 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope' })
    expect(JSON.parse((await call('GET', '/livez', undefined, { authorization: 'Bearer a.b.c' }, false)).text)).toMatchObject({ code: 401, message: 'Unauthorized' })
  })

  it('answers what is no HTTP, and outlives clients that leave half-way', async () => {
    const socket = await openSocket()
    let text = ''
    socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
    socket.write('hello\r\n\r\n')
    await until(() => text.startsWith('HTTP/1.1 400 Bad Request'))
    const half = await openSocket()
    half.write(`POST ${configMaps} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"api`)
    half.destroy()
    const closing = await openSocket()
    let answer = ''
    closing.on('data', (bytes: Buffer) => (answer += bytes.toString()))
    closing.end('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => answer.includes('200 OK'))
    expect((await call('GET', '/readyz')).text).toBe('ok')
  })

  it('ends a watch when its client leaves, and cuts off one that does not read', async () => {
    const watches = (): number => (dev.controlplane.process('kube-apiserver')!.view('requests') as { watches: number }).watches
    const before = watches()
    const leaving = await openSocket()
    leaving.write(`GET ${configMaps}?watch=true HTTP/1.1\r\nHost: x\r\n\r\n`)
    await until(() => watches() === before + 1)
    leaving.destroy()
    await until(() => watches() === before)
    const slow = await openSocket()
    slow.on('error', () => {})
    slow.pause()
    slow.write(`GET ${configMaps}?watch=true HTTP/1.1\r\nHost: x\r\n\r\n`)
    await until(() => watches() === before + 1)
    await call('POST', configMaps, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'busy' }, data: { text: 'x'.repeat(900_000) } }))
    for (let index = 0; index < 40 && watches() > before; index++) {
      await call('PATCH', `${configMaps}/busy`, JSON.stringify({ metadata: { labels: { index: String(index) } } }), { 'content-type': 'application/merge-patch+json' })
    }
    await until(() => watches() === before)
    slow.destroy()
  })

  it('watches over a WebSocket', async () => {
    const socket = new WebSocket(`${dev.url.replace('https', 'wss')}${configMaps}?watch=true`, tls())
    const events: { type: string; object: { metadata: { name: string } } }[] = []
    socket.on('message', (data: Buffer) => events.push(JSON.parse(data.toString()) as never))
    await new Promise((resolve) => socket.on('open', resolve))
    await call('POST', configMaps, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'seen' } }))
    await until(() => events.some(({ type, object }) => type === 'ADDED' && object.metadata.name === 'seen'))
    socket.close()
  })

  it('sends watches in protobuf frames when asked', async () => {
    const answer = await call('GET', `${configMaps}?watch=true&timeoutSeconds=1`, undefined, { accept: 'application/vnd.kubernetes.protobuf;stream=watch' })
    expect(answer.headers['content-type']).toBe('application/vnd.kubernetes.protobuf;stream=watch')
    const bytes = Buffer.from(answer.text, 'latin1')
    const length = bytes.readUInt32BE(0)
    expect(bytes.subarray(4, 4 + length).toString('latin1')).toContain('ADDED')
  })

  it('records what enters, so that it can be replayed', async () => {
    await call('POST', configMaps, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'recorded' } }))
    const inputs = dev.kernel.inputs.recorded.filter(({ label }) => label === edgeLabel)
    const recorded = JSON.parse(JSON.stringify(inputs.filter(({ data }) => JSON.stringify(data).includes('"POST"')).at(-1)!.data)) as unknown
    const other = await startServer()
    const replay = replayEdge(other.server.handler)
    other.kernel.schedule(0, () => expect(replay(recorded)).toBe(true))
    await other.run(50)
    expect((await other.call('GET', `${configMaps}/recorded`)).json.metadata.name).toBe('recorded')
  })
})

/** Clients that abuse HTTP/2 and TLS connections: others are served as before, soon, and what the abuse held is let go. */
import { connect, constants } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DevServer } from './testing/dev-server.node.ts'
import { startDevServer } from './testing/dev-server.node.ts'

let dev: DevServer
const sessions: ClientHttp2Session[] = []
beforeAll(async () => {
  dev = await startDevServer()
})
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy()
})
afterAll(() => dev.close())

const configMaps = '/api/v1/namespaces/default/configmaps'

function open(more: object = {}): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${dev.listener.port}`, { ca: dev.pki.ca.certificate, cert: dev.pki.admin.certificate, key: dev.pki.admin.key, ...more })
  session.on('error', () => {})
  sessions.push(session)
  return session
}

function start(session: ClientHttp2Session, headers: OutgoingHttpHeaders, endStream?: boolean): ClientHttp2Stream {
  const stream = session.request(headers, endStream === undefined ? {} : { endStream })
  stream.on('error', () => {})
  return stream
}

/** The answer, or undefined when the stream or its session is broken off. */
function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Uint8Array): Promise<{ status: number; text: string } | undefined> {
  return new Promise((resolve) => {
    if (session.destroyed || session.closed) return void resolve(undefined)
    const stream = start(session, headers, body === undefined)
    let status = 0
    let text = ''
    stream.on('response', (answer) => (status = Number(answer[':status'])))
    stream.on('data', (bytes: Buffer) => (text += bytes.toString()))
    stream.on('close', () => resolve(status === 0 ? undefined : { status, text }))
    if (body !== undefined) stream.end(body)
  })
}

const watches = (): number => (dev.controlplane.process('kube-apiserver')!.view('requests') as { watches: number }).watches
const until = async (done: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 500 && !done(); tries++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(done()).toBe(true)
}

/** Somebody else, on a connection of its own, gets an answer within a second. */
async function othersAreServed(): Promise<void> {
  const began = performance.now()
  expect(await ask(open(), { ':path': '/api/v1/namespaces/default' })).toMatchObject({ status: 200 })
  expect(performance.now() - began).toBeLessThan(1000)
}

describe('connections that are abused', { timeout: 30_000 }, () => {
  it('open streams and reset them at once, thousands of times', async () => {
    const session = open()
    for (let round = 0; round < 20 && !session.destroyed; round++) {
      for (let index = 0; index < 100 && !session.destroyed; index++) start(session, { ':path': `${configMaps}?watch=true` }).close(constants.NGHTTP2_CANCEL)
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (round === 10) await othersAreServed()
    }
    await othersAreServed()
    session.destroy()
    await until(() => watches() === 0)
  })

  it('send more headers than fit', async () => {
    const session = open()
    const answer = await ask(session, { ':path': configMaps, ...Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`x-flood-${index}`, 'y'.repeat(8000)])) })
    expect(answer === undefined || [400, 431].includes(answer.status)).toBe(true)
    await othersAreServed()
  })

  it('hold a thousand watches that nothing happens in, and those that are never read', async () => {
    const idle = Array.from({ length: 5 }, () => open({ settings: { initialWindowSize: 0 } }))
    for (const session of idle) for (let index = 0; index < 200; index++) start(session, { ':path': `/api/v1/namespaces/nothing-${index}/configmaps?watch=true` })
    await until(() => watches() === 1000)
    await othersAreServed()
    for (const session of idle) session.destroy()
    await until(() => watches() === 0)
  })

  it('send bodies of any bytes in any form, and bombs', async () => {
    const session = open()
    const form = fc.constantFrom('application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/cbor', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'text/plain', '')
    const piece = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)), fc.constantFrom('k8s\0', '[[[[[', '{"a":{"a":{"a":', '&a [*a]', '!!js/function x', '- op: add', '\u0000').map((text) => Buffer.from(text)))
    await fc.assert(fc.asyncProperty(fc.constantFrom(['POST', configMaps], ['PATCH', `${configMaps}/x`], ['PUT', `${configMaps}/x`], ['POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'], ['DELETE', `${configMaps}/x`]), form, fc.array(piece, { maxLength: 4 }), fc.boolean(), async ([method, path], contentType, pieces, gzip) => {
      const plain = Buffer.concat(pieces)
      const answer = await ask(session, { ':method': method, ':path': `${path!}?dryRun=All&fieldManager=f`, 'content-type': contentType, ...(gzip ? { 'content-encoding': 'gzip' } : {}) }, gzip ? gzipSync(plain) : plain)
      expect(answer, `${method} ${contentType}`).toBeDefined()
      expect(answer!.status).toBeLessThan(500)
      if (answer!.status >= 400) expect(JSON.parse(answer!.text)).toMatchObject({ kind: 'Status', status: 'Failure', code: answer!.status })
    }), { numRuns: 200 })
    const deep = Buffer.from(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"deep"},"data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`)
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
    const before = process.memoryUsage().rss
    for (const [body, headers] of [[deep, {}], [bomb, { 'content-encoding': 'gzip' }]] as const) {
      const answer = await ask(open(), { ':method': 'POST', ':path': configMaps, 'content-type': 'application/json', ...headers }, body)
      expect(answer === undefined || (answer.status >= 400 && answer.status < 500), JSON.stringify(answer)?.slice(0, 300)).toBe(true)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024)
    await othersAreServed()
  })
})

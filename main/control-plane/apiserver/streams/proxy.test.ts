import { describe, expect, it } from 'vitest'
import { HttpClient, serveHttp } from '../../../kernel/http.ts'
import type { HttpRequest, HttpResponse } from '../../../kernel/http.ts'
import { admin, startServer } from '../testing/start-server.ts'
import type { TestServer } from '../testing/start-server.ts'
import { rewriteLinks } from './html-links.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = ({ body }: HttpResponse): string => (body instanceof Uint8Array ? new TextDecoder().decode(body) : JSON.stringify(body))
const pods = '/api/v1/namespaces/default/pods'

/** A server with a pod and a Service that lead to a process which tells what it was asked. */
async function started(): Promise<{ server: TestServer; asked: HttpRequest[] }> {
  const server = await startServer()
  const asked: HttpRequest[] = []
  const { address } = { address: '192.168.64.11' }
  serveHttp(server.somebody.stack, 8080, (exchange) => {
    const { request } = exchange
    asked.push(request)
    if (request.headers['upgrade'] === 'echo') {
      exchange.open({ status: 101, headers: { connection: 'Upgrade', upgrade: 'echo' } })
      exchange.onData((data) => {
        exchange.send(data)
        exchange.end()
      })
    } else if (request.path.startsWith('/moved')) exchange.respond({ status: 302, headers: { location: '/there?x=1' } })
    else if (request.path.startsWith('/page')) exchange.respond({ status: 200, headers: { 'content-type': 'text/html' }, body: encode('<a href="/rewriteme">test</a>') })
    else if (request.path.startsWith('/flow')) {
      exchange.open({ status: 200, headers: { 'content-type': 'text/plain' } })
      exchange.send(encode('one'))
      exchange.send(encode('two'))
      exchange.end()
    } else exchange.respond({ status: request.method === 'DELETE' ? 204 : 200, headers: { 'content-type': 'text/plain', connection: 'x-secret', 'x-secret': '1' }, ...(request.method === 'DELETE' ? {} : { body: encode(`${request.method} ${request.path}`) }) })
  }, { scope: server.somebody.scope })
  await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
  await server.call('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'c', image: 'nginx', ports: [{ containerPort: 8080 }] }] } })
  await server.call('PATCH', `${pods}/web/status`, { status: { podIP: address, podIPs: [{ ip: address }] } }, { 'content-type': 'application/merge-patch+json' })
  await server.call('POST', '/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] } })
  await server.call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } }, addressType: 'IPv4', endpoints: [{ addresses: [address], conditions: { ready: true } }], ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] })
  return { server, asked }
}

describe('proxies', () => {
  it('pass on methods, paths, queries and headers', async () => {
    const { server, asked } = await started()
    for (const method of ['GET', 'PUT', 'POST', 'PATCH', 'OPTIONS']) expect(text(await server.call(method, `${pods}/web/proxy/some/path?a=b%20c`, undefined, { 'x-mine': 'yes', connection: 'x-hop', 'x-hop': 'no', authorization: 'secret' }))).toBe(`${method} /some/path?a=b%20c`)
    expect((await server.call('DELETE', `${pods}/web/proxy/x`)).status).toBe(204)
    const [{ headers }] = asked as [HttpRequest]
    expect(headers).toMatchObject({ 'x-mine': 'yes', host: '192.168.64.11:8080', 'x-forwarded-for': '192.168.64.11', 'x-forwarded-uri': `${pods}/web/proxy/some/path` })
    expect(headers).not.toHaveProperty('x-hop')
    expect(headers).not.toHaveProperty('authorization')
    const answer = await server.call('GET', `${pods}/web:8080/proxy/`)
    expect(answer.headers).not.toHaveProperty('x-secret')
    const stream = await server.kernel.settle(new HttpClient(server.somebody, { address: '192.168.64.10', port: 6443 }, admin).stream({ method: 'GET', path: `${pods}/http:web:8080/proxy/flow`, headers: {} }))
    const parts: unknown[] = []
    const ended = new Promise<void>((resolve) => stream.onEnd(() => resolve()))
    stream.onData((data) => parts.push(new TextDecoder().decode(data as Uint8Array)))
    await server.kernel.settle(ended)
    expect(parts).toEqual(['one', 'two'])
  })

  it('lead pages and redirects through themselves', async () => {
    const { server } = await started()
    expect(await server.call('GET', `${pods}/web/proxy?q=1`)).toMatchObject({ status: 301, headers: { location: `${pods}/web/proxy/?q=1` } })
    expect((await server.call('POST', `${pods}/web/proxy`)).status).toBe(200)
    expect((await server.call('GET', `${pods}/web/proxy/moved`)).headers['location']).toBe(`${pods}/web/proxy/there?x=1`)
    expect(text(await server.call('GET', '/api/v1/namespaces/default/services/web:http/proxy/page'))).toBe('<a href="/api/v1/namespaces/default/services/web:http/proxy/rewriteme">test</a>')
  })

  it('find a service by port name or number', async () => {
    const { server } = await started()
    const services = '/api/v1/namespaces/default/services'
    for (const name of ['web:http', 'web:80', 'http:web:80', ':web:http']) expect(text(await server.call('GET', `${services}/${name}/proxy/x`))).toBe('GET /x')
    const message = async (path: string): Promise<string> => ((await server.call('GET', path)).json as { message: string }).message
    expect(await message(`${services}/web/proxy/`)).toBe('no endpoints available for service "web"')
    expect(await message(`${services}/web:81/proxy/`)).toBe('no service port 81 found for service "web"')
    expect(await message(`${services}/web:other/proxy/`)).toBe('no endpoints available for service "web:other"')
    expect(await message(`${services}/a:b:c:d/proxy/`)).toBe('invalid service request "a:b:c:d"')
    expect(await message(`${pods}/ftp:web:80/proxy/`)).toBe('invalid pod request "ftp:web:80"')
    expect(await message(`${pods}/web:99/proxy/`)).toBe('error trying to reach service: dial tcp 192.168.64.11:99: connect: connection refused')
  })

  it('carry a change of protocol', async () => {
    const { server } = await started()
    const client = new HttpClient(server.somebody, { address: '192.168.64.10', port: 6443 }, admin)
    const stream = await server.kernel.settle(client.stream({ method: 'GET', path: `${pods}/web/proxy/`, headers: { connection: 'upgrade', upgrade: 'echo' } }))
    expect(stream.response).toMatchObject({ status: 101, headers: { upgrade: 'echo' } })
    const got: unknown[] = []
    const ended = new Promise<void>((resolve) => stream.onEnd(() => resolve()))
    stream.onData((data) => got.push(data))
    stream.send(encode('hello'))
    await server.kernel.settle(ended)
    expect(got.map((bytes) => new TextDecoder().decode(bytes as Uint8Array))).toEqual(['hello'])
  })
})

describe('links of pages', () => {
  it.each([
    ['<a href="/x">', '<a href="/p/x">'],
    ['<a class=b href=\'/x\' >', '<a class=b href=\'/p/x\' >'],
    ['<A HREF=/x>', '<A HREF=/p/x>'],
    ['<img src="http://me:80/i.png">', '<img src="/p/i.png">'],
    ['<img src="http://you/i.png">', '<img src="http://you/i.png">'],
    ['<a href="x/y">', '<a href="x/y">'],
    ['<p title="/x">/x</p>', '<p title="/x">/x</p>'],
    ['<!-- <a href="/x"> --><a href="/x">', '<!-- <a href="/x"> --><a href="/p/x">'],
    ['<a href="/x', '<a href="/x'],
    ['a < b', 'a < b'],
  ])('%s', (page, expected) => {
    expect(rewriteLinks(page, '/p', 'me:80')).toBe(expected)
  })

  it('take no longer for hostile pages', () => {
    const began = performance.now()
    rewriteLinks(`<a ${'x '.repeat(200_000)}>`, '/p', 'me')
    rewriteLinks('<'.repeat(400_000), '/p', 'me')
    rewriteLinks(`<a href=${'"'.repeat(100_001)}>`, '/p', 'me')
    rewriteLinks('<!--'.repeat(100_000), '/p', 'me')
    expect(performance.now() - began).toBeLessThan(15_000)
  })
})

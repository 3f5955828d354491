import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EndpointSlice, Service } from '../../../api/generated/types.ts'
import { nodeHost } from '../../../kernel/host.node.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { startWebhookServer } from '../testing/webhook-server.node.ts'
import type { WebhookServer } from '../testing/webhook-server.node.ts'
import { OutsideCalls } from './door.ts'
import type { OutboundAnswer, OutboundCall } from './door.ts'
import { httpsPerformer } from './https.node.ts'
import { addressOfService } from './service-address.ts'
import type { ServiceLookup } from './service-address.ts'

const call: OutboundCall = { url: 'https://hook.example/', body: '{}', headers: {}, timeoutMs: 1_000 }

describe('where a Service leads', () => {
  const lookup = (spec: object | undefined, addresses: readonly string[] = [], endpoint: object = {}): ServiceLookup => ({
    service: () => spec && ({ metadata: { name: 's', namespace: 'n' }, spec: { ports: [{ name: 'https', port: 443, targetPort: 8443 }], ...spec } } as Service),
    slices: () => [{ ports: [{ name: 'https', port: 8443 }], endpoints: addresses.map((address) => ({ addresses: [address], ...endpoint })) } as EndpointSlice],
    isSimulated: (address) => address.startsWith('192.168.64.'),
  })

  it.each<[string, ServiceLookup, object | string]>([
    ['its cluster IP', lookup({ clusterIP: '10.96.0.7', selector: { a: 'b' } }), { address: '10.96.0.7', port: 443, outside: false }],
    ['its cluster IP, though it selects nothing', lookup({ clusterIP: '10.96.0.7' }, ['192.168.64.11']), { address: '10.96.0.7', port: 443, outside: false }],
    ['addresses outside', lookup({ clusterIP: '10.96.0.7' }, ['192.168.64.11', '172.20.0.1']), { address: '172.20.0.1', port: 8443, outside: true }],
    ['no addresses of pods that are gone', lookup({ clusterIP: '10.96.0.7' }, ['10.244.0.9'], { targetRef: { kind: 'Pod' } }), { address: '10.96.0.7', port: 443, outside: false }],
    ['no addresses that are not ready', lookup({ clusterIP: '10.96.0.7' }, ['172.20.0.1'], { conditions: { ready: false } }), { address: '10.96.0.7', port: 443, outside: false }],
    ['an external name', lookup({ type: 'ExternalName', externalName: 'hook.example' }), { address: 'hook.example', port: 443, outside: true }],
    ['nowhere without a Service', lookup(undefined), 'service "s" not found'],
    ['nowhere without a port', lookup({ clusterIP: '10.96.0.7', ports: [{ port: 80 }] }), 'no service port 443 found for service "s"'],
    ['nowhere without a cluster IP', lookup({ clusterIP: 'None' }), 'cannot route to service with ClusterIP "None"'],
  ])('is %s', (_what, given, expected) => {
    if (typeof expected === 'string') expect(() => addressOfService(given, 'n', 's', 443)).toThrow(expected)
    else expect(addressOfService(given, 'n', 's', 443)).toEqual(expected)
  })
})

describe('the door', () => {
  const kernelOf = (): Kernel => new Kernel({ host: nodeHost, seed: 1, epoch: 0 })

  it('hands answers to those who asked, under their cause, and records them', async () => {
    const kernel = kernelOf()
    const answers = new Map<string, (answer: OutboundAnswer) => void>()
    const door = new OutsideCalls(kernel, (label, data, run) => kernel.input(label, data, run), ({ url }) => new Promise((resolve) => answers.set(url, resolve)))
    const heard: unknown[] = []
    for (const name of ['a', 'b']) {
      kernel.schedule(0, () => {
        const span = kernel.trace.start('x', name)
        void door.call({ ...call, url: `https://${name}.example/` }).then((answer) => heard.push([name, 'body' in answer && answer.body, kernel.trace.current === span.id]))
      }, 0)
    }
    await kernel.runFor(1)
    answers.get('https://b.example/')!({ status: 200, contentType: '', body: 'B' })
    answers.get('https://a.example/')!({ status: 200, contentType: '', body: 'A' })
    await Promise.resolve()
    await kernel.runFor(1)
    expect(heard).toEqual([['b', 'B', true], ['a', 'A', true]])
    expect(kernel.inputs.recorded.map(({ label, data }) => [label, (data as { id: number }).id])).toEqual([['outbound', 2], ['outbound', 1]])
  })

  it('lets nothing out where nobody performs', async () => {
    const kernel = kernelOf()
    expect(await new OutsideCalls(kernel, () => undefined, undefined).call(call)).toEqual({ problem: 'this server makes no calls to the outside' })
  })

  it('stands still while time runs flat out', async () => {
    const kernel = kernelOf()
    const door = new OutsideCalls(kernel, (label, data, run) => kernel.input(label, data, run), async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return { status: 200, contentType: '', body: '' }
    }, () => true)
    let at = -1
    kernel.schedule(5, () => void door.call(call).then(() => (at = kernel.now())))
    await kernel.runUntil(60_000)
    expect(at).toBe(5)
  })
})

describe('real calls', () => {
  let server: WebhookServer
  const performer = httpsPerformer()
  beforeAll(async () => {
    server = await startWebhookServer()
    server.on('/', () => ({ ok: true }))
  })
  afterAll(async () => {
    performer.close()
    await server.close()
  })
  const real = (more: Partial<OutboundCall> = {}): Promise<OutboundAnswer> => performer.perform({ ...call, url: `${server.url}/`, authorities: atob(server.caBundle), ...more })

  it('keep their connection, and survive its end', async () => {
    expect(await real()).toMatchObject({ status: 200, body: '{"ok":true}' })
    expect(await real()).toMatchObject({ status: 200 })
    await server.close()
    expect(await real()).toEqual({ problem: `dial tcp 127.0.0.1:${server.port}: connect: connection refused` })
    server = await startWebhookServer()
    server.on('/', () => ({ ok: true }))
    expect(await real({ authorities: atob(server.caBundle) })).toMatchObject({ status: 200 })
  })

  it.each<[string, Partial<OutboundCall>, RegExp]>([
    ['another name', { serverName: 'hook.default.svc' }, /^tls: failed to verify certificate: x509: certificate is valid for .*, not hook\.default\.svc$/],
    ['no such authority', { authorities: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n' }, /tls|PEM|certificate/i],
    ['no such host', { url: 'https://nothing.invalid/' }, /^dial tcp: lookup nothing\.invalid: (no such host|Temporary failure in name resolution)$/],
  ])('fail for %s', async (_what, more, problem) => {
    const answer = await real(more)
    expect('problem' in answer && answer.problem).toMatch(problem)
  })
})

/** Admission webhooks in a whole cluster: a Service inside it, a real server outside it, and the run replayed without either's answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replayRun } from '../../main/cluster/replay.ts'
import { allowing, patching, refusing, startWebhookServer } from '../../main/control-plane/apiserver/testing/webhook-server.node.ts'
import type { WebhookServer } from '../../main/control-plane/apiserver/testing/webhook-server.node.ts'
import { httpsPerformer } from '../../main/control-plane/apiserver/outbound/https.node.ts'
import { serveHttp } from '../../main/kernel/http.ts'
import type { RecordedInput } from '../../main/kernel/input-log.ts'
import { bootedLab, createLab, type SimulatedLab } from './simulated-lab.ts'

const group = '/apis/admissionregistration.k8s.io/v1'
const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }

/** A webhook on a node's port, behind a Service without a selector. */
function serveInside(lab: SimulatedLab): { asked: string[] } {
  const asked: string[] = []
  lab.cluster.machines.get('worker-1')!.start('webhook', (process) => {
    serveHttp(process.stack, 8443, (exchange) => {
      const review = exchange.request.body as { request: { uid: string; object: { data?: Record<string, string> } } }
      asked.push(`${exchange.request.headers['host']}${exchange.request.path}`)
      const allowed = review.request.object.data?.['color'] !== 'red'
      exchange.respond({ status: 200, headers: { 'content-type': 'application/json' }, body: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: review.request.uid, allowed, ...(allowed ? {} : { status: { message: 'not red' } }) } } })
    }, { scope: process.scope })
    return {}
  })
  return { asked }
}

interface Answer {
  status: number
  body: { message?: string; data?: Record<string, string> }
}

function send(lab: SimulatedLab, method: string, path: string, body?: object): Promise<Answer> {
  return new Promise((resolve) => {
    const answer: Answer = { status: 0, body: {} }
    lab.cluster.gateway.send({ method, path, headers: { 'content-type': 'application/json' }, ...(body ? { body: new TextEncoder().encode(JSON.stringify(body)) } : {}) }, {
      onHead(response) {
        answer.status = response.status
        answer.body = (response.body ?? {}) as Answer['body']
      },
      onData: () => {},
      onEnd: () => resolve(answer),
    })
  })
}

describe('webhooks in a cluster', () => {
  let outside: WebhookServer
  const performer = httpsPerformer()
  beforeAll(async () => {
    outside = await startWebhookServer()
  })
  afterAll(async () => {
    performer.close()
    await outside.close()
  })

  test('are asked wherever they are, and a replay is the same without them', async () => {
    const live = createLab({ seed: 41, workers: 1, performOutbound: performer.perform })
    const { asked } = serveInside(live)
    live.cluster.boot()
    await live.cluster.kernel.runFor(20_000)
    const call = (method: string, path: string, body?: object): Promise<Answer> => live.settle(send(live, method, path, body))
    const create = (data: Record<string, string>): Promise<Answer> => call('POST', '/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'map-' }, data })
    expect((await call('POST', '/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hook' }, spec: { ports: [{ port: 443, targetPort: 8443 }] } })).status).toBe(201)
    const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } }, addressType: 'IPv4', ports: [{ name: '', port: 8443, protocol: 'TCP' }], endpoints: [{ addresses: ['192.168.64.11'], conditions: { ready: true } }] }
    expect((await call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', slice)).status).toBe(201)
    await live.cluster.kernel.runFor(3_000)
    outside.on('/paint', (review) => patching(review, [{ op: 'add', path: '/data/painted', value: 'yes' }]))
    outside.on('/judge', (review) => (review.body.request.object.data.color === 'green' ? refusing(review, { message: 'not green', code: 422 }) : allowing(review, { warnings: ['painted'] })))
    const webhook = (name: string, clientConfig: object): object => ({ name: `${name}.example.com`, clientConfig, rules: [rule], sideEffects: 'None', admissionReviewVersions: ['v1'] })
    const configuration = (kind: string, ...webhooks: object[]): Promise<Answer> => call('POST', `${group}/${kind.toLowerCase()}s`, { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'test' }, webhooks })
    expect((await configuration('MutatingWebhookConfiguration', webhook('paint', { url: `${outside.url}/paint`, caBundle: outside.caBundle }))).status).toBe(201)
    expect((await configuration('ValidatingWebhookConfiguration', webhook('inside', { service: { namespace: 'default', name: 'hook', path: '/check' } }), webhook('judge', { url: `${outside.url}/judge`, caBundle: outside.caBundle }))).status).toBe(201)
    await live.cluster.kernel.runFor(500)

    expect(await create({ color: 'blue' })).toMatchObject({ status: 201, body: { data: { color: 'blue', painted: 'yes' } } })
    expect(await create({ color: 'red' })).toMatchObject({ status: 400, body: { message: 'admission webhook "inside.example.com" denied the request: not red' } })
    expect(await create({ color: 'green' })).toMatchObject({ status: 422, body: { message: 'admission webhook "judge.example.com" denied the request: not green' } })
    expect(asked).toEqual(Array(3).fill('hook.default.svc:443/check?timeout=10s'))
    await live.cluster.kernel.runFor(5_000)
    expect(live.cluster.kernel.inputs.recorded.filter(({ label }) => label === 'outbound')).toHaveLength(6)

    const lived = live.soFar()
    const recorded = JSON.parse(JSON.stringify(live.cluster.kernel.inputs.recorded)) as RecordedInput[]
    const calls = outside.seen.length
    const again = createLab({ seed: 41, workers: 1, performOutbound: performer.perform })
    serveInside(again)
    again.cluster.boot()
    replayRun(again.cluster, recorded)
    await again.cluster.kernel.runUntil(Infinity, lived.executed)
    expect(again.traceDigest()).toBe(lived.digest)
    expect(outside.seen.length).toBe(calls)
  })

  test('policies are checked against the types of what they are for, custom ones too', async () => {
    const lab = await bootedLab({ seed: 5, workers: 1 })
    const call = async (method: string, path: string, body?: object): Promise<{ status: number; body: { status?: { typeChecking?: unknown; observedGeneration?: number } } }> => (await lab.settle(send(lab, method, path, body))) as never
    const schema = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } } }
    const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'boxes.example.com' }, spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'boxes', kind: 'Box' }, versions: [{ name: 'v1', served: true, storage: true, schema }] } }
    expect((await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)).status).toBe(201)
    await lab.cluster.kernel.runFor(3_000)
    const policy = {
      apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'boxes' },
      spec: { matchConstraints: { resourceRules: [{ operations: ['CREATE'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['boxes'] }] }, validations: [{ expression: 'object.spec.size > 1' }, { expression: 'object.spec.weight > 1' }] },
    }
    expect((await call('POST', `${group}/validatingadmissionpolicies`, policy)).status).toBe(201)
    const read = () => call('GET', `${group}/validatingadmissionpolicies/boxes`)
    await lab.until(async () => ((await send(lab, 'GET', `${group}/validatingadmissionpolicies/boxes`)).body as { status?: { observedGeneration?: number } }).status?.observedGeneration === 1, 20_000, 'the policy checked')
    expect((await read()).body.status?.typeChecking).toEqual({ expressionWarnings: [{ fieldRef: 'spec.validations[1].expression', warning: "example.com/v1, Kind=Box: ERROR: <input>:1:12: undefined field 'weight'\n | object.spec.weight > 1\n | ...........^\n" }] })
  })
})

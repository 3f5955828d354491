/** Webhooks that say anything: the server answers in Kubernetes' words, keeps what it has whole, and goes on. */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { OutboundAnswer } from '../outbound/door.ts'
import { startServer } from '../testing/start-server.ts'
import type { TestServer } from '../testing/start-server.ts'

const group = '/apis/admissionregistration.k8s.io/v1'
const maps = '/api/v1/namespaces/default/configmaps'
const rules = [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }]

describe('hostile webhooks', () => {
  let server: TestServer
  let say: (review: { request: { uid: string } }) => OutboundAnswer = () => ({ problem: 'nobody' })

  beforeAll(async () => {
    server = await startServer({ outbound: { call: (call) => Promise.resolve(say(JSON.parse(call.body) as { request: { uid: string } })) } })
    const webhook = { name: 'a.example.com', clientConfig: { url: 'https://hook.example' }, rules, sideEffects: 'None', admissionReviewVersions: ['v1'] }
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
      const made = await server.call('POST', `${group}/${kind.toLowerCase()}s`, { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'a' }, webhooks: [{ ...webhook, ...(kind.startsWith('V') ? { name: 'b.example.com', rules: [{ ...rules[0], operations: ['DELETE'] }] } : {}) }] })
      expect(made.status).toBe(201)
    }
  })

  const answered = (body: unknown, status = 200): OutboundAnswer => ({ status, contentType: 'application/json', body: typeof body === 'string' ? body : JSON.stringify(body) })
  const patched = (uid: string, patch: unknown): OutboundAnswer => answered({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true, patchType: 'JSONPatch', patch: btoa(JSON.stringify(patch)) } })
  const create = (name: string) => server.call('POST', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } })

  it('may answer whatever they like', async () => {
    const piece = fc.oneof(fc.constant(undefined), fc.json().map((text) => JSON.parse(text) as unknown), fc.string(), fc.constant(null))
    const response = fc.record({ uid: fc.constantFrom('right', 'wrong', 7), allowed: fc.constantFrom(true, false, 'yes', null), patch: piece, patchType: fc.constantFrom('JSONPatch', 'Other', undefined, 5), status: piece, warnings: piece, auditAnnotations: piece })
    const body = fc.oneof(fc.string(), fc.json(), fc.record({ apiVersion: fc.constantFrom('admission.k8s.io/v1', 'v1', 3), kind: fc.constantFrom('AdmissionReview', 'Status', 'Pod'), response: fc.oneof(response, piece) }))
    await fc.assert(fc.asyncProperty(body, fc.constantFrom(200, 200, 200, 204, 302, 401, 404, 409, 500), async (given, status) => {
      say = ({ request }) => answered(JSON.parse(JSON.stringify(given) ?? 'null') !== null && typeof given === 'object' && (given as { response?: { uid?: unknown } }).response?.uid === 'right' ? { ...given, response: { ...(given as { response: object }).response, uid: request.uid } } : given, status)
      const { status: code, json } = await create('x')
      if (code !== 201) expect(json).toMatchObject({ kind: 'Status', status: 'Failure', code })
      else {
        say = ({ request }) => answered({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: request.uid, allowed: true } })
        expect((await server.call('DELETE', `${maps}/x`)).status).toBe(200)
      }
    }), { numRuns: 120 })
    expect(server.process.journal.lines().filter(({ text }) => text.includes('panic')).map(({ text }) => text.slice(0, 400))).toEqual([])
  })

  it.each<[string, object, number, string]>([
    ['another namespace', { op: 'replace', path: '/metadata/namespace', value: 'kube-system' }, 400, 'the namespace of the provided object does not match the namespace sent on the request'],
    ['no metadata', { op: 'remove', path: '/metadata' }, 400, 'the namespace of the provided object does not match the namespace sent on the request'],
    ['a wrong type', { op: 'replace', path: '/data', value: 7 }, 500, 'Internal error occurred: json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string'],
    ['a bad name', { op: 'replace', path: '/metadata/name', value: '../x' }, 422, 'ConfigMap "../x" is invalid: metadata.name: Invalid value: "../x": a lowercase RFC 1123 subdomain must'],
    ['another document', { op: 'replace', path: '', value: [] }, 500, 'Internal error occurred: '],
    ['a path that is not there', { op: 'remove', path: '/spec/x' }, 500, 'Internal error occurred: remove operation does not apply: doc is missing path: "/spec/x": missing value'],
  ])('may not patch in %s', async (_what, operation, code, message) => {
    say = ({ request }) => patched(request.uid, [operation])
    const { json, status } = await create('x')
    expect([status, json.message]).toEqual([code, expect.stringContaining(message) as string])
  })

  it('may use names that mean something in JavaScript', async () => {
    say = ({ request }) => patched(request.uid, [{ op: 'add', path: '/data/__proto__', value: 'x' }, { op: 'add', path: '/__proto__', value: { polluted: true } }])
    const { json } = await create('names')
    expect(Object.entries(json.data as object)).toEqual([['a', 'b'], ['__proto__', 'x']])
    expect(json.polluted).toBeUndefined()
  })

  it('may not break who owns what', async () => {
    say = ({ request }) => patched(request.uid, [{ op: 'replace', path: '/metadata/managedFields', value: [{ manager: 'm', operation: 'Nonsense', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:x': 3 } }] }])
    const { json } = await create('owned')
    expect(json.metadata.managedFields).toMatchObject([{ manager: 'test', operation: 'Update' }])
    say = ({ request }) => patched(request.uid, [{ op: 'remove', path: '/metadata/managedFields' }])
    expect((await server.call('PATCH', `${maps}/owned`, { data: { c: 'd' } }, { 'content-type': 'application/merge-patch+json' })).status).toBe(200)
  })

  it('may not change what is deleted', async () => {
    say = ({ request }) => answered({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: request.uid, allowed: true } })
    await create('doomed')
    say = ({ request }) => patched(request.uid, [{ op: 'add', path: '/data', value: {} }])
    expect((await server.call('DELETE', `${maps}/doomed`)).json.message).toBe('Internal error occurred: admission webhook "a.example.com" attempted to modify the object, which is not supported for this operation')
  })
})

/** Answers that a person at a terminal meets early, as upstream words them. */
import { describe, expect, it } from 'vitest'
import { startServer } from './testing/start-server.ts'

const pods = '/api/v1/namespaces/default/pods'
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'main', image: 'nginx' }] } }

async function startWithAccount() {
  const started = await startServer()
  await started.call('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
  return started
}

describe('a pod', () => {
  it.each([
    ['with nothing', {}, 'Pod "" is invalid: [metadata.name: Required value: name or generateName is required, spec.containers: Required value]'],
    ['without containers', { metadata: { name: 'web' }, spec: {} }, 'Pod "web" is invalid: spec.containers: Required value'],
    ['with an empty list of them', { metadata: { name: 'web' }, spec: { containers: [] } }, 'Pod "web" is invalid: spec.containers: Required value'],
  ])('%s is invalid', async (_what, body, message) => {
    const { call } = await startWithAccount()
    expect((await call('POST', pods, body)).json).toMatchObject({ code: 422, reason: 'Invalid', message })
  })

  it('is bound without a manager and without another generation', async () => {
    const { call } = await startWithAccount()
    await call('POST', pods, pod)
    await call('POST', `${pods}/web/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web' }, target: { kind: 'Node', name: 'worker-1' } })
    const { json } = await call('GET', `${pods}/web`)
    expect(json.spec.nodeName).toBe('worker-1')
    expect(json.metadata.generation).toBe(1)
    expect(json.metadata.managedFields.map(({ subresource }: { subresource?: string }) => subresource)).toEqual([undefined])
  })
})

describe('applied objects', () => {
  it('are stored in canonical form', async () => {
    const { call } = await startWithAccount()
    const body = { ...pod, spec: { containers: [{ name: 'main', image: 'nginx', env: [], resources: { limits: { memory: '1024Mi', cpu: 1 } } }] } }
    const { status, json } = await call('PATCH', `${pods}/web?fieldManager=me`, body, { 'content-type': 'application/apply-patch+yaml' })
    expect(status).toBe(201)
    expect(json.spec.containers[0].resources.limits).toEqual({ memory: '1Gi', cpu: '1' })
  })
})

it('requests for Endpoints are warned', async () => {
  const { call } = await startServer()
  const path = '/api/v1/namespaces/default/endpoints'
  const warning = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
  for (const [method, at, body] of [['GET', path], ['POST', path, { metadata: { name: 'a' } }], ['GET', `${path}/a`], ['DELETE', `${path}/a`]] as const) {
    expect((await call(method, at, body)).headers.warning, `${method} ${at}`).toBe(warning)
  }
  expect((await call('GET', '/api/v1/namespaces/default/services')).headers.warning).toBeUndefined()
})

it('JSON patches that do not fit say no more than that', async () => {
  const { call } = await startServer()
  const path = '/api/v1/namespaces/default/configmaps'
  await call('POST', path, { metadata: { name: 'a' } })
  const { json } = await call('PATCH', `${path}/a`, [{ op: 'remove', path: '/data/none' }], { 'content-type': 'application/json-patch+json' })
  expect(json).toEqual({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Invalid', message: 'the server rejected our request due to an error in our request', details: {}, code: 422 })
})

describe('patches of wrong types', () => {
  const path = '/apis/apps/v1/namespaces/default/deployments'
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } }
  const container = (fields: object) => ({ spec: { template: { spec: { containers: [{ name: 'c', ...fields }] } } } })
  it.each([
    [{ spec: { replicas: 'three' } }, 'map[spec:map[replicas:three]]', 'unrecognized type: int32'],
    [container({ image: 5 }), 'map[spec:map[template:map[spec:map[containers:[map[image:5 name:c]]]]]]', 'cannot convert int64 to string'],
    [container({ imagePullPolicy: 1 }), 'map[spec:map[template:map[spec:map[containers:[map[imagePullPolicy:1 name:c]]]]]]', 'cannot convert int64 to v1.PullPolicy'],
    [container({ command: 'x' }), 'map[spec:map[template:map[spec:map[containers:[map[command:x name:c]]]]]]', 'cannot restore slice from string'],
    [{ spec: { replcas: 3, replicas: null } }, 'map[spec:map[replcas:3 replicas:<nil>]]', 'strict decoding error: unknown field "spec.replcas"'],
  ])('%j say what was met where, as one error on the patch', async (patch, shown, detail) => {
    const { call } = await startServer()
    await call('POST', path, deployment)
    const { json } = await call('PATCH', `${path}/web?fieldValidation=Strict`, patch, { 'content-type': 'application/strategic-merge-patch+json' })
    const message = `Invalid value: ${JSON.stringify(shown)}: ${detail}`
    expect(json).toEqual({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Invalid', message: ` "" is invalid: patch: ${message}`, details: { causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }] }, code: 422 })
  })

  it('show the object that came out, when they are merge patches', async () => {
    const { call } = await startServer()
    await call('POST', path, deployment)
    const { json } = await call('PATCH', `${path}/web`, { spec: { replicas: 'three' } }, { 'content-type': 'application/merge-patch+json' })
    expect(json).toMatchObject({ code: 422, message: expect.stringMatching(/^ "" is invalid: patch: Invalid value: "\{\\"apiVersion\\":.*: json: cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32$/) })
  })
})

it('OpenAPI v2 in its binary form is called by a name that is a media type', async () => {
  const { call } = await startServer()
  for (const accept of ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf']) {
    const { status, headers } = await call('GET', '/openapi/v2', undefined, { accept })
    expect([status, headers['content-type']]).toEqual([200, 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'])
  }
})

it('DaemonSets count their templates in an annotation that clients do not set', async () => {
  const { call } = await startServer()
  const path = '/apis/apps/v1/namespaces/default/daemonsets'
  const set = (image: string, more: object = {}) => ({ metadata: { name: 'agent', ...more }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image }] } } } })
  const name = 'deprecated.daemonset.template.generation'
  const count = (answer: Awaited<ReturnType<typeof call>>): string => `${answer.json.metadata.generation}/${answer.json.metadata.annotations[name]}`
  expect(count(await call('POST', path, set('one')))).toBe('1/1')
  expect(count(await call('PUT', `${path}/agent`, set('one', { annotations: { [name]: '9' } })))).toBe('1/1')
  expect(count(await call('PUT', `${path}/agent`, set('two')))).toBe('2/2')
  expect(count(await call('PATCH', `${path}/agent`, { spec: { minReadySeconds: 5 } }, { 'content-type': 'application/merge-patch+json' }))).toBe('3/2')
  expect(count(await call('PUT', `${path}/agent/status`, { ...set('three'), status: { currentNumberScheduled: 1, numberMisscheduled: 0, desiredNumberScheduled: 1, numberReady: 1 } }))).toBe('3/2')
})

it.each([
  [{ apiVersion: 'v1', kind: 'Service' }, 'Service in version "v1" cannot be handled as a Pod: converting (v1.Service) to (core.Pod): unknown conversion'],
  [{ apiVersion: 'apps/v1', kind: 'Deployment' }, 'Deployment in version "v1" cannot be handled as a Pod: converting (v1.Deployment) to (core.Pod): unknown conversion'],
  [{ apiVersion: 'v1', kind: 'Pot' }, 'Pot in version "v1" cannot be handled as a Pod: no kind "Pot" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"'],
])('%j is no Pod', async (head, message) => {
  const { call } = await startServer()
  expect((await call('POST', pods, { ...head, metadata: { name: 'x' } })).json).toMatchObject({ code: 400, reason: 'BadRequest', message })
})

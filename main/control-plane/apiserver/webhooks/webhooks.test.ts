/** Admission webhooks on a real HTTPS server, asked through the door to the host. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TestServer } from '../testing/start-server.ts'
import { startWebhookBench } from '../testing/webhook-bench.node.ts'
import type { WebhookBench } from '../testing/webhook-bench.node.ts'
import { allowing, patching, refusing } from '../testing/webhook-server.node.ts'
import type { WebhookServer } from '../testing/webhook-server.node.ts'

const group = '/apis/admissionregistration.k8s.io/v1'
const rule = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }
const maps = '/api/v1/namespaces/default/configmaps'

function configMap(name: string, more: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more } }
}

describe('admission webhooks', () => {
  let bench: WebhookBench
  let hooks: WebhookServer
  let server: TestServer

  beforeAll(async () => {
    bench = await startWebhookBench()
    ;({ hooks, server } = bench)
  })
  afterAll(() => bench.close())
  beforeEach(async () => {
    hooks.seen.length = 0
    for (const plural of ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']) await server.call('DELETE', `${group}/${plural}`)
    await server.call('DELETE', maps)
  })

  const webhook = (path: string, more: object = {}): object => ({
    name: `${path.slice(1)}.example.com`, clientConfig: { url: `${hooks.url}${path}`, caBundle: hooks.caBundle }, rules: [rule], sideEffects: 'None', admissionReviewVersions: ['v1'], ...more,
  })
  const configure = async (kind: 'Validating' | 'Mutating', name: string, ...webhooks: object[]): Promise<void> => {
    const made = await server.call('POST', `${group}/${kind.toLowerCase()}webhookconfigurations`, { apiVersion: 'admissionregistration.k8s.io/v1', kind: `${kind}WebhookConfiguration`, metadata: { name }, webhooks })
    expect(made.status, JSON.stringify(made.json)).toBe(201)
  }

  it('refuses with the status, the code and the words of the webhook', async () => {
    hooks.on('/deny', (review) => refusing(review, { message: 'no maps today', code: 418, reason: 'Teapot' }))
    await configure('Validating', 'deny', webhook('/deny'))
    const refused = await server.call('POST', maps, configMap('a'))
    expect(refused.status).toBe(418)
    expect(refused.json).toMatchObject({ kind: 'Status', status: 'Failure', message: 'admission webhook "deny.example.com" denied the request: no maps today', reason: 'Teapot', code: 418 })
    expect(hooks.seen[0]!.path).toBe('/deny?timeout=10s')
    expect(hooks.seen[0]!.body).toMatchObject({
      kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1',
      request: {
        kind: { group: '', version: 'v1', kind: 'ConfigMap' }, resource: { group: '', version: 'v1', resource: 'configmaps' }, requestKind: { kind: 'ConfigMap' }, name: 'a', namespace: 'default', operation: 'CREATE',
        userInfo: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }, object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a', namespace: 'default' } }, oldObject: null, dryRun: false,
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      },
    })
    expect((await server.call('GET', `${maps}/a`)).status).toBe(404)
  })

  it.each<[object, number, string]>([
    [{}, 400, 'admission webhook "deny.example.com" denied the request without explanation'],
    [{ reason: 'Because' }, 400, 'admission webhook "deny.example.com" denied the request: Because'],
    [{ code: 200, message: 'x' }, 400, 'admission webhook "deny.example.com" denied the request: x'],
  ])('refuses with %j as %i', async (status, code, message) => {
    hooks.on('/deny', (review) => refusing(review, status))
    await configure('Validating', 'deny', webhook('/deny'))
    expect((await server.call('POST', maps, configMap('a'))).json).toMatchObject({ code, message, status: 'Failure' })
  })

  const attributes = { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } }
  it.each<[string, string, string, object | undefined, string, string]>([
    ['authorization', 'subjectaccessreviews', 'SubjectAccessReview', { user: 'jane', ...attributes }, '', '/spec/resourceAttributes/name'],
    ['authorization', 'localsubjectaccessreviews', 'LocalSubjectAccessReview', { user: 'jane', ...attributes }, '/namespaces/default', '/spec/resourceAttributes/name'],
    ['authorization', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', attributes, '', '/spec/resourceAttributes/name'],
    ['authorization', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview', { namespace: 'default' }, '', '/metadata/name'],
    ['authentication', 'tokenreviews', 'TokenReview', { token: 'none' }, '', '/metadata/name'],
    ['authentication', 'selfsubjectreviews', 'SelfSubjectReview', undefined, '', '/metadata/name'],
  ])('judge %s %s, which policies do not', async (name, plural, kind, spec, where, touched) => {
    const reviews = { operations: ['CREATE'], apiGroups: [`${name}.k8s.io`], apiVersions: ['v1'], resources: [plural] }
    const path = `/apis/${name}.k8s.io/v1${where}/${plural}`
    const body = (): object => ({ apiVersion: `${name}.k8s.io/v1`, kind, ...(spec ? { spec } : {}) })
    const policy = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'none-of-its-business' } }
    await server.call('POST', `${group}/validatingadmissionpolicies`, { ...policy, kind: 'ValidatingAdmissionPolicy', spec: { matchConstraints: { resourceRules: [reviews] }, validations: [{ expression: 'false' }] } })
    await server.call('POST', `${group}/validatingadmissionpolicybindings`, { ...policy, kind: 'ValidatingAdmissionPolicyBinding', spec: { policyName: policy.metadata.name, validationActions: ['Deny'] } })
    hooks.on('/touch', (review) => patching(review, [{ op: 'add', path: touched, value: 'seen' }]))
    await configure('Mutating', 'touch', webhook('/touch', { rules: [reviews] }))
    const passed = await server.call('POST', `${path}?dryRun=All`, body())
    expect(passed.status, JSON.stringify(passed.json)).toBe(201)
    expect(touched.slice(1).split('/').reduce((value, field) => value[field], passed.json)).toBe('seen')
    expect(passed.json.kind).toBe(kind)
    expect(hooks.seen[0]!.body.request).toMatchObject({ kind: { group: `${name}.k8s.io`, version: 'v1', kind }, operation: 'CREATE', oldObject: null, dryRun: true, object: { kind, ...(spec ? { spec } : {}) } })
    hooks.on('/deny', (review) => refusing(review, { message: 'no questions' }))
    await configure('Validating', 'deny', webhook('/deny', { rules: [reviews] }))
    const refused = await server.call('POST', path, body())
    expect(refused.json).toMatchObject({ kind: 'Status', message: 'admission webhook "deny.example.com" denied the request: no questions' })
    for (const each of ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']) await server.call('DELETE', `${group}/${each}`)
  })

  it('answer with what a webhook made of a review, and only when it is valid', async () => {
    const reviews = { operations: ['CREATE'], apiGroups: ['authorization.k8s.io'], apiVersions: ['v1'], resources: ['subjectaccessreviews'] }
    const ask = (spec: object) => server.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec })
    hooks.on('/promote', (review) => patching(review, [{ op: 'add', path: '/spec/groups', value: ['system:masters'] }]))
    await configure('Mutating', 'promote', webhook('/promote', { rules: [reviews] }))
    expect((await ask({ user: 'jane', ...attributes })).json).toMatchObject({ spec: { user: 'jane', groups: ['system:masters'] }, status: { allowed: true } })
    hooks.on('/deny', (review) => refusing(review, {}))
    await configure('Validating', 'deny', webhook('/deny', { rules: [reviews] }))
    hooks.seen.length = 0
    expect((await ask({ user: 'jane' })).json).toMatchObject({ code: 422 })
    expect(hooks.seen.map(({ path }) => path)).toEqual(['/promote?timeout=10s'])
  })

  it('mutates, with defaults and without unknown fields, and warns', async () => {
    hooks.on('/mutate', (review) => ({ ...patching(review, [{ op: 'add', path: '/data', value: { color: 'blue' } }, { op: 'add', path: '/metadata/labels', value: { touched: 'yes' } }, { op: 'add', path: '/nonsense', value: 1 }]) }))
    hooks.on('/warn', (review) => allowing(review, { warnings: ['be careful', 'very'] }))
    await configure('Mutating', 'm', webhook('/mutate'))
    await configure('Validating', 'v', webhook('/warn'))
    const made = await server.call('POST', maps, configMap('a'))
    expect(made.json).toMatchObject({ metadata: { labels: { touched: 'yes' } }, data: { color: 'blue' } })
    expect(made.json).not.toHaveProperty('nonsense')
    expect(made.headers['warning']).toBe('299 - "be careful", 299 - "very"')
    // The validating one sees what the mutating one made.
    expect(hooks.seen.map(({ path }) => path.split('?')[0])).toEqual(['/mutate', '/warn'])
    expect(hooks.seen[1]!.body.request.object.data).toEqual({ color: 'blue' })
  })

  it('asks again those that want it, once, after something changed', async () => {
    let calls = 0
    hooks.on('/first', (review) => {
      calls++
      return allowing(review)
    })
    hooks.on('/second', (review) => (review.body.request.object.data?.late ? allowing(review) : patching(review, [{ op: 'add', path: '/data', value: { late: '1' } }])))
    await configure('Mutating', 'm', webhook('/first', { reinvocationPolicy: 'IfNeeded' }), webhook('/second'))
    await server.call('POST', maps, configMap('a'))
    expect(calls).toBe(2)
    expect(hooks.seen.map(({ path }) => path.split('?')[0])).toEqual(['/first', '/second', '/first'])
    expect(hooks.seen[2]!.body.request.object.data).toEqual({ late: '1' })
  })

  it('matches by rule, scope, selectors and conditions', async () => {
    hooks.on('/deny', (review) => refusing(review, { message: 'no' }))
    const tries: [string, object, number][] = [
      ['another operation', { rules: [{ ...rule, operations: ['DELETE'] }] }, 201],
      ['another resource', { rules: [{ ...rule, resources: ['secrets'] }] }, 201],
      ['a subresource', { rules: [{ ...rule, resources: ['configmaps/status'] }] }, 201],
      ['everything', { rules: [{ ...rule, apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }] }, 400],
      ['cluster scope', { rules: [{ ...rule, scope: 'Cluster' }] }, 201],
      ['namespaced scope', { rules: [{ ...rule, scope: 'Namespaced' }] }, 400],
      ['another namespace', { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }, 201],
      ['this namespace', { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } }, 400],
      ['another object', { objectSelector: { matchLabels: { a: 'c' } } }, 201],
      ['this object', { objectSelector: { matchLabels: { a: 'b' } } }, 400],
      ['a condition that holds', { matchConditions: [{ name: 'x', expression: 'object.metadata.labels.a == "b" && request.operation == "CREATE"' }] }, 400],
      ['a condition that does not', { matchConditions: [{ name: 'x', expression: 'request.userInfo.username != "kubernetes-admin"' }] }, 201],
      ['a condition that asks the authorizer', { matchConditions: [{ name: 'x', expression: '!authorizer.group("").resource("configmaps").namespace("default").check("create").allowed()' }] }, 201],
      ['an error, failing closed', { matchConditions: [{ name: 'x', expression: 'object.nothing.here == 1' }] }, 403],
      ['an error, failing open', { failurePolicy: 'Ignore', matchConditions: [{ name: 'x', expression: 'object.nothing.here == 1' }] }, 201],
      ['an error beside a false one', { matchConditions: [{ name: 'x', expression: 'object.nothing.here == 1' }, { name: 'y', expression: 'false' }] }, 201],
    ]
    for (const [what, more, status] of tries) {
      await configure('Validating', 'deny', webhook('/deny', more))
      const answer = await server.call('POST', maps, configMap('a', { labels: { a: 'b' } }))
      expect([what, answer.status, answer.json.message ?? ''], what).toEqual([what, status, expect.any(String)])
      if (status === 403) expect(answer.json.message).toBe(`configmaps "a" is forbidden: expression 'object.nothing.here == 1' resulted in error: no such key: nothing`)
      await server.call('DELETE', `${group}/validatingwebhookconfigurations/deny`)
      await server.call('DELETE', `${maps}/a`)
    }
  })

  it('lets the failure policy decide over webhooks that cannot be asked or believed', async () => {
    hooks.on('/garbage', (_review, response) => void response.writeHead(200).end('garbage'))
    hooks.on('/empty', (_review, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end())
    hooks.on('/uid', (review) => ({ ...allowing(review), response: { uid: 'other', allowed: true } }))
    hooks.on('/kind', (review) => ({ ...allowing(review), kind: 'Pod', apiVersion: 'v1' }))
    hooks.on('/none', ({ body }) => ({ apiVersion: body.apiVersion, kind: body.kind }))
    hooks.on('/500', (_review, response) => void response.writeHead(500, { 'content-type': 'text/plain' }).end('boom'))
    hooks.on('/moved', (_review, response) => void response.writeHead(302, { location: `${hooks.url}/allow` }).end())
    hooks.on('/huge', (_review, response) => void response.writeHead(200).end('x'.repeat(9 * 1024 * 1024)))
    hooks.on('/slow', () => new Promise(() => {}))
    hooks.on('/hangup', (_review, response) => void response.destroy())
    hooks.on('/patch', (review) => patching(review, [{ op: 'add', path: '/data', value: {} }]))
    const tries: [object, string | RegExp][] = [
      [webhook('/garbage'), "failed to call webhook: couldn't get version/kind; json parse error: invalid character 'g' looking for beginning of value"],
      [webhook('/empty'), 'failed to call webhook: 0-length response with status code: 200 and content type: application/json'],
      [webhook('/uid'), /^received invalid webhook response: expected response.uid="[0-9a-f-]{36}", got "other"$/],
      [webhook('/kind'), 'received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /v1, Kind=Pod'],
      [webhook('/none'), 'received invalid webhook response: webhook response was absent'],
      [webhook('/500'), 'failed to call webhook: an error on the server ("boom") has prevented the request from succeeding'],
      [webhook('/moved'), 'failed to call webhook: the server responded with the status code 302 but did not return more information'],
      [webhook('/missing'), 'failed to call webhook: the server could not find the requested resource'],
      [webhook('/huge'), `failed to call webhook: Post "${hooks.url}/huge?timeout=10s": http: response body too large`],
      [webhook('/slow', { timeoutSeconds: 1 }), `failed to call webhook: Post "${hooks.url}/slow?timeout=1s": context deadline exceeded`],
      [webhook('/hangup'), `failed to call webhook: Post "${hooks.url}/hangup?timeout=10s": EOF`],
      [webhook('/patch'), 'received invalid webhook response: validating webhook may not return response.patch'],
      [webhook('/x', { clientConfig: { url: 'https://127.0.0.1:1/x', caBundle: hooks.caBundle } }), 'failed to call webhook: Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused'],
      [webhook('/x', { clientConfig: { url: `${hooks.url}/x` } }), `failed to call webhook: Post "${hooks.url}/x?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`],
      [webhook('/x', { clientConfig: { service: { namespace: 'default', name: 'nobody' } } }), 'failed to call webhook: Post "https://nobody.default.svc:443/?timeout=10s": service "nobody" not found'],
    ]
    for (const [each, text] of tries) {
      await configure('Validating', 'v', each)
      const { name } = each as { name: string }
      const refused = await server.call('POST', maps, configMap('a'))
      expect(refused.status).toBe(500)
      const prefix = `Internal error occurred: failed calling webhook "${name}": `
      expect(refused.json.message.startsWith(prefix), refused.json.message).toBe(true)
      if (typeof text === 'string') expect(refused.json.message.slice(prefix.length)).toBe(text)
      else expect(refused.json.message.slice(prefix.length)).toMatch(text)
      await server.call('DELETE', `${group}/validatingwebhookconfigurations/v`)
    }
    await configure('Validating', 'v', webhook('/uid', { failurePolicy: 'Ignore' }), webhook('/hangup', { failurePolicy: 'Ignore' }))
    expect((await server.call('POST', maps, configMap('a'))).status).toBe(201)
  })

  it('refuses dry runs that a webhook does not support, and tells of those that it does', async () => {
    hooks.on('/allow', (review) => allowing(review))
    await configure('Validating', 'v', webhook('/allow', { sideEffects: 'NoneOnDryRun' }))
    expect((await server.call('POST', `${maps}?dryRun=All`, configMap('a'))).status).toBe(201)
    expect(hooks.seen[0]!.body.request).toMatchObject({ dryRun: true, options: { dryRun: ['All'] } })
  })

  it('never asks about what webhooks are configured in', async () => {
    hooks.on('/deny', (review) => refusing(review, { message: 'no' }))
    await configure('Validating', 'v', webhook('/deny', { rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }] }))
    expect((await server.call('DELETE', `${group}/validatingwebhookconfigurations/v`)).status).toBe(200)
  })

  it('is asked about connections, scales, bindings and deletions in their own forms', async () => {
    hooks.on('/allow', (review) => allowing(review))
    hooks.on('/deny', (review) => refusing(review, { message: 'no' }))
    const pods = '/api/v1/namespaces/default/pods'
    await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
    await server.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z' } } })
    expect((await server.call('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } })).status).toBe(201)
    const labels = { app: 'web' }
    expect((await server.call('POST', '/apis/apps/v1/namespaces/default/deployments', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } } } })).status).toBe(201)
    const everything = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['pods/exec', 'pods/binding', 'pods/eviction', 'deployments/scale', 'configmaps'] }]
    await configure('Validating', 'all', webhook('/allow', { rules: everything }), webhook('/deny', { rules: [{ ...everything[0], resources: ['pods/exec'] }] }))
    hooks.on('/mutate', (review) => patching(review, [{ op: 'replace', path: '/spec/replicas', value: 3 }]))
    await configure('Mutating', 'scale', webhook('/mutate', { rules: [{ ...everything[0], resources: ['deployments/scale'] }] }))
    expect((await server.call('POST', `${pods}/p/exec?command=ls&stdout=true`)).json.message).toBe('admission webhook "deny.example.com" denied the request: no')
    expect(hooks.seen[0]!.body.request).toMatchObject({ operation: 'CONNECT', kind: { group: '', version: 'v1', kind: 'PodExecOptions' }, resource: { resource: 'pods' }, subResource: 'exec', requestSubResource: 'exec', name: 'p', namespace: 'default', object: { kind: 'PodExecOptions', command: ['ls'], stdout: true } })
    hooks.seen.length = 0
    expect((await server.call('POST', `${pods}/p/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } })).status).toBe(201)
    expect(hooks.seen.map(({ body }) => body.request)).toMatchObject([{ operation: 'CREATE', kind: { kind: 'Binding' }, resource: { resource: 'pods' }, object: { kind: 'Binding', target: { name: 'n' } }, oldObject: null }])
    expect((await server.call('GET', `${pods}/p`)).json.metadata.labels).toEqual({ 'topology.kubernetes.io/zone': 'z' })
    hooks.seen.length = 0
    const scaled = await server.call('PUT', '/apis/apps/v1/namespaces/default/deployments/web/scale', { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: 2 } })
    expect(scaled.json.spec.replicas).toBe(3)
    expect(hooks.seen.at(-1)!.body.request).toMatchObject({ operation: 'UPDATE', kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, resource: { group: 'apps', resource: 'deployments' }, object: { kind: 'Scale', spec: { replicas: 3 } }, oldObject: { kind: 'Scale', spec: { replicas: 1 } } })
    await server.call('POST', maps, configMap('gone'))
    hooks.seen.length = 0
    await server.call('DELETE', `${maps}/gone?gracePeriodSeconds=0`)
    expect(hooks.seen[0]!.body.request).toMatchObject({ operation: 'DELETE', name: 'gone', object: null, oldObject: { metadata: { name: 'gone' } }, options: { kind: 'DeleteOptions', gracePeriodSeconds: 0 } })
  })

  it('converts to the version that a rule names', async () => {
    hooks.on('/mutate', (review) => patching(review, [{ op: 'replace', path: '/note', value: 'changed' }]))
    await configure('Mutating', 'm', webhook('/mutate', { rules: [{ operations: ['CREATE'], apiGroups: ['events.k8s.io'], apiVersions: ['v1'], resources: ['events'] }] }))
    const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'default' }, involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' }, reason: 'R', message: 'as it was', type: 'Normal' }
    const made = await server.call('POST', '/api/v1/namespaces/default/events', event)
    expect(made.json).toMatchObject({ kind: 'Event', apiVersion: 'v1', message: 'changed' })
    expect(hooks.seen[0]!.body.request).toMatchObject({ kind: { group: 'events.k8s.io', kind: 'Event' }, requestKind: { group: '' }, object: { apiVersion: 'events.k8s.io/v1', note: 'as it was' } })
  })
})

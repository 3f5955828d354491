/** ValidatingAdmissionPolicies and MutatingAdmissionPolicies in a server. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'
import type { TestServer } from '../testing/start-server.ts'

const group = '/apis/admissionregistration.k8s.io/v1'
const apiVersion = 'admissionregistration.k8s.io/v1'
const deployments = '/apis/apps/v1/namespaces/default/deployments'
const maps = '/api/v1/namespaces/default/configmaps'
const rules = [{ operations: ['CREATE', 'UPDATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }]

function deployment(replicas: number, more: object = {}): object {
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', ...more },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } } },
  }
}

describe('admission policies', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer()
  })
  beforeEach(async () => {
    for (const plural of ['validatingadmissionpolicies', 'validatingadmissionpolicybindings', 'mutatingadmissionpolicies', 'mutatingadmissionpolicybindings']) await server.call('DELETE', `${group}/${plural}`)
    await server.call('DELETE', deployments)
    await server.call('DELETE', maps)
  })

  const put = async (path: string, object: object): Promise<void> => {
    const made = await server.call('POST', path, object)
    expect(made.status, JSON.stringify(made.json)).toBe(201)
  }
  const validating = async (spec: object, binding: object = {}): Promise<void> => {
    await put(`${group}/validatingadmissionpolicies`, { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: rules }, ...spec } })
    await put(`${group}/validatingadmissionpolicybindings`, { apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], ...binding } })
  }
  const mutating = async (spec: object, binding: object = {}, name = 'm'): Promise<void> => {
    await put(`${group}/mutatingadmissionpolicies`, { apiVersion, kind: 'MutatingAdmissionPolicy', metadata: { name }, spec: { matchConstraints: { resourceRules: rules }, reinvocationPolicy: 'Never', ...spec } })
    await put(`${group}/mutatingadmissionpolicybindings`, { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata: { name: `${name}-binding` }, spec: { policyName: name, ...binding } })
  }
  const create = (object: object = deployment(6)) => server.call('POST', deployments, object)

  it('denies in upstream\'s words', async () => {
    await validating({ validations: [{ expression: 'object.spec.replicas <= 5' }] })
    const message = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.spec.replicas <= 5"
    expect((await create()).json).toEqual({
      kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: `deployments.apps "web" is forbidden: ${message}`, reason: 'Invalid',
      details: { name: 'web', group: 'apps', kind: 'deployments', causes: [{ message }] }, code: 422,
    })
    expect((await create(deployment(5))).status).toBe(201)
  })

  it.each<[string, object, number, string]>([
    ['a message', { validations: [{ expression: 'false', message: ' too many ' }] }, 422, 'too many'],
    ['a computed message', { validations: [{ expression: 'false', message: 'too many', messageExpression: "'no more than 5, not ' + string(object.spec.replicas)" }] }, 422, 'no more than 5, not 6'],
    ['a computed message that fails', { validations: [{ expression: 'false', message: 'too many', messageExpression: 'string(object.nothing)' }] }, 422, 'too many'],
    ['a computed message of two lines', { validations: [{ expression: 'false', message: 'too many', messageExpression: "'a\\nb'" }] }, 422, 'too many'],
    ['a reason', { validations: [{ expression: 'false', message: 'no', reason: 'Forbidden' }] }, 403, 'no'],
    ['another reason', { validations: [{ expression: 'false', message: 'no', reason: 'RequestEntityTooLarge' }] }, 413, 'no'],
    ['an error', { validations: [{ expression: 'object.nothing == 1' }] }, 422, "expression 'object.nothing == 1' resulted in error: no such key: nothing"],
    ['variables', { variables: [{ name: 'six', expression: 'object.spec.replicas' }, { name: 'seven', expression: 'variables.six + 1' }], validations: [{ expression: 'variables.seven > 7', messageExpression: "'seven is ' + string(variables.seven)" }] }, 422, 'seven is 7'],
    ['a variable that fails', { variables: [{ name: 'x', expression: 'object.nothing' }], validations: [{ expression: 'variables.x == 1' }] }, 422, `expression 'variables.x == 1' resulted in error: composited variable "x" fails to evaluate: no such key: nothing`],
    ['the request', { validations: [{ expression: "request.userInfo.username != 'kubernetes-admin' || request.resource.resource != 'deployments'" }] }, 422, "failed expression: request.userInfo.username != 'kubernetes-admin' || request.resource.resource != 'deployments'"],
    ['the namespace', { validations: [{ expression: "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] != 'default'", message: 'not here' }] }, 422, 'not here'],
    ['the authorizer', { validations: [{ expression: "!authorizer.requestResource.check('create').allowed()", message: 'you may' }] }, 422, 'you may'],
    ['a service account\'s authorizer', { validations: [{ expression: "authorizer.serviceAccount('default', 'default').group('').resource('secrets').namespace('default').check('get').allowed()", message: 'it may not' }] }, 422, 'it may not'],
    ['old objects', { validations: [{ expression: 'oldObject != null', message: 'nothing before' }] }, 422, 'nothing before'],
    ['no parameters', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'params != null', message: 'no parameters' }] }, 422, 'no parameters'],
    ['an unknown kind of parameters', { paramKind: { apiVersion: 'rules.example.com/v1', kind: 'Limit' }, validations: [{ expression: 'true' }] }, 422, "failed to configure policy: failed to find resource referenced by paramKind: 'rules.example.com/v1, Kind=Limit'"],
    ['conditions that fail', { matchConditions: [{ name: 'x', expression: 'object.nothing' + ' == 1' }], validations: [{ expression: 'true' }] }, 422, "expression 'object.nothing == 1' resulted in error: no such key: nothing"],
    ['too much work', { variables: [{ name: 'l', expression: '[1,2,3,4,5,6,7,8,9,10]' }], validations: [{ expression: 'variables.l.all(a, variables.l.all(b, variables.l.all(c, variables.l.all(d, variables.l.all(e, variables.l.all(f, variables.l.all(g, true)))))))' }] }, 422, "expression 'variables.l.all(a, variables.l.all(b, variables.l.all(c, variables.l.all(d, variables.l.all(e, variables.l.all(f, variables.l.all(g, true)))))))' resulted in error: operation cancelled: actual cost limit exceeded"],
  ])('judges with %s', async (_what, spec, code, text) => {
    await validating(spec)
    const { status, json } = await create()
    expect(json.message).toBe(`deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'p' ${text.startsWith('failed to configure policy') ? '' : "with binding 'b' "}denied request: ${text}`)
    expect(status).toBe(code)
  })

  it.each<[string, object, object]>([
    ['conditions that do not hold', { matchConditions: [{ name: 'x', expression: 'object.spec.replicas > 10' }], validations: [{ expression: 'false' }] }, {}],
    ['errors that are ignored', { failurePolicy: 'Ignore', validations: [{ expression: 'object.nothing == 1' }] }, {}],
    ['a kind of parameters that nobody knows, ignored', { failurePolicy: 'Ignore', paramKind: { apiVersion: 'rules.example.com/v1', kind: 'Limit' }, validations: [{ expression: 'false' }] }, {}],
    ['another namespace', { validations: [{ expression: 'false' }] }, { matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } } }],
    ['other objects', { validations: [{ expression: 'false' }] }, { matchResources: { objectSelector: { matchLabels: { a: 'b' } } } }],
    ['excluded resources', { matchConstraints: { resourceRules: rules, excludeResourceRules: [{ ...rules[0], resourceNames: ['web'] }] }, validations: [{ expression: 'false' }] }, {}],
    ['other names', { matchConstraints: { resourceRules: [{ ...rules[0], resourceNames: ['db'] }] }, validations: [{ expression: 'false' }] }, {}],
    ['parameters that may be missing', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'false' }] }, { paramRef: { name: 'none', parameterNotFoundAction: 'Allow' } }],
  ])('lets pass %s', async (_what, spec, binding) => {
    await validating(spec, binding)
    expect((await create()).status).toBe(201)
  })

  it('takes parameters by name and by selector', async () => {
    const limit = (name: string, max: string): Promise<void> => put(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { limits: 'yes' } }, data: { max } })
    await validating({ paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'object.spec.replicas <= int(params.data.max)', messageExpression: "'at most ' + params.data.max" }] }, { paramRef: { name: 'limit', parameterNotFoundAction: 'Deny' } })
    expect((await create()).json.message).toBe("deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction")
    await limit('limit', '5')
    expect((await create()).json.message).toMatch(/denied request: at most 5$/)
    await server.call('PUT', `${maps}/limit`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'limit', labels: { limits: 'yes' } }, data: { max: '7' } })
    await limit('stricter', '3')
    expect((await server.call('POST', `${deployments}?dryRun=All`, deployment(6))).status).toBe(201)
    await server.call('PATCH', `${group}/validatingadmissionpolicybindings/b`, { spec: { paramRef: { name: null, selector: { matchLabels: { limits: 'yes' } } } } }, { 'content-type': 'application/merge-patch+json' })
    expect((await create()).json.message).toMatch(/denied request: at most 3$/)
  })

  it('warns without denying', async () => {
    await validating({ validations: [{ expression: 'false', message: 'careful' }] }, { validationActions: ['Warn', 'Audit'] })
    const { status, headers } = await create()
    expect(status).toBe(201)
    expect(headers['warning']).toBe(`299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': careful"`)
  })

  it.each<[string, object, string]>([
    ['validations[0].expression', { validations: [{ expression: 'object.spec.replicas <=' }] }, 'compilation failed: ERROR: <input>:1:24: Syntax error: '],
    ['validations[0].expression', { validations: [{ expression: "'text'" }] }, 'must evaluate to bool but got string'],
    ['validations[0].expression', { validations: [{ expression: 'params.x == 1' }] }, "compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')"],
    ['validations[0].messageExpression', { validations: [{ expression: 'true', messageExpression: '1' }] }, 'must evaluate to string but got int'],
    ['auditAnnotations[0].valueExpression', { auditAnnotations: [{ key: 'k', valueExpression: '1' }] }, 'must evaluate to one of [string null_type] but got int'],
    ['variables[0].expression', { variables: [{ name: 'x', expression: 'nothing' }], validations: [{ expression: 'true' }] }, "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing' (in container '')"],
    ['validations[0].expression', { variables: [{ name: 'x', expression: '1' }], validations: [{ expression: 'variables.y == 1' }] }, "compilation failed: ERROR: <input>:1:10: undefined field 'y'"],
    ['validations[0].expression', { variables: [{ name: 'x', expression: "'a'" }], validations: [{ expression: 'variables.x == 1' }] }, "compilation failed: ERROR: <input>:1:13: found no matching overload for '_==_' applied to '(string, int)'"],
  ])('refuses what does not compile in %s', async (field, spec, text) => {
    const { status, json } = await server.call('POST', `${group}/validatingadmissionpolicies`, { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: rules }, ...spec } })
    expect(status).toBe(422)
    const found = (json.details.causes as { field: string; message: string }[]).find((cause) => cause.field === `spec.${field}`)
    expect(found?.message ?? json.message).toContain(text)
  })

  it('mutates by apply configurations', async () => {
    await mutating({
      variables: [{ name: 'who', expression: 'request.userInfo.username' }],
      mutations: [{
        patchType: 'ApplyConfiguration',
        applyConfiguration: { expression: "Object{metadata: Object.metadata{annotations: {'made-by': variables.who}}, spec: Object.spec{replicas: 1, template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: 'side', image: 'busybox'}]}}}}" },
      }],
    })
    const { json } = await create()
    expect(json).toMatchObject({ metadata: { annotations: { 'made-by': 'kubernetes-admin' } }, spec: { replicas: 1 } })
    expect(json.spec.template.spec.containers.map(({ name, terminationMessagePath }: { name: string; terminationMessagePath: string }) => [name, terminationMessagePath])).toEqual([['web', '/dev/termination-log'], ['side', '/dev/termination-log']])
  })

  it('mutates by JSON patches, in order, and again when others changed something', async () => {
    await mutating({ reinvocationPolicy: 'IfNeeded', mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/metadata/annotations', value: {'seen': string(object.spec.replicas)}}]" } }] }, {}, 'a')
    await mutating({ mutations: [
      { patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'test', path: '/spec/replicas', value: 99}, JSONPatch{op: 'remove', path: '/spec'}]" } },
      { patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'replace', path: '/spec/replicas', value: 2}, JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a.b/c'), value: 'd'}]" } },
    ] }, {}, 'b')
    const { json } = await create(deployment(6, { labels: { e: 'f' } }))
    expect(json).toMatchObject({ metadata: { annotations: { seen: '2' }, labels: { 'a.b/c': 'd', e: 'f' } }, spec: { replicas: 2 } })
  })

  it.each<[string, object, string]>([
    ['a type that is not its path', { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{spec: Object.specx{replicas: 1}}' } }, 'type mismatch: unexpected type name "Object.specx", expected "Object.spec", which matches field name path from root Object type'],
    ['a patch with a type that is not its path', { patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/spec/template/spec/containers/-', value: Object.spec.template.spec.containers{name: 'x', ports: [Object.spec.template.spec.containers.portsZ{containerPort: 8080}]}}]" } }, 'type mismatch: unexpected type name "Object.spec.template.spec.containers.portsZ", expected "Object.spec.template.spec.containers.ports", which matches field name path from root Object type'],
    ['an unknown field', { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{spec: Object.spec{replicasx: 1}}' } }, 'error applying patch: failed to convert patch object to typed object: .spec.replicasx: field not declared in schema'],
    ['an atomic part', { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"l": "v"}}}}' } }, 'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector'],
    ['a patch that does not fit', { patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'replace', path: '/spec/nothing/x', value: 1}]" } }, 'JSONPath: replace operation does not apply: doc is missing path: /spec/nothing/x: missing value'],
    ['an error', { patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'replace', path: '/spec/replicas', value: object.nothing}]" } }, "expression '[JSONPatch{op: 'replace', path: '/spec/replicas', value: object.nothing}]' resulted in error: no such key: nothing"],
  ])('refuses mutations with %s', async (_what, mutation, text) => {
    await mutating({ mutations: [mutation] })
    expect((await create()).json).toMatchObject({ code: 403, reason: 'Invalid', message: `policy 'm' with binding 'm-binding' denied request: ${text}`, details: { causes: [{ message: `policy 'm' with binding 'm-binding' denied request: ${text}` }] } })
  })

  it('answers an unknown field of a JSON patch as an internal error', async () => {
    await mutating({ mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/spec/nothing', value: 1}]" } }] })
    expect((await create()).json.message).toBe('Internal error occurred: strict decoding error: unknown field "spec.nothing"')
  })

  it('keeps policies off themselves', async () => {
    await validating({ matchConstraints: { resourceRules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }] }, validations: [{ expression: 'false' }] })
    expect((await create()).status).toBe(422)
    expect((await server.call('DELETE', `${group}/validatingadmissionpolicies/p`)).status).toBe(200)
  })
})

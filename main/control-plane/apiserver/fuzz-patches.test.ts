/** Random patches over random objects of several kinds, over the real edge. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FuzzedServer } from './testing/fuzzing.node.ts'
import { hunt, startFuzzed } from './testing/fuzzing.node.ts'

let server: FuzzedServer
const group = (name: string): string => `/apis/${name}/namespaces/default`
const container = { name: 'main', image: 'nginx', ports: [{ containerPort: 80, protocol: 'TCP' }, { containerPort: 80, protocol: 'UDP' }], env: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }], resources: { requests: { cpu: '100m' } }, volumeMounts: [{ name: 'v', mountPath: '/v' }] }
const podSpec = { containers: [container, { name: 'side', image: 'busybox' }], volumes: [{ name: 'v', emptyDir: {} }], tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }], hostAliases: [{ ip: '1.2.3.4', hostnames: ['x'] }] }
/** What patches work on: the collection, and the object. */
const bases: Readonly<Record<string, readonly [string, Record<string, unknown>]>> = {
  configMap: ['/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1', 'b.c': '2', key: 'x' }, binaryData: { bin: 'AAEC' } }],
  pod: ['/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', spec: podSpec }],
  deployment: [`${group('apps/v1')}/deployments`, { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 2, selector: { matchLabels: { app: 'x' } }, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }, template: { metadata: { labels: { app: 'x' } }, spec: podSpec } } }],
  service: ['/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', spec: { selector: { app: 'x' }, ports: [{ name: 'http', port: 80, targetPort: 'web' }, { name: 'dns', port: 53, protocol: 'UDP' }] } }],
  node: ['/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', spec: { taints: [{ key: 'a', effect: 'NoSchedule' }], podCIDRs: ['10.244.9.0/24'] } }],
  role: ['/apis/rbac.authorization.k8s.io/v1/clusterroles', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }],
  networkPolicy: [`${group('networking.k8s.io/v1')}/networkpolicies`, { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 80 }] }] } }],
  account: ['/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', secrets: [{ name: 'a' }], imagePullSecrets: [{ name: 'b' }] }],
  autoscaler: [`${group('autoscaling/v2')}/horizontalpodautoscalers`, { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', spec: { scaleTargetRef: { kind: 'Deployment', name: 'x', apiVersion: 'apps/v1' }, maxReplicas: 3 } }],
  slice: [`${group('discovery.k8s.io/v1')}/endpointslices`, { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }], ports: [{ name: 'a', port: 80, protocol: 'TCP' }] }],
  webhook: ['/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', webhooks: [{ name: 'a.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { url: 'https://localhost:1/x' }, rules: [{ apiGroups: ['nosuch'], apiVersions: ['*'], resources: ['x'], operations: ['CREATE'] }] }] }],
  thing: [`${group('fuzz.example.com/v1')}/things`, { apiVersion: 'fuzz.example.com/v1', kind: 'Thing', spec: { list: [{ key: 'a', value: 1 }, { key: 'b', value: 2 }], set: ['a', 'b'], atomic: [1, 2], any: { x: [1, { y: null }] }, port: '80' } }],
}
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.fuzz.example.com' },
  spec: { group: 'fuzz.example.com', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' }, versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } }, schema: { openAPIV3Schema: { type: 'object', properties: { status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, spec: { type: 'object', 'x-kubernetes-validations': [{ rule: '!has(oldSelf.port) || has(self.port)' }], properties: {
    replicas: { type: 'integer', nullable: true, default: 1 }, port: { 'x-kubernetes-int-or-string': true }, any: { 'x-kubernetes-preserve-unknown-fields': true, type: 'object' }, set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } }, atomic: { type: 'array', items: { type: 'integer' } },
    list: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['key'], items: { type: 'object', required: ['key'], properties: { key: { type: 'string' }, value: { type: 'integer', default: 5 } } } },
    embedded: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  } } } } } }] },
}
const names = Object.keys(bases)
const collection = (name: string): string => bases[name]![0]
const objectOf = (name: string): Record<string, unknown> => ({ ...bases[name]![1], metadata: { name: 'fuzzed', labels: { app: 'x', 'a/b': 'c' }, annotations: { note: 'n' }, finalizers: ['example.com/keep'], ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u1' }] } })

beforeAll(async () => {
  server = await startFuzzed()
  expect((await server.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)).status).toBe(201)
  await server.ask('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
  for (let tries = 0; tries < 50 && (await server.ask('GET', collection('thing'))).status !== 200; tries++) await new Promise((resolve) => setTimeout(resolve, 20))
  for (const name of names) {
    const made = await server.ask('POST', collection(name), objectOf(name))
    expect(made.status, made.text).toBe(201)
  }
})
afterAll(() => server.close())

/** Puts the object back to how it began, when it was changed beyond use. */
async function restore(name: string): Promise<void> {
  const path = `${collection(name)}/fuzzed`
  const stored = await server.ask('GET', path)
  if (stored.status === 200 && stored.text.length < 20_000 && stored.json.metadata.deletionTimestamp === undefined) return
  await server.ask('PATCH', path, { metadata: { finalizers: null } }, { 'content-type': 'application/merge-patch+json' })
  await server.ask('DELETE', `${path}?gracePeriodSeconds=0`)
  const made = await server.ask('POST', collection(name), objectOf(name))
  expect(made.status, made.text).toBe(201)
}

/** Every field's name and path that the bases have. */
function pathsIn(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`))]
}
const known = [...new Set(names.flatMap((name) => pathsIn(objectOf(name))))]
const keys = [...new Set(known.flatMap((path) => path.split('/').slice(1)).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')))].filter((key) => !/^\d+$/.test(key))
const odd = fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e21, -0, 2 ** 31, 2 ** 53, '', 'x', 'a', 'main', '\u0000', '\ud800', 'AAEC', '10Gi', '-1', '2026-01-01T00:00:00Z', [], {}, [[]], [null], [{}], { '': '' }, ['a', 'a'])
const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, odd, fc.string({ maxLength: 5 }), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 4 })),
})).value
const pointer = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...known) },
  fc.tuple(fc.constantFrom(...known), fc.constantFrom('/-', '/0', '/1', '/2', '/-1', '/00', '/01', '/1e0', '/99999999999999999999', '/~0', '/~1', '/~', '/~2', '/', '/x', '/__proto__', '/constructor', '/length', '/a~1b', '/+1')).map(([path, more]) => path + more),
  fc.constantFrom('', '/', '//', 'a', '#/a', '/metadata', '/spec', '/metadata/managedFields', '/metadata/managedFields/0', '/metadata/managedFields/0/fieldsV1', '/status', '/metadata/creationTimestamp', '/metadata/labels/a~1b', '/spec/containers/0/ports/1', '/kind'),
  fc.string({ maxLength: 10 }),
)
const operation = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'), path: pointer, from: pointer, value: json }, { requiredKeys: ['op', 'path'] }) },
  { weight: 1, arbitrary: fc.record({ op: fc.oneof(json, fc.string()), path: json, from: json, value: json }, { requiredKeys: [] }) },
)
const jsonPatch = fc.oneof({ weight: 10, arbitrary: fc.array(operation, { maxLength: 6 }) as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: json })

/** The object itself with parts of it dropped, doubled, changed, nulled, or with directives in them. */
const mutated = (directives: boolean): fc.Arbitrary<(value: unknown) => unknown> =>
  fc.array(fc.tuple(fc.nat(40), fc.constantFrom('drop', 'null', 'double', 'odd', 'json', 'wrap', ...(directives ? ['patch', 'order', 'retain', 'delete', 'replace'] : [])), odd, json, fc.constantFrom(...keys)), { minLength: 1, maxLength: 6 }).map((changes) => (value: unknown) => {
    let changed = structuredClone(value)
    for (const [at, how, other, random, key] of changes) {
      let seen = 0
      const walk = (inner: unknown): unknown => {
        if (seen++ === at) return change(inner, how, other, random, key)
        if (Array.isArray(inner)) return inner.map(walk).filter((item) => item !== undefined)
        if (typeof inner === 'object' && inner !== null) return Object.fromEntries(Object.entries(inner).map(([name, item]) => [name, walk(item)]).filter(([, item]) => item !== undefined))
        return inner
      }
      changed = walk(changed)
    }
    return changed ?? {}
  })
function change(inner: unknown, how: string, other: unknown, random: unknown, key: string): unknown {
  const fields = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Record<string, unknown>) : undefined
  const list = Array.isArray(inner) ? (inner as unknown[]) : undefined
  const some = Object.keys(fields ?? {})[0] ?? key
  switch (how) {
    case 'drop':
      return undefined
    case 'null':
      return null
    case 'double':
      return list ? [...list, ...list] : { ...fields, [key]: inner }
    case 'odd':
      return other
    case 'json':
      return random
    case 'wrap':
      return [inner]
    case 'patch':
      return list ? [...list, { $patch: 'replace' }] : { ...fields, $patch: typeof other === 'string' ? (['delete', 'merge', 'replace'][other.length % 3] ?? 'x') : other }
    case 'order':
      return { ...fields, [`$setElementOrder/${some}`]: Array.isArray(fields?.[some]) ? [...(fields[some] as unknown[])].reverse() : random }
    case 'retain':
      return { ...fields, $retainKeys: fields && other !== null ? Object.keys(fields) : other }
    case 'delete':
      return { ...fields, [`$deleteFromPrimitiveList/${some}`]: Array.isArray(random) ? random : ['a', other] }
    default:
      return list ? [{ ...(list[0] as object), $patch: 'delete' }, ...list.slice(1)] : { $patch: 'replace', ...fields }
  }
}

const query = fc.oneof({ weight: 4, arbitrary: fc.constant('') }, fc.constantFrom('?dryRun=All', '?fieldValidation=Strict', '?fieldValidation=Warn', '?fieldManager=other'))
const subresource = fc.oneof({ weight: 5, arbitrary: fc.constant('') }, fc.constantFrom('/status', '/scale', '/ephemeralcontainers', '/resize'))
const send = async (name: string, under: string, parameters: string, type: string, body: unknown): Promise<void> => {
  const answer = await server.ask('PATCH', `${collection(name)}/fuzzed${under}${parameters}`, body, { 'content-type': `application/${type}` })
  if (answer.status < 300) await server.stillValid(`${collection(name)}/fuzzed`)
  await restore(name)
}

describe('random patches', { timeout: 3_600_000 }, () => {
  it('of JSON operations', () => hunt('JSON patches', fc.tuple(fc.constantFrom(...names), subresource, query, jsonPatch), ([name, under, parameters, patch]) => send(name, under, parameters, 'json-patch+json', patch)))

  it('that merge', () => hunt('merge patches', fc.tuple(fc.constantFrom(...names), subresource, query, fc.oneof(mutated(false), json.map((value) => () => value))), ([name, under, parameters, make]) => send(name, under, parameters, 'merge-patch+json', make(objectOf(name)))))

  it('that merge strategically', () => hunt('strategic patches', fc.tuple(fc.constantFrom(...names), subresource, query, fc.oneof({ weight: 5, arbitrary: mutated(true) }, { weight: 1, arbitrary: json.map((value) => () => value) })), ([name, under, parameters, make]) => send(name, under, parameters, 'strategic-merge-patch+json', make(objectOf(name)))))

  it('that apply', () =>
    hunt('applied', fc.tuple(fc.constantFrom(...names), subresource, fc.constantFrom('one', 'two', 'three'), fc.boolean(), mutated(false)), ([name, under, by, force, make]) => {
      const { metadata, ...rest } = objectOf(name)
      const made = make({ ...rest, metadata: { ...(metadata as object), finalizers: undefined } })
      return send(name, under, `?fieldManager=${by}&force=${force}`, 'apply-patch+yaml', made)
    }))

  it('of managed fields', () => {
    const field = fc.oneof(fc.constantFrom(...keys).map((key) => `f:${key}`), fc.constantFrom('.', 'k:{"name":"main"}', 'k:{"name":"side"}', 'k:{"name":1}', 'k:', 'k:{}', 'k:[]', 'v:"a"', 'v:', 'v:{"a":1}', 'i:0', 'i:-1', 'i:x', 'f:', 'x:y', '', 'f:__proto__', 'k:{"containerPort":80,"protocol":"TCP"}', 'k:null'))
    const tree: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({ tree: fc.oneof({ maxDepth: 5, depthSize: 'large' }, fc.constant({}), fc.dictionary(field, tie('tree'), { maxKeys: 4 }), odd) })).tree
    const entry = fc.oneof({ weight: 8, arbitrary: fc.record({ manager: fc.constantFrom<unknown>('one', 'two', 'fuzz', '', 'x'.repeat(200), null, 7), operation: fc.constantFrom<unknown>('Apply', 'Update', '', 'X', null, 1), apiVersion: fc.constantFrom<unknown>('v1', 'apps/v1', 'nosuch/v9', '', null, 'a/b/c'), time: fc.constantFrom<unknown>('2026-01-01T00:00:00Z', null, 'x', '', 5), fieldsType: fc.constantFrom<unknown>('FieldsV1', 'FieldsV2', '', null), fieldsV1: tree, subresource: fc.constantFrom<unknown>('', 'status', 'x', null) }, { requiredKeys: [] }) as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd })
    return hunt('managed fields', fc.tuple(fc.constantFrom(...names), fc.array(entry, { maxLength: 4 }), fc.constantFrom('one', 'two'), fc.boolean(), fc.boolean()), async ([name, managedFields, by, force, put]) => {
      const path = `${collection(name)}/fuzzed`
      if (put) {
        const stored = await server.ask('GET', path)
        await server.ask('PUT', path, { ...stored.json, metadata: { ...stored.json.metadata, managedFields } })
      } else await server.ask('PATCH', path, { metadata: { managedFields } }, { 'content-type': 'application/merge-patch+json' })
      await server.stillValid(path)
      const { metadata, ...rest } = objectOf(name)
      await send(name, '', `?fieldManager=${by}&force=${force}`, 'apply-patch+yaml', { ...rest, metadata: { ...(metadata as object), finalizers: undefined } })
      await send(name, '', `?fieldManager=${by}&force=true`, 'apply-patch+yaml', { apiVersion: rest['apiVersion'], kind: rest['kind'], metadata: { name: 'fuzzed' } })
    })
  })
})

import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

const base = '/api/v1/namespaces/default'

/** A server with one quota whose status is as its controller would leave it. */
async function start(hard: Record<string, string>, used: Record<string, string> | undefined = Object.fromEntries(Object.keys(hard).map((name) => [name, '0'])), spec: object = {}) {
  const server = await startServer()
  const { call, run } = server
  await call('POST', `${base}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
  const quota = (await call('POST', `${base}/resourcequotas`, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard, ...spec } })).json
  await call('PUT', `${base}/resourcequotas/q/status`, { ...quota, status: { hard, ...(used ? { used } : {}) } })
  await run(20)
  return {
    ...server,
    usage: async () => (await call('GET', `${base}/resourcequotas/q`)).json.status.used as Record<string, string>,
    /** 201, or the words of the refusal. */
    make: async (plural: string, body: object, group = '/api/v1') => {
      const { status, json } = await call('POST', `${group}/namespaces/default/${plural}`, body)
      return status === 201 ? status : (json.message as string)
    },
  }
}

const pod = (name: string, resources: object = {}, spec: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'c', image: 'i', resources }], ...spec } })
const cpu = (request: string, limit?: string) => ({ requests: { cpu: request }, ...(limit ? { limits: { cpu: limit } } : {}) })

describe('a quota', () => {
  it('charges what is made, and refuses what is too much', async () => {
    const { make, usage } = await start({ pods: '2', 'requests.cpu': '1', 'limits.cpu': '2' })
    expect(await make('pods', pod('a', cpu('500m', '1')))).toBe(201)
    expect(await usage()).toEqual({ pods: '1', 'requests.cpu': '500m', 'limits.cpu': '1' })
    expect(await make('pods', pod('b', cpu('600m', '1500m')))).toBe('pods "b" is forbidden: exceeded quota: q, requested: limits.cpu=1500m,requests.cpu=600m, used: limits.cpu=1,requests.cpu=500m, limited: limits.cpu=2,requests.cpu=1')
    expect(await make('pods', pod('c', cpu('1m', '1m')))).toBe(201)
    expect(await make('pods', pod('d', cpu('1m', '1m')))).toBe('pods "d" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2')
    expect(await usage()).toEqual({ pods: '2', 'requests.cpu': '501m', 'limits.cpu': '1001m' })
  })

  it('wants every container to say what it needs', async () => {
    const { make } = await start({ cpu: '1', 'limits.memory': '1Gi' })
    expect(await make('pods', pod('a', {}, { initContainers: [{ name: 'i', image: 'i', resources: cpu('1m') }] }))).toBe('pods "a" is forbidden: failed quota: q: must specify cpu for: c; limits.memory for: c,i')
  })

  it('is asked before its usage is known in vain', async () => {
    const { make } = await start({ pods: '2', configmaps: '1' }, {})
    expect(await make('pods', pod('a'))).toBe('pods "a" is forbidden: status unknown for quota: q, resources: pods')
  })

  it('counts objects of any kind', async () => {
    const { make, usage } = await start({ 'count/deployments.apps': '1', configmaps: '1', 'count/secrets': '0' })
    const deployment = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } })
    expect(await make('deployments', deployment('a'), '/apis/apps/v1')).toBe(201)
    expect(await make('deployments', deployment('b'), '/apis/apps/v1')).toBe('deployments.apps "b" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1')
    expect(await make('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } })).toBe(201)
    expect(await make('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } })).toContain('exceeded quota: q, requested: configmaps=1')
    expect(await make('secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } })).toContain('limited: count/secrets=0')
    expect(await usage()).toEqual({ 'count/deployments.apps': '1', configmaps: '1', 'count/secrets': '0' })
  })

  it('follows the type of a Service', async () => {
    const { make, call, usage } = await start({ services: '5', 'services.nodeports': '1', 'services.loadbalancers': '0' })
    const service = (type: string, ports = 1) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { type, ports: Array.from({ length: ports }, (_, index) => ({ name: `p${index}`, port: 80 + index })) } })
    expect(await make('services', service('LoadBalancer'))).toContain('exceeded quota: q, requested: services.loadbalancers=1')
    expect(await make('services', service('ClusterIP'))).toBe(201)
    const patch = (body: object) => call('PATCH', `${base}/services/s`, body, { 'content-type': 'application/merge-patch+json' })
    expect((await patch({ spec: { type: 'NodePort', ports: service('', 2).spec.ports } })).json.message).toContain('exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1')
    expect((await patch({ spec: { type: 'NodePort' } })).status).toBe(200)
    expect(await usage()).toEqual({ services: '1', 'services.nodeports': '1', 'services.loadbalancers': '0' })
  })

  it('counts claims by their class', async () => {
    const { make } = await start({ 'requests.storage': '10Gi', 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' })
    const claim = (name: string, storageClassName: string, storage: string) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } } })
    expect(await make('persistentvolumeclaims', claim('a', 'gold', '2Gi'))).toContain('exceeded quota: q, requested: gold.storageclass.storage.k8s.io/requests.storage=2Gi, used: gold.storageclass.storage.k8s.io/requests.storage=0, limited: gold.storageclass.storage.k8s.io/requests.storage=1Gi')
    expect(await make('persistentvolumeclaims', claim('b', 'silver', '9Gi'))).toBe(201)
    expect(await make('persistentvolumeclaims', claim('c', 'silver', '2Gi'))).toContain('requested: requests.storage=2Gi, used: requests.storage=9Gi')
  })

  it('is about the pods of its scopes only', async () => {
    const best = await start({ pods: '0' }, undefined, { scopes: ['BestEffort'] })
    expect(await best.make('pods', pod('a', cpu('1m')))).toBe(201)
    expect(await best.make('pods', pod('b'))).toContain('exceeded quota: q')
    const ending = await start({ pods: '0' }, undefined, { scopes: ['Terminating'] })
    expect(await ending.make('pods', pod('a'))).toBe(201)
    expect(await ending.make('pods', pod('b', {}, { activeDeadlineSeconds: 5 }))).toContain('exceeded quota: q')
    const important = await start({ pods: '0' }, undefined, { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['system-node-critical'] }] } })
    expect(await important.make('pods', pod('a'))).toBe(201)
    expect(await important.make('pods', pod('b', {}, { priorityClassName: 'system-node-critical' }))).toContain('exceeded quota: q')
  })

  it('is not charged by a dry run, and not twice by those who come at once', async () => {
    const { call, usage, settle, client } = await start({ pods: '3' })
    expect((await call('POST', `${base}/pods?dryRun=All`, pod('dry'))).status).toBe(201)
    expect(await usage()).toEqual({ pods: '0' })
    const { podKind } = await import('../../../api/kinds/core/pod.ts')
    const api = client()
    const outcomes = await settle(Promise.allSettled(Array.from({ length: 6 }, (_, index) => api.create(podKind, { ...pod(`p${index}`), metadata: { name: `p${index}`, namespace: 'default' } } as never))))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(await usage()).toEqual({ pods: '3' })
  })

  const service = (name: string, type = 'ClusterIP') => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { type, ports: [{ port: 80 }] } })
  it.each<[string, string, string, string | undefined, object, number]>([
    ['a create', 'POST', 'services', undefined, service('b'), 201],
    ['a create with too much', 'POST', 'services', undefined, service('b', 'NodePort'), 403],
    ['a create by generateName', 'POST', 'services', undefined, { ...service(''), metadata: { generateName: 'b-' } }, 201],
    ['an update', 'PUT', 'services/a', undefined, service('a', 'LoadBalancer'), 200],
    ['an update with too much', 'PUT', 'services/a', undefined, service('a', 'NodePort'), 403],
    ['a patch', 'PATCH', 'services/a', 'merge-patch', { spec: { type: 'LoadBalancer' } }, 200],
    ['an apply of what is new', 'PATCH', 'services/b', 'apply-patch', service('b'), 201],
    ['an apply of what is there', 'PATCH', 'services/a', 'apply-patch', service('a', 'LoadBalancer'), 200],
    ['a delete', 'DELETE', 'services/a', undefined, {}, 200],
    ['a deletecollection', 'DELETE', 'services', undefined, {}, 200],
  ])('is asked by a dry run of %s, and charged nothing', async (_name, method, path, patch, body, status) => {
    const { call, make, usage, run } = await start({ services: '3', 'services.nodeports': '0', 'services.loadbalancers': '1' })
    await make('services', service('a'))
    const before = (await call('GET', `${base}/resourcequotas/q`)).json
    expect(before.status.used).toEqual({ services: '1', 'services.nodeports': '0', 'services.loadbalancers': '0' })
    // A load balancer without node ports leaves those of the quota alone.
    const spec = (body as { spec?: { type?: string } }).spec
    const given = spec?.type === 'LoadBalancer' ? { ...body, spec: { ...spec, allocateLoadBalancerNodePorts: false } } : body
    const answer = await call(method, `${base}/${path}?dryRun=All&force=true&fieldManager=test`.replace(patch === 'apply-patch' ? '' : '&force=true', ''), method === 'DELETE' ? undefined : given, patch ? { 'content-type': `application/${patch === 'apply-patch' ? 'apply-patch+yaml' : 'merge-patch+json'}` } : {})
    expect(answer.status, JSON.stringify(answer.json)).toBe(status)
    if (status === 403) expect(answer.json.message).toContain('exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0')
    await run(20)
    expect((await call('GET', `${base}/resourcequotas/q`)).json).toEqual(before)
    expect(await usage()).toEqual(before.status.used)
  })
})

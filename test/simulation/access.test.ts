/** Who may do what in a whole cluster: tokens at kubelets, quotas that their controller counts, pods under a security standard. */
import { expect, test } from 'vitest'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import type { Pod } from '../../main/api/generated/types.ts'
import { isPodReady } from '../../main/api/machinery/pod.ts'
import { HttpClient } from '../../main/kernel/http.ts'
import type { Process } from '../../main/kernel/machine.ts'
import { bootedLab } from './simulated-lab.ts'

const json = { 'content-type': 'application/json' }

test('a service account reads a kubelet’s metrics once it is allowed to, and nothing else of it', async () => {
  const { cluster, client, settle, until } = await bootedLab({ workers: 1 })
  const post = async (path: string, body: object): Promise<{ status?: { token?: string } }> => (await settle(client.raw('POST', path, body, json))).body as { status?: { token?: string } }
  await post('/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'agent' } })
  const { status } = await post('/api/v1/namespaces/default/serviceaccounts/agent/token', { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: {} })
  let asker!: Process
  cluster.machines.get('controlplane')!.start('asker', (process) => {
    asker = process
    return {}
  })
  const kubelet = new HttpClient(asker, { address: '192.168.64.11', port: 10250 })
  const ask = async (path: string, authorization: string): Promise<string> => {
    const response = await settle(kubelet.request({ method: 'GET', path, headers: { authorization } }))
    return `${response.status} ${new TextDecoder().decode(response.body as Uint8Array).slice(0, 120)}`
  }
  expect(await ask('/metrics', `Bearer ${status!.token}`)).toBe('403 Forbidden (user=system:serviceaccount:default:agent, verb=get, resource=nodes, subresource(s)=[metrics])\n')
  await post('/apis/rbac.authorization.k8s.io/v1/clusterroles', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'metrics' }, rules: [{ apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] }] })
  await post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'metrics' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'metrics' }, subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace: 'default' }] })
  await cluster.kernel.runFor(31_000)
  expect(await ask('/metrics', `Bearer ${status!.token}`)).toMatch(/^200 #/)
  expect(await ask('/pods', `Bearer ${status!.token}`)).toContain('403 Forbidden')
  expect(await ask('/metrics', 'Bearer nonsense')).toBe('401 Unauthorized')
  // The API server's own certificate opens what its clients ask for.
  await settle(client.create(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'web', image: 'nginx' }] } } as Pod))
  await until(async () => isPodReady(await client.get(podKind, 'web', 'default')), 60_000, 'the pod Ready')
  expect((await settle(client.raw('GET', '/api/v1/namespaces/default/pods/web/log'))).status).toBe(200)
}, 60_000)

test('a quota holds a Deployment down, is given back, and a secret’s token opens the server', async () => {
  const { client, settle, until } = await bootedLab({ workers: 1 })
  const body = async (method: string, path: string, given?: object): Promise<Record<string, never> & { status: Record<string, Record<string, string>>; data: Record<string, string>; items: { message: string; reason: string }[] }> =>
    (await client.raw(method, path, given, json)).body as never
  const base = '/api/v1/namespaces/default'
  await settle(body('POST', `${base}/resourcequotas`, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard: { pods: '2' } } }))
  await until(async () => (await body('GET', `${base}/resourcequotas/q`)).status['used']?.['pods'] === '0', 10_000, 'the quota counted')
  const template = { metadata: { labels: { app: 'web' } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'web', image: 'nginx' }] } }
  await settle(body('POST', '/apis/apps/v1/namespaces/default/deployments', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template } }))
  await until(async () => (await body('GET', `${base}/resourcequotas/q`)).status['used']?.['pods'] === '2', 10_000, 'two pods charged')
  await until(async () => (await body('GET', `${base}/events`)).items.some(({ reason, message }) => reason === 'FailedCreate' && /Error creating: pods "web-[a-z0-9]+-[a-z0-9]{5}" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2/.test(message)), 10_000, 'the third refused')
  await settle(client.raw('PATCH', '/apis/apps/v1/namespaces/default/deployments/web', { spec: { replicas: 1 } }, { 'content-type': 'application/merge-patch+json' }))
  await until(async () => (await body('GET', `${base}/resourcequotas/q`)).status['used']?.['pods'] === '1', 60_000, 'one pod given back')

  await settle(body('POST', `${base}/secrets`, { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name: 'old', annotations: { 'kubernetes.io/service-account.name': 'default' } } }))
  await until(async () => Boolean((await body('GET', `${base}/secrets/old`)).data?.['token']), 10_000, 'the token')
  const token = atob((await settle(body('GET', `${base}/secrets/old`))).data['token']!)
  const review = await settle(body('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }))
  expect(review.status).toMatchObject({ authenticated: true, user: { username: 'system:serviceaccount:default:default' } })
}, 60_000)

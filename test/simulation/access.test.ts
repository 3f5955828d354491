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

/** What somebody who wants to join finds in a cluster: where it is, whose certificates to believe, and that this is signed by the token given to them. */
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ConfigMap, Secret } from '../../main/api/generated/types.ts'
import { configMapKind } from '../../main/api/kinds/core/config-map.ts'
import { secretKind } from '../../main/api/kinds/core/secret.ts'
import { parseYaml } from '../../main/api/machinery/codec/yaml.ts'
import { restClient } from '../../main/api/client/rest-client.ts'
import { HttpClient } from '../../main/kernel/http.ts'
import type { Process } from '../../main/kernel/machine.ts'
import { bootedLab } from './simulated-lab.ts'

test('cluster-info is signed by a bootstrap token, and anybody may read it', async () => {
  const { cluster, client, settle, until } = await bootedLab({ workers: 1 })
  let stranger!: Process
  cluster.machines.get('worker-1')!.start('stranger', (process) => {
    stranger = process
    return {}
  })
  const anonymous = restClient(new HttpClient(stranger, cluster.server), { userAgent: 'stranger' })
  const clusterInfo = (): Promise<ConfigMap> => anonymous.get(configMapKind, 'cluster-info', 'kube-public')
  const token = { id: 'abcdef', secret: '0123456789abcdef' }
  const signatureKey = `jws-kubeconfig-${token.id}`
  expect(parseYaml((await settle(clusterInfo())).data!['kubeconfig']!)).toEqual({
    apiVersion: 'v1',
    clusters: [{ cluster: { 'certificate-authority-data': btoa(cluster.options.caCertificate), server: 'https://192.168.64.10:6443' }, name: '' }],
    contexts: null,
    'current-context': '',
    kind: 'Config',
    users: null,
  })
  await expect(settle(anonymous.get(configMapKind, 'kubeadm-config', 'kube-system'))).rejects.toThrow('configmaps "kubeadm-config" is forbidden: User "system:anonymous" cannot get resource "configmaps" in API group "" in the namespace "kube-system"')

  const data = { 'token-id': token.id, 'token-secret': token.secret, 'usage-bootstrap-signing': 'true', 'usage-bootstrap-authentication': 'true', 'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token' }
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', type: 'bootstrap.kubernetes.io/token', metadata: { name: `bootstrap-token-${token.id}`, namespace: 'kube-system' }, data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)])) }
  await settle(client.create(secretKind, secret))
  await until(async () => (await clusterInfo()).data?.[signatureKey] !== undefined, 10_000, 'the signature')
  const signed = (await settle(clusterInfo())).data!
  const [header, nothing, signature] = signed[signatureKey]!.split('.')
  expect(JSON.parse(Buffer.from(header!, 'base64url').toString())).toEqual({ alg: 'HS256', kid: token.id })
  expect(nothing).toBe('')
  expect(signature).toBe(createHmac('sha256', token.secret).update(`${header}.${Buffer.from(signed['kubeconfig']!).toString('base64url')}`).digest('base64url'))

  // With the token, who joins reads how to set up a kubelet.
  const joining = { authorization: `Bearer ${token.id}.${token.secret}` }
  const read = async (name: string): Promise<ConfigMap> => (await anonymous.raw('GET', `/api/v1/namespaces/kube-system/configmaps/${name}`, undefined, joining)).body as ConfigMap
  expect(parseYaml((await settle(read('kubelet-config'))).data!['kubelet']!)).toMatchObject({ kind: 'KubeletConfiguration', clusterDNS: ['10.96.0.10'], cgroupDriver: 'systemd', rotateCertificates: true })
  expect(parseYaml((await settle(read('kubeadm-config'))).data!['ClusterConfiguration']!)).toMatchObject({ kind: 'ClusterConfiguration', apiVersion: 'kubeadm.k8s.io/v1beta4', networking: { podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/12', dnsDomain: 'cluster.local' } })

  await settle(client.delete(secretKind, secret.metadata.name, 'kube-system'))
  await until(async () => (await clusterInfo()).data?.[signatureKey] === undefined, 10_000, 'the signature to go')
}, 60_000)

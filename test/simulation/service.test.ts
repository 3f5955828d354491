import { expect, test } from 'vitest'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { serviceKind } from '../../main/api/kinds/core/service.ts'
import type { Deployment, Pod, Service } from '../../main/api/generated/types.ts'
import { isPodReady } from '../../main/api/machinery/pod.ts'
import { bootedLab } from './simulated-lab.ts'

/** From a pod, by name: cluster DNS, kube-proxy's rules, the pod network and a web server, all on the way. */
test('a pod fetches a page through a Service, by its name', async () => {
  const lab = await bootedLab()
  const pods = async (namespace: string, labelSelector: string): Promise<readonly Pod[]> => (await lab.client.list(podKind, { namespace, labelSelector })).items
  await lab.until(async () => (await pods('kube-system', 'k8s-app=kube-dns')).filter(isPodReady).length === 2, 60_000, 'CoreDNS ready')
  await lab.until(async () => (await pods('kube-system', 'k8s-app=kube-proxy')).filter(isPodReady).length === 4, 60_000, 'kube-proxy ready')
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.14' }] } }
  await lab.settle(lab.client.create(deploymentKind, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template } } as Deployment))
  await lab.settle(lab.client.create(serviceKind, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } } as Service))
  await lab.until(async () => (await pods('default', 'app=web')).filter(isPodReady).length === 2, 60_000, 'the web server ready')
  const asker = (name: string, script: string): Promise<unknown> =>
    lab.settle(lab.client.create(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox:1.36', command: ['sh', '-c', script] }] } } as Pod))
  await asker('fetches', 'wget -qO- web | grep "Welcome to nginx!"')
  await asker('resolves', 'nslookup web.default.svc.cluster.local')
  await asker('fails', 'wget -qO- no-such-service')
  const phase = async (name: string): Promise<string | undefined> => (await lab.client.get(podKind, name, 'default')).status?.phase
  const outcome: Record<string, string | undefined> = {}
  for (const name of ['fetches', 'resolves', 'fails']) {
    await lab.until(async () => ['Succeeded', 'Failed'].includes((outcome[name] = await phase(name)) ?? ''), 60_000, `${name} to end`)
  }
  expect(outcome).toEqual({ fetches: 'Succeeded', resolves: 'Succeeded', fails: 'Failed' })
})

import { expect, it } from 'vitest'
import type { Deployment, PodDisruptionBudget, ServiceCIDR, V2HorizontalPodAutoscaler } from '../../main/api/generated/types.ts'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { horizontalPodAutoscalerKind } from '../../main/api/kinds/autoscaling/horizontal-pod-autoscaler.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { serviceCIDRKind } from '../../main/api/kinds/networking/service-cidr.ts'
import { podDisruptionBudgetKind } from '../../main/api/kinds/policy/pod-disruption-budget.ts'
import { bootedLab } from './simulated-lab.ts'

it('controllers act under their own accounts, with rights enough', async () => {
  const lab = await bootedLab({ workers: 2 })
  const { client } = lab
  const labels = { app: 'web' }
  const deployment: Deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: '100m' } } }] } } } }
  await lab.settle(client.create(deploymentKind, deployment))
  await lab.settle(client.create<PodDisruptionBudget>(podDisruptionBudgetKind, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web', namespace: 'default' }, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } }))
  await lab.settle(client.create<V2HorizontalPodAutoscaler>(horizontalPodAutoscalerKind, { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web', namespace: 'default' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 4, maxReplicas: 6 } }))
  await lab.settle(client.create<ServiceCIDR>(serviceCIDRKind, { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'more' }, spec: { cidrs: ['10.200.0.0/24'] } }))
  const budget = (): Promise<PodDisruptionBudget> => client.get<PodDisruptionBudget>(podDisruptionBudgetKind, 'web', 'default')
  // The autoscaler first brings the Deployment up to its minimum.
  await lab.until(async () => (await budget()).status?.disruptionsAllowed === 1 && (await budget()).status?.expectedPods === 4, 120_000, 'one disruption of four allowed')

  const pods = await lab.settle(client.list(podKind, { namespace: 'default' }))
  const evict = (name: string): Promise<unknown> => client.createSubresource(podKind, name, 'default', 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } })
  await lab.settle(evict(pods.items[0]!.metadata.name))
  await expect(lab.settle(evict(pods.items[1]!.metadata.name))).rejects.toThrow("Cannot evict pod as it would violate the pod's disruption budget.")
  await lab.until(async () => (await budget()).status?.disruptionsAllowed === 1, 120_000, 'the evicted pod replaced')

  const range = await lab.settle(client.get<ServiceCIDR>(serviceCIDRKind, 'more'))
  expect(range.status!.conditions).toMatchObject([{ type: 'Ready', status: 'True' }])
  await lab.cluster.kernel.runFor(20_000)
  const controlPlane = lab.cluster.machines.get('controlplane')!
  const manager = controlPlane.process('kube-controller-manager')!
  const errors = manager.journal.lines().map(({ text }) => text).filter((text) => /forbidden|Unauthorized/.test(text))
  expect(errors).toEqual([])
}, 60_000)

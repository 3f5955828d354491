import { describe, expect, test } from 'vitest'
import type { ConfigMap, CoreEvent, Deployment, Node, Service } from '../../main/api/generated/types.ts'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { configMapKind } from '../../main/api/kinds/core/config-map.ts'
import { eventKind } from '../../main/api/kinds/core/event.ts'
import { nodeKind } from '../../main/api/kinds/core/node.ts'
import { serviceKind } from '../../main/api/kinds/core/service.ts'
import { conditionOf } from '../../main/api/machinery/conditions.ts'
import { isNotFound } from '../../main/api/machinery/status-error.ts'
import { parseSpec, standardSpec, withCloud } from '../../main/cluster/spec.ts'
import { bootedLab, createLab, type SimulatedLab } from './simulated-lab.ts'

const cloudSpec = (seed = 1) => withCloud(standardSpec('cloud', seed))

const web = (replicas: number): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.14', ports: [{ containerPort: 80 }] }] } },
  },
}) as Deployment

const balanced = (more: Partial<NonNullable<Service['spec']>> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 80 }], ...more },
}) as Service

async function addressOf(lab: SimulatedLab): Promise<string | undefined> {
  return (await lab.client.get<Service>(serviceKind, 'web', 'default')).status?.loadBalancer?.ingress?.[0]?.ip
}

/** Asks over HTTP/1.1 as somebody outside would: bytes from the host's own stack. Answers what came back. */
function ask(lab: SimulatedLab, address: string, port = 80): Promise<string> {
  let text = ''
  const id = ++asked
  return new Promise((resolve) => {
    lab.cluster.kernel.schedule(0, () => {
      lab.cluster.traffic.apply({ type: 'open', id, to: { address, port } }, { onData: (bytes) => void (text += new TextDecoder().decode(bytes)), onEnd: () => resolve(text) })
      lab.cluster.traffic.apply({ type: 'data', id, bytes: btoa(`GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n`) })
    })
  })
}
let asked = 0

async function reasons(lab: SimulatedLab, kind: string, name: string): Promise<string[]> {
  const { items } = await lab.settle(lab.client.list<CoreEvent>(eventKind, { fieldSelector: `involvedObject.kind=${kind},involvedObject.name=${name}` }))
  return items.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
}

describe('a cluster on rented machines', () => {
  test('nodes are introduced by the cloud: providerID, zone, type, no taint, a route', async () => {
    const lab = await bootedLab({ spec: cloudSpec() })
    const node = (name: string): Promise<Node> => lab.client.get<Node>(nodeKind, name)
    await lab.until(async () => {
      const { items } = await lab.client.list<Node>(nodeKind)
      return items.length === 4 && items.every((each) => each.spec?.providerID && conditionOf(each.status?.conditions, 'NetworkUnavailable')?.status === 'False')
    }, 60_000, 'every node initialized')
    const worker = await lab.settle(node('worker-2'))
    expect(worker.spec?.providerID).toMatch(/^orrery:\/\/orbit-1b\/i-[0-9a-f]{16}$/)
    expect(worker.spec?.taints).toBeUndefined()
    expect(worker.metadata.labels).toMatchObject({ 'topology.kubernetes.io/zone': 'orbit-1b', 'topology.kubernetes.io/region': 'orbit-1', 'node.kubernetes.io/instance-type': 'standard-4-8' })
    expect(await reasons(lab, 'Node', 'worker-2')).toContain('Normal Synced: Node synced successfully')
    expect(lab.cluster.cloud!.provider.routes().map(({ target }) => target).sort()).toEqual(['controlplane', 'worker-1', 'worker-2', 'worker-3'])
  })

  test('a load balancer gets an address, carries traffic from outside to pods, and goes with its service', async () => {
    const lab = await bootedLab({ spec: cloudSpec() })
    await lab.settle(lab.client.create(deploymentKind, web(2)))
    await lab.settle(lab.client.create(serviceKind, balanced()))
    await lab.until(async () => (await addressOf(lab)) !== undefined, 60_000, 'an address')
    const address = (await lab.settle(addressOf(lab)))!
    expect(address).toBe('203.0.113.1')
    await lab.until(async () => (await lab.client.get<Deployment>(deploymentKind, 'web', 'default')).status?.readyReplicas === 2, 60_000, 'pods')
    await lab.until(() => lab.cluster.cloud!.provider.loadBalancers()[0]!.healthyTargets.length === 3, 30_000, 'healthy targets')
    // The slices are written and every kube-proxy has synced.
    await lab.cluster.kernel.runFor(3_000)
    expect(await lab.settle(ask(lab, address))).toContain('Welcome to nginx!')
    expect(await reasons(lab, 'Service', 'web')).toEqual(['Normal EnsuringLoadBalancer: Ensuring load balancer', 'Normal EnsuredLoadBalancer: Ensured load balancer'])
    await lab.settle(lab.client.delete(serviceKind, 'web', 'default'))
    await lab.until(async () => lab.client.get(serviceKind, 'web', 'default').then(() => false, isNotFound), 30_000, 'the service gone')
    expect(lab.cluster.cloud!.provider.loadBalancers()).toEqual([])
    expect(await lab.settle(ask(lab, address))).toBe('')
  })

  test('an instance that is gone takes its node with it, and load balancers leave it out', async () => {
    const lab = await bootedLab({ spec: cloudSpec() })
    await lab.settle(lab.client.create(serviceKind, balanced()))
    await lab.until(async () => (await addressOf(lab)) !== undefined, 60_000, 'an address')
    lab.cluster.fault({ type: 'terminateInstance', instance: 'worker-3' })
    await lab.until(async () => lab.client.get(nodeKind, 'worker-3').then(() => false, isNotFound), 120_000, 'the node gone')
    expect(await reasons(lab, 'Node', 'worker-3')).toContain('Normal DeletingNode: Deleting node worker-3 because it does not exist in the cloud provider')
    await lab.until(() => lab.cluster.cloud!.provider.loadBalancers()[0]!.targets.join() === 'worker-1,worker-2', 30_000, 'the targets')
    expect(await reasons(lab, 'Service', 'web')).toContain('Normal UpdatedLoadBalancer: Updated load balancer with new hosts')
  })

  test('a provider that fails is reported as upstream does, and asked again', async () => {
    const lab = await bootedLab({ spec: cloudSpec() })
    lab.cluster.fault({ type: 'cloudTrouble', trouble: { latencyMs: 500, errorRate: 1, operations: ['PutLoadBalancer'] } })
    await lab.settle(lab.client.create(serviceKind, balanced()))
    await lab.cluster.kernel.runFor(8_000)
    expect(await reasons(lab, 'Service', 'web')).toContain('Warning SyncLoadBalancerFailed: Error syncing load balancer: failed to ensure load balancer: InternalError: PutLoadBalancer: the service is unavailable, please try again later')
    lab.cluster.fault({ type: 'cloudTrouble', trouble: { latencyMs: 0, errorRate: 0, operations: [] } })
    await lab.until(async () => (await addressOf(lab)) !== undefined, 60_000, 'an address at last')
  })

  test('a machine that is switched off is tainted as shut down', async () => {
    const lab = await bootedLab({ spec: cloudSpec() })
    lab.cluster.fault({ type: 'powerOff', machine: 'worker-1' })
    const taints = async (): Promise<string[]> => ((await lab.client.get<Node>(nodeKind, 'worker-1')).spec?.taints ?? []).map(({ key }) => key)
    await lab.until(async () => (await taints()).includes('node.cloudprovider.kubernetes.io/shutdown'), 120_000, 'the taint')
    lab.cluster.fault({ type: 'powerOn', machine: 'worker-1' })
    await lab.until(async () => !(await taints()).includes('node.cloudprovider.kubernetes.io/shutdown'), 120_000, 'the taint gone')
  })

  test('the same seed gives the same run', async () => {
    const run = async (): Promise<string> => {
      const lab = createLab({ spec: cloudSpec(7) })
      lab.cluster.boot()
      await lab.cluster.kernel.runFor(20_000)
      return lab.traceDigest()
    }
    expect(await run()).toBe(await run())
  })

  test('the autoscaler orders a machine for pods that fit nowhere, and gives it back ten minutes after it is not needed', async () => {
    const lab = await bootedLab({ spec: parseSpec({ nodes: 1, cloud: { nodeGroups: [{ name: 'pool', min: 0, max: 2, cpu: 4, memoryGiB: 8 }] } }, 'scaled', 3) })
    const deployment = web(3)
    deployment.spec!.template.spec!.containers[0]!.resources = { requests: { cpu: '3' } }
    await lab.settle(lab.client.create(deploymentKind, deployment))
    await lab.until(async () => (await lab.client.get<Deployment>(deploymentKind, 'web', 'default')).status?.readyReplicas === 3, 300_000, 'all pods')
    const nodes = (await lab.settle(lab.client.list<Node>(nodeKind))).items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('pool-'))
    expect(nodes).toHaveLength(2)
    const said = (await lab.settle(lab.client.list<CoreEvent>(eventKind))).items.filter(({ source }) => source?.component === 'cluster-autoscaler').map(({ reason, message }) => `${reason}: ${message}`)
    expect(said).toContain('TriggeredScaleUp: pod triggered scale-up: [{pool 0->2 (max: 2)}]')
    await lab.settle(lab.client.patch(deploymentKind, 'web', 'default', 'merge', { spec: { replicas: 5 } }))
    await lab.until(async () => (await lab.client.list<CoreEvent>(eventKind)).items.some(({ message }) => message === "pod didn't trigger scale-up: 1 max node group size reached"), 60_000, 'the limit said')
    await lab.settle(lab.client.patch(deploymentKind, 'web', 'default', 'merge', { spec: { replicas: 1 } }))
    await lab.cluster.kernel.runFor(9 * 60_000)
    expect(lab.cluster.cloud!.provider.instances().filter(({ group }) => group === 'pool').length).toBe(2)
    await lab.until(async () => (await lab.client.list<Node>(nodeKind)).items.filter(({ metadata }) => metadata.name.startsWith('pool-')).length < 2, 600_000, 'a node gone')
    const map = await lab.settle(lab.client.get<ConfigMap>(configMapKind, 'cluster-autoscaler-status', 'kube-system'))
    expect(map.data!.status).toContain('autoscalerStatus: Running')
  })
})

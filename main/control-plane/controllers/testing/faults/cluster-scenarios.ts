import type { ConfigMap, Endpoints, IPAddress, Node, Pod, ResourceQuota, Service, ServiceCIDR } from '../../../../api/generated/types.ts'
import type { FakeApi } from '../../../../api/client/testing/fake-api.ts'
import { leaseKind } from '../../../../api/kinds/coordination/lease.ts'
import { configMapKind } from '../../../../api/kinds/core/config-map.ts'
import { endpointsKind } from '../../../../api/kinds/core/endpoints.ts'
import { namespaceKind } from '../../../../api/kinds/core/namespace.ts'
import { nodeKind } from '../../../../api/kinds/core/node.ts'
import { podKind } from '../../../../api/kinds/core/pod.ts'
import { resourceQuotaKind } from '../../../../api/kinds/core/resource-quota.ts'
import { serviceKind } from '../../../../api/kinds/core/service.ts'
import { endpointSliceKind } from '../../../../api/kinds/discovery/endpoint-slice.ts'
import { ipAddressKind } from '../../../../api/kinds/networking/ip-address.ts'
import { serviceCIDRKind } from '../../../../api/kinds/networking/service-cidr.ts'
import { ownerReference } from '../../../../api/machinery/object.ts'
import { formatMicroTime } from '../../../../api/machinery/time.ts'
import { endpointSliceMirroringController } from '../../endpoint-slice-mirroring/endpoint-slice-mirroring-controller.ts'
import { endpointSliceController } from '../../endpoint-slice/endpoint-slice-controller.ts'
import { endpointsController } from '../../endpoints/endpoints-controller.ts'
import { garbageCollectorController } from '../../garbage-collector/garbage-collector-controller.ts'
import { namespaceController } from '../../namespace/namespace-controller.ts'
import { nodeIpamController } from '../../node-ipam/node-ipam-controller.ts'
import { nodeLifecycleController } from '../../node-lifecycle/node-lifecycle-controller.ts'
import { podGarbageCollector } from '../../pod-garbage-collector/pod-garbage-collector.ts'
import { resourceQuotaController } from '../../resource-quota/resource-quota-controller.ts'
import { serviceCidrController } from '../../service-cidr/service-cidr-controller.ts'
import { taintEvictionController } from '../../taint-eviction/taint-eviction-controller.ts'
import { playNodes, readyStatus, seedNode, testNode, type ControllerBench } from '../controller-bench.ts'
import { ttlController } from '../../ttl/ttl-controller.ts'
import type { FaultScenario } from './scenario.ts'

const pod = (name: string, nodeName: string, labels: Record<string, string> = { app: 'web' }): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, spec: { nodeName, containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: '100m' } } }] } })

function run(b: ControllerBench, name: string, podIP: string): void {
  b.api.mutate<Pod>(podKind, 'default', name, (copy) => void (copy.status = readyStatus(b.kernel.now(), podIP)))
}

function seedNodes(api: FakeApi): void {
  for (const name of ['worker-1', 'worker-2', 'worker-3']) {
    seedNode(api, testNode(name))
    api.seed(leaseKind, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-node-lease' }, spec: { holderIdentity: name, leaseDurationSeconds: 40 } })
  }
}

const addressesIn = (b: ControllerBench): string[] => b.api.stored(endpointSliceKind).flatMap((slice) => (slice.endpoints ?? []).map(({ addresses, conditions }) => `${slice.metadata.ownerReferences?.[0]?.name} ${addresses[0]} ${conditions?.ready}`)).sort()

export const clusterScenarios: readonly FaultScenario[] = [
  {
    controllers: [endpointSliceController, endpointsController],
    story: 'a service follows its pods and goes',
    before: seedNodes,
    run: async (b) => {
      const service = (name: string): Service => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { selector: { app: 'web' }, clusterIP: '10.96.0.20', ipFamilies: ['IPv4'], ports: [{ port: 80, targetPort: 8080 }] } })
      b.api.seed(serviceKind, service('web'))
      b.api.seed(serviceKind, service('gone'))
      b.api.seed(podKind, pod('a', 'worker-1'))
      b.api.seed(podKind, pod('b', 'worker-2'))
      run(b, 'a', '10.244.1.2')
      await b.settle()
      run(b, 'b', '10.244.2.2')
      b.api.remove(serviceKind, 'default', 'gone')
      await b.settle()
      b.api.remove(podKind, 'default', 'a', { gracePeriodSeconds: 0 })
      await b.settle()
    },
    // Slices of a service that is gone are the garbage collector's.
    outcome: (b) => [addressesIn(b).filter((line) => line.startsWith('web ')), b.api.stored<Endpoints>(endpointsKind).map(({ metadata, subsets }) => [metadata.name, subsets?.flatMap(({ addresses }) => addresses?.map(({ ip }) => ip))])],
  },
  {
    controllers: [endpointSliceMirroringController],
    story: 'hand-made endpoints are mirrored, and no longer',
    run: async (b) => {
      const made = (name: string, ip: string): Endpoints => ({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace: 'default' }, subsets: [{ addresses: [{ ip }], ports: [{ port: 5432, protocol: 'TCP' }] }] })
      for (const name of ['db', 'old']) {
        b.api.seed<Service>(serviceKind, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { clusterIP: '10.96.0.9', ports: [{ port: 5432 }] } })
        b.api.seed(endpointsKind, made(name, '10.0.0.1'))
      }
      await b.settle()
      b.api.mutate<Endpoints>(endpointsKind, 'default', 'db', (copy) => void (copy.subsets = made('db', '10.0.0.2').subsets!))
      b.api.remove(endpointsKind, 'default', 'old')
      await b.settle()
    },
    outcome: addressesIn,
  },
  {
    controllers: [nodeLifecycleController(), taintEvictionController, podGarbageCollector(3)],
    story: 'a silent node is emptied and its pods are collected when it goes',
    before: seedNodes,
    run: async (b) => {
      const alive = new Set(['worker-1', 'worker-3'])
      b.process.clock.every(10_000, () => {
        for (const name of alive) b.api.mutate(leaseKind, 'kube-node-lease', name, (lease) => void (lease.spec = { ...lease.spec, renewTime: formatMicroTime(b.kernel.now()) }))
      })
      b.api.seed<Pod>(podKind, pod('a', 'worker-2'))
      run(b, 'a', '10.244.2.2')
      b.api.seed<Pod>(podKind, pod('kept', 'worker-1'))
      run(b, 'kept', '10.244.1.2')
      await b.kernel.runFor(300_000)
      b.api.remove(nodeKind, undefined, 'worker-2')
      await b.kernel.runFor(120_000)
    },
    outcome: (b) => [b.api.stored<Pod>(podKind).map(({ metadata }) => metadata.name), b.api.stored<Node>(nodeKind).map(({ metadata, spec }) => [metadata.name, spec?.taints?.map(({ key }) => key) ?? []])],
  },
  {
    controllers: [nodeIpamController('10.244.0.0/16', 24), ttlController],
    story: 'nodes get their ranges and times',
    before: seedNodes,
    run: async (b) => {
      await b.settle()
      b.api.remove(nodeKind, undefined, 'worker-2')
      await b.settle()
      seedNode(b.api, testNode('worker-4'))
      await b.settle()
    },
    // Which node has which range is chance; none may have another's.
    outcome: (b) => b.api.stored<Node>(nodeKind).map(({ metadata, spec }, index, all) => [metadata.name, metadata.annotations, spec?.podCIDRs?.length, all.findIndex((each) => each.spec?.podCIDR === spec?.podCIDR) === index]),
  },
  {
    controllers: [serviceCidrController],
    story: 'a range of addresses stays while it is used',
    run: async (b) => {
      const range = (name: string, cidr: string): ServiceCIDR => ({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name }, spec: { cidrs: [cidr] } })
      b.api.seed(serviceCIDRKind, range('kubernetes', '10.96.0.0/12'))
      b.api.seed(serviceCIDRKind, range('more', '10.200.0.0/24'))
      b.api.seed<IPAddress>(ipAddressKind, { apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata: { name: '10.200.0.7' }, spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } } })
      await b.settle()
      b.api.remove(serviceCIDRKind, undefined, 'more')
      await b.settle()
      b.api.remove(ipAddressKind, undefined, '10.200.0.7')
      await b.kernel.runFor(60_000)
    },
  },
  {
    controllers: [resourceQuotaController],
    story: 'a quota counts what comes and goes',
    run: async (b) => {
      b.api.seed<ResourceQuota>(resourceQuotaKind, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q', namespace: 'default' }, spec: { hard: { pods: '9', 'requests.cpu': '1', configmaps: '3' } } })
      for (const name of ['a', 'b']) b.api.seed(podKind, pod(name, 'worker-1'))
      b.api.seed<ConfigMap>(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'default' } })
      await b.kernel.runFor(30_000)
      b.api.remove(podKind, 'default', 'a', { gracePeriodSeconds: 0 })
      await b.kernel.runFor(30_000)
    },
  },
  {
    controllers: [namespaceController],
    story: 'a namespace is emptied and goes',
    before: (api) => api.serve(configMapKind, podKind, namespaceKind),
    run: async (b) => {
      playNodes(b)
      b.api.seed(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } })
      b.api.seed<ConfigMap>(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'team' } })
      b.api.seed<Pod>(podKind, { ...pod('a', 'worker-1'), metadata: { name: 'a', namespace: 'team' } })
      await b.settle()
      b.api.remove(namespaceKind, undefined, 'team')
      await b.kernel.runFor(60_000)
    },
  },
  ...(['Background', 'Foreground', 'Orphan'] as const).map((propagationPolicy): FaultScenario => ({
    controllers: [garbageCollectorController],
    story: `a family is deleted (${propagationPolicy})`,
    before: (api) => api.serve(configMapKind, namespaceKind),
    run: async (b) => {
      const map = (name: string, ...owners: readonly ConfigMap[]): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', ...(owners.length > 0 ? { ownerReferences: owners.map((owner) => ({ ...ownerReference(owner), blockOwnerDeletion: true })) } : {}) } })
      await b.kernel.runFor(100)
      const a = b.api.seed(configMapKind, map('a'))
      const other = b.api.seed(configMapKind, map('other'))
      const child = b.api.seed(configMapKind, map('child', a))
      b.api.seed(configMapKind, map('shared', a, other))
      b.api.seed(configMapKind, map('grandchild', child))
      await b.settle()
      b.api.remove(configMapKind, 'default', 'a', { propagationPolicy })
      await b.settle()
    },
  })),
]

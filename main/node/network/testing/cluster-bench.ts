import type { EndpointSlice, Pod, Service } from '../../../api/generated/types.ts'
import { FakeApi } from '../../../api/client/testing/fake-api.ts'
import { testEpoch } from '../../../api/client/testing/test-process.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { nodeHost } from '../../../kernel/host.node.ts'
import { serveHttp } from '../../../kernel/http.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { Machine } from '../../../kernel/machine.ts'
import { Network, type NetworkStack } from '../../../kernel/network.ts'
import { NodePodNetwork } from '../pod-network.ts'

/** Two workers with pod networks and a fake API, without kubelets: for what stands between pods. */
export class ClusterBench {
  readonly kernel: Kernel
  readonly network: Network
  readonly workers: readonly Machine[]
  readonly outside: Machine
  readonly api: FakeApi
  readonly podNetworks: readonly NodePodNetwork[]
  readonly pods = new Map<string, { readonly stack: NetworkStack; readonly address: string; readonly worker: number }>()

  constructor(seed = 1) {
    this.kernel = new Kernel({ host: nodeHost, seed, epoch: testEpoch })
    this.network = new Network(this.kernel)
    const machine = (name: string, address: string): Machine => new Machine(this.network, name, address, new SimulatedDisk(this.kernel, name))
    this.workers = [machine('worker-1', '192.168.64.11'), machine('worker-2', '192.168.64.12')]
    this.outside = machine('outside', '192.168.64.99')
    this.api = new FakeApi(this.outside.start('api', () => ({})))
    this.podNetworks = this.workers.map((worker, index) => {
      const network = new NodePodNetwork(worker.stack)
      network.usePodCidr(`10.244.${index + 1}.0/24`)
      return network
    })
    for (const name of ['default', 'kube-system']) this.api.seed(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }

  /** A pod on a worker that answers HTTP on :80 with its own name. The API knows of it when `more` is given. */
  async pod(name: string, worker: number, more?: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>>; readonly ports?: readonly object[] }): Promise<string> {
    const namespace = more?.namespace ?? 'default'
    const { stack, ips } = await this.kernel.settle(this.podNetworks[worker]!.add({ sandboxId: name, namespace, name, uid: name }))
    if (more) {
      this.api.seed(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { ...more.labels } }, spec: { nodeName: `worker-${worker + 1}`, containers: [{ name: 'main', image: 'web', ports: more.ports ?? [] }] } } as unknown as Pod)
      this.api.mutate(podKind, namespace, name, (pod) => {
        pod.status = { ...pod.status, phase: 'Running', podIP: ips[0]!, podIPs: [{ ip: ips[0]! }] }
      })
    }
    serveHttp(stack, 80, (exchange) => exchange.respond({ status: 200, headers: {}, body: new TextEncoder().encode(`${name} saw ${exchange.source.address}`) }))
    this.pods.set(name, { stack, address: ips[0]!, worker })
    return ips[0]!
  }

  service(name: string, spec: Partial<NonNullable<Service['spec']>>, namespace = 'default'): void {
    const clusterIps = spec.clusterIP ? { clusterIPs: [spec.clusterIP] } : {}
    this.api.seed(serviceKind, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }], ...clusterIps, ...spec } } as Service)
  }

  slice(service: string, pods: readonly string[], more: { readonly notReady?: readonly string[]; readonly port?: string; readonly hostnames?: boolean } = {}, namespace = 'default'): void {
    this.api.seed(endpointSliceKind, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${service}-abcde`, namespace, labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      ports: [{ name: more.port ?? '', port: 80, protocol: 'TCP' }],
      endpoints: pods.map((pod) => ({
        addresses: [this.pods.get(pod)!.address],
        nodeName: `worker-${this.pods.get(pod)!.worker + 1}`,
        conditions: { ready: !more.notReady?.includes(pod), serving: !more.notReady?.includes(pod), terminating: false },
        ...(more.hostnames ? { hostname: pod } : {}),
      })),
    } as EndpointSlice)
  }
}

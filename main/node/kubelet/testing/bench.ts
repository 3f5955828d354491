import type { CoreEvent, Pod, PodSpec, SubjectAccessReviewSpec } from '../../../api/generated/types.ts'
import { FakeApi } from '../../../api/client/testing/fake-api.ts'
import { testEpoch } from '../../../api/client/testing/test-process.ts'
import { eventKind } from '../../../api/kinds/core/event.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { nodeHost } from '../../../kernel/host.node.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { Machine, type RunningProcess } from '../../../kernel/machine.ts'
import { Network } from '../../../kernel/network.ts'
import { Kubelet, type KubeletOptions } from '../kubelet.ts'
import { FakeRuntime } from './fake-runtime.ts'

/** One node with a kubelet over a fake API and a fake runtime. */
export class KubeletBench {
  readonly kernel: Kernel
  readonly network: Network
  readonly machine: Machine
  readonly api: FakeApi
  readonly runtime: FakeRuntime
  process!: RunningProcess
  kubelet!: Kubelet
  /** Whom the API server lets at `nodes/<subresource>`; default: whom kubeadm's roles do. */
  allows: (user: string, groups: readonly string[], subresource: string) => boolean = (_user, groups) => groups.includes('kubeadm:cluster-admins') || groups.includes('system:masters')
  /** Users by token, as the API server knows them. */
  readonly tokens = new Map<string, string>()
  #nextIp = 2

  constructor(options: Partial<KubeletOptions> & { readonly seed?: number } = {}) {
    this.kernel = new Kernel({ host: nodeHost, seed: options.seed ?? 1, epoch: testEpoch })
    this.network = new Network(this.kernel)
    this.machine = new Machine(this.network, 'worker-1', '192.168.64.11', new SimulatedDisk(this.kernel, 'worker-1'))
    const outside = new Machine(this.network, 'outside', '192.168.64.99', new SimulatedDisk(this.kernel, 'outside')).start('api', () => ({}))
    const containerd = this.machine.start('containerd', () => ({}))
    this.api = new FakeApi(outside)
    this.#answerReviews()
    this.runtime = new FakeRuntime(containerd.clock, (config) => this.network.createStack('worker-1', config.name, [`10.244.1.${this.#nextIp++}`], this.machine.stack))
    this.startKubelet(options)
  }

  /** The API server's answers to the kubelet's questions about its clients. */
  #answerReviews(): void {
    const create = this.api.create.bind(this.api)
    this.api.create = async (kind, object, options) => {
      const { spec } = object as unknown as { spec?: SubjectAccessReviewSpec & { token?: string } }
      if (kind.plural === 'subjectaccessreviews') return { ...object, status: { allowed: this.allows(spec!.user ?? '', spec!.groups ?? [], spec!.resourceAttributes?.subresource ?? '') } }
      if (kind.plural !== 'tokenreviews') return create(kind, object, options)
      const username = this.tokens.get(spec!.token ?? '')
      return { ...object, status: username === undefined ? { user: {}, error: 'invalid bearer token' } : { authenticated: true, user: { username, groups: ['system:authenticated'] } } }
    }
  }

  startKubelet(options: Partial<KubeletOptions> = {}): void {
    this.process = this.machine.start('kubelet', (process) => {
      this.kubelet = new Kubelet(process, this.api, {
        nodeName: 'worker-1',
        nodeIps: ['192.168.64.11'],
        server: { address: '192.168.64.10', port: 6443 },
        runtime: this.runtime,
        capacity: { cpuMillis: 4000, memoryBytes: 8 * 1024 ** 3, pods: 110, ephemeralStorageBytes: 100 * 1024 ** 3 },
        clusterDns: ['10.96.0.10'],
        clusterDomain: 'cluster.local',
        ...options,
      })
      return this.kubelet
    })
  }

  run(ms: number): Promise<void> {
    return this.kernel.runFor(ms)
  }

  pod(name: string, spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
    return this.api.seed(podKind, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', ...metadata },
      spec: { nodeName: 'worker-1', containers: [{ name: 'main', image: 'nginx:1.14' }], ...spec },
    } as Pod)
  }

  get(name: string): Pod | undefined {
    return this.api.peek(podKind, 'default', name)
  }

  /** `Type Reason message` of the events about an object, in the order in which they were first written. */
  events(name: string): string[] {
    return this.api
      .stored<CoreEvent>(eventKind)
      .filter((event) => event.involvedObject.name === name)
      .map((event) => `${event.type} ${event.reason} ${event.message}${(event.count ?? 1) > 1 ? ` x${event.count}` : ''}`)
  }

  /** `Type=Status(reason)` of a pod's conditions, in order. */
  conditions(name: string): string[] {
    return (this.get(name)?.status?.conditions ?? []).map((condition) => `${condition.type}=${condition.status}${condition.reason ? `(${condition.reason})` : ''}`)
  }
}

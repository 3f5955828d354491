import { nodeHost } from '../../../kernel/host.node.ts'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { Machine, type RunningProcess } from '../../../kernel/machine.ts'
import { Network, type NetworkStack } from '../../../kernel/network.ts'
import type { ContainerNetwork, PodNetworkRequest } from '../../cni.ts'
import type { ContainerConfig, PodSandboxConfig } from '../../cri.ts'
import { bundledCatalogue } from '../images/bundled-catalogue.ts'
import { catalogueRegistries } from '../images/registry.ts'
import type { Resolver } from '../programs/program.ts'
import { standardPrograms } from '../programs/standard-programs.ts'
import { RuntimeClient } from '../runtime-client.ts'
import { containerRuntime } from '../runtime.ts'

const epoch = Date.UTC(2026, 0, 2, 3, 4, 5)

/** One node with a runtime and a client of it, under a virtual clock. */
export class NodeUnderTest {
  readonly kernel = new Kernel({ host: nodeHost, seed: 7, epoch })
  readonly network = new Network(this.kernel)
  readonly machine = new Machine(this.network, 'worker-1', '192.168.64.11', new SimulatedDisk(this.kernel, 'worker-1'))
  readonly stacks = new Map<string, NetworkStack>()
  /** What the runtime asked of the network plug-in. */
  readonly networkRequests: PodNetworkRequest[] = []
  runtimeProcess: RunningProcess
  readonly client: RuntimeClient
  readonly catalogue = bundledCatalogue()
  names: Readonly<Record<string, string>> = {}
  #pods = 0
  readonly #options

  constructor() {
    let next = 10
    const cni: ContainerNetwork = {
      ready: true,
      message: '',
      add: async (request) => {
        this.networkRequests.push(request)
        const stack = this.network.createStack('worker-1', request.name, [`10.244.1.${next++}`], this.machine.stack)
        this.stacks.set(request.sandboxId, stack)
        return { stack, ips: [...stack.addresses] }
      },
      remove: async (id) => {
        const stack = this.stacks.get(id)
        if (stack) this.network.release(stack)
        this.stacks.delete(id)
      },
    }
    const resolver: Resolver = {
      query: async (_stack, _server, question) => {
        const address = this.names[question.name]
        return address && question.type === 'A'
          ? { status: 'NOERROR', answers: [{ name: question.name, type: 'A', ttl: 30, data: address }] }
          : { status: address ? 'NOERROR' : 'NXDOMAIN', answers: [] }
      },
    }
    this.#options = { network: cni, registries: catalogueRegistries({ catalogue: this.catalogue }), programs: standardPrograms, resolver }
    this.runtimeProcess = this.machine.start('containerd', containerRuntime(this.#options))
    const kubelet = this.machine.start('kubelet', () => ({}))
    this.client = new RuntimeClient(kubelet)
  }

  restartRuntime(): void {
    this.runtimeProcess.crash()
    this.runtimeProcess = this.machine.start('containerd', containerRuntime(this.#options))
  }

  settle<T>(promise: Promise<T>, limitMs = 600_000): Promise<T> {
    return this.kernel.settle(promise, limitMs)
  }

  sandboxConfig(overrides: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
    const number = ++this.#pods
    return {
      name: `pod-${number}`,
      uid: `uid-${number}`,
      namespace: 'default',
      attempt: 0,
      hostname: `pod-${number}`,
      hostNetwork: false,
      logDirectory: `/var/log/pods/default_pod-${number}_uid-${number}`,
      dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'], options: ['ndots:5'] },
      portMappings: [],
      labels: {},
      annotations: {},
      runtimeHandler: '',
      hostAliases: [],
      ...overrides,
    }
  }

  containerConfig(image: string, overrides: Partial<ContainerConfig> = {}): ContainerConfig {
    return {
      name: 'main',
      attempt: 0,
      image,
      imageId: '',
      command: [],
      args: [],
      workingDir: '',
      env: [],
      mounts: [],
      labels: {},
      annotations: {},
      logPath: 'main/0.log',
      stdin: false,
      stdinOnce: false,
      tty: false,
      resources: { cpuRequestMillis: 0, cpuLimitMillis: 0, memoryLimitBytes: 0 },
      oomScoreAdj: 0,
      terminationMessagePath: '/dev/termination-log',
      readOnlyRootFilesystem: false,
      ...overrides,
    }
  }

  /** Pulls, creates and starts one container in a pod of its own. */
  async run(image: string, overrides: Partial<ContainerConfig> = {}, sandbox: Partial<PodSandboxConfig> = {}): Promise<{ sandboxId: string; containerId: string; logPath: string; ip: string }> {
    const sandboxConfig = this.sandboxConfig(sandbox)
    return this.settle(
      (async () => {
        const imageId = await this.client.pullImage(image)
        const sandboxId = await this.client.runPodSandbox(sandboxConfig)
        const containerId = await this.client.createContainer(sandboxId, { ...this.containerConfig(image, overrides), imageId })
        await this.client.startContainer(containerId)
        const { ips } = await this.client.podSandboxStatus(sandboxId)
        return { sandboxId, containerId, logPath: `${sandboxConfig.logDirectory}/main/0.log`, ip: ips[0] ?? '' }
      })(),
    )
  }

  log(path: string): string {
    return this.client
      .readLog(path)
      .map((line) => new TextDecoder().decode(line.bytes) + (line.partial ? '' : '\n'))
      .join('')
  }

  /** Runs a command in a container and answers what it wrote. */
  async exec(containerId: string, ...command: string[]): Promise<{ code: number; out: string; err: string }> {
    const result = await this.settle(this.client.execSync(containerId, command, 0))
    return { code: result.exitCode, out: new TextDecoder().decode(result.stdout), err: new TextDecoder().decode(result.stderr) }
  }
}

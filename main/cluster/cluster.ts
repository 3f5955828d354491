import { SimulatedDisk, type DiskBacking } from '../kernel/disk.ts'
import type { RecordedInput } from '../kernel/input-log.ts'
import { Kernel } from '../kernel/kernel.ts'
import { Machine } from '../kernel/machine.ts'
import { Network, type Endpoint } from '../kernel/network.ts'
import { Pacer } from '../kernel/pacer.ts'
import { OutsideCalls } from '../control-plane/apiserver/outbound/door.ts'
import { StoredObjects } from '../control-plane/apiserver/storage/stored-objects.ts'
import { BridgeError } from '../../preload/contract/bridge.ts'
import type { TimeState } from '../../preload/contract/time.ts'
import { addonsOf } from './addons.ts'
import { autoscalerAddon, cloudManagerAccess } from './cloud-addons.ts'
import { CloudSite, type CloudFault } from './cloud-site.ts'
import { metricsAddon } from './metrics-addon.ts'
import { ApiServers } from './api-servers.ts'
import { ClusterNode } from './cluster-node.ts'
import type { ClusterOptions } from './cluster-options.ts'
import { Gateway } from './gateway.ts'
import type { Host } from '../node/host/host.ts'
import { kubeadmConfigMaps } from './kubeadm-config-maps.ts'
import { kubeadmInit } from './kubeadm.ts'
import { LoadBalancer } from './load-balancer.ts'
import { Observer } from './observer/observer.ts'
import { OutsideTraffic } from './outside-traffic.ts'
import { addressOfMachine, type MachineSpec } from './spec.ts'

/** A fault that a person asked for. */
export type Fault =
  | { readonly type: 'powerOff' | 'powerOn'; readonly machine: string }
  | { readonly type: 'partition' | 'heal'; readonly a: string; readonly b: string }
  | { readonly type: 'kill'; readonly processId: string }
  | CloudFault

const apiServerPort = 6443
const etcdPort = 2379
/** The host, as seen from the simulated network. */
const hostAddress = '192.168.64.1'

/** A whole cluster on one kernel: machines from a spec, what runs on them, and the doors through which the outside looks and acts. */
export class Cluster {
  readonly options: ClusterOptions
  readonly kernel: Kernel
  readonly network: Network
  readonly pacer: Pacer
  readonly observer: Observer
  readonly gateway: Gateway
  /** The API servers' way to webhooks outside. */
  readonly outsideCalls: OutsideCalls
  readonly nodes = new Map<string, ClusterNode>()
  readonly machines = new Map<string, Machine>()
  readonly apiServers: ApiServers
  /** Before several API servers. */
  readonly loadBalancer: LoadBalancer | undefined
  /** The provider that the machines are rented from, where the spec has one. */
  readonly cloud: CloudSite | undefined
  /** Connections from the host to addresses of the simulated network. */
  readonly traffic: OutsideTraffic
  /** The control-plane endpoint: the load balancer's, or the one API server's. */
  readonly server: Endpoint
  /** Resolves when every node has been Ready once. */
  readonly ready: Promise<void>
  #onReady!: () => void
  readonly #stored: StoredObjects
  /** Machines that ever were: none gets the address of another. */
  #machineCount = 0
  readonly #timeListeners = new Set<() => void>()

  constructor(options: ClusterOptions) {
    const { spec } = options
    this.options = options
    this.kernel = new Kernel({ host: options.host, seed: spec.seed, epoch: options.epoch })
    this.network = new Network(this.kernel)
    this.pacer = new Pacer(this.kernel, options.host)
    this.ready = new Promise((resolve) => {
      this.#onReady = resolve
    })
    const controlPlanes = spec.machines.filter((machine) => machine.role === 'control-plane')
    const [firstControlPlane] = controlPlanes
    if (!firstControlPlane) throw new Error('a cluster needs a control-plane machine')
    if (spec.loadBalancerAddress !== undefined) {
      const backends = controlPlanes.map(({ name, address }) => ({ machine: name, address }))
      this.loadBalancer = new LoadBalancer(this.kernel, this.network, { address: spec.loadBalancerAddress, port: apiServerPort, backends })
    }
    this.server = this.loadBalancer?.endpoint ?? { address: firstControlPlane.address, port: apiServerPort }
    this.apiServers = new ApiServers(controlPlanes.map(({ name }) => name), (machine) => this.loadBalancer?.isHealthy(machine) ?? true)
    this.#stored = new StoredObjects(options.freeze ?? false)
    this.outsideCalls = new OutsideCalls(this.kernel, (label, data, run) => this.gateway.enter(label, data, run), options.performOutbound, () => this.pacer.state !== 'running' || this.pacer.speed === Infinity)
    for (const machineSpec of spec.machines) this.#addNode(machineSpec, options.backingOf?.(machineSpec.name))
    if (spec.cloud) {
      this.cloud = new CloudSite(this.kernel, this.network, spec, spec.cloud, {
        launch: (name, { cpuMillis, memoryBytes, storageBytes, podsMax, labels }) => {
          const address = addressOfMachine(this.#machineCount)
          const node = this.#addNode({ name, role: 'worker', address, cpuMillis, memoryBytes, storageBytes, podsMax, labels })
          this.observer.watchMachine(node.machine)
          node.boot()
          this.observer.machineryChanged()
          return address
        },
        isOn: (name) => this.machines.get(name)?.poweredOn ?? false,
        switchOn: (name) => {
          this.nodes.get(name)?.powerOn()
          this.observer.machineryChanged()
        },
        switchOff: (name) => {
          this.machines.get(name)?.powerOff()
          this.observer.machineryChanged()
        },
        scrap: (name) => this.#scrap(name),
      })
      this.machines.set(this.cloud.machine.name, this.cloud.machine)
    }
    this.traffic = new OutsideTraffic(this.network.createStack('host', 'host', [hostAddress]))
    this.observer = new Observer(this.kernel, this.network, this.machines)
    this.gateway = new Gateway(this.kernel, this.pacer, this.observer.messages, this.apiServers)
    this.pacer.onChange(() => this.#timeChanged())
  }

  /** A machine with what runs on it, switched off. */
  #addNode(machineSpec: MachineSpec, backing?: DiskBacking): ClusterNode {
    const { options } = this
    const firstControlPlane = options.spec.machines.find(({ role }) => role === 'control-plane')!
    this.#machineCount++
    const machine = new Machine(this.network, machineSpec.name, machineSpec.address, new SimulatedDisk(this.kernel, machineSpec.name, backing))
    const node = new ClusterNode(machine, machineSpec, options, {
      server: machineSpec.role === 'control-plane' ? { address: machineSpec.address, port: apiServerPort } : this.server,
      controlPlaneEndpoint: this.server,
      etcd: { address: machineSpec === firstControlPlane ? '127.0.0.1' : firstControlPlane.address, port: etcdPort },
      stored: this.#stored,
      outbound: this.outsideCalls,
      reach: (name) => this.reach(name, machineSpec.name),
      apiServerStarted: (apiServer, scope) => this.apiServers.started(machineSpec.name, apiServer, scope),
    })
    this.machines.set(machine.name, machine)
    this.nodes.set(machine.name, node)
    return node
  }

  /** Takes a machine out of the world: whatever ran on it is gone, and so are its addresses. */
  #scrap(name: string): void {
    this.machines.get(name)?.powerOff()
    this.network.releaseMachine(name)
    this.machines.delete(name)
    this.nodes.delete(name)
    this.observer.machineryChanged()
  }

  /** Powers everything on. The kernel has to run for anything to happen. */
  boot(): void {
    const { spec } = this.options
    this.loadBalancer?.boot()
    this.cloud?.boot()
    for (const node of this.nodes.values()) node.boot()
    const controlPlane = [...this.nodes.values()].find((node) => node.spec.role === 'control-plane')!
    const { server } = this
    const url = `https://${server.address}:${server.port}`
    controlPlane.machine.start(
      'kubeadm',
      kubeadmInit({
        server,
        addons: [...(spec.cloud ? cloudManagerAccess() : []), ...addonsOf(spec, url)],
        configMaps: kubeadmConfigMaps(spec, url, this.options.caCertificate),
        lateAddons: [...metricsAddon(), ...(spec.cloud && spec.cloud.nodeGroups.length > 0 ? autoscalerAddon(spec.cloud.nodeGroups) : [])],
        nodes: spec.machines.map((machine) => machine.name),
        controlPlanes: spec.machines.filter((machine) => machine.role === 'control-plane').map((machine) => machine.name),
        onReady: () => this.#onReady(),
      }),
    )
  }

  /** A machine to log in on, by name or address ('' = the first control-plane machine), or why that cannot be, as ssh says it.
   *  `from` is the machine that asks. To be called inside an event. */
  reach(machine: string, from = ''): Host | string {
    const nodes = [...this.nodes.values()]
    const controlPlane = nodes.find((node) => node.spec.role === 'control-plane')!
    const node = machine === '' ? controlPlane : nodes.find(({ spec }) => spec.name === machine || spec.address === machine)
    if (!node) return `ssh: Could not resolve hostname ${machine}: Name or service not known`
    if (!node.machine.poweredOn) return `ssh: connect to host ${node.spec.name} port 22: No route to host`
    if (this.network.isCut(from === '' ? controlPlane.spec.name : from, node.spec.name)) return `ssh: connect to host ${node.spec.name} port 22: Connection timed out`
    return node.host
  }

  /** Makes something go wrong, as a recorded input. Throws BridgeError for names that do not exist. */
  fault(fault: Fault): void {
    const run = this.#faultAction(fault)
    this.kernel.input('fault', fault, () => {
      run()
      this.observer.machineryChanged()
    }, this.pacer.stamp())
  }

  /** Replays a run's recorded inputs: each happens again as the event that it was, its answers go nowhere. Call before running. */
  replay(inputs: readonly RecordedInput[]): void {
    this.kernel.replay(inputs, (input) => {
      if (input.label === 'fault') {
        this.#faultAction(input.data as Fault)()
        this.observer.machineryChanged()
      } else this.gateway.replay(input)
    })
  }

  /** While paused: runs the next `count` events. */
  stepEvents(count: number): Promise<void> {
    return this.pacer.step(count)
  }

  /** While paused: runs what is due within `durationMs`. */
  async stepDuration(durationMs: number): Promise<void> {
    await this.pacer.stepTo(this.kernel.now() + durationMs)
  }

  timeState(): TimeState {
    const { kernel, pacer } = this
    const target = pacer.target()
    const nextAt = kernel.nextTime()
    return {
      now: kernel.now(),
      epoch: this.options.epoch,
      paused: pacer.state === 'paused',
      speed: pacer.speed === Infinity ? 0 : pacer.speed,
      behindMs: target === Infinity ? 0 : Math.max(0, Math.round(target - kernel.now())),
      executed: kernel.executed,
      ...(nextAt === undefined ? {} : { nextAt }),
    }
  }

  onTimeChange(listener: () => void): () => void {
    this.#timeListeners.add(listener)
    return () => this.#timeListeners.delete(listener)
  }

  /** Stops every process in order, etcd last, so that what was acknowledged is on disk. */
  async stop(): Promise<void> {
    this.pacer.pause()
    this.pacer.stop()
    this.observer.close()
    const etcd = [...this.machines.values()].map((machine) => machine.process('etcd')).filter((process) => process !== undefined)
    await Promise.all(etcd.map((process) => this.kernel.settle(Promise.resolve(process.stop()), 10_000).catch(() => {})))
  }

  #timeChanged(): void {
    for (const listener of this.#timeListeners) listener()
  }

  #faultAction(fault: Fault): () => void {
    const machine = (name: string): ClusterNode => {
      const node = this.nodes.get(name)
      if (!node) throw new BridgeError({ code: 'not-found', message: `there is no machine ${name}` })
      return node
    }
    const standing = (name: string): Machine => {
      const found = this.machines.get(name)
      if (!found) throw new BridgeError({ code: 'not-found', message: `there is no machine ${name}` })
      return found
    }
    switch (fault.type) {
      case 'powerOff': {
        const node = machine(fault.machine)
        return () => node.machine.powerOff()
      }
      case 'powerOn': {
        const node = machine(fault.machine)
        return () => node.powerOn()
      }
      case 'partition':
      case 'heal': {
        const [a, b] = [standing(fault.a).name, standing(fault.b).name]
        return () => (fault.type === 'heal' ? this.network.heal(a, b) : this.network.partition(a, b))
      }
      case 'kill': {
        const at = fault.processId.lastIndexOf('@')
        const on = standing(fault.processId.slice(at + 1))
        const name = fault.processId.slice(0, at)
        if (!on.process(name)) throw new BridgeError({ code: 'not-found', message: `no process ${fault.processId} is running` })
        return () => on.process(name)?.crash()
      }
      case 'terminateInstance':
      case 'cloudTrouble': {
        const { cloud } = this
        if (!cloud) throw new BridgeError({ code: 'not-found', message: 'this lab has no cloud' })
        if (fault.type === 'cloudTrouble') return () => cloud.provider.setTrouble(fault.trouble)
        if (!this.machines.has(fault.instance)) throw new BridgeError({ code: 'not-found', message: `there is no instance ${fault.instance}` })
        return () => {
          if (this.machines.has(fault.instance)) cloud.provider.terminate(fault.instance)
        }
      }
    }
  }
}

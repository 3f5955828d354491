import { serveHttp } from '../../../kernel/http.ts'
import type { Process, Program } from '../../../kernel/machine.ts'
import { CloudError, cloudProviderName, noTrouble, type CloudTrouble, type Instance, type InstanceTemplate, type LoadBalancer, type LoadBalancerRequest, type NodeGroup, type Route } from '../cloud-api.ts'
import { Balancer } from './balancer.ts'
import { cloudHandler } from './cloud-server.ts'

/** The machines behind the instances: who really makes, switches and scraps them. */
export interface InstanceHost {
  /** Makes a machine and switches it on; answers its address. */
  launch(name: string, template: InstanceTemplate, zone: string): string
  isOn(name: string): boolean
  switchOn(name: string): void
  switchOff(name: string): void
  scrap(name: string): void
}

export interface CloudProviderOptions {
  readonly region: string
  readonly zones: readonly string[]
  /** What is rented from the start. */
  readonly instances: readonly { readonly name: string; readonly address: string; readonly zone: string; readonly type: string }[]
  readonly groups: readonly Omit<NodeGroup, 'target' | 'type'>[]
  readonly host: InstanceHost
  /** The first three numbers of load balancers' addresses. */
  readonly addressPrefix?: string
}

interface Rented {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly zone: string
  readonly group: string
  readonly launchedAt: number
  address: string
}

export const cloudPort = 443
/** How long a machine takes from being ordered to being switched on. */
const launchMs = 15_000
const balancersMax = 250

/** The cloud behind a cluster: instances in zones, a routing table, load balancers, groups of equal instances. It stands outside the
 *  cluster and knows nothing of Kubernetes. What it is told to do badly (`trouble`) it does to every customer. */
export class CloudProvider {
  readonly options: CloudProviderOptions
  trouble: CloudTrouble = noTrouble
  #process: Process | undefined
  readonly #instances = new Map<string, Rented>()
  readonly #routes = new Map<string, Route>()
  readonly #balancers = new Map<string, Balancer>()
  /** What load balancers were asked to be: they survive a crash of the provider's machinery. */
  readonly #wanted = new Map<string, { readonly address: string; readonly request: LoadBalancerRequest }>()
  readonly #targets = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  readonly #calls = new Map<string, { count: number; failed: number }>()
  /** Real ports of the host that lead to a load balancer, as whoever opened them says; not a part of the run. */
  readonly hostPorts = new Map<string, readonly { readonly port: number; readonly hostPort: number }[]>()

  constructor(options: CloudProviderOptions) {
    this.options = options
    for (const group of options.groups) this.#targets.set(group.name, group.min)
  }

  /** The provider's process: its API on :443, its load balancers. */
  program(): (process: Process) => Program {
    return (process) => {
      this.#process = process
      if (this.#instances.size === 0) {
        for (const { name, address, zone, type } of this.options.instances) this.#instances.set(name, { id: this.#newId(), name, address, zone, type, group: '', launchedAt: process.clock.now() })
      }
      serveHttp(process.stack, cloudPort, cloudHandler(process, this), { scope: process.scope })
      for (const [name, { address, request }] of this.#wanted) this.#balancers.set(name, this.#balancer(name, address, request))
      process.scope.onClose(() => {
        for (const balancer of this.#balancers.values()) balancer.close()
        this.#balancers.clear()
      })
      process.expose('cloud', () => this.view())
      // What was ordered when the provider's machinery died is ordered anew.
      for (const [name, { address }] of this.#instances) if (address === '') this.#instances.delete(name)
      for (const { name } of this.options.groups) this.#fill(name)
      return {}
    }
  }

  get region(): string {
    return this.options.region
  }

  instances(): Instance[] {
    return [...this.#instances.values()].map((rented) => this.#shown(rented))
  }

  /** By id or name; throws NotFound. */
  instance(idOrName: string): Instance {
    return this.#shown(this.#find(idOrName))
  }

  /** Gives an instance back for good; its group gets smaller by one. */
  terminate(idOrName: string): void {
    const { name, group } = this.#find(idOrName)
    this.#instances.delete(name)
    if (group !== '') this.#targets.set(group, Math.max(this.#group(group).min, (this.#targets.get(group) ?? 0) - 1))
    this.#log('Instance terminated', { name })
    this.options.host.scrap(name)
    for (const route of [...this.#routes.values()]) if (route.target === name) this.#routes.delete(route.name)
    this.#changed()
    if (group !== '') this.#fill(group)
  }

  stop(idOrName: string): void {
    this.options.host.switchOff(this.#find(idOrName).name)
    this.#changed()
  }

  start(idOrName: string): void {
    this.options.host.switchOn(this.#find(idOrName).name)
    this.#changed()
  }

  routes(): Route[] {
    return [...this.#routes.values()]
  }

  putRoute(route: Route): void {
    if (!this.#instances.has(route.target)) throw new CloudError(404, 'InstanceNotFound', `the instance '${route.target}' does not exist`)
    this.#routes.set(route.name, route)
    this.#changed()
  }

  deleteRoute(name: string): void {
    if (!this.#routes.delete(name)) throw new CloudError(404, 'RouteNotFound', `the route '${name}' does not exist`)
    this.#changed()
  }

  loadBalancers(): LoadBalancer[] {
    return [...this.#balancers.values()].map((balancer) => balancer.view())
  }

  loadBalancer(name: string): LoadBalancer {
    const balancer = this.#balancers.get(name)
    if (!balancer) throw new CloudError(404, 'LoadBalancerNotFound', `the load balancer '${name}' does not exist`)
    return balancer.view()
  }

  putLoadBalancer(name: string, request: LoadBalancerRequest): LoadBalancer {
    const closed = request.ports.find(({ nodePort }) => nodePort === 0)
    if (closed) throw new CloudError(400, 'InvalidPort', `port ${closed.port} has no node port, and load balancers of this cloud reach nodes through node ports only`)
    const old = this.#wanted.get(name)
    const address = old?.address ?? this.#freeAddress(request.address)
    this.#wanted.set(name, { address, request })
    const balancer = this.#balancers.get(name)
    if (balancer) balancer.update(request)
    else {
      this.#balancers.set(name, this.#balancer(name, address, request))
      this.#log('Load balancer created', { name, address, for: request.description })
    }
    this.#changed()
    return this.loadBalancer(name)
  }

  deleteLoadBalancer(name: string): void {
    if (!this.#wanted.delete(name)) throw new CloudError(404, 'LoadBalancerNotFound', `the load balancer '${name}' does not exist`)
    this.#balancers.get(name)?.close()
    this.#balancers.delete(name)
    this.#log('Load balancer deleted', { name })
    this.#changed()
  }

  nodeGroups(): NodeGroup[] {
    return this.options.groups.map((group) => ({ ...group, type: typeOf(group.template), target: this.#targets.get(group.name) ?? group.min }))
  }

  /** Makes a group grow (machines come up a while later) or shrink (the newest go). */
  resize(name: string, target: number): void {
    const { min, max } = this.#group(name)
    if (!Number.isInteger(target) || target < min || target > max) throw new CloudError(400, 'InvalidSize', `the size of '${name}' has to be between ${min} and ${max}, not ${target}`)
    this.#targets.set(name, target)
    const members = [...this.#instances.values()].filter(({ group }) => group === name)
    for (const { name: member } of members.slice(target)) {
      this.#instances.delete(member)
      this.options.host.scrap(member)
    }
    this.#fill(name)
    this.#changed()
  }

  /** Told of every change of what is rented or asked for. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Something outside changed that shows: a machine was switched off, a host port opened. */
  touched(): void {
    this.#process?.changed('cloud')
  }

  setTrouble(trouble: CloudTrouble): void {
    this.trouble = trouble
    this.touched()
  }

  /** Counts a call for the dashboard. */
  called(operation: string, failed: boolean): void {
    const entry = this.#calls.get(operation) ?? { count: 0, failed: 0 }
    entry.count++
    if (failed) entry.failed++
    this.#calls.set(operation, entry)
    this.touched()
  }

  view(): unknown {
    return {
      region: this.region,
      zones: this.options.zones,
      trouble: this.trouble,
      instances: this.instances().slice(0, 1_000),
      routes: this.routes().slice(0, 1_000),
      loadBalancers: [...this.#balancers.values()].map((balancer) => ({ ...balancer.view(), connections: balancer.connections, hostPorts: this.hostPorts.get(balancer.name) ?? [] })),
      nodeGroups: this.nodeGroups().map(({ name, min, max, target, type }) => ({ name, min, max, target, type })),
      calls: [...this.#calls].map(([operation, counts]) => ({ operation, ...counts })),
    }
  }

  #fill(group: string): void {
    const { template } = this.#group(group)
    const members = [...this.#instances.values()].filter((rented) => rented.group === group)
    for (let missing = (this.#targets.get(group) ?? 0) - members.length; missing > 0; missing--) {
      const process = this.#process!
      const zone = this.#emptiestZone(group)
      const name = `${group}-${process.random.suffix(5)}`
      const rented: Rented = { id: this.#newId(), name, zone, type: typeOf(template), group, launchedAt: process.clock.now(), address: '' }
      this.#instances.set(name, rented)
      this.#log('Instance ordered', { name, zone, group })
      process.clock.after(launchMs, () => {
        if (this.#instances.get(name) !== rented) return
        rented.address = this.options.host.launch(name, template, zone)
        this.#log('Instance runs', { name, address: rented.address })
        this.#changed()
      })
    }
  }

  #emptiestZone(group: string): string {
    const count = (zone: string): number => [...this.#instances.values()].filter((rented) => rented.zone === zone && rented.group === group).length
    return this.options.zones.reduce((best, zone) => (count(zone) < count(best) ? zone : best))
  }

  #group(name: string): Omit<NodeGroup, 'target' | 'type'> {
    const found = this.options.groups.find((group) => group.name === name)
    if (!found) throw new CloudError(404, 'NodeGroupNotFound', `the node group '${name}' does not exist`)
    return found
  }

  #find(idOrName: string): Rented {
    const found = this.#instances.get(idOrName) ?? [...this.#instances.values()].find(({ id }) => id === idOrName)
    if (!found) throw new CloudError(404, 'InstanceNotFound', `the instance '${idOrName}' does not exist`)
    return found
  }

  #shown({ id, name, type, zone, group, launchedAt, address }: Rented): Instance {
    const state = address === '' ? 'pending' : this.options.host.isOn(name) ? 'running' : 'stopped'
    return { id, name, providerId: `${cloudProviderName}://${zone}/${id}`, type, region: this.region, zone, address, state, group, launchedAt }
  }

  #balancer(name: string, address: string, request: LoadBalancerRequest): Balancer {
    const addressOf = (target: string): string | undefined => this.#instances.get(target)?.address || undefined
    return new Balancer(this.#process!, name, address, request, addressOf, () => this.touched())
  }

  #freeAddress(wanted: string): string {
    const prefix = this.options.addressPrefix ?? '203.0.113'
    const taken = new Set([...this.#wanted.values()].map(({ address }) => address))
    const own = new RegExp(`^${prefix.replaceAll('.', '\\.')}\\.\\d+$`)
    if (wanted !== '' && own.test(wanted) && !taken.has(wanted)) return wanted
    for (let last = 1; last <= balancersMax; last++) if (!taken.has(`${prefix}.${last}`)) return `${prefix}.${last}`
    throw new CloudError(429, 'AddressLimitExceeded', `all ${balancersMax} addresses for load balancers are in use`)
  }

  #newId(): string {
    const { random } = this.#process!
    return `i-${random.uint32().toString(16).padStart(8, '0')}${random.uint32().toString(16).padStart(8, '0')}`
  }

  #log(text: string, fields: Record<string, unknown>): void {
    this.#process?.journal.info(text, fields)
  }

  #changed(): void {
    this.touched()
    for (const listener of [...this.#listeners]) listener()
  }
}

/** `standard-4-8`: processors and GiB. */
export function typeOf({ cpuMillis, memoryBytes }: Pick<InstanceTemplate, 'cpuMillis' | 'memoryBytes'>): string {
  return `standard-${Math.max(1, Math.round(cpuMillis / 1_000))}-${Math.max(1, Math.round(memoryBytes / 1024 ** 3))}`
}

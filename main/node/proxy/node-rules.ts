import type { Kernel } from '../../kernel/kernel.ts'
import type { Flow, FlowFilter, FlowPart, NetworkStack, Verdict } from '../../kernel/network.ts'
import type { Random } from '../../kernel/random.ts'
import { parseAddress, parseRange, rangeContains } from '../network/addresses.ts'
import type { ProxyMode } from './proxy-mode.ts'
import type { ProxyEndpoint, ServicePortRules } from './service-rules.ts'

type Entrance = 'cluster' | 'external' | 'loadBalancer'

interface Target {
  readonly rules: ServicePortRules
  readonly entrance: Entrance
}

interface Affinity {
  readonly endpoint: ProxyEndpoint
  readonly usedAt: number
}

/** The service rules in force on one node: what iptables would hold. They stand in the way of every flow that leaves the node
 *  or its pods, and of those that reach the node from outside; they stay when the proxy that wrote them ends. */
export class NodeRules {
  /** Whose rules these are: it decides how they look, and that ipvs takes endpoints in turn where the others choose by chance. */
  mode: ProxyMode = 'iptables'
  readonly #turns = new Map<string, number>()
  readonly #stack: NetworkStack
  readonly #kernel: Kernel
  readonly #random: Random
  readonly #services = new Map<string, readonly ServicePortRules[]>()
  readonly #byAddress = new Map<string, Target>()
  readonly #byNodePort = new Map<string, Target>()
  readonly #affinity = new Map<string, Affinity>()
  /** Connections sent to an endpoint, by service port. */
  readonly #counts = new Map<string, number>()

  constructor(stack: NetworkStack) {
    this.#stack = stack
    this.#kernel = stack.network.kernel
    this.#random = this.#kernel.random.stream(`service rules/${stack.name}`)
    const filter: FlowFilter = (flow) => this.#apply(flow)
    // Addresses are translated before anything judges them.
    stack.egress.unshift(filter)
    stack.ingress.unshift(filter)
  }

  /** All rules, in no particular order. */
  *rules(): IterableIterator<ServicePortRules> {
    for (const ports of this.#services.values()) yield* ports
  }

  servicesCount(): number {
    return this.#services.size
  }

  connections(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** Replaces the rules of one service (`namespace/name`); an empty list removes them. */
  replace(service: string, ports: readonly ServicePortRules[]): void {
    for (const old of this.#services.get(service) ?? []) this.#index(old, false)
    if (ports.length === 0) for (const old of this.#services.get(service) ?? []) this.#turns.delete(old.name)
    if (ports.length === 0) this.#services.delete(service)
    else this.#services.set(service, ports)
    for (const rules of ports) this.#index(rules, true)
  }

  /** Services that have rules. */
  services(): readonly string[] {
    return [...this.#services.keys()]
  }

  #index(rules: ServicePortRules, add: boolean): void {
    const put = (map: Map<string, Target>, key: string, entrance: Entrance): void => {
      if (add) map.set(key, { rules, entrance })
      else if (map.get(key)?.rules === rules) map.delete(key)
    }
    const { protocol, port } = rules
    for (const address of rules.clusterIps) put(this.#byAddress, `${protocol}/${address}/${port}`, 'cluster')
    for (const address of rules.externalIps) put(this.#byAddress, `${protocol}/${address}/${port}`, 'external')
    for (const address of rules.loadBalancerIps) put(this.#byAddress, `${protocol}/${address}/${port}`, 'loadBalancer')
    if (rules.nodePort !== 0) put(this.#byNodePort, `${protocol}/${rules.nodePort}`, 'external')
  }

  #apply(flow: Flow): Verdict {
    const target = this.#targetOf(flow)
    if (!target) return 'accept'
    const { rules, entrance } = target
    const note = (text: string, part: FlowPart = 'rule'): void => flow.note?.(part, this.#stack.machine, text)
    note(`${flow.destination.address}:${flow.destination.port} is ${entrance === 'cluster' ? 'the cluster IP' : entrance === 'loadBalancer' ? 'a load balancer address' : 'a node port or external IP'} of ${rules.name} (${this.mode})`)
    if (!rules.anyEndpoints) {
      note('rejected: it has no endpoints')
      return 'reject'
    }
    if (entrance === 'loadBalancer' && !this.#sourceAllowed(rules, flow.sourceAddress)) {
      note(`dropped: ${flow.sourceAddress} is in none of its loadBalancerSourceRanges`)
      return 'drop'
    }
    // Traffic that starts on the node itself or its pods may use any endpoint, as if the policy were Cluster.
    const fromHere = flow.source === this.#stack || flow.source.parent === this.#stack
    const endpoints = entrance === 'cluster' || fromHere ? rules.clusterEndpoints : rules.externalEndpoints
    if (endpoints.length === 0) {
      note('dropped: it has no endpoints on this node, and its traffic policy is Local')
      return 'drop'
    }
    const endpoint = this.#choose(rules, endpoints, flow.sourceAddress)
    this.#counts.set(rules.name, (this.#counts.get(rules.name) ?? 0) + 1)
    flow.destination = { address: endpoint.address, port: endpoint.port }
    note(`endpoint ${endpoint.address}:${endpoint.port} chosen of ${endpoints.length}${rules.affinitySeconds > 0 ? ', by client affinity' : ''}`, 'backend')
    if (entrance !== 'cluster' && rules.masqueradeExternal && !fromHere) {
      note(`source ${flow.sourceAddress} masqueraded as ${this.#stack.address}`)
      flow.sourceAddress = this.#stack.address
    }
    return 'accept'
  }

  #targetOf(flow: Flow): Target | undefined {
    const { address, port } = flow.destination
    const direct = this.#byAddress.get(`${flow.protocol}/${address}/${port}`)
    if (direct) return direct
    const target = this.#byNodePort.get(`${flow.protocol}/${port}`)
    if (!target) return undefined
    const mine = this.#stack.addresses.includes(address) || (address.startsWith('127.') && flow.source === this.#stack)
    return mine ? target : undefined
  }

  #sourceAllowed(rules: ServicePortRules, source: string): boolean {
    if (rules.loadBalancerSourceRanges.length === 0) return true
    const address = parseAddress(source)
    return address !== undefined && rules.loadBalancerSourceRanges.some((text) => {
      const range = parseRange(text)
      return range !== undefined && rangeContains(range, address)
    })
  }

  #choose(rules: ServicePortRules, endpoints: readonly ProxyEndpoint[], source: string): ProxyEndpoint {
    if (rules.affinitySeconds === 0) return this.#fresh(rules, endpoints)
    const key = `${rules.name}/${source}`
    const now = this.#kernel.now()
    const old = this.#affinity.get(key)
    const kept = old && now - old.usedAt < rules.affinitySeconds * 1000 ? endpoints.find((endpoint) => endpoint.address === old.endpoint.address && endpoint.port === old.endpoint.port) : undefined
    const endpoint = kept ?? this.#fresh(rules, endpoints)
    // The newest go last: the oldest are forgotten first.
    this.#affinity.delete(key)
    this.#affinity.set(key, { endpoint, usedAt: now })
    if (this.#affinity.size > affinityMax) this.#affinity.delete(this.#affinity.keys().next().value!)
    return endpoint
  }

  #fresh(rules: ServicePortRules, endpoints: readonly ProxyEndpoint[]): ProxyEndpoint {
    if (this.mode !== 'ipvs') return this.#random.pick(endpoints)
    const turn = this.#turns.get(rules.name) ?? 0
    this.#turns.set(rules.name, turn + 1)
    return endpoints[turn % endpoints.length]!
  }
}

const affinityMax = 10_000

const installed = new WeakMap<NetworkStack, NodeRules>()

/** The rules of a node's network; installed when first asked for. */
export function rulesOf(stack: NetworkStack): NodeRules {
  let rules = installed.get(stack)
  if (!rules) installed.set(stack, (rules = new NodeRules(stack)))
  return rules
}

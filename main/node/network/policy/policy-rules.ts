import type { Namespace, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Pod } from '../../../api/generated/types.ts'
import { matchesSelector, selectorOf, type Selector } from '../../../api/machinery/labels.ts'
import type { Protocol } from '../../../kernel/network.ts'
import { parseAddress, parseRange, rangeContains, type AddressRange } from '../addresses.ts'

/** NetworkPolicies as questions about one flow. Follows the API's definition: a pod that some policy of a direction selects accepts
 *  in that direction only what one of these policies allows; policies add up, and their order does not matter. Pure. */
export interface CompiledPolicy {
  readonly name: string
  readonly namespace: string
  readonly selects: Selector
  /** Absent: the policy says nothing of that direction. An empty list allows nothing. */
  readonly ingress?: readonly CompiledRule[]
  readonly egress?: readonly CompiledRule[]
}

interface CompiledRule {
  /** Absent: anybody. */
  readonly peers?: readonly CompiledPeer[]
  /** Absent: every port of every protocol. */
  readonly ports?: readonly CompiledPort[]
}

type CompiledPeer = { readonly range: AddressRange; readonly except: readonly AddressRange[] } | { readonly namespaces: Selector | undefined; readonly pods: Selector | undefined }

interface CompiledPort {
  readonly protocol: string
  /** A number, a container port's name, or every port. */
  readonly port: number | string | undefined
  readonly endPort: number
}

/** One end of a flow: the pod that has the address, where one has. */
export interface PolicyPeer {
  readonly address: string
  readonly pod?: Pod
  readonly namespace?: Namespace
}

export type Direction = 'ingress' | 'egress'

export function compilePolicy(policy: NetworkPolicy): CompiledPolicy {
  const { spec } = policy
  const types = spec?.policyTypes ?? ['Ingress', ...(spec?.egress ? ['Egress'] : [])]
  return {
    name: policy.metadata.name,
    namespace: policy.metadata.namespace ?? '',
    selects: selectorOf(spec?.podSelector ?? {}),
    ...(types.includes('Ingress') ? { ingress: (spec?.ingress ?? []).map(({ from, ports }) => compileRule(from, ports)) } : {}),
    ...(types.includes('Egress') ? { egress: (spec?.egress ?? []).map(({ to, ports }) => compileRule(to, ports)) } : {}),
  }
}

function compileRule(peers: readonly NetworkPolicyPeer[] | undefined, ports: readonly NetworkPolicyPort[] | undefined): CompiledRule {
  return {
    ...(peers && peers.length > 0 ? { peers: peers.map(compilePeer).filter((peer) => peer !== undefined) } : {}),
    ...(ports && ports.length > 0 ? { ports: ports.map(({ port, endPort, protocol }) => ({ protocol: (protocol ?? 'TCP').toLowerCase(), port, endPort: endPort ?? (typeof port === 'number' ? port : 0) })) } : {}),
  }
}

/** Undefined: a block of addresses that no IPv4 flow is in. */
function compilePeer({ ipBlock, namespaceSelector, podSelector }: NetworkPolicyPeer): CompiledPeer | undefined {
  if (!ipBlock) return { namespaces: namespaceSelector && selectorOf(namespaceSelector), pods: podSelector && selectorOf(podSelector) }
  const range = parseRange(ipBlock.cidr)
  return range && { range, except: (ipBlock.except ?? []).flatMap((text) => parseRange(text) ?? []) }
}

/** What the policies that select a pod say of a flow: which one allows it; `isolated` without one: it is dropped. */
export interface PolicyVerdict {
  readonly isolated: boolean
  readonly allowedBy?: CompiledPolicy
}

/** `selecting`: the policies that select the pod at the near end. `target` is the receiving end (whose container ports have names);
 *  `peer` the far end. */
export function judge(selecting: readonly CompiledPolicy[], direction: Direction, peer: PolicyPeer, target: PolicyPeer, protocol: Protocol, port: number): PolicyVerdict {
  let isolated = false
  for (const policy of selecting) {
    const rules = policy[direction]
    if (!rules) continue
    isolated = true
    if (rules.some((rule) => allowsPort(rule.ports, target, protocol, port) && allowsPeer(rule.peers, policy.namespace, peer))) return { isolated, allowedBy: policy }
  }
  return { isolated }
}

function allowsPeer(peers: readonly CompiledPeer[] | undefined, policyNamespace: string, peer: PolicyPeer): boolean {
  if (!peers) return true
  const address = parseAddress(peer.address)
  return peers.some((each) => {
    if ('range' in each) return address !== undefined && rangeContains(each.range, address) && !each.except.some((range) => rangeContains(range, address))
    const { pod, namespace } = peer
    if (!pod) return false
    const inNamespace = each.namespaces ? namespace !== undefined && matchesSelector(each.namespaces, namespace.metadata.labels) : pod.metadata.namespace === policyNamespace
    return inNamespace && (!each.pods || matchesSelector(each.pods, pod.metadata.labels))
  })
}

function allowsPort(ports: readonly CompiledPort[] | undefined, target: PolicyPeer, protocol: Protocol, port: number): boolean {
  if (!ports) return true
  return ports.some((each) => {
    if (each.protocol !== protocol) return false
    if (each.port === undefined) return true
    if (typeof each.port === 'number') return port >= each.port && port <= each.endPort
    return containerPorts(target.pod, each.port, protocol).includes(port)
  })
}

function containerPorts(pod: Pod | undefined, name: string, protocol: string): number[] {
  const sidecars = (pod?.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  return [...(pod?.spec?.containers ?? []), ...sidecars].flatMap((container) => (container.ports ?? []).filter((port) => port.name === name && (port.protocol ?? 'TCP').toLowerCase() === protocol).map((port) => port.containerPort))
}

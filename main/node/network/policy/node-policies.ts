import type { Namespace, Pod } from '../../../api/generated/types.ts'
import { matchesSelector } from '../../../api/machinery/labels.ts'
import type { Flow, NetworkStack, Verdict } from '../../../kernel/network.ts'
import { judge, type CompiledPolicy, type Direction, type PolicyPeer } from './policy-rules.ts'

/** What a node knows of the cluster for judging flows, answered from indexed caches. */
export interface PolicyFacts {
  /** Of that namespace, and a number that changes with them. */
  policiesOf(namespace: string): { readonly generation: number; readonly policies: readonly CompiledPolicy[] }
  /** The pod that has an address (not one of the node's network). */
  podAt(address: string): Pod | undefined
  namespace(name: string): Namespace | undefined
}

/** NetworkPolicies in force on one node, where the node's packet filter would have them: behind the translation of Services' addresses,
 *  for flows that leave its pods and those that reach them. They stay when the agent that wrote them ends. What is not allowed is
 *  dropped without a word. Connections that are already open stay, as conntrack lets them. A node always reaches its own pods,
 *  and a pod itself. */
export class NodePolicies {
  facts: PolicyFacts | undefined
  readonly #stack: NetworkStack
  readonly #selecting = new WeakMap<Pod, { readonly generation: number; readonly policies: readonly CompiledPolicy[] }>()
  readonly #counts = { allowed: 0, dropped: 0 }

  constructor(stack: NetworkStack) {
    this.#stack = stack
    stack.egress.push((flow) => this.#leaving(flow))
    stack.ingress.push((flow) => this.#arriving(flow))
  }

  /** New connections that a policy had a say in. */
  get counts(): { readonly allowed: number; readonly dropped: number } {
    return this.#counts
  }

  #leaving(flow: Flow): Verdict {
    const { facts } = this
    if (!facts || flow.source.parent !== this.#stack || flow.source.addresses.includes(flow.destination.address) || flow.destination.address.startsWith('127.')) return 'accept'
    return this.#judge(facts, 'egress', flow, flow.source.address)
  }

  #arriving(flow: Flow): Verdict {
    const { facts } = this
    if (!facts || flow.source === this.#stack || flow.source.addresses.includes(flow.destination.address)) return 'accept'
    if (this.#stack.addresses.includes(flow.destination.address)) return 'accept'
    // The source's address is translated behind the filter.
    return this.#judge(facts, 'ingress', flow, flow.sourceAddress === this.#stack.address ? flow.source.address : flow.sourceAddress)
  }

  #judge(facts: PolicyFacts, direction: Direction, flow: Flow, sourceAddress: string): Verdict {
    const nearAddress = direction === 'ingress' ? flow.destination.address : sourceAddress
    const pod = facts.podAt(nearAddress)
    if (!pod) return 'accept'
    const selecting = this.#selectingOf(facts, pod)
    if (selecting.length === 0) return 'accept'
    const source = peerOf(facts, sourceAddress)
    const target = peerOf(facts, flow.destination.address)
    const { isolated, allowedBy } = judge(selecting, direction, direction === 'ingress' ? source : target, target, flow.protocol, flow.destination.port)
    if (!isolated) return 'accept'
    const dropped = allowedBy === undefined
    this.#counts[dropped ? 'dropped' : 'allowed']++
    flow.note?.('policy', this.#stack.machine, dropped ? `dropped: ${direction} of ${pod.metadata.namespace}/${pod.metadata.name} is isolated by ${selecting.filter((policy) => policy[direction]).map(({ name }) => name).join(', ')}, and no rule allows it` : `${direction} allowed by NetworkPolicy ${allowedBy.namespace}/${allowedBy.name}`)
    return dropped ? 'drop' : 'accept'
  }

  /** Judged once for each version of a pod and of its namespace's policies. */
  #selectingOf(facts: PolicyFacts, pod: Pod): readonly CompiledPolicy[] {
    const { generation, policies } = facts.policiesOf(pod.metadata.namespace ?? '')
    if (policies.length === 0) return policies
    let known = this.#selecting.get(pod)
    if (known?.generation !== generation) this.#selecting.set(pod, (known = { generation, policies: policies.filter((policy) => matchesSelector(policy.selects, pod.metadata.labels)) }))
    return known.policies
  }
}

function peerOf(facts: PolicyFacts, address: string): PolicyPeer {
  const pod = facts.podAt(address)
  const namespace = pod && facts.namespace(pod.metadata.namespace ?? '')
  return { address, ...(pod ? { pod } : {}), ...(namespace ? { namespace } : {}) }
}

const installed = new WeakMap<NetworkStack, NodePolicies>()

/** The policies of a node's network; installed when first asked for. */
export function policiesOf(stack: NetworkStack): NodePolicies {
  let policies = installed.get(stack)
  if (!policies) installed.set(stack, (policies = new NodePolicies(stack)))
  return policies
}

import type { Endpoint, Flow, NetworkStack, Verdict } from '../../kernel/network.ts'
import type { PodNetworkRequest } from '../cni.ts'

type PortMapping = NonNullable<PodNetworkRequest['portMappings']>[number]

/** Host ports of a node's pods, as the portmap plug-in makes them: what reaches the node on such a port goes to the pod. */
export class HostPorts {
  readonly #stack: NetworkStack
  readonly #targets = new Map<string, { readonly sandboxId: string; readonly target: Endpoint }>()

  constructor(nodeStack: NetworkStack) {
    this.#stack = nodeStack
    const filter = (flow: Flow): Verdict => this.#apply(flow)
    // Addresses are translated before anything judges them.
    nodeStack.egress.unshift(filter)
    nodeStack.ingress.unshift(filter)
  }

  add(sandboxId: string, podAddress: string, mappings: readonly PortMapping[]): void {
    for (const mapping of mappings) {
      const hostIp = mapping.hostIp === '' || mapping.hostIp === '0.0.0.0' ? '*' : mapping.hostIp
      this.#targets.set(`${mapping.protocol.toLowerCase()}/${hostIp}/${mapping.hostPort}`, { sandboxId, target: { address: podAddress, port: mapping.containerPort } })
    }
  }

  remove(sandboxId: string): void {
    for (const [key, entry] of this.#targets) if (entry.sandboxId === sandboxId) this.#targets.delete(key)
  }

  #apply(flow: Flow): Verdict {
    if (this.#targets.size === 0) return 'accept'
    const { address, port } = flow.destination
    const mine = this.#stack.addresses.includes(address) || (address.startsWith('127.') && flow.source === this.#stack)
    if (!mine) return 'accept'
    const found = this.#targets.get(`${flow.protocol}/${address}/${port}`) ?? this.#targets.get(`${flow.protocol}/*/${port}`)
    if (found) flow.destination = found.target
    return 'accept'
  }
}

import type { NetworkStack } from '../../kernel/network.ts'
import type { ContainerNetwork, PodNetwork, PodNetworkRequest } from '../cni.ts'
import { AddressPool } from './address-pool.ts'
import { HostPorts } from './host-ports.ts'
import { formatRange, parseRange } from './addresses.ts'

/** How long the plug-in takes to set up or tear down a pod's interface, ms. */
const setUpMs = 6
const tearDownMs = 4

/** One pod's interface, for whoever looks. */
export interface PodInterface {
  readonly sandboxId: string
  readonly namespace: string
  readonly pod: string
  readonly address: string
}

/** The network plug-in of one node: gives each sandbox an address of the node's pod CIDR and a network of its own behind the
 *  node's. Not ready until the CIDR is known. Routes between nodes are the simulated network itself. */
export class NodePodNetwork implements ContainerNetwork {
  readonly #nodeStack: NetworkStack
  readonly #interfaces = new Map<string, { readonly request: PodNetworkRequest; readonly stack: NetworkStack; readonly address: string }>()
  readonly #byAddress = new Map<string, PodInterface>()
  readonly #waiting = new Set<() => void>()
  #pool: AddressPool | undefined
  #hostPorts: HostPorts | undefined

  /** `nodeStack` is the machine's own network. */
  constructor(nodeStack: NetworkStack) {
    this.#nodeStack = nodeStack
  }

  get ready(): boolean {
    return this.#pool !== undefined
  }

  get message(): string {
    return this.#pool ? '' : 'Network plugin returns error: cni plugin not initialized'
  }

  get podCidr(): string | undefined {
    return this.#pool && formatRange(this.#pool.range)
  }

  /** Node.spec.podCIDR has become known. Later ranges are ignored: a node keeps its own. */
  usePodCidr(podCidr: string): void {
    if (this.#pool) return
    const range = parseRange(podCidr)
    if (!range) throw new Error(`invalid CIDR address: ${podCidr}`)
    this.#pool = new AddressPool(range)
    for (const ready of this.#waiting) ready()
    this.#waiting.clear()
  }

  /** Calls `ready` once the pod CIDR is known, at once when it is. Answers how to give up waiting. */
  onReady(ready: () => void): () => void {
    if (this.#pool) ready()
    else this.#waiting.add(ready)
    return () => this.#waiting.delete(ready)
  }

  async add(request: PodNetworkRequest): Promise<PodNetwork> {
    const pool = this.#pool
    if (!pool) throw new Error('cni plugin not initialized')
    const existing = this.#interfaces.get(request.sandboxId)
    if (existing) return { stack: existing.stack, ips: [existing.address] }
    const address = pool.allocate()
    await this.#spend(setUpMs)
    const stack = this.#nodeStack.network.createStack(this.#nodeStack.machine, `${request.namespace}/${request.name}`, [address], this.#nodeStack)
    this.#interfaces.set(request.sandboxId, { request, stack, address })
    this.#byAddress.set(address, { sandboxId: request.sandboxId, namespace: request.namespace, pod: request.name, address })
    if (request.portMappings && request.portMappings.length > 0) (this.#hostPorts ??= new HostPorts(this.#nodeStack)).add(request.sandboxId, address, request.portMappings)
    return { stack, ips: [address] }
  }

  async remove(sandboxId: string): Promise<void> {
    const found = this.#interfaces.get(sandboxId)
    if (!found) return
    this.#interfaces.delete(sandboxId)
    this.#byAddress.delete(found.address)
    this.#hostPorts?.remove(sandboxId)
    await this.#spend(tearDownMs)
    this.#nodeStack.network.release(found.stack)
    this.#pool?.release(found.address)
  }

  interfaces(): PodInterface[] {
    return [...this.#byAddress.values()]
  }

  /** Whose one of this node's pod addresses is. */
  podAt(address: string): PodInterface | undefined {
    return this.#byAddress.get(address)
  }

  #spend(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#nodeStack.network.kernel.schedule(ms, resolve))
  }
}

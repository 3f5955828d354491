import type { Kernel } from '../../kernel/kernel.ts'
import type { Delivery, Network, NetworkStack, TrafficKind } from '../../kernel/network.ts'
import type { MessageBatch, MessageFlow, PathEnd } from '../../../preload/contract/observe.ts'
import { Coalescer } from './coalesce.ts'

const batchPeriodMs = 100
const flowsMax = 400
/** Beyond this many distinct flows in one batch, labels no longer tell them apart. */
const distinctMax = 200

/** Who listens on the well-known ports of a node. */
const processByPort: Readonly<Record<number, string>> = {
  2379: 'etcd',
  2381: 'etcd',
  6443: 'kube-apiserver',
  10249: 'kube-proxy',
  10250: 'kubelet',
  10256: 'kube-proxy',
  10257: 'kube-controller-manager',
  10259: 'kube-scheduler',
}

type OpenFlow = { -readonly [K in keyof MessageFlow]: MessageFlow[K] }

/** What the wires carried, merged and thinned to what a person can see. Costs nothing while nobody listens. */
export class MessageFeed {
  readonly #kernel: Kernel
  readonly #network: Network
  readonly #listeners = new Set<(batch: MessageBatch) => void>()
  readonly #coalescer: Coalescer
  #flows = new Map<string, OpenFlow>()
  #dropped = 0
  #unsubscribe: (() => void) | undefined

  constructor(kernel: Kernel, network: Network) {
    this.#kernel = kernel
    this.#network = network
    this.#coalescer = new Coalescer(batchPeriodMs, () => this.#flush())
  }

  listen(listener: (batch: MessageBatch) => void): () => void {
    this.#listeners.add(listener)
    this.#unsubscribe ??= this.#network.onDelivery((delivery) => this.#add(delivery))
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#unsubscribe?.()
      this.#unsubscribe = undefined
    }
  }

  /** A request from outside the simulated wires: a person's kubectl, this window. */
  addOutside(agent: string, machine: string, kind: TrafficKind, label: string, user: boolean): void {
    if (this.#listeners.size === 0) return
    this.#merge({
      from: { machine: '', process: agent },
      to: { machine, process: 'kube-apiserver' },
      kind,
      label,
      count: 1,
      bytes: 0,
      sentAt: this.#kernel.now(),
      transitMs: 0.1,
      spanId: this.#kernel.trace.current,
      user,
    })
  }

  close(): void {
    this.#unsubscribe?.()
    this.#coalescer.stop()
  }

  #add(delivery: Delivery): void {
    const root = delivery.cause === 0 ? undefined : this.#kernel.trace.root(delivery.cause)
    this.#merge({
      from: endOf(delivery.from, delivery.fromPort, delivery.fromDialer ? delivery.dialer : ''),
      to: endOf(delivery.to, delivery.toPort, delivery.fromDialer ? '' : delivery.dialer),
      kind: delivery.message.kind,
      label: delivery.message.label,
      count: 1,
      bytes: delivery.message.bytes,
      sentAt: delivery.sentAt,
      transitMs: delivery.arrivesAt === undefined ? -1 : delivery.arrivesAt - delivery.sentAt,
      spanId: delivery.cause,
      user: root?.attributes.user === true,
    })
  }

  #merge(flow: OpenFlow): void {
    const ends = `${flow.from.machine}/${flow.from.process}/${flow.from.pod ?? ''}>${flow.to.machine}/${flow.to.process}/${flow.to.pod ?? ''}|${flow.kind}|${flow.user}`
    const key = this.#flows.size < distinctMax ? `${ends}|${flow.label}` : ends
    const known = this.#flows.get(key)
    if (known) {
      known.count++
      known.bytes += flow.bytes
    } else if (this.#flows.size < flowsMax) this.#flows.set(key, flow)
    else this.#dropped++
    this.#coalescer.poke()
  }

  #flush(): void {
    const batch: MessageBatch = { time: this.#kernel.now(), flows: [...this.#flows.values()], dropped: this.#dropped }
    this.#flows = new Map()
    this.#dropped = 0
    for (const listener of this.#listeners) listener(batch)
  }
}

function endOf(stack: NetworkStack, port: number, dialer: string): PathEnd {
  if (stack.parent) return { machine: stack.machine, process: '', pod: stack.name }
  return { machine: stack.machine, process: dialer || processByPort[port] || '' }
}

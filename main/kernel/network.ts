import type { Kernel } from './kernel.ts'
import type { Random } from './random.ts'

/** What a message is, for whoever watches the wires. */
export type TrafficKind = 'read' | 'write' | 'watch' | 'heartbeat' | 'event' | 'storage' | 'raft' | 'cri' | 'probe' | 'log' | 'stream' | 'dns' | 'traffic'

/** One message on a connection. `body` is handed over by reference and must not change after it was sent. */
export interface Message {
  readonly kind: TrafficKind
  /** A few words for a person: `POST /api/v1/namespaces/default/pods`. */
  readonly label: string
  /** Size on the wire if it were real; 0 when nobody counted. */
  readonly bytes: number
  readonly body: unknown
}

export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** Why a connection ended: `closed` by a side, `reset` because a side died, `timeout` because nothing came through. */
export type CloseReason = 'closed' | 'reset' | 'timeout'

/** A reliable, ordered stream of messages, as a TCP connection is one of bytes. */
export interface Connection {
  readonly id: number
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Where the dialer wanted to go, before any rule rewrote it. */
  readonly dialed: Endpoint
  readonly closed: boolean
  send(message: Message): void
  /** Messages that came before a handler was set are kept for it. */
  onMessage(handler: (message: Message) => void): void
  onClose(handler: (reason: CloseReason) => void): void
  close(reason?: CloseReason): void
}

/** Dialing failed. The words are those of Go's net package. */
export class DialError extends Error {
  readonly code: 'refused' | 'timeout' | 'unreachable'
  constructor(code: DialError['code'], to: Endpoint) {
    const reason = { refused: 'connect: connection refused', timeout: 'i/o timeout', unreachable: 'connect: no route to host' }[code]
    super(`dial tcp ${to.address}:${to.port}: ${reason}`)
    this.code = code
  }
}

export type Protocol = 'tcp' | 'udp'

/** A new connection on its way: who, from where, to where. `destination` may be rewritten by filters. */
export interface Flow {
  readonly protocol: Protocol
  readonly source: NetworkStack
  /** A filter may replace it (SNAT): the target then sees that address. */
  sourceAddress: string
  destination: Endpoint
  /** Present when somebody follows the flow: filters say there what they did with it, and where. */
  readonly note?: (part: FlowPart, machine: string, text: string) => void
}

/** What kind of thing happened to a flow: somebody opens it, a rule matches it, a backend is chosen for it, a policy judges it, it
 *  arrives on another machine, a listener takes it, replies go back, or it ends there. */
export type FlowPart = 'open' | 'rule' | 'backend' | 'policy' | 'arrival' | 'listener' | 'reply' | 'failure'

/** Something that happened to a flow, and on which machine. */
export interface FlowStep {
  readonly part: FlowPart
  readonly machine: string
  readonly text: string
}

/** A flow as it was followed: hop by hop, with its end. */
export interface FollowedFlow {
  readonly steps: readonly FlowStep[]
  readonly outcome: 'connected' | DialError['code']
  /** After all rewriting. */
  readonly destination: Endpoint
  readonly sourceAddress: string
}

/** What a filter says of a flow: go on (perhaps rewritten), refuse it with a reset, or drop it silently. */
export type Verdict = 'accept' | 'reject' | 'drop'

/** A rule set in a flow's way: `egress` runs in the dialer's stack and then its machine, `ingress` in the target's machine
 *  and then the target's stack. A filter may change `flow.destination` (DNAT) and must be pure otherwise. A machine whose
 *  ingress sends a flow to another address forwards it there. */
export type FlowFilter = (flow: Flow) => Verdict

/** How a path between two machines behaves. */
export interface LinkQuality {
  /** One-way, ms. */
  readonly latencyMs: number
  /** Fraction of latency added at most at random. */
  readonly jitter: number
  /** Probability that a message has to be sent again (which costs `retransmitMs`). */
  readonly loss: number
}

const loopback: LinkQuality = { latencyMs: 0.03, jitter: 0.2, loss: 0 }
const localNetwork: LinkQuality = { latencyMs: 0.25, jitter: 0.3, loss: 0 }
const retransmitMs = 200
const dialTimeoutMs = 10_000
/** Machines that a flow may be forwarded through. */
const forwardsMax = 4
/** How long unacknowledged data keeps a connection alive: what kubelets use (TCP_USER_TIMEOUT of http2 ping + timeout). */
const deadPeerMs = 30_000

/** Something that crossed the wires, told to observers after the fact decided (delivered or not). */
export interface Delivery {
  readonly id: number
  readonly from: NetworkStack
  readonly to: NetworkStack
  readonly fromPort: number
  readonly toPort: number
  readonly message: Message
  readonly sentAt: number
  /** When it arrives; undefined when a partition held it. */
  readonly arrivesAt: number | undefined
  readonly cause: number
  /** Which process dialed the connection, where it said so; and whether it is the dialer who sends. */
  readonly dialer: string
  readonly fromDialer: boolean
}

/** All the wires between the simulated machines. */
export class Network {
  readonly kernel: Kernel
  readonly #random: Random
  readonly #byAddress = new Map<string, NetworkStack>()
  readonly #links = new Map<string, LinkQuality>()
  readonly #cuts = new Set<string>()
  readonly #held = new Set<Wire>()
  readonly #observers = new Set<(delivery: Delivery) => void>()
  #nextId = 1

  constructor(kernel: Kernel) {
    this.kernel = kernel
    this.#random = kernel.random.stream('network')
  }

  /** Creates a network stack (a host's, or a pod sandbox's network namespace) on a machine. */
  createStack(machine: string, name: string, addresses: readonly string[], parent?: NetworkStack): NetworkStack {
    const stack = new NetworkStack(this, machine, name, parent)
    for (const address of addresses) this.assign(stack, address)
    return stack
  }

  assign(stack: NetworkStack, address: string): void {
    if (this.#byAddress.has(address)) throw new Error(`address ${address} is already in use by ${this.#byAddress.get(address)!.name}`)
    this.#byAddress.set(address, stack)
    stack.addresses.push(address)
  }

  release(stack: NetworkStack): void {
    for (const address of stack.addresses.splice(0)) this.#byAddress.delete(address)
    stack.shutDown('reset')
  }

  /** Releases every stack of a machine, its sandboxes' included: it is scrapped. */
  releaseMachine(machine: string): void {
    for (const stack of new Set(this.#byAddress.values())) if (stack.machine === machine) this.release(stack)
  }

  stackAt(address: string): NetworkStack | undefined {
    return this.#byAddress.get(address)
  }

  /** Sets how the path between two machines behaves (both ways). */
  setLink(a: string, b: string, quality: LinkQuality): void {
    this.#links.set(pair(a, b), quality)
  }

  /** Cuts the path between two machines, both ways; messages on the way are held until it heals or they give up. */
  partition(a: string, b: string): void {
    this.#cuts.add(pair(a, b))
  }

  heal(a: string, b: string): void {
    this.#cuts.delete(pair(a, b))
    for (const wire of [...this.#held]) {
      if (!this.isCut(wire.client.machine, wire.server.machine)) {
        this.#held.delete(wire)
        wire.flush()
      }
    }
  }

  isCut(a: string, b: string): boolean {
    return this.#cuts.size > 0 && a !== b && this.#cuts.has(pair(a, b))
  }

  /** Pairs of machines whose path is cut. */
  partitions(): (readonly [string, string])[] {
    return [...this.#cuts].map((cut) => cut.split('|') as [string, string])
  }

  /** Tells `observer` of every message. */
  onDelivery(observer: (delivery: Delivery) => void): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  /** Ms that the next message between two machines takes. */
  delayMs(a: string, b: string): number {
    const quality = this.#links.get(pair(a, b)) ?? (a === b ? loopback : localNetwork)
    let delay = quality.latencyMs * (1 + this.#random.float() * quality.jitter)
    while (quality.loss > 0 && this.#random.chance(quality.loss)) delay += retransmitMs
    return delay
  }

  /** Opens a connection for `source`. Rejects with a DialError. */
  dial(source: NetworkStack, to: Endpoint, protocol: Protocol = 'tcp', first?: Message, dialer = ''): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const flow: Flow = { protocol, source, sourceAddress: source.sourceAddressFor(to.address), destination: to }
      const route = this.#route(flow)
      if ('failure' in route) return void this.kernel.schedule(route.afterMs, () => reject(new DialError(route.failure, to)))
      const wire = new Wire(this, this.#nextId++, source, route.target, { address: flow.sourceAddress, port: source.ephemeralPort() }, flow.destination, to, dialer)
      wire.accept(route.listener)
      if (first) wire.near.send(first)
      resolve(wire.near)
    })
  }

  /** Follows a connection that `source` might open, without opening it: what each rule set on the way does with it, and how it ends.
   *  The rules count and choose as they would for a real one. */
  follow(source: NetworkStack, to: Endpoint, protocol: Protocol = 'tcp'): FollowedFlow {
    const steps: FlowStep[] = []
    const note = (part: FlowPart, machine: string, text: string): void => void steps.push({ part, machine, text })
    const flow: Flow = { protocol, source, sourceAddress: source.sourceAddressFor(to.address), destination: to, note }
    note('open', source.machine, `${source.name} (${flow.sourceAddress}) opens ${protocol} ${to.address}:${to.port}`)
    const route = this.#route(flow)
    if ('failure' in route) note('failure', source.machine, `${new DialError(route.failure, to).message}, after ${Math.round(route.afterMs)} ms`)
    else {
      note('listener', route.target.machine, `${route.target.name} listens on ${flow.destination.port} and sees ${flow.sourceAddress}`)
      note('reply', source.machine, `replies come back the same way${flow.destination.address === to.address ? '' : `, from ${flow.destination.address}:${flow.destination.port} turned back into ${to.address}:${to.port}`}`)
    }
    return { steps, outcome: 'failure' in route ? route.failure : 'connected', destination: flow.destination, sourceAddress: flow.sourceAddress }
  }

  /** Where a flow ends up after all rules on its way; they may rewrite it. */
  #route(flow: Flow): { readonly target: NetworkStack; readonly listener: (connection: Connection) => void } | { readonly failure: DialError['code']; readonly afterMs: number } {
    const { source, protocol } = flow
    const fail = (failure: DialError['code'], afterMs: number): { failure: DialError['code']; afterMs: number } => ({ failure, afterMs })
    if (isDown(source)) return fail('unreachable', 0)
    const out = runFilters([source.egress, source.parent?.egress], flow)
    if (out !== 'accept') return out === 'drop' ? fail('timeout', dialTimeoutMs) : fail('refused', 0)
    let from = source
    let target: NetworkStack | undefined
    for (let hop = 0; ; hop++) {
      const { address } = flow.destination
      target = isLocal(address) ? from : this.#byAddress.get(address)
      if (!target || isDown(target)) return fail(target ? 'timeout' : 'unreachable', target ? dialTimeoutMs : 3_000)
      if (this.isCut(from.machine, target.machine)) return fail('timeout', dialTimeoutMs)
      if (target === source) break
      if (from.machine !== target.machine) flow.note?.('arrival', target.machine, `arrives from ${from.machine} for ${address}:${flow.destination.port}`)
      const into = runFilters([target.parent?.ingress, target.ingress], flow)
      if (into !== 'accept') return into === 'drop' ? fail('timeout', dialTimeoutMs) : fail('refused', this.delayMs(source.machine, target.machine))
      if (flow.destination.address === address || hop === forwardsMax) break
      from = target
    }
    const listener = target.listenerOn(flow.destination, protocol)
    return listener ? { target, listener } : fail('refused', this.delayMs(source.machine, target.machine))
  }

  /** @internal */
  hold(wire: Wire): void {
    this.#held.add(wire)
  }

  /** @internal */
  forget(wire: Wire): void {
    this.#held.delete(wire)
  }

  /** @internal */
  observe(wire: Wire, side: Side, message: Message, arrivesAt: number | undefined): void {
    if (this.#observers.size === 0) return
    const fromClient = side === wire.near
    const delivery: Delivery = {
      id: wire.id,
      from: fromClient ? wire.client : wire.server,
      to: fromClient ? wire.server : wire.client,
      fromPort: side.local.port,
      toPort: side.remote.port,
      message,
      sentAt: this.kernel.now(),
      arrivesAt,
      cause: this.kernel.trace.current,
      dialer: wire.dialer,
      fromDialer: fromClient,
    }
    for (const observer of this.#observers) observer(delivery)
  }
}

/** Addresses, listeners and rules of one network namespace. A pod's stack has its node's as `parent`. */
export class NetworkStack {
  readonly network: Network
  readonly machine: string
  readonly name: string
  readonly parent: NetworkStack | undefined
  readonly addresses: string[] = []
  readonly egress: FlowFilter[] = []
  readonly ingress: FlowFilter[] = []
  /** A stack that is down answers nothing: packets to it vanish. */
  down = false
  readonly #listeners = new Map<string, (connection: Connection) => void>()
  readonly #wires = new Set<Wire>()
  #nextPort = 32_768

  constructor(network: Network, machine: string, name: string, parent: NetworkStack | undefined) {
    this.network = network
    this.machine = machine
    this.name = name
    this.parent = parent
  }

  /** The first address, or the loopback one. */
  get address(): string {
    return this.addresses[0] ?? '127.0.0.1'
  }

  /** Accepts connections on a port, on all addresses or only on `address`. Throws when the port is taken. */
  listen(port: number, accept: (connection: Connection) => void, protocol: Protocol = 'tcp', address = '*'): () => void {
    const key = `${protocol}:${address}:${port}`
    if (this.#listeners.has(key)) throw new Error(`listen ${protocol} ${address === '*' ? '' : address}:${port}: bind: address already in use`)
    this.#listeners.set(key, accept)
    return () => {
      if (this.#listeners.get(key) === accept) this.#listeners.delete(key)
    }
  }

  /** `dialer` names the process that dials, for whoever watches the wires. */
  dial(to: Endpoint, protocol: Protocol = 'tcp', first?: Message, dialer?: string): Promise<Connection> {
    return this.network.dial(this, to, protocol, first, dialer)
  }

  /** Ports that someone listens on, as `ss -l` would list them. */
  listening(): { protocol: Protocol; address: string; port: number }[] {
    return [...this.#listeners.keys()].map((key) => {
      const [protocol, address, port] = key.split(':') as [Protocol, string, string]
      return { protocol, address, port: Number(port) }
    })
  }

  /** Open connections, both dialed and accepted. */
  get connectionCount(): number {
    return this.#wires.size
  }

  /** Breaks every connection and forgets every listener: the machine or sandbox is gone. */
  shutDown(reason: CloseReason): void {
    this.#listeners.clear()
    for (const wire of [...this.#wires]) wire.break(reason)
  }

  sourceAddressFor(destination: string): string {
    return destination.startsWith('127.') ? '127.0.0.1' : this.address
  }

  ephemeralPort(): number {
    this.#nextPort = this.#nextPort >= 60_999 ? 32_768 : this.#nextPort + 1
    return this.#nextPort
  }

  /** @internal */
  listenerOn(to: Endpoint, protocol: Protocol): ((connection: Connection) => void) | undefined {
    return this.#listeners.get(`${protocol}:${to.address}:${to.port}`) ?? this.#listeners.get(`${protocol}:*:${to.port}`)
  }

  /** @internal */
  attach(wire: Wire): void {
    this.#wires.add(wire)
  }

  /** @internal */
  detach(wire: Wire): void {
    this.#wires.delete(wire)
  }
}

/** @internal Both ends of one connection and what is on its way between them. */
class Wire {
  readonly network: Network
  readonly id: number
  readonly client: NetworkStack
  readonly server: NetworkStack
  readonly near: Side
  readonly far: Side
  readonly dialer: string
  readonly #held: { side: Side; deliver: () => void }[] = []
  #giveUp: { cancel(): void } | undefined

  constructor(network: Network, id: number, client: NetworkStack, server: NetworkStack, local: Endpoint, remote: Endpoint, dialed: Endpoint, dialer: string) {
    this.dialer = dialer
    this.network = network
    this.id = id
    this.client = client
    this.server = server
    this.near = new Side(this, local, remote, dialed)
    this.far = new Side(this, remote, local, dialed)
    client.attach(this)
    if (server !== client) server.attach(this)
  }

  /** The server learns of the connection with the first thing that arrives on it. */
  accept(listener: (connection: Connection) => void): void {
    this.near.beforeFirst = () => listener(this.far)
  }

  transmit(from: Side, deliver: () => void, message?: Message): void {
    const to = from === this.near ? this.far : this.near
    const cut = this.network.isCut(this.client.machine, this.server.machine)
    const kernel = this.network.kernel
    if (cut) {
      if (message) this.network.observe(this, from, message, undefined)
      this.#held.push({ side: from, deliver })
      this.network.hold(this)
      this.#giveUp ??= kernel.schedule(deadPeerMs, () => this.break('timeout'), 0)
      return
    }
    const arrival = Math.max(to.lastArrival, kernel.now() + this.network.delayMs(this.client.machine, this.server.machine))
    to.lastArrival = arrival
    if (message) this.network.observe(this, from, message, arrival)
    kernel.scheduleAt(arrival, deliver)
  }

  flush(): void {
    this.#giveUp?.cancel()
    this.#giveUp = undefined
    for (const { side, deliver } of this.#held.splice(0)) this.transmit(side, deliver)
  }

  /** Ends both sides at once, without a word on the wire. */
  break(reason: CloseReason): void {
    this.release()
    for (const side of [this.near, this.far]) {
      if (!side.ended) this.network.kernel.schedule(0, () => side.end(reason))
    }
  }

  release(): void {
    this.#giveUp?.cancel()
    this.network.forget(this)
    this.client.detach(this)
    this.server.detach(this)
  }
}

/** @internal */
class Side implements Connection {
  readonly #wire: Wire
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly dialed: Endpoint
  beforeFirst: (() => void) | undefined
  lastArrival = 0
  ended = false
  #closing = false
  #handler: ((message: Message) => void) | undefined
  #closeHandlers: ((reason: CloseReason) => void)[] = []
  #reason: CloseReason | undefined
  #early: Message[] = []

  constructor(wire: Wire, local: Endpoint, remote: Endpoint, dialed: Endpoint) {
    this.#wire = wire
    this.local = local
    this.remote = remote
    this.dialed = dialed
  }

  get id(): number {
    return this.#wire.id
  }

  get closed(): boolean {
    return this.ended || this.#closing
  }

  send(message: Message): void {
    if (this.closed) return
    const wire = this.#wire
    const to = this === wire.near ? wire.far : wire.near
    const first = this.beforeFirst
    this.beforeFirst = undefined
    wire.transmit(
      this,
      () => {
        first?.()
        to.receive(message)
      },
      message,
    )
  }

  onMessage(handler: (message: Message) => void): void {
    this.#handler = handler
    for (const message of this.#early.splice(0)) handler(message)
  }

  onClose(handler: (reason: CloseReason) => void): void {
    if (this.#reason !== undefined) handler(this.#reason)
    else this.#closeHandlers.push(handler)
  }

  close(reason: CloseReason = 'closed'): void {
    if (this.closed) return
    this.#closing = true
    const wire = this.#wire
    const to = this === wire.near ? wire.far : wire.near
    wire.transmit(this, () => {
      wire.release()
      to.end(reason)
      this.end('closed')
    })
  }

  receive(message: Message): void {
    if (this.closed) return
    if (this.#handler) this.#handler(message)
    else this.#early.push(message)
  }

  end(reason: CloseReason): void {
    if (this.ended) return
    this.ended = true
    this.#reason = reason
    for (const handler of this.#closeHandlers.splice(0)) handler(reason)
  }
}

function runFilters(chains: readonly (readonly FlowFilter[] | undefined)[], flow: Flow): Verdict {
  for (const chain of chains) {
    for (const filter of chain ?? []) {
      const verdict = filter(flow)
      if (verdict !== 'accept') return verdict
    }
  }
  return 'accept'
}

/** A pod's network goes with its machine's. */
function isDown(stack: NetworkStack): boolean {
  return stack.down || (stack.parent?.down ?? false)
}

/** Loopback, or a socket in the machine's own file system (`/run/…`). */
function isLocal(address: string): boolean {
  return address.startsWith('127.') || address.startsWith('/')
}

function pair(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`
}

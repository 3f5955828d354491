import { defineController, type ControllerContext, type ControllerDefinition, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { Lease, Node, Pod, Taint } from '../../../api/generated/types.ts'
import { leaseKind } from '../../../api/kinds/coordination/lease.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime, timeOr0 } from '../../../api/machinery/time.ts'
import { indexByNode, podsOnNode } from '../framework/pods-by-node.ts'
import { readyStatusOf, silencedConditions } from './health.ts'
import { evictionKeyOf, evictionTaintOf, schedulingTaints, withEvictionTaint } from './taints.ts'
import { Zones } from './zones.ts'

export interface NodeLifecycleOptions {
  /** How long a node may be silent; default 50 s. */
  readonly gracePeriodMs?: number
  /** The same for a node that has not spoken yet; default 60 s. */
  readonly startupGracePeriodMs?: number
}

const leaseNamespace = 'kube-node-lease'

/** Notices nodes that fell silent, says so in their status, and taints nodes by their conditions, so that the scheduler keeps
 *  off and pods are driven away. Follows pkg/controller/nodelifecycle, but for looking at every node every 5 s: each node has
 *  a timer of its own, so that silence is noticed when the grace period ends and not up to 5 s later. */
export function nodeLifecycleController(options: NodeLifecycleOptions = {}): ControllerDefinition {
  return defineController({
    name: 'node-lifecycle-controller',
    eventSource: 'node-controller',
    noun: 'node',
    workers: 8,
    setUp: (context, queue) => {
      const controller = new NodeLifecycleController(context, queue, options)
      return (key) => controller.sync(key)
    },
  })
}

interface Heartbeat {
  /** When something was last heard of the node. */
  at: number
  /** It was ready when it fell silent: that has to be announced, and its pods marked not ready. Remembered from before the
   *  write, because the answer to a write may be lost. */
  lost: 'announce' | 'mark' | undefined
}

class NodeLifecycleController {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #graceMs: number
  readonly #startupGraceMs: number
  readonly #nodes: Informer<Node>
  readonly #pods: Informer<Pod>
  readonly #leases: Informer<Lease>
  readonly #heartbeats = new Map<string, Heartbeat>()
  readonly #zones: Zones
  #allWereDown = false

  constructor(context: ControllerContext, queue: WorkQueue, options: NodeLifecycleOptions) {
    const { informers, process } = context
    this.#context = context
    this.#queue = queue
    this.#graceMs = options.gracePeriodMs ?? 50_000
    this.#startupGraceMs = options.startupGracePeriodMs ?? 60_000
    this.#zones = new Zones(process.clock)
    this.#nodes = informers.of(nodeKind)
    this.#pods = informers.of(podKind)
    this.#leases = informers.of(leaseKind, { namespace: leaseNamespace })
    indexByNode(this.#pods)
    this.#nodes.onChange({ added: (node) => this.#nodeAdded(node), updated: (node, old) => this.#nodeUpdated(node, old), deleted: (node) => this.#nodeDeleted(node) })
    const podSeen = (pod: Pod, old?: Pod): void => {
      if (pod.spec?.nodeName && pod.spec.nodeName !== old?.spec?.nodeName) this.#podArrived(pod)
    }
    this.#pods.onChange({ added: (pod) => podSeen(pod), updated: podSeen })
    const renewed = (lease: Lease): void => this.#heard(lease.metadata.name)
    this.#leases.onChange({
      added: renewed,
      updated: (lease, old) => {
        if (lease.spec?.renewTime !== old.spec?.renewTime) renewed(lease)
      },
    })
    process.expose('node-lifecycle', () => this.#view())
  }

  async sync(name: string): Promise<Outcome> {
    let node = this.#nodes.get(undefined, name)
    const heartbeat = this.#heartbeats.get(name)
    if (!node || !heartbeat) return undefined
    const dueMs = this.#dueAt(node, heartbeat) - this.#now()
    if (dueMs <= 0) node = await this.#silence(node, heartbeat)
    if (heartbeat.lost) await this.#reportLoss(node, heartbeat)
    node = await this.#taintForScheduling(node)
    const waitMs = await this.#taintForEviction(node)
    const nextMs = Math.min(dueMs > 0 ? dueMs : Infinity, waitMs)
    return nextMs === Infinity ? undefined : { againAfterMs: nextMs }
  }

  #dueAt(node: Node, heartbeat: Heartbeat): number {
    if (conditionOf(node.status?.conditions, 'Ready')) return heartbeat.at + this.#graceMs
    return timeOr0(node.metadata.creationTimestamp) + this.#startupGraceMs
  }

  async #silence(node: Node, heartbeat: Heartbeat): Promise<Node> {
    const conditions = silencedConditions(node, this.#now())
    if (conditions === node.status?.conditions) return node
    if (readyStatusOf(node) === 'True') heartbeat.lost = 'announce'
    return this.#context.client.update(nodeKind, { ...node, status: { ...node.status, conditions: [...conditions] } }, { subresource: 'status' })
  }

  async #reportLoss(node: Node, heartbeat: Heartbeat): Promise<void> {
    if (readyStatusOf(node) === 'True') {
      // Back before it was lost.
      heartbeat.lost = undefined
      return
    }
    if (heartbeat.lost === 'announce') this.#event(node, 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`)
    heartbeat.lost = 'mark'
    const results = await Promise.allSettled(podsOnNode(this.#pods, node.metadata.name).map((pod) => this.#markPod(pod)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason as Error
    heartbeat.lost = undefined
  }

  async #markPod(pod: Pod): Promise<void> {
    const ready = conditionOf(pod.status?.conditions, 'Ready')
    if (ready?.status !== 'True') return
    const conditions = pod.status!.conditions!.map((condition) => (condition === ready ? { ...ready, status: 'False', lastTransitionTime: formatTime(this.#now()) } : condition))
    this.#context.events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
    try {
      await this.#context.client.update(podKind, { ...pod, status: { ...pod.status, conditions } }, { subresource: 'status' })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  async #taintForScheduling(node: Node): Promise<Node> {
    const present = node.spec?.taints ?? []
    const wanted = schedulingTaints({ ...node, spec: { ...node.spec, taints: present } }, formatTime(this.#now()))
    return wanted === present ? node : this.#setTaints(node, wanted)
  }

  /** Answers after how many ms to look again; Infinity when a change will say so. */
  async #taintForEviction(node: Node): Promise<number> {
    const wanted = this.#zones.allDown ? undefined : evictionKeyOf(readyStatusOf(node))
    const present = evictionTaintOf(node)
    if (present?.key === wanted) return Infinity
    // Changing or lifting it is done at once; a new one waits its turn.
    const waitMs = wanted !== undefined && present === undefined ? this.#zones.take(node) : 0
    if (waitMs > 0) return waitMs
    await this.#setTaints(node, withEvictionTaint(node, wanted, formatTime(this.#now())))
    return Infinity
  }

  #setTaints(node: Node, taints: readonly Taint[]): Promise<Node> {
    const { name, resourceVersion } = node.metadata
    return this.#context.client.patch(nodeKind, name, undefined, 'strategic', { metadata: { resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } })
  }

  #nodeAdded(node: Node): void {
    const { name } = node.metadata
    const known = conditionOf(node.status?.conditions, 'Ready')
    this.#heartbeats.set(name, { at: known ? this.#now() : timeOr0(node.metadata.creationTimestamp), lost: known && known.status !== 'True' ? 'mark' : undefined })
    this.#event(node, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`)
    this.#noteZone(this.#zones.put(node))
    this.#queue.add(name)
  }

  /** On a node that is not ready no pod is, also one that came (or that we see) later. */
  #podArrived(pod: Pod): void {
    const node = this.#nodes.get(undefined, pod.spec!.nodeName!)
    const status = node && readyStatusOf(node)
    const heartbeat = this.#heartbeats.get(pod.spec!.nodeName!)
    if (!heartbeat || status === undefined || status === 'True' || conditionOf(pod.status?.conditions, 'Ready')?.status !== 'True') return
    heartbeat.lost ??= 'mark'
    this.#queue.add(node!.metadata.name)
  }

  #nodeUpdated(node: Node, old: Node): void {
    const heartbeatOf = (each: Node): string | undefined => conditionOf(each.status?.conditions, 'Ready')?.lastHeartbeatTime
    if (heartbeatOf(node) !== heartbeatOf(old)) this.#heard(node.metadata.name)
    // Somebody else has found it silent: a manager that led before, whose last request came late.
    const heartbeat = this.#heartbeats.get(node.metadata.name)
    if (heartbeat && readyStatusOf(node) === 'Unknown' && readyStatusOf(old) === 'True') heartbeat.lost ??= 'mark'
    this.#noteZone(this.#zones.put(node))
    this.#queue.add(node.metadata.name)
  }

  #nodeDeleted(node: Node): void {
    const { name } = node.metadata
    this.#heartbeats.delete(name)
    this.#event(node, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`)
    this.#noteZone(this.#zones.remove(node))
  }

  #heard(name: string): void {
    const heartbeat = this.#heartbeats.get(name)
    if (heartbeat) heartbeat.at = this.#now()
  }

  /** When what may be evicted changes, all nodes are looked at anew; after a time in which all seemed down (so that it was us
   *  who were cut off) each gets its full time again. */
  #noteZone(changed: boolean): void {
    if (!changed) return
    if (this.#allWereDown && !this.#zones.allDown) for (const heartbeat of this.#heartbeats.values()) heartbeat.at = this.#now()
    this.#allWereDown = this.#zones.allDown
    for (const { metadata } of this.#nodes.list()) this.#queue.add(metadata.name)
  }

  #event(node: Node, reason: string, message: string): void {
    this.#context.events.event(node, 'Normal', reason, message)
  }

  #now(): number {
    return this.#context.process.clock.now()
  }

  #view(): unknown {
    return { zones: this.#zones.view(), nodes: [...this.#heartbeats].slice(0, 500).map(([name, { at }]) => ({ name, lastHeard: at })) }
  }
}

import type { ApiClient } from '../../api/client/contract.ts'
import type { Lease, Node } from '../../api/generated/types.ts'
import { leaseKind } from '../../api/kinds/coordination/lease.ts'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { jsonEqual } from '../../api/machinery/equality.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../api/machinery/status-error.ts'
import { formatDuration } from '../../api/machinery/time.ts'
import type { Process } from '../../kernel/machine.ts'
import type { ContainerRuntime, ImageStatus, RuntimeVersion } from '../cri.ts'
import type { PressureCondition } from './eviction-thresholds.ts'
import type { KubeletEvents } from './events.ts'
import { conditionEvents, defaultLabels, nodeLease, nodeStatus, registeredNode, type NodeFindings, type NodeIdentity } from './node-object.ts'

const leaseMs = 10_000
const statusCheckMs = 10_000
const statusReportMs = 300_000
const imagesMs = 30_000
/** How long the runtime may be silent before it counts as down, and before pods' events count as lost (upstream's values). */
const runtimeSilenceMs = 30_000
const plegThresholdMs = 180_000
/** How long a look at the runtime may hold up the node's status. */
const lookMs = 5_000
const fastCheckMs = 100
const fastCheckForMs = 120_000
const registerRetryMaxMs = 7_000

export interface NodeAgentOptions {
  readonly process: Process
  readonly client: ApiClient
  readonly runtime: ContainerRuntime
  readonly events: KubeletEvents
  readonly identity: NodeIdentity
  /** The node as the informer has it. */
  readonly cachedNode: () => Node | undefined
  readonly volumesInUse: () => readonly string[]
  readonly shuttingDown: () => boolean
  readonly pressure: (condition: PressureCondition) => boolean
  /** The runtime's or the network's state changed: pods may have to be looked at again. */
  readonly onReadiness: () => void
}

/** Keeps the Node object and its lease: registers, renews the lease every 10 s, looks at the runtime every 10 s and writes the
 *  status when it changed, or after 5 minutes. Until the node is ready for the first time it looks every 100 ms. */
export class NodeAgent {
  readonly #options: NodeAgentOptions
  #node: Node | undefined
  #lease: Lease | undefined
  #runtimeVersion: RuntimeVersion | undefined
  #images: readonly ImageStatus[] = []
  #imagesAt = -Infinity
  /** When the runtime last answered. */
  #answeredAt: number | undefined
  #looking: Promise<void> | undefined
  #notReady: string | undefined = '[container runtime status check may not have completed yet]'
  #networkProblem: string | undefined = 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized'
  #reportedAt = -Infinity
  #conditionsTold = new Map<string, string>()
  #checking = false
  #again = false
  #wasReady = false

  constructor(options: NodeAgentOptions) {
    this.#options = options
  }

  /** Why pods cannot have a network now. */
  get networkProblem(): string | undefined {
    return this.#networkProblem
  }

  get notReady(): string | undefined {
    const problems = this.#notReady === undefined ? [] : [this.#notReady]
    const silentMs = this.#answeredAt === undefined ? 0 : this.#options.process.clock.now() - this.#answeredAt
    if (silentMs > runtimeSilenceMs) problems.unshift('container runtime is down')
    if (silentMs > plegThresholdMs) problems.splice(1, 0, `PLEG is not healthy: pleg was last seen active ${formatDuration(Math.trunc(silentMs))} ago; threshold is ${formatDuration(plegThresholdMs)}`)
    if (this.#options.shuttingDown()) problems.push('node is shutting down')
    return problems.length > 1 ? `[${problems.join(', ')}]` : problems[0]
  }

  /** The node as we last knew it from the API. */
  get node(): Node | undefined {
    return this.#options.cachedNode() ?? this.#node
  }

  async start(): Promise<void> {
    const { process } = this.#options
    await this.#look()
    void this.#register()
    process.clock.every(() => process.random.jitter(statusCheckMs, 0.04), () => this.check())
    const fastUntil = process.clock.now() + fastCheckForMs
    const fast = (): void => {
      if (this.notReady === undefined || process.clock.now() > fastUntil) return
      this.check()
      process.clock.afterUncaused(fastCheckMs, fast)
    }
    process.clock.afterUncaused(fastCheckMs, fast)
  }

  /** Looks at the runtime now and writes the status when it has changed. */
  check(): void {
    if (this.#checking) {
      this.#again = true
      return
    }
    this.#checking = true
    void (async () => {
      try {
        do {
          this.#again = false
          await this.#lookInTime()
          if (this.#node) await this.#report()
        } while (this.#again)
      } catch (error) {
        this.#options.process.journal.error('Error updating node status, will retry', { err: error })
      } finally {
        this.#checking = false
      }
    })()
  }

  /** Looks at the runtime, but does not wait for one that does not answer. */
  #lookInTime(): Promise<void> {
    const { clock } = this.#options.process
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    const looking = this.#looking
    return new Promise((resolve) => {
      const timer = clock.after(lookMs, resolve)
      const finish = (): void => {
        timer.cancel()
        resolve()
      }
      looking.then(finish, finish)
    })
  }

  async #look(): Promise<void> {
    const { runtime, process } = this.#options
    let notReady: string | undefined
    let networkProblem: string | undefined
    this.#answeredAt ??= process.clock.now()
    try {
      this.#runtimeVersion ??= await runtime.version()
      const status = await runtime.status()
      this.#answeredAt = process.clock.now()
      if (!status.runtimeReady) notReady = `container runtime not ready: RuntimeReady=false reason:ContainerRuntimeNotReady message:${status.message}`
      else if (!status.networkReady) networkProblem = notReady = `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:${status.message}`
      if (process.clock.now() - this.#imagesAt >= imagesMs) {
        this.#images = await runtime.listImages()
        this.#imagesAt = process.clock.now()
      }
    } catch (error) {
      process.journal.error('Container runtime sanity check failed', { err: error })
      // It counts as down once it has not answered for half a minute.
      notReady = this.#notReady
      networkProblem = this.#networkProblem
    }
    const changed = networkProblem !== this.#networkProblem || notReady !== this.#notReady
    this.#notReady = notReady
    this.#networkProblem = networkProblem
    if (changed) this.#options.onReadiness()
  }

  #findings(): NodeFindings {
    return { runtimeVersion: this.#runtimeVersion, images: this.#images, volumesInUse: this.#options.volumesInUse(), notReady: this.notReady, memoryPressure: this.#options.pressure('MemoryPressure'), diskPressure: this.#options.pressure('DiskPressure'), pidPressure: this.#options.pressure('PIDPressure') }
  }

  async #register(): Promise<void> {
    const { process, client, identity } = this.#options
    for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, registerRetryMaxMs)) {
      try {
        const wanted = registeredNode(identity, nodeStatus(identity, this.#findings(), undefined, process.clock.now()))
        process.journal.info('Attempting to register node', { node: identity.nodeName })
        try {
          this.#node = await client.create(nodeKind, wanted)
          this.#reportedAt = process.clock.now()
        } catch (error) {
          if (!isAlreadyExists(error)) throw error
          this.#node = await this.#adopt(wanted)
        }
        process.journal.info('Successfully registered node', { node: identity.nodeName })
        break
      } catch (error) {
        process.journal.error('Unable to register node with API server', { err: error, node: identity.nodeName })
        await process.clock.sleep(delayMs)
      }
    }
    this.#tellConditions(this.#node)
    void this.#keepLease()
    this.check()
  }

  /** A node of that name exists from an earlier run: its default labels are put right, its taints stay as they are. */
  async #adopt(wanted: Node): Promise<Node> {
    const { client, identity } = this.#options
    const existing = await client.get(nodeKind, identity.nodeName)
    for (const condition of existing.status?.conditions ?? []) this.#conditionsTold.set(condition.type, condition.status)
    const labels = { ...existing.metadata.labels, ...defaultLabels(identity.nodeName) }
    const annotations = { ...existing.metadata.annotations, ...wanted.metadata.annotations }
    if (jsonEqual(labels, existing.metadata.labels) && jsonEqual(annotations, existing.metadata.annotations)) return existing
    return client.patch(nodeKind, identity.nodeName, undefined, 'strategic', { metadata: { labels, annotations } })
  }

  async #report(): Promise<void> {
    const { process, client, identity } = this.#options
    const old = this.node
    if (!old) return
    const now = process.clock.now()
    const next = nodeStatus(identity, this.#findings(), old.status, now)
    const due = now - this.#reportedAt >= statusReportMs
    const patch: Record<string, unknown> = {}
    for (const field of Object.keys(next) as (keyof typeof next)[]) {
      if (field !== 'conditions' && !jsonEqual(old.status?.[field], next[field])) patch[field] = next[field]
    }
    if (old.status?.volumesInUse && !next.volumesInUse) patch['volumesInUse'] = null
    const changed = Object.keys(patch).length > 0 || !sameConditions(old, next.conditions ?? [])
    if (!changed && !due) return
    patch['conditions'] = (next.conditions ?? []).filter((condition) => condition.type in conditionEvents)
    try {
      this.#node = await client.patch(nodeKind, identity.nodeName, undefined, 'strategic', { status: patch }, { subresource: 'status', traffic: 'heartbeat' })
    } catch (error) {
      if (!isNotFound(error)) throw error
      // Somebody deleted the node: register again.
      this.#node = undefined
      this.#conditionsTold.clear()
      void this.#register()
      return
    }
    this.#reportedAt = now
    this.#tellConditions(this.#node)
    process.changed('status')
  }

  #tellConditions(node: Node): void {
    const { events, identity } = this.#options
    for (const condition of node.status?.conditions ?? []) {
      const reason = conditionEvents[condition.type]?.[condition.status]
      if (reason === undefined || this.#conditionsTold.get(condition.type) === condition.status) continue
      const first = !this.#conditionsTold.has(condition.type)
      this.#conditionsTold.set(condition.type, condition.status)
      if (condition.type === 'Ready') {
        // A node that was never ready says nothing until it is.
        if (condition.status === 'True') events.node('Normal', reason, `Node ${identity.nodeName} status is now: ${reason}`)
        else if (this.#wasReady || !first) events.node('Normal', reason, `Node ${identity.nodeName} status is now: ${reason}`)
        this.#wasReady = condition.status === 'True'
      } else events.node('Normal', reason, `Node ${identity.nodeName} status is now: ${reason}`)
    }
  }

  async #keepLease(): Promise<void> {
    const { process } = this.#options
    await this.#renewLease()
    process.clock.every(() => process.random.jitter(leaseMs, 0.04), () => void this.#renewLease())
  }

  async #renewLease(): Promise<void> {
    const { process, client, identity } = this.#options
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        const lease = nodeLease(identity.nodeName, this.#node, process.clock.now(), this.#lease)
        this.#lease = this.#lease ? await client.update(leaseKind, lease, { traffic: 'heartbeat' }) : await client.create(leaseKind, lease, { traffic: 'heartbeat' })
        return
      } catch (error) {
        if (isAlreadyExists(error) || isConflict(error)) this.#lease = await client.get(leaseKind, identity.nodeName, 'kube-node-lease').catch(() => undefined)
        else if (isNotFound(error)) this.#lease = undefined
        else {
          process.journal.error('Failed to update lease', { err: error })
          return
        }
      }
    }
  }
}

/** Whether only the heartbeat times differ. */
function sameConditions(old: Node, next: readonly { type: string; status: string; reason?: string; message?: string }[]): boolean {
  const before = new Map((old.status?.conditions ?? []).map((condition) => [condition.type, condition]))
  return next.every((condition) => {
    const was = before.get(condition.type)
    return was !== undefined && was.status === condition.status && was.reason === condition.reason && was.message === condition.message
  })
}

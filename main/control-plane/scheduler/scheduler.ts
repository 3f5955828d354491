import type { ApiClient, EventRecorder, Informer } from '../../api/client/contract.ts'
import type { Pod } from '../../api/generated/types.ts'
import type { Process } from '../../kernel/machine.ts'
import type { DeviceSources } from './devices/device-sources.ts'
import { SchedulerCache, type ViewSources } from './cache/cache.ts'
import { selectNode, type Rotation, type Selection } from './cycle.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { decisionAnnotations } from './annotations.ts'
import { DecisionLog, nodesShown, type Decision } from './decisions.ts'
import { explainNodes, type NodeExplanation } from './explain.ts'
import { fitErrorMessage, noNodesMessage } from './framework/diagnosis.ts'
import { Framework, type EnabledPlugin } from './framework/framework.ts'
import type { FrameworkHandle, PreemptionTrial } from './framework/plugin.ts'
import { podInfoOf, type PodInfo } from './framework/pod-info.ts'
import { isRejected, messageOf, type Status } from './framework/status.ts'
import { PermitRoom } from './permit-room.ts'
import { defaultPlugins, type PluginSurroundings } from './plugins/default-plugins.ts'
import { patchStatus } from './pod-status.ts'
import { PreemptionExecutor } from './preemption-executor.ts'
import { SchedulingQueue, type QueueEntry } from './queue/scheduling-queue.ts'
import type { VolumeSources } from './volumes/volume-sources.ts'

/** One scheduler name and the plugins that serve it. */
export interface SchedulerProfile {
  readonly schedulerName: string
  /** Default: the default plugins. */
  readonly plugins?: (surroundings: PluginSurroundings) => EnabledPlugin[]
  /** Default: the scheduler's. */
  readonly percentageOfNodesToScore?: number
}

export interface SchedulerOptions {
  readonly process: Process
  readonly client: ApiClient
  readonly events: EventRecorder
  readonly pods: Informer<Pod>
  readonly sources: ViewSources
  readonly volumes: VolumeSources
  readonly devices: DeviceSources
  readonly profiles: readonly SchedulerProfile[]
  readonly percentageOfNodesToScore: number
  /** Back-off of pods that could not be scheduled; defaults 1 s and 10 s. */
  readonly initialBackoffMs?: number
  readonly maxBackoffMs?: number
  /** Write decisions into annotations of pods. */
  readonly annotates?: boolean
  readonly budgetsOf?: PluginSurroundings['budgetsOf']
}

/** Longest text of an event (upstream's NoteLengthLimit). */
const messageLengthMax = 1_024

/** Takes pods out of the queue one after the other, finds each a node, and binds it in the background while the next one is
 *  looked at. Each attempt is an event of its own, under the cause of what put the pod into the queue. */
export class Scheduler {
  readonly cache: SchedulerCache
  readonly queue: SchedulingQueue
  readonly decisions = new DecisionLog()
  readonly frameworks: ReadonlyMap<string, Framework>
  readonly preemption: PreemptionExecutor
  readonly permitRoom: PermitRoom
  readonly counters = { scheduled: 0, unschedulable: 0, errors: 0 }
  binding = 0
  readonly #options: SchedulerOptions
  readonly #rotation: Rotation = { next: 0 }
  #running = false
  #armed = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    const { process, client, events, profiles } = options
    const { clock, random, kernel } = process
    this.cache = new SchedulerCache(options.sources)
    this.permitRoom = new PermitRoom(clock)
    this.queue = new SchedulingQueue({
      clock,
      ...(options.initialBackoffMs !== undefined && { initialBackoffMs: options.initialBackoffMs }),
      ...(options.maxBackoffMs !== undefined && { maxBackoffMs: options.maxBackoffMs }),
      frameworkFor: (pod) => this.#frameworkFor(pod),
      cause: () => kernel.trace.current,
      onReady: () => this.#arm(),
      onMove: () => process.changed('queues'),
    })
    this.preemption = new PreemptionExecutor({ process, client, events, onDone: (uid) => this.queue.release(uid, 'DefaultPreemption') })
    this.frameworks = new Map(
      profiles.map(({ schedulerName, plugins = defaultPlugins }) => {
        const handle: FrameworkHandle = {
          view: this.cache,
          now: () => clock.now(),
          below: (bound) => random.below(bound),
          filterWithNominated: (state, pod, node) => framework.filterWithNominated(state, pod, node),
          addPodInTrial: (state, pod, added, node) => framework.addPodInTrial(state, pod, added, node),
          removePodInTrial: (state, pod, removed, node) => framework.removePodInTrial(state, pod, removed, node),
          nominatedTo: (node) => this.queue.nominator.on(node),
          withdrawNomination: (pod) => this.#withdrawNomination(pod),
          waitingPod: (uid) => this.permitRoom.get(uid),
        }
        const framework: Framework = new Framework(schedulerName, plugins({ handle, client, clock, volumes: options.volumes, devices: options.devices, preemption: this.preemption, ...(options.budgetsOf && { budgetsOf: options.budgetsOf }) }), handle)
        return [schedulerName, framework]
      }),
    )
  }

  /** Begins to schedule. */
  run(): void {
    this.#running = true
    this.#arm()
  }

  #arm(): void {
    if (this.#armed || !this.#running || !this.queue.ready) return
    this.#armed = true
    this.#options.process.clock.after(0, () => {
      this.#armed = false
      const entry = this.queue.pop()
      if (entry) this.#scheduleOne(entry)
      this.#arm()
    })
  }

  #frameworkFor(pod: Pod): Framework | undefined {
    return this.frameworks.get(pod.spec?.schedulerName ?? 'default-scheduler')
  }

  #scheduleOne(entry: QueueEntry): void {
    const { process } = this.#options
    const { info } = entry
    const framework = this.#frameworkFor(info.pod)
    const deleting = info.pod.metadata.deletionTimestamp !== undefined
    if (deleting) this.#options.events.event(info.pod, 'Warning', 'FailedScheduling', `skip schedule deleting pod: ${named(info)}`)
    if (!framework || deleting || this.cache.isAssumed(info.uid)) {
      this.queue.done(info.uid)
      return
    }
    const span = process.span(`schedule ${info.namespace}/${info.pod.metadata.name}`, { attempt: entry.attempts }, entry.cause)
    const selection = this.#select(framework, info)
    process.endSpan(span, { node: selection.node, feasible: selection.feasible.length, evaluated: selection.evaluated })
    if (selection.node === '') return this.#fail(framework, entry, selection)
    this.#place(framework, entry, selection)
  }

  #select(framework: Framework, info: PodInfo): Selection {
    const { process, percentageOfNodesToScore, profiles } = this.#options
    const profile = profiles.find(({ schedulerName }) => schedulerName === framework.profileName)
    return selectNode(info, {
      framework,
      view: this.cache,
      rotation: this.#rotation,
      percentageOfNodesToScore: profile?.percentageOfNodesToScore ?? percentageOfNodesToScore,
      below: (bound) => process.random.below(bound),
      nominatedNode: this.queue.nominator.nodeOf(info.uid),
    })
  }

  /** No node: asks the post-filter plugins to make room, says why, and puts the pod back. */
  #fail(framework: Framework, entry: QueueEntry, selection: Selection): void {
    const { info } = entry
    const nodeCount = this.cache.nodes.length
    if (selection.error) return this.#giveBack(framework, entry, selection, 'error', messageOf(selection.error), '')
    // Nobody turned the pod down: it is tried again after a while, as after an error.
    if (nodeCount === 0) return this.#giveBack(framework, entry, selection, 'unschedulable', noNodesMessage, '')
    entry.unschedulablePlugins = selection.unschedulablePlugins
    entry.pendingPlugins = selection.pendingPlugins
    const post = framework.postFilter(selection.state, info, selection.verdicts)
    const explained = selection.preFilterMessage === '' ? this.#explain(framework, info, selection) : []
    const message = fitErrorMessage({ nodeCount, verdicts: selection.verdicts, preFilterMessage: selection.preFilterMessage, postFilterMessage: messageOf(post.status) })
    this.#giveBack(framework, entry, selection, 'unschedulable', message, post.nominatedNode, { explained, preemption: post.trials })
  }

  /** What all filters say of the first nodes. */
  #explain(framework: Framework, info: PodInfo, { state, verdicts, feasible }: Selection): readonly NodeExplanation[] {
    const seen = [...feasible, ...[...verdicts.byNode.keys()].slice(0, nodesShown).flatMap((name) => this.cache.node(name) ?? [])]
    return explainNodes(framework, state, info, seen.slice(0, nodesShown))
  }

  #giveBack(framework: Framework, entry: QueueEntry, selection: Selection, outcome: 'unschedulable' | 'error', message: string, nominatedNode: string | undefined, more: { readonly explained?: readonly NodeExplanation[]; readonly preemption?: readonly PreemptionTrial[] | undefined } = {}): void {
    const { process } = this.#options
    const { info } = entry
    if (outcome === 'error') {
      this.counters.errors++
      process.journal.error('Error scheduling pod; retrying', { pod: named(info), err: message })
    } else {
      this.counters.unschedulable++
      process.journal.info('Unable to schedule pod; no fit; waiting', { pod: named(info), err: message })
    }
    const conclude = this.decisions.add({ time: process.clock.now(), entry, profile: framework.profileName, nodeCount: this.cache.nodes.length, selection, outcome, message, nominatedNode: nominatedNode ?? '', ...more })
    process.changed('decisions')
    this.#returnToQueue(entry, outcome === 'unschedulable', message, nominatedNode)
    conclude({ outcome, message, endedAt: undefined, queue: this.queue.placeOf(info.uid) ?? 'none', wakes: framework.wakesFor([...entry.pendingPlugins, ...entry.unschedulablePlugins]) })
    this.#annotate(info)
  }

  /** Puts a pod back that is still there and still without a node, tells its watchers why, and writes it into its status. */
  #returnToQueue(entry: QueueEntry, rejected: boolean, message: string, nominatedNode: string | undefined): void {
    const { events, pods } = this.#options
    entry.lastMessage = message
    const { pod } = entry.info
    const current = pods.get(pod.metadata.namespace, pod.metadata.name)
    if (!current || current.metadata.uid !== pod.metadata.uid || current.spec?.nodeName) this.queue.done(entry.info.uid)
    else {
      entry.info = podInfoOf(current)
      this.queue.returnFailed(entry)
      if (nominatedNode !== undefined) this.queue.nominator.set(entry.info, nominatedNode)
    }
    events.event(pod, 'Warning', 'FailedScheduling', shortened(message))
    const condition = { type: 'PodScheduled', status: 'False', reason: rejected ? 'Unschedulable' : 'SchedulerError', message }
    this.#patch(pod, nominatedNode === undefined ? { condition } : { condition, nominatedNode })
  }

  #place(framework: Framework, entry: QueueEntry, selection: Selection): void {
    const { process } = this.#options
    const { info } = entry
    const { state, node } = selection
    // In large clusters only failures are worth asking everybody.
    const explained = this.cache.nodes.length <= nodesShown ? this.#explain(framework, info, selection) : []
    const record = (outcome: Decision['outcome'], message: string): ReturnType<DecisionLog['add']> =>
      this.decisions.add({ explained, time: process.clock.now(), entry, profile: framework.profileName, nodeCount: this.cache.nodes.length, selection, outcome, message, nominatedNode: '' })
    this.cache.assume(info, node)
    this.queue.nominator.delete(info.uid)
    const refuse = (status: Status): void => {
      framework.unreserve(state, info, node)
      this.cache.forget(info.uid)
      record(isRejected(status) ? 'unschedulable' : 'error', messageOf(status))
      this.#refusedOnNode(entry, node, status)
    }
    const reserved = framework.reserve(state, info, node)
    if (reserved) return refuse(reserved)
    const permit = framework.permit(state, info, node)
    if (permit.status) return refuse(permit.status)
    const conclude = record(permit.waits.size > 0 ? 'waiting' : 'binding', '')
    process.changed('decisions')
    void this.#bind(framework, entry, selection, permit.waits, conclude)
  }

  async #bind(framework: Framework, entry: QueueEntry, selection: Selection, waits: ReadonlyMap<string, number>, conclude: ReturnType<DecisionLog['add']>): Promise<void> {
    const { process, events } = this.#options
    const { info } = entry
    const { state, node } = selection
    this.binding++
    let status: Status | undefined
    if (waits.size > 0) status = await this.permitRoom.wait(info.uid, waits)
    if (process.scope.closed) return
    if (!status) {
      // From here on a failure is no verdict on the pod: it is tried again after a back-off.
      this.queue.done(info.uid)
      status = (await framework.preBind(state, info, node)) ?? (await framework.bind(state, info, node))
    }
    if (process.scope.closed) return
    this.binding--
    const endedAt = process.clock.now()
    if (!status) {
      this.counters.scheduled++
      conclude({ outcome: 'bound', message: '', endedAt })
      process.journal.info('Successfully bound pod to node', { pod: named(info), node, evaluatedNodes: selection.evaluated, feasibleNodes: selection.feasible.length })
      events.event(info.pod, 'Normal', 'Scheduled', `Successfully assigned ${named(info)} to ${node}`)
      framework.postBind(state, info, node)
      this.#annotate(info)
    } else {
      conclude({ outcome: isRejected(status) ? 'unschedulable' : 'error', message: messageOf(status), endedAt })
      framework.unreserve(state, info, node)
      this.cache.forget(info.uid)
      // To others it is as if a pod had left the node.
      this.queue.moveAll({ name: 'AssignedPodDelete', old: { ...info.pod, spec: { ...info.pod.spec!, nodeName: node } } as Pod, next: undefined })
      this.#refusedOnNode(entry, node, status)
    }
    process.changed('decisions')
  }

  /** Reserve, Permit or binding said no to the chosen node. */
  #refusedOnNode(entry: QueueEntry, node: string, status: Status): void {
    const rejected = isRejected(status)
    if (rejected && status.plugin !== undefined) {
      if (status.code === 'Pending') entry.pendingPlugins = new Set([status.plugin])
      else entry.unschedulablePlugins = new Set([status.plugin])
    }
    const message = rejected
      ? fitErrorMessage({ nodeCount: 1, verdicts: { byNode: new Map([[node, status]]), absent: status }, preFilterMessage: '', postFilterMessage: '' })
      : messageOf(status)
    if (rejected) this.counters.unschedulable++
    else {
      this.counters.errors++
      this.#options.process.journal.error('Error scheduling pod; retrying', { pod: named(entry.info), err: message })
    }
    this.#returnToQueue(entry, rejected, message, '')
  }

  /** Writes the newest decision into the pod, when that is asked for. */
  #annotate({ pod, uid }: PodInfo): void {
    const { annotates, client, process, pods } = this.#options
    if (!annotates) return
    const decision = this.decisions.newestOf(uid)
    if (!decision) return
    const { name, namespace } = pod.metadata
    const annotations = decisionAnnotations(pods.get(namespace, name) ?? pod, decision, this.#frameworkFor(pod)?.plugins ?? [])
    // Not of the pod's own resource: a scheduler may write its status only, which takes annotations too.
    client.patch(podKind, name, namespace, 'merge', { metadata: { uid, annotations } }, { subresource: 'status' }).catch((error: unknown) => {
      if (!process.scope.closed) process.journal.error('Error annotating pod', { pod: `${namespace ?? ''}/${name}`, err: error })
    })
  }

  #withdrawNomination(pod: PodInfo): void {
    this.queue.nominator.delete(pod.uid)
    this.#patch(pod.pod, { nominatedNode: '' })
  }

  #patch(pod: Pod, change: Parameters<typeof patchStatus>[2]): void {
    const { client, process } = this.#options
    patchStatus(client, pod, change, process.clock.now()).catch((error: unknown) => {
      if (!process.scope.closed) process.journal.error('Error updating pod', { pod: `${pod.metadata.namespace}/${pod.metadata.name}`, err: error })
    })
  }
}

function named(info: PodInfo): string {
  return `${info.namespace}/${info.pod.metadata.name}`
}

function shortened(message: string): string {
  const suffix = ' ...'
  return message.length <= messageLengthMax ? message : message.slice(0, messageLengthMax - suffix.length) + suffix
}

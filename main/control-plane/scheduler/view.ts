import type { Scheduler } from './scheduler.ts'
import type { QueueEntry } from './queue/scheduling-queue.ts'

const podsShown = 100
const movesShown = 60

/** A waiting pod, for people to look at. */
export interface QueuedPodView {
  readonly pod: string
  readonly uid: string
  readonly priority: number
  readonly since: number
  readonly attempts: number
  /** Back-off queue: when it may be tried again at the latest. */
  readonly until?: number
  /** Plugins that turned it down, or hold it back. */
  readonly plugins: readonly string[]
  readonly gated: boolean
  readonly message: string
  readonly nominatedNode: string
}

/** What the queues' dashboard shows; plain and bounded. */
export function queuesView(scheduler: Scheduler): unknown {
  const { queue, cache } = scheduler
  const { active, backoff, unschedulable } = queue.entries()
  const view = (entry: QueueEntry): QueuedPodView => ({
    pod: `${entry.info.namespace}/${entry.info.pod.metadata.name}`,
    uid: entry.info.uid,
    priority: entry.info.priority,
    since: entry.timestamp,
    attempts: entry.attempts,
    ...(entry.backoffUntil > entry.timestamp && { until: entry.backoffUntil }),
    plugins: entry.gatedBy ? [entry.gatedBy.plugin] : [...entry.pendingPlugins, ...entry.unschedulablePlugins],
    gated: entry.gatedBy !== undefined,
    message: entry.gatedBy?.message ?? entry.lastMessage,
    nominatedNode: queue.nominator.nodeOf(entry.info.uid) ?? '',
  })
  return {
    counts: { ...queue.counts, binding: scheduler.binding, waitingOnPermit: scheduler.permitRoom.size, nominated: queue.nominator.size },
    active: active.slice(0, podsShown).map(view),
    backoff: backoff.slice(0, podsShown).map(view),
    unschedulable: unschedulable.slice(0, podsShown).map(view),
    moves: queue.moves.slice(-movesShown).reverse(),
    cache: { nodes: cache.nodes.length, pods: cache.podCount, assumed: cache.assumedCount },
    attempts: { ...scheduler.counters },
    preemption: { attempts: scheduler.preemption.attempts, victims: scheduler.preemption.victims },
  }
}

/** Prometheus text under upstream's names. */
export function schedulerMetrics(scheduler: Scheduler, leading: boolean): string {
  const lines: string[] = []
  const { counts, incoming } = scheduler.queue
  const metric = (name: string, type: 'counter' | 'gauge', help: string, samples: readonly (readonly [labels: string, value: number])[]): void => {
    lines.push(`# HELP ${name} [STABLE] ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`))
  }
  metric('leader_election_master_status', 'gauge', 'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.', [['{name="kube-scheduler"}', leading ? 1 : 0]])
  metric('scheduler_pending_pods', 'gauge', 'Number of pending pods, by the queue type.', Object.entries(counts).map(([queue, value]) => [`{queue="${queue}"}`, value]))
  const results = { scheduled: scheduler.counters.scheduled, unschedulable: scheduler.counters.unschedulable, error: scheduler.counters.errors }
  metric('scheduler_schedule_attempts_total', 'counter', 'Number of attempts to schedule pods, by the result.', Object.entries(results).map(([result, value]) => [`{profile="default-scheduler",result="${result}"}`, value]))
  metric('scheduler_queue_incoming_pods_total', 'counter', 'Number of pods added to scheduling queues by event and queue type.', [...incoming].map(([key, value]) => {
    const [queue, event] = key.split('|')
    return [`{event="${event}",queue="${queue}"}`, value]
  }))
  metric('scheduler_preemption_attempts_total', 'counter', 'Total preemption attempts in the cluster till now', [['', scheduler.preemption.attempts]])
  return `${lines.join('\n')}\n`
}

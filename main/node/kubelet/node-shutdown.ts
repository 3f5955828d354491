import type { Pod } from '../../api/generated/types.ts'
import type { Process } from '../../kernel/machine.ts'
import type { Rejection } from './admission.ts'
import type { KubeletEvents } from './events.ts'
import type { PodWorker } from './pod-worker.ts'

/** How long pods of at least that priority get when the machine goes down. */
export interface ShutdownGroup {
  readonly priority: number
  readonly graceSeconds: number
}

export interface NodeShutdownOptions {
  readonly process: Process
  readonly events: KubeletEvents
  /** In any order; empty: pods are not waited for, as kubelets are by default. */
  readonly groups: readonly ShutdownGroup[]
  readonly workers: () => Iterable<PodWorker>
  /** The node is (or is no longer) on its way down. */
  readonly onChange: () => void
}

const criticalPriority = 2_000_000_000
const lookMs = 100
const message = 'Pod was terminated in response to imminent node shutdown.'

/** What shutdownGracePeriod and shutdownGracePeriodCriticalPods mean. */
export function shutdownGroups(graceSeconds: number, criticalGraceSeconds: number): ShutdownGroup[] {
  return graceSeconds === 0 ? [] : [{ priority: 0, graceSeconds: graceSeconds - criticalGraceSeconds }, { priority: criticalPriority, graceSeconds: criticalGraceSeconds }]
}

/** Ends the node's pods before the machine goes down, those of low priority first (upstream's graceful node shutdown). */
export class NodeShutdown {
  readonly #options: NodeShutdownOptions
  #running: Promise<void> | undefined

  constructor(options: NodeShutdownOptions) {
    this.#options = options
  }

  get shuttingDown(): boolean {
    return this.#running !== undefined
  }

  /** Why no pod may come any more. */
  admits(): Rejection | undefined {
    return this.shuttingDown ? { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' } : undefined
  }

  /** The machine is about to go down: resolves when its pods have ended, or had their time. */
  start(): Promise<void> {
    if (this.#options.groups.length === 0) return Promise.resolve()
    return (this.#running ??= this.#run())
  }

  async #run(): Promise<void> {
    const { process, events, groups, workers, onChange } = this.#options
    process.journal.info('Shutdown manager detected new shutdown event, isNodeShuttingDownNow')
    events.node('Normal', 'NodeShutdown', 'Shutdown manager detected shutdown event')
    this.#running ??= Promise.resolve()
    onChange()
    const ascending = [...groups].sort((a, b) => a.priority - b.priority)
    for (const [index, group] of ascending.entries()) {
      const next = ascending[index + 1]
      const pods = [...workers()].filter(({ pod, state }) => state !== 'terminated' && (index === 0 || priorityOf(pod) >= group.priority) && (!next || priorityOf(pod) < next.priority))
      for (const worker of pods) worker.evict({ reason: 'Terminated', message, graceSeconds: group.graceSeconds, disruption: { reason: 'TerminationByKubelet', message } })
      const deadline = process.clock.now() + group.graceSeconds * 1000
      while (pods.some(({ state }) => state !== 'terminated') && process.clock.now() < deadline) await process.clock.sleep(lookMs)
      if (pods.some(({ state }) => state !== 'terminated')) process.journal.info('Shutdown manager pod killing time out', { gracePeriod: group.graceSeconds, priority: group.priority })
    }
    process.journal.info('Shutdown manager completed processing shutdown event, node will shutdown shortly')
  }
}

function priorityOf({ spec }: Pod): number {
  return spec?.priority ?? 0
}

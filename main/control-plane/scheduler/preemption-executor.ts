import type { ApiClient, EventRecorder } from '../../api/client/contract.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { isNotFound } from '../../api/machinery/status-error.ts'
import type { Process } from '../../kernel/machine.ts'
import type { PodInfo } from './framework/pod-info.ts'
import type { Preemption } from './plugins/default-preemption.ts'
import { patchStatus } from './pod-status.ts'

export interface PreemptionExecutorOptions {
  readonly process: Process
  readonly client: ApiClient
  readonly events: EventRecorder
  /** The victims of a pod have been asked to go (or could not be). */
  readonly onDone: (uid: string) => void
}

/** Removes the victims of preemptions through the API, in the background: says in each one's status why, then deletes it. */
export class PreemptionExecutor implements Preemption {
  readonly #options: PreemptionExecutorOptions
  readonly #running = new Set<string>()
  attempts = 0
  victims = 0

  constructor(options: PreemptionExecutorOptions) {
    this.#options = options
  }

  isRunning(uid: string): boolean {
    return this.#running.has(uid)
  }

  begin(pod: PodInfo, victims: readonly PodInfo[], node: string): void {
    this.attempts++
    this.#running.add(pod.uid)
    void this.#removeAll(pod, victims, node)
  }

  async #removeAll(pod: PodInfo, victims: readonly PodInfo[], node: string): Promise<void> {
    const { process, onDone } = this.#options
    for (const victim of victims) {
      if (process.scope.closed) return
      try {
        await this.#remove(pod, victim, node)
        this.victims++
      } catch (error) {
        if (!isNotFound(error)) process.journal.error('Error occurred during async preemption of a victim', { preemptor: named(pod), victim: named(victim), node, err: error })
      }
    }
    this.#running.delete(pod.uid)
    if (!process.scope.closed) onDone(pod.uid)
  }

  async #remove(pod: PodInfo, victim: PodInfo, node: string): Promise<void> {
    const { client, process, events } = this.#options
    const message = `${pod.pod.spec?.schedulerName ?? ''}: preempting to accommodate a higher priority pod`
    await patchStatus(client, victim.pod, { condition: { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message } }, process.clock.now())
    await client.delete(podKind, victim.pod.metadata.name, victim.namespace)
    events.event(victim.pod, 'Normal', 'Preempted', `Preempted by pod ${pod.uid} on node ${node}`)
  }
}

function named(pod: PodInfo): string {
  return `${pod.namespace}/${pod.pod.metadata.name}`
}

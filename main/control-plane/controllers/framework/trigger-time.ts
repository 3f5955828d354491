import type { Pod, Service } from '../../../api/generated/types.ts'
import { podCondition } from '../../../api/machinery/pod.ts'
import { timeOr0 } from '../../../api/machinery/time.ts'

export const lastChangeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'

interface Seen {
  readonly pods: ReadonlyMap<string, number>
  readonly service: number
}

/** When what a service's endpoints show began to change: the earliest new time of readiness among its pods, or the creation
 *  of the service. Follows endpointslice's TriggerTimeTracker; exact to a second, as the times in objects are. */
export class TriggerTimes {
  readonly #seen = new Map<string, Seen>()

  /** RFC 3339, or undefined when nothing that has a time changed. */
  next(service: Service, pods: readonly Pod[]): string | undefined {
    const key = `${service.metadata.namespace}/${service.metadata.name}`
    const before = this.#seen.get(key)
    const times = new Map<string, number>()
    const created = timeOr0(service.metadata.creationTimestamp)
    let earliest = before ? Infinity : created
    let text = before ? undefined : service.metadata.creationTimestamp
    for (const pod of pods) {
      const at = podCondition(pod, 'Ready')?.lastTransitionTime
      if (!at) continue
      const time = timeOr0(at)
      times.set(pod.metadata.name, time)
      if (before === undefined || (before.pods.get(pod.metadata.name) ?? 0) >= time || time >= earliest) continue
      earliest = time
      text = at
    }
    this.#seen.set(key, { pods: times, service: created })
    return text
  }

  forget(key: string): void {
    this.#seen.delete(key)
  }
}

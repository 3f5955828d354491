import type { Node, Pod } from '../../api/generated/types.ts'
import { podQosClass } from '../../api/kinds/core/pod-qos.ts'
import { admitPod, podRequests } from './admission.ts'
import { isCriticalPod } from './eviction-ranking.ts'

const qosOrder = ['BestEffort', 'Burstable', 'Guaranteed']

/** Which pods have to go so that a critical one fits; undefined when that would not help. Of the pods that may go, those of the lowest class
 *  of service go first, and of those the one that asks for most (as upstream's critical pod admission prefers few over many). */
export function podsToPreempt(critical: Pod, others: readonly Pod[], node: Node | undefined, isStatic: boolean): Pod[] | undefined {
  const candidates = others
    .filter((pod) => !isCriticalPod(pod))
    .map((pod) => ({ pod, qos: qosOrder.indexOf(podQosClass(pod.spec!)), requests: podRequests(pod) }))
    .filter(({ requests }) => requests.cpu > 0 || requests.memory > 0 || requests.storage > 0)
    .sort((a, b) => a.qos - b.qos || b.requests.memory - a.requests.memory || b.requests.cpu - a.requests.cpu || (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1))
  const victims: Pod[] = []
  const remaining = new Set(others)
  const fits = (without: ReadonlySet<Pod>): boolean => !admitPod(critical, [...without], node, isStatic)?.reason.startsWith('OutOf')
  for (const { pod } of candidates) {
    if (fits(remaining)) break
    victims.push(pod)
    remaining.delete(pod)
  }
  if (!fits(remaining)) return undefined
  // Whoever turns out not to have been needed stays.
  return victims.filter((pod) => {
    const kept = new Set(remaining).add(pod)
    if (!fits(kept)) return true
    remaining.add(pod)
    return false
  })
}

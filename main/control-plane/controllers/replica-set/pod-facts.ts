import type { Pod } from '../../../api/generated/types.ts'
import { matchesLabels, matchesSelector, type Labels, type Selector } from '../../../api/machinery/labels.ts'
import { controllerOf } from '../../../api/machinery/object.ts'
import { isPodActive, isPodReady } from '../../../api/machinery/pod.ts'

/** What a set wants to know of a pod at every sync. */
export interface PodFacts {
  readonly active: boolean
  readonly ready: boolean
  /** Controlled by the set, and matching its selector. */
  readonly ours: boolean
  readonly fullyLabeled: boolean
}

interface Known extends PodFacts {
  readonly owner: string
  readonly selector: Selector
  readonly labels: Labels | undefined
}

const known = new WeakMap<Pod, Known>()

/** A pod as a set with that uid, selector and template labels sees it. Remembered per pod object: of a thousand pods one has changed. */
export function podFacts(pod: Pod, owner: string, selector: Selector, labels: Labels | undefined): PodFacts {
  let facts = known.get(pod)
  if (facts?.owner !== owner || facts.selector !== selector || facts.labels !== labels) {
    facts = {
      owner,
      selector,
      labels,
      active: isPodActive(pod),
      ready: isPodReady(pod),
      ours: controllerOf(pod)?.uid === owner && matchesSelector(selector, pod.metadata.labels),
      fullyLabeled: matchesLabels(labels, pod.metadata.labels),
    }
    known.set(pod, facts)
  }
  return facts
}

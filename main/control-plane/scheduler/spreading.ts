import type { Informer } from '../../api/client/contract.ts'
import type { Pod, ReplicaSet, ReplicationController, Service, StatefulSet } from '../../api/generated/types.ts'
import { matchesLabels, selectorFromSet, selectorOf, type Labels, type Selector } from '../../api/machinery/labels.ts'
import { controllerOf } from '../../api/machinery/object.ts'

export interface SpreadingInformers {
  readonly services: Informer<Service>
  readonly replicationControllers: Informer<ReplicationController>
  readonly replicaSets: Informer<ReplicaSet>
  readonly statefulSets: Informer<StatefulSet>
}

/** What pods belong together with a pod, when it does not say so itself: those of its services and of its workload (upstream's
 *  helper.DefaultSelector). Undefined: it belongs to nothing. */
export function defaultSpreadingSelector(pod: Pod, informers: SpreadingInformers): Selector | undefined {
  const namespace = pod.metadata.namespace
  const labels: Record<string, string> = {}
  for (const service of informers.services.list(namespace)) {
    const selector = service.spec?.selector
    if (selector && Object.keys(selector).length > 0 && matchesLabels(selector, pod.metadata.labels)) Object.assign(labels, selector)
  }
  const owner = controllerOf(pod)
  let workload: Selector | undefined
  if (owner?.kind === 'ReplicationController') Object.assign(labels, (informers.replicationControllers.get(namespace, owner.name)?.spec?.selector ?? {}) as Labels)
  else if (owner?.kind === 'ReplicaSet') workload = read(informers.replicaSets.get(namespace, owner.name)?.spec?.selector)
  else if (owner?.kind === 'StatefulSet') workload = read(informers.statefulSets.get(namespace, owner.name)?.spec?.selector)
  const requirements = [...(Object.keys(labels).length > 0 ? selectorFromSet(labels).requirements : []), ...(workload?.requirements ?? [])]
  return requirements.length === 0 ? undefined : { requirements }
}

function read(selector: NonNullable<ReplicaSet['spec']>['selector'] | undefined): Selector | undefined {
  if (!selector) return undefined
  try {
    return selectorOf(selector)
  } catch {
    return undefined
  }
}

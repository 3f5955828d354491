/** What a pod asks for and is limited to: containers, init containers, sidecars, pod-level resources and overhead together
 *  (upstream's PodRequests and PodLimits). */
import type { Container, ContainerStatus, Pod } from '../generated/types.ts'
import { isSidecar } from './pod.ts'
import { addResourceLists, maxResourceLists } from './quantity.ts'
import type { ResourceList } from './quantity.ts'

export interface PodResourceOptions {
  /** Leave spec.overhead out. */
  readonly withoutOverhead?: boolean
  /** Count what running containers have been allocated too, where it is more (in-place resize). */
  readonly useStatus?: boolean
  /** Leave spec.resources (pod-level) out. */
  readonly withoutPodLevel?: boolean
}

/** The pod's requests by resource, in canonical quantities. */
export function podRequests(pod: Pod, options: PodResourceOptions = {}): ResourceList {
  const statuses = options.useStatus ? statusesByName(pod) : undefined
  let total = aggregate(pod, (container) => requestsOf(container, statuses?.get(container.name)))
  if (!options.withoutPodLevel) total = withPodLevel(total, pod.spec?.resources?.requests)
  return options.withoutOverhead ? total : addResourceLists(total, pod.spec?.overhead)
}

/** The pod's limits by resource; overhead counts only where there is a limit. */
export function podLimits(pod: Pod, options: PodResourceOptions = {}): ResourceList {
  let total = aggregate(pod, (container) => container.resources?.limits)
  if (!options.withoutPodLevel) total = withPodLevel(total, pod.spec?.resources?.limits)
  if (options.withoutOverhead || !pod.spec?.overhead) return total
  const overhead: ResourceList = {}
  for (const name in pod.spec.overhead) if (total[name] !== undefined) overhead[name] = pod.spec.overhead[name] as string
  return addResourceLists(total, overhead)
}

/** The larger of what the containers need together and what any moment of initialisation needs. */
function aggregate(pod: Pod, of: (container: Container) => Readonly<ResourceList> | undefined): ResourceList {
  let total: ResourceList = {}
  for (const container of pod.spec?.containers ?? []) total = addResourceLists(total, of(container))
  let sidecars: ResourceList = {}
  let initial: ResourceList = {}
  for (const container of pod.spec?.initContainers ?? []) {
    if (isSidecar(container)) {
      total = addResourceLists(total, of(container))
      sidecars = addResourceLists(sidecars, of(container))
      initial = maxResourceLists(initial, sidecars)
    } else initial = maxResourceLists(initial, addResourceLists(sidecars, of(container)))
  }
  return maxResourceLists(total, initial)
}

/** Pod-level values replace the containers' sum for cpu, memory and huge pages. */
function withPodLevel(total: ResourceList, podLevel: Readonly<ResourceList> | undefined): ResourceList {
  if (!podLevel) return total
  const out = { ...total }
  for (const name in podLevel) if (name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')) out[name] = podLevel[name] as string
  return out
}

function statusesByName(pod: Pod): Map<string, ContainerStatus> {
  return new Map([...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].map((status) => [status.name, status]))
}

function requestsOf(container: Container, status: ContainerStatus | undefined): Readonly<ResourceList> | undefined {
  const requests = container.resources?.requests
  if (!status) return requests
  return maxResourceLists(maxResourceLists(requests, status.allocatedResources), status.resources?.requests)
}


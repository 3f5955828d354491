import type { Informer } from '../../../api/client/contract.ts'
import type { Pod, Service } from '../../../api/generated/types.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { matchesLabels } from '../../../api/machinery/labels.ts'
import { keyOf } from '../../../api/machinery/object.ts'
import { isPodReady, isPodTerminal } from '../../../api/machinery/pod.ts'

/** Calls `add` with the key of every service whose endpoints a change of pods touches. */
export function followPods(services: Informer<Service>, pods: Informer<Pod>, add: (serviceKey: string) => void): void {
  const addServicesOf = (pod: Pod, except?: Pod): void => {
    for (const service of services.list(pod.metadata.namespace)) {
      const selector = service.spec?.selector
      if (!selector || Object.keys(selector).length === 0 || !matchesLabels(selector, pod.metadata.labels)) continue
      if (!except || !matchesLabels(selector, except.metadata.labels)) add(keyOf(service))
    }
  }
  pods.onChange({
    added: (pod) => addServicesOf(pod),
    deleted: (pod) => addServicesOf(pod),
    updated: (pod, old) => {
      const relabelled = !semanticEqual(pod.metadata.labels, old.metadata.labels)
      if (!relabelled && !endpointChanged(pod, old)) return
      if (endpointChanged(pod, old)) {
        addServicesOf(pod)
        if (relabelled) addServicesOf(old, pod)
      } else {
        // Only those that the pod came into or left.
        addServicesOf(pod, old)
        addServicesOf(old, pod)
      }
    },
  })
}

function endpointChanged(pod: Pod, old: Pod): boolean {
  return (
    Boolean(pod.metadata.deletionTimestamp) !== Boolean(old.metadata.deletionTimestamp) ||
    isPodReady(pod) !== isPodReady(old) ||
    isPodTerminal(pod) !== isPodTerminal(old) ||
    pod.spec?.nodeName !== old.spec?.nodeName ||
    pod.spec?.hostname !== old.spec?.hostname ||
    pod.spec?.subdomain !== old.spec?.subdomain ||
    pod.status?.podIP !== old.status?.podIP ||
    !semanticEqual(pod.status?.podIPs, old.status?.podIPs)
  )
}

/** Has an address and has not ended; without `includeTerminating`, is not on its way out either. */
export function belongsInEndpoints(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod)) return false
  if (!pod.status?.podIP && !pod.status?.podIPs?.length) return false
  return includeTerminating || !pod.metadata.deletionTimestamp
}

/** Whether the pod asks for a host name under this (headless) service. */
export function hasHostnameIn(pod: Pod, service: Service): boolean {
  return Boolean(pod.spec?.hostname) && pod.spec?.subdomain === service.metadata.name && pod.metadata.namespace === service.metadata.namespace
}

export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === 'None'
}

/** The pods that a service selects. */
export function podsOf(service: Service, pods: Informer<Pod>): Pod[] {
  return pods.list(service.metadata.namespace).filter((pod) => matchesLabels(service.spec?.selector, pod.metadata.labels))
}

import type { Informer } from '../../../api/client/contract.ts'
import type { Pod, Service } from '../../../api/generated/types.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { matchesLabels } from '../../../api/machinery/labels.ts'
import { keyOf } from '../../../api/machinery/object.ts'
import { isPodReady, isPodTerminal } from '../../../api/machinery/pod.ts'

const byLabel = 'label'
const bySelector = 'selector'

/** Indexes pods by each of their labels, and services by one label that they select, so that neither side has to look at all
 *  of a namespace. Call before start. */
function indexLabels(services: Informer<Service>, pods: Informer<Pod>): void {
  pods.addIndex(byLabel, ({ metadata }) => Object.entries(metadata.labels ?? {}).map(([key, value]) => labelKey(metadata.namespace, key, value)))
  services.addIndex(bySelector, ({ metadata, spec }) => {
    const [first] = Object.entries(spec?.selector ?? {})
    return first ? [labelKey(metadata.namespace, first[0], first[1])] : []
  })
}

function labelKey(namespace: string | undefined, key: string, value: string): string {
  return `${namespace}/${key}=${value}`
}

/** Calls `add` with the key of every service whose endpoints a change of pods touches. */
export function followPods(services: Informer<Service>, pods: Informer<Pod>, add: (serviceKey: string) => void): void {
  indexLabels(services, pods)
  const addServicesOf = (pod: Pod, except?: Pod): void => {
    const { namespace, labels = {} } = pod.metadata
    for (const label in labels) {
      for (const service of services.byIndex(bySelector, labelKey(namespace, label, labels[label]!))) {
        const selector = service.spec?.selector
        if (!matchesLabels(selector, labels)) continue
        if (!except || !matchesLabels(selector, except.metadata.labels)) add(keyOf(service))
      }
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

/** The pods that a service selects. The informer must be one that `followPods` was given. */
export function podsOf(service: Service, pods: Informer<Pod>): Pod[] {
  const selector = service.spec?.selector
  let fewest: readonly Pod[] | undefined
  for (const label in selector) {
    const candidates = pods.byIndex(byLabel, labelKey(service.metadata.namespace, label, selector[label]!))
    if (!fewest || candidates.length < fewest.length) fewest = candidates
  }
  return (fewest ?? []).filter((pod) => matchesLabels(selector, pod.metadata.labels))
}

import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../../../api/generated/types.ts'
import { matchesSelector, nothing, selectorOf, type Labels, type Selector } from '../../../api/machinery/labels.ts'
import { podRequests, type Resources } from './resources.ts'

/** A pod affinity term, read once. */
export interface AffinityTerm {
  readonly namespaces: ReadonlySet<string>
  readonly selector: Selector
  readonly topologyKey: string
  /** Selects more namespaces by their labels; undefined: none. */
  readonly namespaceSelector: Selector | undefined
  /** 0 for required terms. */
  readonly weight: number
}

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

/** What scheduling wants to know of a pod, worked out once per version of the pod. */
export interface PodInfo {
  readonly pod: Pod
  readonly uid: string
  readonly namespace: string
  readonly priority: number
  readonly requests: Resources
  /** With scoring's defaults for containers that ask for nothing. */
  readonly nonZeroRequests: Resources
  readonly hostPorts: readonly HostPort[]
  readonly requiredAffinity: readonly AffinityTerm[]
  readonly requiredAntiAffinity: readonly AffinityTerm[]
  readonly preferredAffinity: readonly AffinityTerm[]
  readonly preferredAntiAffinity: readonly AffinityTerm[]
}

const known = new WeakMap<Pod, PodInfo>()

export function podInfoOf(pod: Pod): PodInfo {
  let info = known.get(pod)
  if (!info) known.set(pod, (info = makePodInfo(pod)))
  return info
}

function makePodInfo(pod: Pod): PodInfo {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
  return {
    pod,
    uid: pod.metadata.uid ?? '',
    namespace: pod.metadata.namespace ?? '',
    priority: pod.spec?.priority ?? 0,
    requests: podRequests(pod),
    nonZeroRequests: podRequests(pod, true),
    hostPorts: hostPortsOf(pod),
    requiredAffinity: required(pod, podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(pod, podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(pod, podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(pod, podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  }
}

export function hasAffinity(info: PodInfo): boolean {
  return info.requiredAffinity.length + info.requiredAntiAffinity.length + info.preferredAffinity.length + info.preferredAntiAffinity.length > 0
}

/** Whether a term selects a pod. `namespaceLabels` are those of the pod's namespace. */
export function termMatches(term: AffinityTerm, pod: Pod, namespaceLabels: (namespace: string) => Labels | undefined): boolean {
  const namespace = pod.metadata.namespace ?? ''
  if (!term.namespaces.has(namespace)) {
    if (!term.namespaceSelector || !matchesSelector(term.namespaceSelector, namespaceLabels(namespace))) return false
  }
  return matchesSelector(term.selector, pod.metadata.labels)
}

const noTerms: readonly AffinityTerm[] = []

function required(pod: Pod, terms: readonly PodAffinityTerm[] | undefined): readonly AffinityTerm[] {
  return terms ? terms.map((term) => readTerm(pod, term, 0)) : noTerms
}

function preferred(pod: Pod, terms: readonly WeightedPodAffinityTerm[] | undefined): readonly AffinityTerm[] {
  return terms ? terms.map((term) => readTerm(pod, term.podAffinityTerm, term.weight)) : noTerms
}

function readTerm(pod: Pod, term: PodAffinityTerm, weight: number): AffinityTerm {
  // Neither namespaces nor a selector for them: the pod's own.
  const own = !term.namespaces?.length && !term.namespaceSelector
  return {
    namespaces: new Set(own ? [pod.metadata.namespace ?? ''] : term.namespaces),
    // The API server has merged matchLabelKeys and mismatchLabelKeys into the selector.
    selector: read(term.labelSelector),
    topologyKey: term.topologyKey,
    namespaceSelector: term.namespaceSelector ? read(term.namespaceSelector) : undefined,
    weight,
  }
}

function read(selector: PodAffinityTerm['labelSelector']): Selector {
  try {
    return selectorOf(selector)
  } catch {
    return nothing
  }
}

function hostPortsOf(pod: Pod): readonly HostPort[] {
  const ports: HostPort[] = []
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    for (const port of container.ports ?? []) {
      if (port.hostPort) ports.push({ ip: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: port.hostPort })
    }
  }
  return ports
}

/** Defaults of pods and of pod templates. Upstream gives some of them to pods only, so that templates stay as written. */
import type { Container, Pod, PodSpec, PodTemplateSpec } from '../../generated/types.ts'
import { defaultContainer } from './container-defaults.ts'
import { canonicalizeResources } from './resource-defaults.ts'
import { defaultVolume } from './volume-defaults.ts'

/** What every pod spec gets, in a pod or in a template. */
export function defaultPodSpec(spec: PodSpec): void {
  for (const container of spec.containers ?? []) defaultContainer(container)
  for (const container of spec.initContainers ?? []) defaultContainer(container)
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container)
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
  spec.restartPolicy ||= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.securityContext ??= {}
  spec.schedulerName ||= 'default-scheduler'
  keepAccountNamesTogether(spec)
  canonicalizeResources(spec.overhead)
  canonicalizeResources(spec.resources?.requests)
  canonicalizeResources(spec.resources?.limits)
  for (const constraint of spec.topologySpreadConstraints ?? []) {
    if (constraint.nodeAffinityPolicy === '') delete constraint.nodeAffinityPolicy
    if (constraint.nodeTaintsPolicy === '') delete constraint.nodeTaintsPolicy
  }
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are always shown. */
function keepAccountNamesTogether(spec: PodSpec): void {
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount
}

/** A template's defaults; a template without a spec is left for validation to refuse. */
export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (!template) return
  template.metadata ??= {}
  template.spec ??= { containers: [] }
  defaultPodSpec(template.spec)
  if (template.spec.hostNetwork) hostPortsFromContainerPorts(template.spec)
}

/** A pod's defaults: those of its spec, and requests from limits, service links and host ports. */
export function defaultPod(pod: Pod): void {
  const spec = (pod.spec ??= { containers: [] })
  pod.status ??= {}
  defaultPodSpec(spec)
  requestsFromLimits(spec.containers)
  requestsFromLimits(spec.initContainers)
  if (spec.resources) requestsFromLimits([spec as { resources: Container['resources'] }])
  spec.enableServiceLinks ??= true
  if (spec.hostNetwork) hostPortsFromContainerPorts(spec)
  if (pod.status.podIP && !pod.status.podIPs?.length) pod.status.podIPs = [{ ip: pod.status.podIP }]
  if (pod.status.hostIP && !pod.status.hostIPs?.length) pod.status.hostIPs = [{ ip: pod.status.hostIP }]
}

function requestsFromLimits(containers: readonly Pick<Container, 'resources'>[] | undefined): void {
  for (const { resources } of containers ?? []) {
    if (!resources?.limits) continue
    resources.requests = { ...resources.limits, ...resources.requests }
  }
}

function hostPortsFromContainerPorts(spec: PodSpec): void {
  for (const containers of [spec.containers, spec.initContainers]) {
    for (const container of containers ?? []) {
      for (const port of container.ports ?? []) port.hostPort ||= port.containerPort
    }
  }
}

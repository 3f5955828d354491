import type { Container, Pod } from '../../../api/generated/types.ts'
import { podQosClass } from '../../../api/kinds/core/pod-qos.ts'
import { controllerOf, type KubeObject } from '../../../api/machinery/object.ts'
import { ageOf } from '../../../api/machinery/time.ts'
import { describeContainers, describeResources, fieldValueOf } from './containers.ts'
import { Description, timeText } from './description.ts'
import type { Surroundings } from './describer.ts'
import { describeEvents, searchEvents } from './events.ts'
import { describeAnnotations, describeLabels, describeTolerations } from './labels.ts'
import { describeSpreadConstraints } from './pod-template.ts'
import { describeVolumes } from './volumes.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'

export async function describePod(pod: Pod, around: Surroundings): Promise<string> {
  // The kubelet writes the events of a static pod about the hash of its file, not about the mirror.
  const uid = pod.metadata.annotations?.[mirrorAnnotation] ?? pod.metadata.uid
  const events = await searchEvents({ name: pod.metadata.name, namespace: pod.metadata.namespace, uid }, around)
  const out = new Description()
  describeHead(out, pod, around.now)
  describePodContainers(out, pod)
  describeConditions(out, pod)
  const { spec } = pod
  describeVolumes(out, spec?.volumes)
  out.write(0, `QoS Class:\t${pod.status?.qosClass || podQosClass(spec!)}\n`)
  describeLabels(out, 'Node-Selectors', spec?.nodeSelector)
  describeTolerations(out, 'Tolerations', spec?.tolerations)
  describeSpreadConstraints(out, spec?.topologySpreadConstraints)
  describeEvents(out, events, around.now)
  return out.toString()
}

function describeHead(out: Description, pod: Pod, now: number): void {
  const { metadata, spec, status } = pod
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  if (spec?.priority !== undefined) out.write(0, `Priority:\t${spec.priority}\n`)
  if (spec?.priorityClassName) out.write(0, `Priority Class Name:\t${spec.priorityClassName}\n`)
  if (spec?.runtimeClassName) out.write(0, `Runtime Class Name:\t${spec.runtimeClassName}\n`)
  if (spec?.serviceAccountName) out.write(0, `Service Account:\t${spec.serviceAccountName}\n`)
  out.write(0, `Node:\t${spec?.nodeName ? `${spec.nodeName}/${status?.hostIP ?? ''}` : '<none>'}\n`)
  if (status?.startTime) out.write(0, `Start Time:\t${timeText(status.startTime)}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  if (metadata.deletionTimestamp && status?.phase !== 'Failed' && status?.phase !== 'Succeeded') {
    out.write(0, `Status:\tTerminating (lasts ${ageOf(metadata.deletionTimestamp, now)})\n`)
    out.write(0, `Termination Grace Period:\t${metadata.deletionGracePeriodSeconds ?? 0}s\n`)
  } else out.write(0, `Status:\t${status?.phase ?? ''}\n`)
  if (status?.reason) out.write(0, `Reason:\t${status.reason}\n`)
  if (status?.message) out.write(0, `Message:\t${status.message}\n`)
  const profile = spec?.securityContext?.seccompProfile
  if (profile) {
    out.write(0, `SeccompProfile:\t${profile.type}\n`)
    if (profile.type === 'Localhost') out.write(0, `LocalhostProfile:\t${profile.localhostProfile ?? ''}\n`)
  }
  out.write(0, `IP:\t${status?.podIP ?? ''}\n`)
  if (!status?.podIPs?.length) out.write(0, 'IPs:\t<none>\n')
  else {
    out.write(0, 'IPs:\n')
    for (const { ip } of status.podIPs) out.write(1, `IP:\t${ip}\n`)
  }
  describeController(out, pod)
  if (status?.nominatedNodeName) out.write(0, `NominatedNodeName:\t${status.nominatedNodeName}\n`)
}

/** `Controlled By:` when something does. */
export function describeController(out: Description, object: KubeObject): void {
  const owner = controllerOf(object)
  if (owner) out.write(0, `Controlled By:\t${owner.kind}/${owner.name}\n`)
}

function describePodContainers(out: Description, pod: Pod): void {
  const { spec, status } = pod
  const fieldValue = fieldValueOf(pod)
  if (spec?.resources) {
    out.write(0, 'Resources:\n')
    describeResources(out, spec.resources, 1)
  }
  if (spec?.initContainers?.length) describeContainers(out, 'Init Containers', spec.initContainers, status?.initContainerStatuses ?? [], fieldValue)
  describeContainers(out, 'Containers', spec?.containers ?? [], status?.containerStatuses ?? [], fieldValue)
  if (spec?.ephemeralContainers?.length) describeContainers(out, 'Ephemeral Containers', spec.ephemeralContainers as Container[], status?.ephemeralContainerStatuses ?? [], fieldValue)
}

function describeConditions(out: Description, { spec, status }: Pod): void {
  const conditions = status?.conditions ?? []
  if (spec?.readinessGates?.length) {
    out.write(0, 'Readiness Gates:\n  Type\tStatus\n')
    for (const { conditionType } of spec.readinessGates) out.write(1, `${conditionType} \t${conditions.find(({ type }) => type === conditionType)?.status ?? '<none>'} \n`)
  }
  if (conditions.length === 0) return
  out.write(0, 'Conditions:\n  Type\tStatus\n')
  for (const { type, status: value } of conditions) out.write(1, `${type} \t${value} \n`)
}

import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from '../../api/generated/types.ts'
import { podQosClass } from '../../api/kinds/core/pod-qos.ts'
import { formatTime } from '../../api/machinery/time.ts'
import { containerStatuses, type StartFailure } from './container-statuses.ts'
import { newestContainer, type PodRuntime } from './pod-runtime.ts'
import { podConditions } from './pod-conditions.ts'
import { phaseOf } from './pod-phase.ts'
import type { ProbeOutcome, ProbeResults } from './pod-actions.ts'
import { isRestartableInit } from './restart-policy.ts'

/** What a status is made of besides the pod and the runtime's view. */
export interface StatusFacts {
  /** The status that was last made; the API's when none was. */
  readonly previous: PodStatus
  /** Nothing of the pod will run again. */
  readonly terminal: boolean
  readonly failures: (container: string) => StartFailure | undefined
  readonly probes: ProbeResults & { readiness(containerId: string): ProbeOutcome | undefined }
  readonly hostIps: readonly string[]
  /** Why the kubelet itself ended the pod. */
  readonly verdict?: { readonly reason: string; readonly message: string; readonly disruption?: { readonly reason: string; readonly message: string } }
  /** Conditions that tell of a resize. */
  readonly resize?: readonly Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>[]
  /** Virtual ms. */
  readonly now: number
}

/** The status of a pod (upstream's generateAPIPodStatus and what the prober and status managers add to it). Pure. */
export function generatePodStatus(pod: Pod, runtime: PodRuntime, facts: StatusFacts): PodStatus {
  const spec = pod.spec!
  const { previous } = facts
  const app = withReadiness(spec.containers, containerStatuses(pod, 'app', spec.containers, runtime, previous.containerStatuses ?? [], facts.failures), facts, false)
  const init = withReadiness(spec.initContainers ?? [], containerStatuses(pod, 'init', spec.initContainers ?? [], runtime, previous.initContainerStatuses ?? [], facts.failures), facts, true)
  const ephemeralSpecs = (spec.ephemeralContainers ?? []) as Container[]
  const ephemeral = containerStatuses(pod, 'ephemeral', ephemeralSpecs, runtime, previous.ephemeralContainerStatuses ?? [], facts.failures)

  const all = [...init, ...app]
  const initialized = spec.containers.some((container) => newestContainer(runtime, container.name) !== undefined)
  let phase = facts.verdict ? 'Failed' : phaseOf(pod, all, facts.terminal, initialized)
  if (previous.phase === 'Failed' || previous.phase === 'Succeeded') phase = previous.phase
  if (facts.terminal && phase !== 'Failed' && phase !== 'Succeeded') phase = 'Failed'

  const timestamp = formatTime(facts.now)
  const sandbox = runtime.sandboxes[0]
  const sandboxReady = sandbox?.state === 'ready' && (sandbox.config.hostNetwork || sandbox.ips.length > 0)
  const conditions = podConditions(pod, previous.conditions ?? [], { sandboxReady, statuses: all, phase, ...(facts.resize ? { resize: facts.resize } : {}) }, timestamp)
  const ips = spec.hostNetwork ? facts.hostIps : sandboxReady ? sandbox.ips : (previous.podIPs ?? []).map((each) => each.ip)
  // A pod that the kubelet ends has failed only when nothing of it runs any more: until then only its readiness shows it.
  const ending = facts.verdict !== undefined && phase !== previous.phase && runtime.containers.some((container) => container.state === 'running')
  if (ending) phase = previous.phase === 'Pending' ? 'Pending' : 'Running'
  if (facts.verdict?.disruption && !ending) addDisruption(conditions, facts.verdict.disruption, timestamp, pod.metadata.generation)
  const reason = ending ? previous.reason : (facts.verdict?.reason ?? previous.reason)
  const message = ending ? previous.message : (facts.verdict?.message ?? previous.message)
  return {
    ...(pod.metadata.generation ? { observedGeneration: pod.metadata.generation } : {}),
    phase,
    conditions,
    ...(message ? { message } : {}),
    ...(reason ? { reason } : {}),
    ...(previous.nominatedNodeName ? { nominatedNodeName: previous.nominatedNodeName } : {}),
    ...(facts.hostIps.length > 0 ? { hostIP: facts.hostIps[0]!, hostIPs: facts.hostIps.map((ip) => ({ ip })) } : {}),
    ...(ips.length > 0 ? { podIP: ips[0]!, podIPs: ips.map((ip) => ({ ip })) } : {}),
    startTime: previous.startTime ?? timestamp,
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: app,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: previous.qosClass ?? podQosClass(spec),
  }
}

function addDisruption(conditions: PodCondition[], { reason, message }: { readonly reason: string; readonly message: string }, timestamp: string, generation: number | undefined): void {
  const at = conditions.findIndex((each) => each.type === 'DisruptionTarget')
  if (at >= 0 && conditions[at]!.reason === reason) return
  const condition: PodCondition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: timestamp, ...(generation ? { observedGeneration: generation } : {}) }
  if (at >= 0) conditions[at] = condition
  else conditions.unshift(condition)
}

/** Adds `started` and `ready` as the prober knows them (upstream's UpdatePodStatus). */
function withReadiness(containers: readonly Container[], statuses: readonly ContainerStatus[], facts: StatusFacts, init: boolean): ContainerStatus[] {
  return statuses.map((status) => {
    const container = containers.find((each) => each.name === status.name)!
    const id = status.containerID?.slice('containerd://'.length) ?? ''
    const running = status.state?.running !== undefined
    const started = running && (container.startupProbe ? facts.probes.startup(id) === 'success' : true)
    if (init && !isRestartableInit(container)) return { ...status, started, ready: status.state?.terminated?.exitCode === 0 }
    return { ...status, started, ready: started && (container.readinessProbe ? facts.probes.readiness(id) === 'success' : true) }
  })
}

/** The status of a pod that this node will not run. */
export function rejectedPodStatus(pod: Pod, reason: string, message: string): PodStatus {
  return {
    ...(pod.metadata.generation ? { observedGeneration: pod.metadata.generation } : {}),
    phase: 'Failed',
    ...(pod.status?.conditions ? { conditions: pod.status.conditions } : {}),
    message,
    reason,
    qosClass: podQosClass(pod.spec!),
  }
}

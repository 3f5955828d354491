/** The columns of `kubectl get pods`: upstream's printPod. */
import type { Container, ContainerStatus, Pod } from '../../generated/types.ts'
import { conditionOf, hasCondition } from '../../machinery/conditions.ts'
import { isPodTerminal, isSidecar } from '../../machinery/pod.ts'
import { ageOf } from '../../machinery/time.ts'
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts'
import type { Column, RowCondition } from '../kind.ts'

export interface PodSummary {
  readonly ready: number
  readonly total: number
  /** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating` … */
  readonly status: string
  readonly restarts: number
  /** RFC 3339; '' when nothing restarted. */
  readonly lastRestart: string
}

/** What READY, STATUS and RESTARTS say of a pod. */
export function podSummary(pod: Pod): PodSummary {
  const status = pod.status ?? {}
  const initContainers = pod.spec?.initContainers ?? []
  let reason = status.reason || (status.phase ?? '')
  if (status.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated')) reason = 'SchedulingGated'
  let restarts = 0
  let lastRestart = ''
  let sidecarRestarts = 0
  let lastSidecarRestart = ''
  let ready = 0
  let initializing = false
  for (const [index, container] of (status.initContainerStatuses ?? []).entries()) {
    const sidecar = initContainers.some((c: Container) => c.name === container.name && isSidecar(c))
    restarts += container.restartCount
    lastRestart = later(lastRestart, container)
    if (sidecar) {
      sidecarRestarts += container.restartCount
      lastSidecarRestart = later(lastSidecarRestart, container)
    }
    if (container.state?.terminated?.exitCode === 0) continue
    if (sidecar && container.started) {
      if (container.ready) ready++
      continue
    }
    reason = initReason(container, index, initContainers.length)
    initializing = true
    break
  }
  if (!initializing || hasCondition(status.conditions, 'Initialized')) {
    restarts = sidecarRestarts
    lastRestart = lastSidecarRestart
    let hasRunning = false
    for (const container of (status.containerStatuses ?? []).toReversed()) {
      restarts += container.restartCount
      lastRestart = later(lastRestart, container)
      const { waiting, terminated, running } = container.state ?? {}
      if (waiting?.reason) reason = waiting.reason
      else if (terminated) reason = terminated.reason || exitText(terminated)
      else if (container.ready && running) {
        hasRunning = true
        ready++
      }
    }
    if (reason === 'Completed' && hasRunning) reason = hasCondition(status.conditions, 'Ready') ? 'Running' : 'NotReady'
  }
  if (pod.metadata.deletionTimestamp && status.reason === 'NodeLost') reason = 'Unknown'
  else if (pod.metadata.deletionTimestamp && !isPodTerminal(pod)) reason = 'Terminating'
  return { ready, total: (pod.spec?.containers?.length ?? 0) + initContainers.filter(isSidecar).length, status: reason, restarts, lastRestart }
}

function later(last: string, container: ContainerStatus): string {
  const finished = container.lastState?.terminated?.finishedAt
  return finished && (last === '' || Date.parse(finished) > Date.parse(last)) ? finished : last
}

function exitText(terminated: { signal?: number; exitCode: number }): string {
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`
}

function initReason(container: ContainerStatus, index: number, total: number): string {
  const { terminated, waiting } = container.state ?? {}
  if (terminated) return `Init:${terminated.reason || exitText(terminated)}`
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`
  return `Init:${index}/${total}`
}

function restartsText(pod: Pod, now: number): string {
  const { restarts, lastRestart } = podSummary(pod)
  return restarts !== 0 && lastRestart ? `${restarts} (${ageOf(lastRestart, now)} ago)` : String(restarts)
}

function readinessGatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const met = gates.filter((gate) => conditionOf(pod.status?.conditions, gate.conditionType)?.status === 'True').length
  return `${met}/${gates.length}`
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn(),
  column('Ready', 'The aggregate readiness state of this pod for accepting traffic.', (pod) => {
    const { ready, total } = podSummary(pod)
    return `${ready}/${total}`
  }),
  column('Status', 'The aggregate status of the containers in this pod.', (pod) => podSummary(pod).status),
  column('Restarts', 'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.', restartsText),
  ageColumn(),
  wideColumn('IP', ['io.k8s.api.core.v1.PodStatus', 'podIP'], (pod) => pod.status?.podIPs?.[0]?.ip || '<none>'),
  wideColumn('Node', ['io.k8s.api.core.v1.PodSpec', 'nodeName'], (pod) => pod.spec?.nodeName || '<none>'),
  wideColumn('Nominated Node', ['io.k8s.api.core.v1.PodStatus', 'nominatedNodeName'], (pod) => pod.status?.nominatedNodeName || '<none>'),
  wideColumn('Readiness Gates', ['io.k8s.api.core.v1.PodSpec', 'readinessGates'], readinessGatesText),
]

/** Rows of finished pods say so. */
export function podRowConditions(pod: Pod): readonly RowCondition[] {
  const phase = pod.status?.phase
  if (phase === 'Succeeded') return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }]
  if (phase === 'Failed') return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }]
  return []
}

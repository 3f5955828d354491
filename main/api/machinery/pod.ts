/** What controllers, proxies and printers ask of a pod (upstream's podutil). Times are ms since the epoch. */
import type { Container, ContainerStatus, Pod, PodCondition } from '../generated/types.ts'
import { conditionOf } from './conditions.ts'
import { timeOr0 } from './time.ts'

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return conditionOf(pod.status?.conditions, type)
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True'
}

/** Ready for at least `minReadySeconds` at `now`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const ready = podCondition(pod, 'Ready')
  if (ready?.status !== 'True') return false
  if (minReadySeconds === 0) return true
  return ready.lastTransitionTime !== undefined && timeOr0(ready.lastTransitionTime) + minReadySeconds * 1000 <= now
}

/** When a ready pod will have been ready for `minReadySeconds`; undefined when it is not ready. */
export function podAvailableAt(pod: Pod, minReadySeconds: number): number | undefined {
  const ready = podCondition(pod, 'Ready')
  return ready?.status === 'True' ? timeOr0(ready.lastTransitionTime) + minReadySeconds * 1000 : undefined
}

/** Succeeded or Failed. */
export function isPodTerminal(pod: Pod): boolean {
  const phase = pod.status?.phase
  return phase === 'Succeeded' || phase === 'Failed'
}

/** Being deleted and not yet terminal. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined
}

/** Neither terminal nor being deleted. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined
}

export function isPodScheduled(pod: Pod): boolean {
  return podCondition(pod, 'PodScheduled')?.status === 'True'
}

export function containerStatusOf(pod: Pod, container: string): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find((status) => status.name === container) ?? pod.status?.initContainerStatuses?.find((status) => status.name === container)
}

/** Init, then app containers (ephemeral ones left out). */
export function containersOf(pod: Pod): Container[] {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
}

/** An init container that keeps running beside the app: a sidecar. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

/** The sum of restarts of app and sidecar containers. */
export function restartCountOf(pod: Pod): number {
  let count = 0
  for (const status of pod.status?.containerStatuses ?? []) count += status.restartCount
  return count
}

/** The number of a pod's target port: a number, or the named port of one of its containers; undefined when there is none. */
export function targetPortOf(pod: Pod, targetPort: number | string, protocol = 'TCP'): number | undefined {
  if (typeof targetPort === 'number') return targetPort
  for (const container of containersOf(pod)) {
    for (const port of container.ports ?? []) if (port.name === targetPort && (port.protocol ?? 'TCP') === protocol) return port.containerPort
  }
  return undefined
}

import type { ContainerStatus, Pod, PodCondition } from '../../api/generated/types.ts'
import { isRestartableInit } from './restart-policy.ts'

/** Condition types that the kubelet owns; it keeps the others as they are. */
const ownTypes: ReadonlySet<string> = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled', 'PodResizePending', 'PodResizeInProgress'])

export function isKubeletCondition(type: string): boolean {
  return ownTypes.has(type)
}

type Judged = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>

/** Initialized, from init container statuses. */
export function initializedCondition(pod: Pod, statuses: readonly ContainerStatus[], phase: string): Judged {
  const type = 'Initialized'
  const init = pod.spec?.initContainers ?? []
  const byName = new Map(statuses.map((status) => [status.name, status]))
  const missing: string[] = []
  const incomplete: string[] = []
  for (const container of init) {
    const status = byName.get(container.name)
    if (!status) missing.push(container.name)
    else if (isRestartableInit(container) ? !status.started : !status.ready) incomplete.push(container.name)
  }
  if (phase === 'Succeeded' && missing.length === 0) return { type, status: 'True', reason: 'PodCompleted' }
  // An app container that has started proves that init was done once.
  const started = (pod.spec?.containers ?? []).some((container) => {
    const status = byName.get(container.name)
    return status?.state?.running !== undefined || status?.state?.terminated !== undefined || status?.lastState?.terminated !== undefined
  })
  if (started && missing.length === 0) return { type, status: 'True' }
  const messages: string[] = []
  if (missing.length > 0) messages.push(`containers with unknown status: [${missing.join(' ')}]`)
  if (incomplete.length > 0) messages.push(`containers with incomplete status: [${incomplete.join(' ')}]`)
  if (messages.length > 0) return { type, status: 'False', reason: 'ContainersNotInitialized', message: messages.join(', ') }
  return { type, status: 'True' }
}

/** ContainersReady, from the statuses of app containers and sidecars. */
export function containersReadyCondition(pod: Pod, statuses: readonly ContainerStatus[], phase: string): Judged {
  const type = 'ContainersReady'
  const byName = new Map(statuses.map((status) => [status.name, status]))
  const unknown: string[] = []
  const unready: string[] = []
  for (const container of [...(pod.spec?.initContainers ?? []).filter(isRestartableInit), ...(pod.spec?.containers ?? [])]) {
    const status = byName.get(container.name)
    if (!status) unknown.push(container.name)
    else if (!status.ready) unready.push(container.name)
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed' && unknown.length === 0) return { type, status: 'False', reason: 'PodFailed' }
  const messages: string[] = []
  if (unknown.length > 0) messages.push(`containers with unknown status: [${unknown.join(' ')}]`)
  if (unready.length > 0) messages.push(`containers with unready status: [${unready.join(' ')}]`)
  if (messages.length > 0) return { type, status: 'False', reason: 'ContainersNotReady', message: messages.join(', ') }
  return { type, status: 'True' }
}

/** Ready: ContainersReady and every readiness gate. */
export function readyCondition(pod: Pod, containersReady: Judged, conditions: readonly PodCondition[]): Judged {
  const type = 'Ready'
  if (containersReady.status !== 'True') return { ...containersReady, type }
  const failing: string[] = []
  for (const gate of pod.spec?.readinessGates ?? []) {
    const condition = conditions.find((each) => each.type === gate.conditionType)
    if (!condition) failing.push(`corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`)
    else if (condition.status !== 'True') failing.push(`the status of pod readiness gate "${gate.conditionType}" is not "True", but ${condition.status}`)
  }
  if (failing.length > 0) return { type, status: 'False', reason: 'ReadinessGatesNotReady', message: failing.join(', ') }
  return { type, status: 'True' }
}

/** The condition list of a status: foreign conditions kept in front, own ones after them in upstream's order, with
 *  transition times carried over from `old` where the status did not change. */
export function podConditions(pod: Pod, old: readonly PodCondition[], judged: { readonly sandboxReady: boolean; readonly statuses: readonly ContainerStatus[]; readonly phase: string; readonly resize?: readonly Judged[] }, timestamp: string): PodCondition[] {
  const conditions: PodCondition[] = old.filter((condition) => !isKubeletCondition(condition.type))
  const containersReady = containersReadyCondition(pod, judged.statuses, judged.phase)
  const own: Judged[] = [
    { type: 'PodReadyToStartContainers', status: judged.sandboxReady ? 'True' : 'False' },
    initializedCondition(pod, judged.statuses, judged.phase),
    readyCondition(pod, containersReady, conditions),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
    ...(judged.resize ?? []),
  ]
  const generation = pod.metadata.generation
  for (const each of own) {
    const before = old.find((condition) => condition.type === each.type)
    const lastTransitionTime = before?.status === each.status && before.lastTransitionTime !== undefined ? before.lastTransitionTime : timestamp
    conditions.push({
      type: each.type,
      status: each.status,
      ...(each.reason !== undefined ? { reason: each.reason } : {}),
      ...(each.message !== undefined ? { message: each.message } : {}),
      lastTransitionTime,
      ...(generation ? { observedGeneration: generation } : {}),
    })
  }
  return conditions
}

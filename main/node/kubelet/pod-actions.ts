import type { Container, Pod } from '../../api/generated/types.ts'
import type { ContainerStatus } from '../cri.ts'
import { newestContainer, type PodRuntime } from './pod-runtime.ts'
import { isRestartableInit, restartsAfter, restartsOnFailure, shouldContainerStart } from './restart-policy.ts'

export type ProbeOutcome = 'success' | 'failure' | 'unknown'

/** What the prober last found of a container; undefined when it has found nothing yet. */
export interface ProbeResults {
  startup(containerId: string): ProbeOutcome | undefined
  liveness(containerId: string): ProbeOutcome | undefined
}

export interface ContainerToKill {
  readonly id: string
  readonly name: string
  readonly container: Container
  /** Text of the Killing event; absent: "Stopping container x". */
  readonly message?: string
  readonly reason?: 'livenessProbe' | 'startupProbe' | 'unknown'
}

/** What one sync of a pod has to do at the runtime. */
export interface PodActions {
  /** Stop the sandbox and everything in it. */
  readonly killPod: boolean
  readonly createSandbox: boolean
  /** Of the sandbox in use, or of the one that is no longer good. */
  readonly sandboxId: string | undefined
  readonly attempt: number
  readonly initContainersToStart: readonly Container[]
  readonly containersToStart: readonly Container[]
  readonly ephemeralContainersToStart: readonly Container[]
  readonly containersToKill: readonly ContainerToKill[]
}

/** The annotation of a container that tells which version of its spec it was made of. */
export const containerHashAnnotation = 'io.kubernetes.container.hash'

/** Decides what to do about a pod, given what the runtime has of it. Follows kuberuntime's computePodActions; not modelled:
 *  in-place resize. `hashOf` answers the hash of a container's present spec. */
export function computePodActions(pod: Pod, runtime: PodRuntime, probes: ProbeResults, hashOf: (container: Container) => string): PodActions {
  const spec = pod.spec!
  const sandbox = sandboxChange(pod, runtime)
  const base = { sandboxId: sandbox.id, attempt: sandbox.attempt, killPod: false, createSandbox: false, initContainersToStart: [], containersToStart: [], ephemeralContainersToStart: [], containersToKill: [] }

  if (sandbox.changed) {
    if (!restartsOnFailure(pod) && sandbox.attempt !== 0 && runtime.containers.length > 0) return { ...base, killPod: true }
    const toStart = spec.containers.filter((container) => {
      if (spec.restartPolicy !== 'OnFailure') return true
      const status = newestContainer(runtime, container.name)
      return !(status?.state === 'exited' && status.exitCode === 0)
    })
    if (toStart.length === 0 && isInitialized(pod, runtime)) return { ...base, killPod: true }
    const first = spec.initContainers?.[0]
    if (first) return { ...base, killPod: true, createSandbox: true, initContainersToStart: [first] }
    return { ...base, killPod: true, createSandbox: true, containersToStart: toStart }
  }

  const ephemeralContainersToStart = (spec.ephemeralContainers ?? []).filter((each) => !newestContainer(runtime, each.name)) as Container[]
  const kill: ContainerToKill[] = []
  const init = initActions(pod, runtime, probes, kill)
  if (init.killPod) return { ...base, killPod: true, ephemeralContainersToStart }
  const partly = { ...base, ephemeralContainersToStart, initContainersToStart: init.start, containersToKill: kill }
  if (!init.initialized) return partly

  const start: Container[] = []
  let keep = 0
  for (const container of spec.containers) {
    const status = newestContainer(runtime, container.name)
    if (!status || status.state !== 'running') {
      if (!shouldContainerStart(container, pod, runtime)) continue
      start.push(container)
      if (status?.state === 'unknown') kill.push({ id: status.id, name: container.name, container, reason: 'unknown', message: 'Container is in "unknown" state, try killing it before restart' })
      continue
    }
    const verdict = runningVerdict(container, status, pod, probes, hashOf)
    if (!verdict) {
      keep++
      continue
    }
    const message = verdict.restart ? `${verdict.message}, will be restarted` : verdict.message
    if (verdict.restart) start.push(container)
    kill.push({ id: status.id, name: container.name, container, message, ...(verdict.reason ? { reason: verdict.reason } : {}) })
  }
  const sidecarRunning = (spec.initContainers ?? []).some((container) => isRestartableInit(container) && newestContainer(runtime, container.name)?.state === 'running')
  if (keep === 0 && start.length === 0) return { ...partly, killPod: true, initContainersToStart: sidecarRunning ? [] : init.start.filter((container) => !isRestartableInit(container)) }
  return { ...partly, containersToStart: start }
}

interface Verdict {
  readonly message: string
  readonly restart: boolean
  readonly reason?: ContainerToKill['reason']
}

/** Why a running container has to end; undefined when it may go on. */
function runningVerdict(container: Container, status: ContainerStatus, pod: Pod, probes: ProbeResults, hashOf: (container: Container) => string): Verdict | undefined {
  const hash = status.config.annotations[containerHashAnnotation]
  if (hash !== undefined && hash !== hashOf(container)) return { message: `Container ${container.name} definition changed`, restart: true }
  const restart = restartsAfter(container, pod, 137)
  if (probes.liveness(status.id) === 'failure') return { message: `Container ${container.name} failed liveness probe`, restart, reason: 'livenessProbe' }
  if (probes.startup(status.id) === 'failure') return { message: `Container ${container.name} failed startup probe`, restart, reason: 'startupProbe' }
  return undefined
}

/** Whether the pod needs another sandbox than the newest it has (upstream's PodSandboxChanged). */
export function sandboxChange(pod: Pod, runtime: PodRuntime): { readonly changed: boolean; readonly attempt: number; readonly id: string | undefined } {
  const newest = runtime.sandboxes[0]
  if (!newest) return { changed: true, attempt: 0, id: undefined }
  const ready = runtime.sandboxes.filter((sandbox) => sandbox.state === 'ready').length
  const next = { changed: true, attempt: newest.config.attempt + 1, id: newest.id }
  if (ready > 1 || newest.state !== 'ready') return next
  if (newest.config.hostNetwork !== (pod.spec?.hostNetwork ?? false)) return { ...next, id: undefined }
  if (!newest.config.hostNetwork && newest.ips.length === 0) return next
  return { changed: false, attempt: newest.config.attempt, id: newest.id }
}

/** Whether init is over: an app container was ever made, or the last init containers have ended well (or run, as sidecars). */
export function isInitialized(pod: Pod, runtime: PodRuntime): boolean {
  const init = pod.spec?.initContainers ?? []
  if (init.length === 0 || anyAppContainer(pod, runtime)) return true
  return init.every((container) => {
    const status = newestContainer(runtime, container.name)
    return isRestartableInit(container) ? status?.state === 'running' : status?.state === 'exited' && status.exitCode === 0
  })
}

function anyAppContainer(pod: Pod, runtime: PodRuntime): boolean {
  return (pod.spec?.containers ?? []).some((container) => {
    const status = newestContainer(runtime, container.name)
    return status !== undefined && status.state !== 'created'
  })
}

interface InitActions {
  readonly initialized: boolean
  readonly killPod: boolean
  readonly start: Container[]
}

/** Which init container starts next (or again). Walks backwards, because finished ones may have been removed. */
function initActions(pod: Pod, runtime: PodRuntime, probes: ProbeResults, kill: ContainerToKill[]): InitActions {
  const init = pod.spec?.initContainers ?? []
  if (init.length === 0) return { initialized: true, killPod: false, start: [] }
  let initialized = anyAppContainer(pod, runtime)
  let laterSeen = initialized
  const start: Container[] = []
  const startNext = (index: number): void => {
    const next = init[index + 1]
    if (!next) initialized = true
    else start.push(next)
  }
  for (let index = init.length - 1; index >= 0; index--) {
    const container = init[index]!
    const sidecar = isRestartableInit(container)
    const status = newestContainer(runtime, container.name)
    if (!status) {
      if (laterSeen && sidecar) start.push(container)
      continue
    }
    if (laterSeen && !sidecar) {
      // Something after it has been seen: it has done its work. One that still runs is let be.
      continue
    }
    if (status.state === 'running') {
      if (!sidecar) {
        laterSeen = true
        continue
      }
      const startup = probes.startup(status.id)
      if (container.startupProbe && startup !== 'success') {
        if (startup === 'failure') {
          kill.push({ id: status.id, name: container.name, container, reason: 'startupProbe', message: `Init container ${container.name} failed startup probe` })
          start.push(container)
        }
      } else {
        if (!initialized && !laterSeen) startNext(index)
        if (container.livenessProbe && probes.liveness(status.id) === 'failure') {
          kill.push({ id: status.id, name: container.name, container, reason: 'livenessProbe', message: `Init container ${container.name} failed liveness probe` })
          start.push(container)
        }
      }
    } else if (status.state === 'created') start.push(container)
    else if (status.state === 'exited') {
      if (sidecar) start.push(container)
      else if (status.exitCode !== 0) {
        if (!restartsAfter(container, pod, status.exitCode)) return { initialized: false, killPod: true, start: [] }
        start.push(container)
      } else startNext(index)
    } else {
      kill.push({ id: status.id, name: container.name, container, reason: 'unknown', message: 'Init container is in "unknown" state, try killing it before restart' })
      start.push(container)
    }
    laterSeen = true
  }
  if (!laterSeen) start.push(init[0]!)
  return { initialized, killPod: false, start: start.reverse() }
}

import type { Container, ContainerState, ContainerStatus, Pod, VolumeMountStatus } from '../../api/generated/types.ts'
import { formatTime } from '../../api/machinery/time.ts'
import type { ContainerStatus as RuntimeContainer } from '../cri.ts'
import { canonicalImageName } from './image-name.ts'
import { actualResources, runtimeResources, sameResources } from './pod-resize.ts'
import type { PodRuntime } from './pod-runtime.ts'
import { isRestartableInit, shouldContainerStart } from './restart-policy.ts'

/** Why a container did not start at the last sync: shown as its waiting state. */
export interface StartFailure {
  /** ErrImagePull, CrashLoopBackOff … */
  readonly reason: string
  readonly message: string
}

export type ContainerGroup = 'init' | 'app' | 'ephemeral'

/** The API statuses of one group of containers (upstream's convertToAPIContainerStatuses): init containers in spec order,
 *  the others by name. `ready` and `started` are left to the prober. */
export function containerStatuses(
  pod: Pod,
  group: ContainerGroup,
  containers: readonly Container[],
  runtime: PodRuntime,
  previous: readonly ContainerStatus[],
  failures: (container: string) => StartFailure | undefined,
): ContainerStatus[] {
  const init = group === 'init'
  const waiting: ContainerState = { waiting: { reason: (pod.spec?.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating' } }
  const oldByName = new Map(previous.map((status) => [status.name, status]))
  const byName = new Map<string, ContainerStatus>()
  for (const container of containers) {
    const old = oldByName.get(container.name)
    const status: ContainerStatus = { name: container.name, image: container.image ?? '', imageID: '', ready: false, restartCount: 0, state: waiting, lastState: {} }
    if (old && init && !isRestartableInit(container) && old.state?.terminated) byName.set(container.name, old)
    else byName.set(container.name, old ? { ...status, restartCount: old.restartCount, lastState: old.lastState ?? {} } : status)
  }

  for (const container of containers) {
    if (runtime.containers.some((each) => each.config.name === container.name)) continue
    // It ran according to the last status and the runtime has lost it.
    const old = oldByName.get(container.name)
    if (!old?.state?.running || (init && !isRestartableInit(container))) continue
    const status = byName.get(container.name)!
    byName.set(container.name, { ...status, restartCount: old.restartCount + 1, lastState: { terminated: { reason: 'ContainerStatusUnknown', message: 'The container could not be located when the pod was deleted.  The container used to be Running', exitCode: 137 } } })
  }

  const seen = new Map<string, number>()
  for (const each of runtime.containers) {
    const name = each.config.name
    const base = byName.get(name)
    const container = containers.find((candidate) => candidate.name === name)
    const count = seen.get(name) ?? 0
    if (!base || !container || count >= 2) continue
    if (count === 0) byName.set(name, statusOf(pod, container, each, base.lastState ?? {}, oldByName.get(name)))
    else byName.set(name, { ...base, lastState: stateOf(each) })
    seen.set(name, count + 1)
  }

  for (const container of containers) {
    const status = byName.get(container.name)!
    if (init && !isRestartableInit(container) && status.state?.terminated?.exitCode === 0) continue
    if (group === 'ephemeral' ? runtime.containers.some((each) => each.config.name === container.name) : !shouldContainerStart(container, pod, runtime)) continue
    const failure = failures(container.name)
    if (!failure) continue
    const lastState = status.state?.terminated ? { terminated: status.state.terminated } : status.lastState
    byName.set(container.name, { ...status, lastState, state: { waiting: { reason: failure.reason, ...(failure.message ? { message: failure.message } : {}) } } })
  }
  const list = containers.map((container) => byName.get(container.name)!)
  return init ? list : list.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

function statusOf(pod: Pod, container: Container, each: RuntimeContainer, lastState: ContainerState, old: ContainerStatus | undefined): ContainerStatus {
  const running = each.state === 'running'
  const requests = container.resources?.requests
  return {
    name: container.name,
    state: stateOf(each),
    lastState,
    ready: false,
    restartCount: each.config.attempt,
    image: canonicalImageName(each.config.image),
    imageID: each.imageRef,
    containerID: `containerd://${each.id}`,
    ...(running && requests && Object.keys(requests).length > 0 ? { allocatedResources: requests } : {}),
    // A resize shows when it has been brought about.
    ...(running ? { resources: old?.resources && !sameResources(actualResources(each), runtimeResources(container)) ? old.resources : resourcesOf(container) } : {}),
    ...(container.volumeMounts && container.volumeMounts.length > 0 ? { volumeMounts: container.volumeMounts.map(mountStatusOf) } : {}),
    ...(running ? { user: userOf(pod, container, each) } : {}),
  }
}

function resourcesOf(container: Container): ContainerStatus['resources'] {
  const { limits, requests } = container.resources ?? {}
  return { ...(limits && Object.keys(limits).length > 0 ? { limits } : {}), ...(requests && Object.keys(requests).length > 0 ? { requests } : {}) }
}

function mountStatusOf(mount: NonNullable<Container['volumeMounts']>[number]): VolumeMountStatus {
  return {
    name: mount.name,
    mountPath: mount.mountPath,
    ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: mount.recursiveReadOnly === 'Enabled' || mount.recursiveReadOnly === 'IfPossible' ? 'Enabled' : 'Disabled' } : {}),
  }
}

/** The identity the first process runs with: what the runtime says, else what the spec asks for, else root. */
function userOf(pod: Pod, container: Container, each: RuntimeContainer): ContainerStatus['user'] {
  if (each.user) return { linux: { uid: each.user.uid, gid: each.user.gid, supplementalGroups: [...each.user.supplementalGroups] } }
  const uid = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser ?? 0
  const gid = container.securityContext?.runAsGroup ?? pod.spec?.securityContext?.runAsGroup ?? 0
  const extra = [...(pod.spec?.securityContext?.supplementalGroups ?? []), ...(pod.spec?.securityContext?.fsGroup !== undefined ? [pod.spec.securityContext.fsGroup] : [])]
  return { linux: { uid, gid, supplementalGroups: [...new Set([gid, ...extra])].sort((a, b) => a - b) } }
}

/** A container's state in API terms. */
export function stateOf(each: RuntimeContainer): ContainerState {
  if (each.state === 'running') return { running: { startedAt: formatTime(each.startedAt) } }
  if (each.state === 'created') return { waiting: {} }
  if (each.state === 'unknown') return { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message: 'The container could not be located when the pod was terminated' } }
  return {
    terminated: {
      exitCode: each.exitCode,
      ...(each.signal ? { signal: each.signal } : {}),
      ...(each.reason ? { reason: each.reason } : {}),
      ...(each.message ? { message: each.message } : {}),
      // A container that never started has Go's zero time rendered as the epoch.
      startedAt: formatTime(each.startedAt),
      finishedAt: formatTime(each.finishedAt),
      containerID: `containerd://${each.id}`,
    },
  }
}

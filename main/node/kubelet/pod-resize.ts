import type { Container, Pod, PodCondition } from '../../api/generated/types.ts'
import { cpuMillis, quantityValue } from '../../api/machinery/quantity.ts'
import type { ContainerResources, ContainerStatus } from '../cri.ts'
import { admitPod, podRequests } from './admission.ts'
import type { Node } from '../../api/generated/types.ts'
import { newestContainer, type PodRuntime } from './pod-runtime.ts'
import { isRestartableInit } from './restart-policy.ts'
import { isStaticPod } from './static-pods.ts'

type Resources = NonNullable<Container['resources']>

/** Why a resize waits: condition PodResizePending. */
export interface ResizeProblem {
  readonly reason: 'Deferred' | 'Infeasible'
  readonly message: string
}

/** What the runtime is told that a container may use. */
export function runtimeResources(container: Container): ContainerResources {
  const { limits, requests } = container.resources ?? {}
  const cpuLimitMillis = cpuMillis(limits?.['cpu'])
  return { cpuRequestMillis: requests?.['cpu'] !== undefined ? cpuMillis(requests['cpu']) : cpuLimitMillis, cpuLimitMillis, memoryLimitBytes: quantityValue(limits?.['memory']) }
}

/** What a running container may really use now. */
export function actualResources(status: ContainerStatus): ContainerResources {
  return status.resources ?? status.config.resources
}

export function sameResources(a: ContainerResources, b: ContainerResources): boolean {
  return a.cpuRequestMillis === b.cpuRequestMillis && a.cpuLimitMillis === b.cpuLimitMillis && a.memoryLimitBytes === b.memoryLimitBytes
}

/** Whether a container has to be restarted to get what it is now allocated. */
export function resizeRestarts(container: Container, actual: ContainerResources, wanted: ContainerResources): boolean {
  return (container.resizePolicy ?? []).some(({ resourceName, restartPolicy }) => {
    if (restartPolicy !== 'RestartContainer') return false
    return resourceName === 'memory' ? actual.memoryLimitBytes !== wanted.memoryLimitBytes : actual.cpuLimitMillis !== wanted.cpuLimitMillis || actual.cpuRequestMillis !== wanted.cpuRequestMillis
  })
}

/** What a pod's containers have been granted: what its spec said when it came, until a resize is allowed. */
export class PodAllocation {
  readonly #granted = new Map<string, Resources>()
  #pod: Pod | undefined
  #allocated: Pod | undefined
  problem: ResizeProblem | undefined
  /** Why a granted resize could not be brought about. */
  error: string | undefined

  /** A pod that an earlier kubelet had admitted keeps what its status says that it was allocated. */
  constructor(pod: Pod) {
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
    for (const container of resizable(pod)) {
      const status = statuses.find((each) => each.name === container.name)
      const granted = status?.allocatedResources && status.state?.running ? { ...container.resources, requests: status.allocatedResources, ...(status.resources?.limits ? { limits: status.resources.limits } : {}) } : container.resources
      this.#granted.set(container.name, granted ?? {})
    }
  }

  /** The pod with what it has been granted. */
  of(pod: Pod): Pod {
    if (pod === this.#pod && this.#allocated) return this.#allocated
    this.#pod = pod
    return (this.#allocated = withResources(pod, this.#granted))
  }

  /** Whether the pod asks for something else than it has been granted. */
  differs(pod: Pod): boolean {
    return resizable(pod).some((container) => {
      const granted = this.#granted.get(container.name)
      return granted !== undefined && !sameAmounts(granted, container.resources ?? {})
    })
  }

  /** Grants what the pod asks for. */
  grant(pod: Pod): void {
    for (const container of resizable(pod)) this.#granted.set(container.name, container.resources ?? {})
    this.#allocated = undefined
    this.problem = undefined
  }

  /** The conditions that tell of a resize; none when there is none. */
  conditions(pod: Pod, runtime: PodRuntime): Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>[] {
    const list: Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>[] = []
    if (this.problem) list.push({ type: 'PodResizePending', status: 'True', ...this.problem })
    if (this.error !== undefined) list.push({ type: 'PodResizeInProgress', status: 'True', reason: 'Error', message: this.error })
    else if (isResizing(this.of(pod), runtime)) list.push({ type: 'PodResizeInProgress', status: 'True' })
    return list
  }
}

/** Whether some running container may not use yet what its pod has been granted. */
function isResizing(allocated: Pod, runtime: PodRuntime): boolean {
  return resizable(allocated).some((container) => {
    const status = newestContainer(runtime, container.name)
    return status?.state === 'running' && !sameResources(actualResources(status), runtimeResources(container))
  })
}

/** Containers that can be resized: app containers and sidecars. */
export function resizable({ spec }: Pod): Container[] {
  return [...(spec?.initContainers ?? []).filter(isRestartableInit), ...(spec?.containers ?? [])]
}

/** Whether a node has room for what a pod asks for now; undefined when it has. Follows upstream's canResizePod. */
export function resizeProblem(pod: Pod, others: readonly Pod[], node: Node | undefined): ResizeProblem | undefined {
  if (isStaticPod(pod)) return { reason: 'Infeasible', message: 'In-place resize of static-pods is not supported' }
  const allocatable = node?.status?.allocatable
  const wanted = podRequests(pod)
  const cpu = cpuMillis(allocatable?.['cpu'])
  const memory = quantityValue(allocatable?.['memory'])
  const short: string[] = []
  if (allocatable && wanted.cpu > cpu) short.push(`cpu, requested: ${wanted.cpu}, capacity: ${cpu}`)
  if (allocatable && wanted.memory > memory) short.push(`memory, requested: ${wanted.memory}, capacity: ${memory}`)
  if (short.length > 0) return { reason: 'Infeasible', message: `Node didn't have enough capacity: ${short.join(', ')}` }
  const rejection = admitPod(pod, others, node, false)
  return rejection?.reason.startsWith('OutOf') ? { reason: 'Deferred', message: rejection.message } : undefined
}

function withResources(pod: Pod, granted: ReadonlyMap<string, Resources>): Pod {
  const spec = pod.spec!
  let changed = false
  const replaced = (container: Container): Container => {
    const resources = granted.get(container.name)
    if (!resources || sameAmounts(resources, container.resources ?? {})) return container
    changed = true
    return { ...container, resources }
  }
  const containers = spec.containers.map(replaced)
  const initContainers = spec.initContainers?.map((container) => (isRestartableInit(container) ? replaced(container) : container))
  return changed ? { ...pod, spec: { ...spec, containers, ...(initContainers ? { initContainers } : {}) } } : pod
}

function sameAmounts(a: Resources, b: Resources): boolean {
  return (['limits', 'requests'] as const).every((list) => cpuMillis(a[list]?.['cpu']) === cpuMillis(b[list]?.['cpu']) && quantityValue(a[list]?.['memory']) === quantityValue(b[list]?.['memory']))
}

import type { ContainerRuntime } from '../cri.ts'
import type { PodRuntime } from './pod-runtime.ts'

/** Dead containers beyond the newest one of each name in a pod that lives: what container garbage collection removes
 *  (MaxPerPodContainer = 1). Answers their ids. */
export function deadContainersToRemove(runtime: PodRuntime): string[] {
  const kept = new Set<string>()
  const remove: string[] = []
  for (const container of runtime.containers) {
    if (container.state !== 'exited') continue
    if (kept.has(container.config.name)) remove.push(container.id)
    else kept.add(container.config.name)
  }
  return remove
}

/** Sandboxes that have been replaced and hold no container any more. */
export function deadSandboxesToRemove(runtime: PodRuntime): string[] {
  return runtime.sandboxes.slice(1).filter((sandbox) => sandbox.state !== 'ready' && !runtime.containers.some((container) => container.sandboxId === sandbox.id)).map((sandbox) => sandbox.id)
}

/** Removes what is dead and of no more use in a pod that lives. */
export async function collectGarbage(runtime: ContainerRuntime, pod: PodRuntime): Promise<void> {
  for (const id of deadContainersToRemove(pod)) await runtime.removeContainer(id)
  for (const id of deadSandboxesToRemove(pod)) await runtime.removePodSandbox(id)
}

/** Stops and removes everything the runtime has of a pod that no source knows. Errors leave the rest for the next time. */
export async function removeOrphan(runtime: ContainerRuntime, pod: PodRuntime, graceSeconds: number): Promise<void> {
  await Promise.all(pod.containers.filter((container) => container.state === 'running').map((container) => runtime.stopContainer(container.id, graceSeconds)))
  for (const sandbox of pod.sandboxes) {
    if (sandbox.state === 'ready') await runtime.stopPodSandbox(sandbox.id)
    await runtime.removePodSandbox(sandbox.id)
  }
}

import type { Container, Pod } from '../../api/generated/types.ts'
import type { ContainerStatus } from '../cri.ts'
import { newestContainer, type PodRuntime } from './pod-runtime.ts'

/** An init container that keeps running beside the app. */
export function isRestartableInit(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

/** Whether anything of the pod starts again after a failure. */
export function restartsOnFailure(pod: Pod): boolean {
  return pod.spec?.restartPolicy !== 'Never'
}

/** Whether a container that ended with `exitCode` is to run again: its own rules, then its own policy, then the pod's. */
export function restartsAfter(container: Container, pod: Pod, exitCode: number): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    if (rule.action !== 'Restart' || !rule.exitCodes) continue
    const listed = (rule.exitCodes.values ?? []).includes(exitCode)
    if (rule.exitCodes.operator === 'NotIn' ? !listed : listed) return true
  }
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always'
  if (policy === 'Never') return false
  return policy === 'OnFailure' ? exitCode !== 0 : true
}

/** Whether the next sync would start the container (upstream's ShouldContainerBeRestarted). */
export function shouldContainerStart(container: Container, pod: Pod, runtime: PodRuntime): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false
  const status: ContainerStatus | undefined = newestContainer(runtime, container.name)
  if (!status) return true
  if (status.state === 'running') return false
  if (status.state !== 'exited') return true
  return restartsAfter(container, pod, status.exitCode)
}

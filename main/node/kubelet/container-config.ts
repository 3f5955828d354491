import type { Container, Pod } from '../../api/generated/types.ts'
import { podQosClass } from '../../api/kinds/core/pod-qos.ts'
import { quantityValue } from '../../api/machinery/quantity.ts'
import type { ContainerConfig, Mount } from '../cri.ts'
import { expandedCommand, type EnvironmentVariable } from './environment.ts'
import { containerHashAnnotation } from './pod-actions.ts'
import { runtimeResources } from './pod-resize.ts'
import { containerHash, containerLogPath } from './sandbox-config.ts'

/** What the runtime is asked to make a container of. */
export function containerConfig(pod: Pod, container: Container, attempt: number, imageId: string, environment: readonly EnvironmentVariable[], mounts: readonly Mount[], memoryCapacityBytes: number): ContainerConfig {
  const user = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser
  const group = container.securityContext?.runAsGroup ?? pod.spec?.securityContext?.runAsGroup
  return {
    name: container.name,
    attempt,
    image: container.image ?? '',
    imageId,
    command: expandedCommand(container.command, environment),
    args: expandedCommand(container.args, environment),
    workingDir: container.workingDir ?? '',
    env: environment,
    mounts,
    labels: {
      'io.kubernetes.container.name': container.name,
      'io.kubernetes.pod.name': pod.metadata.name,
      'io.kubernetes.pod.namespace': pod.metadata.namespace ?? '',
      'io.kubernetes.pod.uid': pod.metadata.uid!,
    },
    annotations: {
      [containerHashAnnotation]: containerHash(container),
      'io.kubernetes.container.restartCount': String(attempt),
      'io.kubernetes.container.terminationMessagePath': container.terminationMessagePath ?? '/dev/termination-log',
      'io.kubernetes.container.terminationMessagePolicy': container.terminationMessagePolicy ?? 'File',
      'io.kubernetes.pod.terminationGracePeriod': String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    },
    logPath: containerLogPath(pod, container.name, attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    ...(user !== undefined ? { user: group === undefined ? String(user) : `${user}:${group}` } : {}),
    resources: runtimeResources(container),
    oomScoreAdj: oomScoreAdjustment(pod, container, memoryCapacityBytes),
    terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
    readOnlyRootFilesystem: container.securityContext?.readOnlyRootFilesystem ?? false,
    ...(container.lifecycle?.stopSignal ? { stopSignal: container.lifecycle.stopSignal } : {}),
  }
}

/** Whom the kernel kills first when memory runs out (upstream's qos policy). */
export function oomScoreAdjustment(pod: Pod, container: Container, memoryCapacityBytes: number): number {
  if ((pod.spec?.priority ?? 0) >= 2_000_000_000) return -997
  const qos = podQosClass(pod.spec!)
  if (qos === 'Guaranteed') return -997
  if (qos === 'BestEffort') return 1000
  const requested = quantityValue(container.resources?.requests?.['memory'])
  const score = 1000 - Math.floor((1000 * requested) / memoryCapacityBytes)
  if (score < 1000 + -997) return 1000 + -997
  return score === 1000 ? 999 : score
}

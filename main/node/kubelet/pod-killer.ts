import type { Container, Pod } from '../../api/generated/types.ts'
import { GracePeriod } from './grace-period.ts'
import { runHook } from './hooks.ts'
import { newestContainer, type PodRuntime } from './pod-runtime.ts'
import type { PodTools } from './pod-tools.ts'
import { isRestartableInit } from './restart-policy.ts'

/** Containers always get this long to end by themselves. */
const minimumGraceSeconds = 2

/** Stops one container: Killing event, preStop hook, stop signal, KILL when the grace period is over. */
export async function killContainer(pod: Pod, container: Container, containerId: string, podIp: string, tools: PodTools, grace: GracePeriod, message?: string): Promise<void> {
  const { process, runtime, events } = tools
  events.container(pod, container, 'Normal', 'Killing', message ?? `Stopping container ${container.name}`)
  const hook = container.lifecycle?.preStop
  if (hook && grace.leftSeconds > 0) {
    const running = runHook(hook, container, containerId, podIp, { process, runtime, stack: tools.stack }, grace.leftSeconds * 1000)
    await grace.until(running.catch(() => events.container(pod, container, 'Warning', 'FailedPreStopHook', 'PreStopHook failed')))
  }
  const stop = (): Promise<void> => runtime.stopContainer(containerId, Math.max(grace.leftSeconds, minimumGraceSeconds))
  const forget = grace.onShorter(() => void stop().catch(() => {}))
  try {
    await stop()
  } finally {
    forget()
  }
}

/** The grace period of a container that is killed for a failed probe. */
export function probeGraceSeconds(pod: Pod, container: Container, reason: 'livenessProbe' | 'startupProbe' | 'unknown' | undefined): number {
  const probe = reason === 'livenessProbe' ? container.livenessProbe : reason === 'startupProbe' ? container.startupProbe : undefined
  return probe?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30
}

/** The grace period of a pod on its way out. */
export function podGraceSeconds(pod: Pod): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30
}

/** Ends everything a pod runs: app containers at once, then sidecars in reverse order, then the sandboxes. Rejects with the
 *  runtime's error when something would not stop. */
export async function killPod(pod: Pod, runtime: PodRuntime, tools: PodTools, grace: GracePeriod): Promise<void> {
  const spec = pod.spec!
  const sidecars = (spec.initContainers ?? []).filter(isRestartableInit)
  const others = [...(spec.initContainers ?? []).filter((container) => !isRestartableInit(container)), ...spec.containers, ...((spec.ephemeralContainers ?? []) as Container[])]
  const kill = async (container: Container): Promise<void> => {
    const running = newestContainer(runtime, container.name)
    if (running?.state === 'running' || running?.state === 'unknown') await killContainer(pod, container, running.id, runtime.sandboxes[0]?.ips[0] ?? '', tools, grace)
  }
  await Promise.all(others.map(kill))
  for (const sidecar of sidecars.reverse()) await kill(sidecar)
  // Sandboxes that died by themselves still hold an address until they are stopped.
  for (const sandbox of runtime.sandboxes) await tools.runtime.stopPodSandbox(sandbox.id)
}

/** A new grace period. */
export function graceOf(tools: PodTools, seconds: number): GracePeriod {
  return new GracePeriod(tools.process.clock, seconds)
}

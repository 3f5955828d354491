import type { Container, Pod, Secret } from '../../api/generated/types.ts'
import { containerConfig } from './container-config.ts'
import type { StartFailure } from './container-statuses.ts'
import { containerEnvironment } from './environment.ts'
import { podText } from './events.ts'
import type { NodeFacts } from './field-path.ts'
import { runHook } from './hooks.ts'
import { rpcText } from './image-puller.ts'
import { computePodActions, type ContainerToKill, type PodActions } from './pod-actions.ts'
import { Cancelled, type Cancellation } from './cancellation.ts'
import { graceOf, killContainer, killPod, podGraceSeconds, probeGraceSeconds } from './pod-killer.ts'
import { actualResources, resizable, resizeRestarts, runtimeResources, sameResources } from './pod-resize.ts'
import { newestContainer, type PodRuntime } from './pod-runtime.ts'
import type { PodTools } from './pod-tools.ts'
import type { PodVolumes } from './pod-volumes.ts'
import { isRestartableInit } from './restart-policy.ts'
import { containerHash, sandboxConfig } from './sandbox-config.ts'
import { StartError } from './start-error.ts'

/** A postStart hook may take as long as it likes; the runtime's calls need some bound. */
const hookTimeoutMs = 3_600_000

/** What came of one sync at the runtime. */
export interface RuntimeSyncResult {
  /** Why containers did not start, by container name. */
  readonly failures: ReadonlyMap<string, StartFailure>
  /** Containers that were started (or are past what kept them from it). */
  readonly started: ReadonlySet<string>
  /** The first error, when something failed. */
  readonly error: Error | undefined
  /** Why a container could not be given what it has been granted. */
  readonly resizeError: string | undefined
  /** When the earliest back-off ends, virtual ms. */
  readonly retryAt: number | undefined
}

/** Brings what the runtime has of a pod closer to what the pod wants (kuberuntime's SyncPod). Gives up between two steps, or in the
 *  middle of a pull or hook, when cancelled. */
export async function syncAtRuntime(pod: Pod, runtime: PodRuntime, volumes: PodVolumes, tools: PodTools, cancellation: Cancellation): Promise<RuntimeSyncResult> {
  const decided = computePodActions(pod, runtime, tools.prober, containerHash)
  const resize = resizeActions(pod, runtime, decided)
  const actions = { ...decided, containersToKill: [...decided.containersToKill, ...resize.kill], containersToStart: [...decided.containersToStart, ...resize.kill.map(({ container }) => container)] }
  const failures = new Map<string, StartFailure>()
  const started = new Set<string>()
  let error: Error | undefined
  let retryAt: number | undefined
  const fail = (cause: unknown): void => {
    error ??= cause instanceof Error ? cause : new Error(String(cause))
    if (cause instanceof StartError && cause.retryAt !== undefined) retryAt = Math.min(retryAt ?? Infinity, cause.retryAt)
  }
  let resizeError: string | undefined
  const done = (): RuntimeSyncResult => ({ failures, started, error, resizeError, retryAt })

  if (actions.killPod) {
    if (actions.createSandbox && actions.sandboxId !== undefined) tools.events.pod(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    try {
      await killPod(pod, runtime, tools, graceOf(tools, podGraceSeconds(pod)))
    } catch (cause) {
      fail(cause)
      return done()
    }
  } else {
    for (const kill of actions.containersToKill) {
      try {
        await killContainer(pod, kill.container, kill.id, runtime.sandboxes[0]?.ips[0] ?? '', tools, graceOf(tools, probeGraceSeconds(pod, kill.container, kill.reason)), kill.message)
      } catch (cause) {
        fail(cause)
        return done()
      }
    }
  }

  for (const { container, id } of resize.update) {
    try {
      await resizeContainer(container, id, runtime, tools)
      tools.cache.invalidate(pod.metadata.uid!, actions.sandboxId!)
    } catch (cause) {
      resizeError = cause instanceof Error ? cause.message : String(cause)
      fail(cause)
    }
  }

  let sandboxId = actions.sandboxId
  let podIps: readonly string[] = runtime.sandboxes[0]?.ips ?? []
  if (actions.createSandbox) {
    try {
      const dns = { clusterDns: tools.clusterDns, clusterDomain: tools.clusterDomain, hostServers: tools.hostDns }
      sandboxId = await tools.runtime.runPodSandbox(sandboxConfig(pod, actions.attempt, tools.nodeName, dns, await tools.runtimeHandlerOf(pod), (message) => tools.events.pod(pod, 'Warning', 'DNSConfigForming', message)))
      podIps = (await tools.runtime.podSandboxStatus(sandboxId)).ips
    } catch (cause) {
      tools.events.pod(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${rpcText(cause)}`)
      fail(cause)
      return done()
    }
  }
  if (pod.spec!.hostNetwork) podIps = tools.hostIps()

  const start = async (container: Container): Promise<boolean> => {
    if (cancellation.cancelled) throw new Cancelled()
    const held = backOffOf(pod, container, runtime, tools)
    if (held) {
      failures.set(container.name, { reason: 'CrashLoopBackOff', message: held.message })
      fail(held)
      return false
    }
    try {
      await startContainer(pod, container, sandboxId!, podIps, runtime, volumes, tools, cancellation)
      started.add(container.name)
      return true
    } catch (cause) {
      if (cause instanceof Cancelled) throw cause
      failures.set(container.name, cause instanceof StartError ? { reason: cause.reason, message: cause.message } : { reason: 'CreateContainerError', message: cause instanceof Error ? cause.message : String(cause) })
      fail(cause)
      return false
    }
  }
  for (const container of actions.ephemeralContainersToStart) await start(container)
  for (const container of actions.initContainersToStart) {
    if (!(await start(container)) && !isRestartableInit(container)) return done()
  }
  for (const container of actions.containersToStart) await start(container)
  return done()
}

/** Running containers that have been granted something else than they may use, and that nothing else happens to: to be changed in place, or
 *  restarted where their resize policy wants that. */
function resizeActions(pod: Pod, runtime: PodRuntime, actions: PodActions): { readonly update: readonly { readonly container: Container; readonly id: string }[]; readonly kill: readonly ContainerToKill[] } {
  const update: { container: Container; id: string }[] = []
  const kill: ContainerToKill[] = []
  if (actions.killPod || actions.createSandbox) return { update, kill }
  for (const container of resizable(pod)) {
    const status = newestContainer(runtime, container.name)
    if (status?.state !== 'running' || actions.containersToKill.some((each) => each.id === status.id)) continue
    const wanted = runtimeResources(container)
    const actual = actualResources(status)
    if (sameResources(actual, wanted)) continue
    if (resizeRestarts(container, actual, wanted) && !isRestartableInit(container)) kill.push({ id: status.id, name: container.name, container, message: `Container ${container.name} resize requires restart` })
    else update.push({ container, id: status.id })
  }
  return { update, kill }
}

async function resizeContainer(container: Container, id: string, runtime: PodRuntime, tools: PodTools): Promise<void> {
  const wanted = runtimeResources(container)
  const used = tools.runtime.footprint().containers.find((each) => each.id === id)?.memoryBytes ?? 0
  const before = newestContainer(runtime, container.name)!
  if (wanted.memoryLimitBytes > 0 && wanted.memoryLimitBytes !== actualResources(before).memoryLimitBytes && used >= wanted.memoryLimitBytes) {
    throw new Error(`attempting to set container ${JSON.stringify(container.name)} memory limit (${wanted.memoryLimitBytes}) below current usage (${used})`)
  }
  await tools.runtime.updateContainerResources(id, wanted)
}

/** Whether the container ended too recently to start again; says so in an event. */
function backOffOf(pod: Pod, container: Container, runtime: PodRuntime, tools: PodTools): StartError | undefined {
  const last = runtime.containers.find((each) => each.config.name === container.name && each.state === 'exited')
  if (!last) return undefined
  const key = backOffKey(pod, container)
  const now = tools.process.clock.now()
  const until = tools.crashBackOff.waitsUntil(key, last.finishedAt, now)
  if (until === undefined) {
    tools.crashBackOff.next(key, last.finishedAt, now)
    return undefined
  }
  tools.events.container(pod, container, 'Warning', 'BackOff', `Back-off restarting failed container ${container.name} in pod ${podText(pod)}`)
  return new StartError('CrashLoopBackOff', `back-off ${goSeconds(tools.crashBackOff.delayMs(key))} restarting failed container=${container.name} pod=${podText(pod)}`, until)
}

/** 10s, 1m20s, 5m0s. */
function goSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

/** Upstream's key: what changes it starts the back-off anew. */
function backOffKey(pod: Pod, container: Container): string {
  return `${pod.metadata.uid}_${container.name}_${containerHash(container)}`
}

/** Pull, create, start, postStart. Throws StartError. */
async function startContainer(pod: Pod, container: Container, sandboxId: string, podIps: readonly string[], runtime: PodRuntime, volumes: PodVolumes, tools: PodTools, cancellation: Cancellation): Promise<void> {
  const { events } = tools
  const fail = (reason: string, message: string): never => {
    events.container(pod, container, 'Warning', 'Failed', `Error: ${message}`)
    throw new StartError(reason, message)
  }
  let imageId: string
  try {
    imageId = await cancellation.race(tools.puller.ensure(pod, container, await pullSecrets(pod, tools)))
  } catch (cause) {
    if (cause instanceof StartError) events.container(pod, container, 'Warning', 'Failed', `Error: ${cause.reason}`)
    throw cause
  }
  const previous = newestContainer(runtime, container.name)
  const attempt = previous ? previous.config.attempt + 1 : restartCountInStatus(pod, container, tools)
  const facts = nodeFacts(tools, podIps)
  let config
  try {
    const namespace = pod.metadata.namespace ?? ''
    const environment = await containerEnvironment(pod, container, {
      configMap: (name) => tools.configMaps.get(namespace, name),
      secret: (name) => tools.secrets.get(namespace, name),
      services: tools.servicesFor(pod),
      facts,
      onInvalidKeys: (message) => events.pod(pod, 'Warning', 'InvalidEnvironmentVariableNames', message),
    })
    await verifyRunAsNonRoot(pod, container, imageId, tools)
    config = containerConfig(pod, container, attempt, imageId, environment, volumes.mountsOf(container, environment), tools.capacity.memoryBytes)
  } catch (cause) {
    return fail('CreateContainerConfigError', cause instanceof Error ? cause.message : String(cause))
  }
  let id: string
  try {
    id = await tools.runtime.createContainer(sandboxId, config)
  } catch (cause) {
    return fail('CreateContainerError', cause instanceof Error ? cause.message : String(cause))
  }
  events.container(pod, container, 'Normal', 'Created', 'Container created')
  try {
    await tools.runtime.startContainer(id)
  } catch (cause) {
    return fail('RunContainerError', cause instanceof Error ? cause.message : String(cause))
  }
  events.container(pod, container, 'Normal', 'Started', 'Container started')
  const hook = container.lifecycle?.postStart
  if (!hook) return
  try {
    await cancellation.race(runHook(hook, container, id, podIps[0] ?? '', { process: tools.process, runtime: tools.runtime, stack: tools.stack }, hookTimeoutMs))
  } catch (cause) {
    if (cause instanceof Cancelled) throw cause
    events.container(pod, container, 'Warning', 'FailedPostStartHook', 'PostStartHook failed')
    await killContainer(pod, container, id, podIps[0] ?? '', tools, graceOf(tools, podGraceSeconds(pod)), 'FailedPostStartHook').catch(() => {})
    throw new StartError('PostStartHookError', cause instanceof Error ? cause.message : String(cause))
  }
}

/** Throws for a container that must not run as root and would. Follows kuberuntime's verifyRunAsNonRoot. */
async function verifyRunAsNonRoot(pod: Pod, container: Container, imageId: string, tools: PodTools): Promise<void> {
  const own = container.securityContext
  const shared = pod.spec?.securityContext
  if (!(own?.runAsNonRoot ?? shared?.runAsNonRoot ?? false)) return
  const about = `(pod: ${JSON.stringify(podText(pod))}, container: ${container.name})`
  const asked = own?.runAsUser ?? shared?.runAsUser
  if (asked !== undefined) {
    if (asked === 0) throw new Error(`container's runAsUser breaks non-root policy ${about}`)
    return
  }
  const user = (await tools.runtime.imageStatus(imageId))?.user?.split(':')[0] ?? ''
  if (user === '' || user === '0') throw new Error(`container has runAsNonRoot and image will run as root ${about}`)
  if (!/^\d+$/.test(user)) throw new Error(`container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root ${about}`)
}

/** A container that the runtime has forgotten counts on from its status (upstream reads its log directory). */
function restartCountInStatus(pod: Pod, container: Container, tools: PodTools): number {
  const status = tools.status.get(pod.metadata.uid!)
  const old = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find((each) => each.name === container.name)
  return old && (old.containerID || old.lastState?.terminated) ? old.restartCount : 0
}

export function nodeFacts(tools: PodTools, podIps: readonly string[]): NodeFacts {
  return { nodeName: tools.nodeName, hostIps: tools.hostIps(), podIps, ...tools.capacity }
}

async function pullSecrets(pod: Pod, tools: PodTools): Promise<Secret[]> {
  const found: Secret[] = []
  for (const reference of pod.spec?.imagePullSecrets ?? []) {
    if (!reference.name) continue
    const secret = await tools.secrets.get(pod.metadata.namespace ?? '', reference.name).catch(() => undefined)
    if (secret) found.push(secret)
    else tools.events.pod(pod, 'Warning', 'FailedToRetrieveImagePullSecret', `Unable to retrieve some image pull secrets (${reference.name}); attempting to pull the image may not succeed.`)
  }
  return found
}

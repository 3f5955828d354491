import type { Pod, PodStatus } from '../../api/generated/types.ts'
import { jsonEqual } from '../../api/machinery/equality.ts'
import { timeOr0 } from '../../api/machinery/time.ts'
import type { StartFailure } from './container-statuses.ts'
import { isKubeletCondition } from './pod-conditions.ts'
import { collectGarbage } from './pod-garbage.ts'
import { Cancellation, Cancelled } from './cancellation.ts'
import type { GracePeriod } from './grace-period.ts'
import { graceOf, killPod, podGraceSeconds } from './pod-killer.ts'
import { PodAllocation } from './pod-resize.ts'
import type { PodRuntime } from './pod-runtime.ts'
import { generatePodStatus } from './pod-status.ts'
import { nodeFacts, syncAtRuntime } from './pod-starter.ts'
import type { PodTools } from './pod-tools.ts'
import { PodVolumes } from './pod-volumes.ts'
import { isRestartableInit } from './restart-policy.ts'
import { referencedObjects, type VolumeSources } from './volume-files.ts'

/** sync: the pod should run. terminating: it is being stopped. terminated: nothing of it runs and nothing will. */
export type PodWorkerState = 'sync' | 'terminating' | 'terminated'

/** Why a sync is asked for. What the runtime tells waits a moment after a failure, as PLEG's period makes it upstream. */
export type SyncCause = 'api' | 'runtime' | 'probe' | 'timer'

const resyncMs = 60_000
const backOffMs = 10_000
const networkRetryMs = 1_000
const jitter = 0.5
const plegPeriodMs = 1_000

export interface WorkerView {
  readonly pod: string
  readonly uid: string
  readonly state: PodWorkerState
  readonly phase: string
  readonly lastError: string
  readonly syncs: number
  readonly nextSyncAt: number | undefined
}

/** Why the kubelet ends a pod by itself. */
export interface PodVerdict {
  readonly reason: string
  readonly message: string
  /** How long its containers get; absent: their own period. */
  readonly graceSeconds?: number
  /** What the condition DisruptionTarget says of it. */
  readonly disruption?: { readonly reason: string; readonly message: string }
}

/** Drives one pod from its first sync to its end, one step at a time (upstream's pod worker). The states only go forward. */
export class PodWorker {
  readonly uid: string
  readonly #tools: PodTools
  readonly #onTerminated: (worker: PodWorker) => void
  readonly #volumes: PodVolumes
  readonly #objects = new Set<string>()
  readonly #failures = new Map<string, StartFailure>()
  #pod: Pod
  #state: PodWorkerState = 'sync'
  #busy = false
  #pending: SyncCause | undefined
  #timer: { cancel(): void } | undefined
  #nextSyncAt: number | undefined
  readonly #cancellation: Cancellation
  #grace: GracePeriod | undefined
  #verdict: PodVerdict | undefined
  readonly #allocation: PodAllocation
  #failed = false
  #lastError = ''
  #syncs = 0

  constructor(pod: Pod, tools: PodTools, onTerminated: (worker: PodWorker) => void) {
    this.uid = pod.metadata.uid!
    this.#pod = pod
    this.#tools = tools
    this.#onTerminated = onTerminated
    this.#allocation = new PodAllocation(pod)
    this.#cancellation = new Cancellation(tools.process.clock)
    this.#volumes = new PodVolumes(tools.process.clock, tools.claimedVolumes, (message) => tools.events.pod(this.#pod, 'Warning', 'FailedMount', message))
  }

  get pod(): Pod {
    return this.#pod
  }

  get state(): PodWorkerState {
    return this.#state
  }

  get verdict(): PodVerdict | undefined {
    return this.#verdict
  }

  /** The pod with what it has been granted, which differs from what it asks for while a resize waits. */
  get allocated(): Pod {
    return this.#allocation.of(this.#pod)
  }

  /** Whether a resize waits for room on the node. */
  get waitsForRoom(): boolean {
    return this.#allocation.problem?.reason === 'Deferred'
  }

  /** The pod changed in its source. */
  update(pod: Pod): void {
    const old = this.#pod
    this.#pod = pod
    if (this.#state === 'terminating') {
      this.#grace?.shorten(podGraceSeconds(pod))
      return
    }
    if (this.#state === 'terminated') {
      // Deleted after it ended: its object may go now.
      if (pod.metadata.deletionTimestamp !== undefined && old.metadata.deletionTimestamp === undefined) this.#tools.status.finish(pod)
      return
    }
    if (pod.metadata.deletionTimestamp !== undefined) this.#terminate()
    if (this.#syncs === 0 || matters(pod, old)) this.request('api')
  }

  /** The pod is gone from its source (deleted at once, or its manifest was removed). */
  remove(): void {
    if (this.#state === 'sync') this.#terminate()
    this.#grace?.shorten(podGraceSeconds(this.#pod))
    this.request('api')
  }

  /** The kubelet itself ends the pod: eviction, deadline. */
  evict(verdict: PodVerdict): void {
    if (this.#state !== 'sync') return
    this.#verdict = verdict
    this.#terminate()
    this.request('api')
  }

  /** Nothing of the pod runs and nothing will: it ended in an earlier life of the kubelet, or was never admitted. */
  markTerminated(): void {
    this.#state = 'terminated'
  }

  /** Asks for a sync soon. */
  request(cause: SyncCause): void {
    if (this.#state === 'terminated') return
    if (this.#busy) {
      if (this.#pending === undefined || this.#pending === 'runtime') this.#pending = cause
      return
    }
    this.#schedule(cause === 'runtime' && this.#failed ? plegPeriodMs : 0)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#releaseObjects()
  }

  view(): WorkerView {
    return {
      pod: `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`,
      uid: this.uid,
      state: this.#state,
      phase: this.#tools.status.get(this.uid)?.phase ?? '',
      lastError: this.#lastError,
      syncs: this.#syncs,
      nextSyncAt: this.#nextSyncAt,
    }
  }

  #terminate(): void {
    if (this.#state !== 'sync') return
    this.#state = 'terminating'
    this.#cancellation.cancel()
    this.#tools.process.changed('workers')
  }

  #schedule(delayMs: number): void {
    const at = this.#tools.process.clock.now() + delayMs
    if (this.#timer && this.#nextSyncAt !== undefined && this.#nextSyncAt <= at) return
    this.#timer?.cancel()
    this.#nextSyncAt = at
    const run = (): void => {
      this.#timer = undefined
      this.#nextSyncAt = undefined
      void this.#step()
    }
    this.#timer = delayMs > 0 ? this.#tools.process.clock.afterUncaused(delayMs, run) : this.#tools.process.clock.after(0, run)
  }

  async #step(): Promise<void> {
    if (this.#busy || this.#state === 'terminated') return
    this.#busy = true
    this.#pending = undefined
    this.#syncs++
    const { process } = this.#tools
    const span = process.span(this.#state === 'sync' ? 'sync pod' : 'terminate pod', { pod: `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}` })
    let againMs: number
    const state = this.#state
    try {
      if (state === 'sync') againMs = await this.#sync()
      else {
        await this.#stopAll()
        againMs = 0
      }
      this.#failed = false
      this.#lastError = ''
    } catch (error) {
      this.#failed = !(error instanceof Cancelled)
      this.#lastError = error instanceof Error ? error.message : String(error)
      if (this.#failed) process.journal.error('Error syncing pod, skipping', { err: this.#lastError, pod: `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`, podUID: this.uid })
      againMs = this.#retryMs(error)
    } finally {
      this.#busy = false
      process.endSpan(span)
    }
    process.changed('workers')
    if (this.#ended) return
    const pending = this.#pending as SyncCause | undefined
    this.#pending = undefined
    if (this.#state !== state && state === 'sync') this.#schedule(0)
    else if (pending !== undefined) this.#schedule(pending === 'runtime' && this.#failed ? plegPeriodMs : 0)
    this.#schedule(againMs)
  }

  get #ended(): boolean {
    return this.#state === 'terminated'
  }

  #retryMs(error: unknown): number {
    const { random, clock } = this.#tools.process
    if (error instanceof Cancelled) return 0
    if (error instanceof NetworkNotReady) return random.jitter(networkRetryMs, jitter)
    const usual = random.jitter(backOffMs, jitter)
    if (error instanceof SyncFailed && error.retryAt !== undefined) return Math.max(1, Math.min(usual, error.retryAt - clock.now()))
    return usual
  }

  /** One sync of a pod that should run; answers after how many ms the next is due. */
  async #sync(): Promise<number> {
    const tools = this.#tools
    let runtime = await tools.cache.get(this.uid)
    if (this.#state !== 'sync') return 0
    this.#judgeResize()
    const status = this.#publish(runtime, false)
    if (status.phase === 'Succeeded' || status.phase === 'Failed') {
      this.#terminate()
      return 0
    }
    const left = this.#deadlineLeftMs(status)
    if (left !== undefined && left <= 0) {
      this.#verdict = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }
      tools.events.pod(this.#pod, 'Normal', 'DeadlineExceeded', this.#verdict.message)
      this.#terminate()
      return 0
    }
    const problem = tools.networkProblem()
    if (problem !== undefined && !this.#pod.spec!.hostNetwork) {
      tools.events.pod(this.#pod, 'Warning', 'NetworkNotReady', `network is not ready: ${problem}`)
      throw new NetworkNotReady(`network is not ready: ${problem}`)
    }
    this.#acquireObjects()
    try {
      await this.#volumes.setUp(this.#pod, this.#volumeSources(status), this.#cancellation)
    } catch (error) {
      if (error instanceof Cancelled) throw error
      const message = error instanceof Error ? error.message : String(error)
      tools.events.pod(this.#pod, 'Warning', 'FailedMount', `Unable to attach or mount volumes: ${message}`)
      throw error
    }
    if (this.#state !== 'sync') return 0
    tools.prober.addPod(this.#pod)
    runtime = await tools.cache.get(this.uid)
    if (this.#state !== 'sync') return 0
    const result = await syncAtRuntime(this.allocated, runtime, this.#volumes, tools, this.#cancellation)
    this.#allocation.error = result.resizeError
    for (const [name, failure] of result.failures) this.#failures.set(name, failure)
    for (const name of result.started) this.#failures.delete(name)
    if (this.#state === 'sync') {
      runtime = await tools.cache.get(this.uid)
      this.#triggerReadiness(this.#publish(runtime, false))
      await collectGarbage(tools.runtime, runtime)
    }
    if (result.error) throw new SyncFailed(result.error.message, result.retryAt)
    const resync = tools.process.random.jitter(resyncMs, jitter)
    return left === undefined ? resync : Math.min(resync, left)
  }

  /** Grants a resize for which the node has room, or notes why it has to wait. */
  #judgeResize(): void {
    const allocation = this.#allocation
    if (!allocation.differs(this.#pod)) {
      allocation.problem = undefined
      return
    }
    allocation.problem = this.#tools.resizeProblem(this.#pod)
    if (!allocation.problem) allocation.grant(this.#pod)
  }

  /** Stops what runs; then the pod is terminated. */
  async #stopAll(): Promise<void> {
    const tools = this.#tools
    const runtime = await tools.cache.get(this.uid)
    this.#publish(runtime, false)
    tools.prober.stopLivenessAndStartup(this.uid)
    this.#grace ??= graceOf(tools, Math.min(podGraceSeconds(this.#pod), this.#verdict?.graceSeconds ?? Infinity))
    await killPod(this.#pod, runtime, tools, this.#grace)
    tools.prober.removePod(this.uid)
    // The runtime's events come a moment after its answers; the last status is to show the sandboxes stopped.
    for (const sandbox of runtime.sandboxes) tools.cache.invalidate(this.uid, sandbox.id)
    const stopped = await tools.cache.get(this.uid)
    const still = stopped.containers.filter((container) => container.state === 'running')
    if (still.length > 0) throw new Error(`detected running containers after a successful KillPod, CRI violation: [${still.map((container) => container.config.name).join(' ')}]`)
    this.#publish(stopped, true)
    this.#releaseObjects()
    tools.claimedVolumes.release(this.uid)
    tools.tokens.forget(this.uid)
    tools.puller.forget(this.uid)
    tools.crashBackOff.forget(`${this.uid}_`)
    this.#state = 'terminated'
    this.#timer?.cancel()
    this.#timer = undefined
    this.#nextSyncAt = undefined
    tools.status.finish(this.#pod)
    this.#onTerminated(this)
  }

  #publish(runtime: PodRuntime, terminal: boolean): PodStatus {
    const tools = this.#tools
    const status = generatePodStatus(this.allocated, runtime, {
      resize: terminal ? [] : this.#allocation.conditions(this.#pod, runtime),
      previous: this.#previousStatus(),
      terminal,
      failures: (container) => this.#failures.get(container),
      probes: tools.prober,
      hostIps: tools.hostIps(),
      ...(this.#verdict ? { verdict: this.#verdict } : {}),
      now: tools.process.clock.now(),
    })
    const before = tools.status.get(this.uid)
    const final = before && jsonEqual(before, status) ? before : status
    tools.status.set(this.#pod, final)
    return final
  }

  /** What we said last, with foreign conditions as the API has them now. */
  #previousStatus(): PodStatus {
    const api = this.#pod.status ?? {}
    const own = this.#tools.status.get(this.uid)
    if (!own) return api
    const foreign = (api.conditions ?? []).filter((condition) => !isKubeletCondition(condition.type))
    return { ...own, conditions: [...foreign, ...(own.conditions ?? []).filter((condition) => isKubeletCondition(condition.type))] }
  }

  #triggerReadiness(status: PodStatus): void {
    const spec = this.#pod.spec!
    for (const container of [...spec.containers, ...(spec.initContainers ?? []).filter(isRestartableInit)]) {
      if (!container.readinessProbe) continue
      const own = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find((each) => each.name === container.name)
      if (own?.started && !own.ready) this.#tools.prober.triggerUnlessKnown(this.uid, container.name)
    }
  }

  #deadlineLeftMs(status: PodStatus): number | undefined {
    const seconds = this.#pod.spec?.activeDeadlineSeconds
    if (seconds === undefined) return undefined
    return timeOr0(status.startTime) + seconds * 1000 - this.#tools.process.clock.now()
  }

  #volumeSources(status: PodStatus): VolumeSources {
    const tools = this.#tools
    const namespace = this.#pod.metadata.namespace ?? ''
    return {
      configMap: (name) => tools.configMaps.get(namespace, name),
      secret: (name) => tools.secrets.get(namespace, name),
      token: (audience, expirationSeconds) => tools.tokens.get(this.#pod, audience, expirationSeconds),
      facts: nodeFacts(tools, (status.podIPs ?? []).map((each) => each.ip)),
    }
  }

  /** References can only grow while a pod lives (ephemeral containers). */
  #acquireObjects(): void {
    const { configMaps, secrets } = referencedObjects(this.#pod)
    const namespace = this.#pod.metadata.namespace ?? ''
    for (const name of configMaps) this.#acquire(`c/${name}`, () => this.#tools.configMaps.acquire(namespace, name))
    for (const name of secrets) this.#acquire(`s/${name}`, () => this.#tools.secrets.acquire(namespace, name))
  }

  #acquire(key: string, acquire: () => void): void {
    if (this.#objects.has(key)) return
    this.#objects.add(key)
    acquire()
  }

  #releaseObjects(): void {
    const namespace = this.#pod.metadata.namespace ?? ''
    for (const key of this.#objects) {
      const cache = key.startsWith('c/') ? this.#tools.configMaps : this.#tools.secrets
      cache.release(namespace, key.slice(2))
    }
    this.#objects.clear()
  }
}

/** Whether a change of the object asks for a sync: our own status writes coming back do not. */
function matters(pod: Pod, old: Pod): boolean {
  const { metadata, spec, status } = pod
  if (spec !== old.spec && !jsonEqual(spec, old.spec)) return true
  if (metadata.deletionTimestamp !== old.metadata.deletionTimestamp || !jsonEqual(metadata.labels, old.metadata.labels) || !jsonEqual(metadata.annotations, old.metadata.annotations)) return true
  const foreign = (of: Pod['status']): unknown => (of?.conditions ?? []).filter((condition) => !isKubeletCondition(condition.type))
  return !jsonEqual(foreign(status), foreign(old.status))
}

class NetworkNotReady extends Error {}

class SyncFailed extends Error {
  readonly retryAt: number | undefined
  constructor(message: string, retryAt: number | undefined) {
    super(message)
    this.retryAt = retryAt
  }
}

import type { Pod } from '../../api/generated/types.ts'
import { podQosClass } from '../../api/kinds/core/pod-qos.ts'
import type { Process } from '../../kernel/machine.ts'
import type { ContainerRuntime, MachineFootprint } from '../cri.ts'
import type { Rejection } from './admission.ts'
import { evictionMessage, isCriticalPod, limitsLocalStorage, localStorageVerdict, rankForEviction, type PodUsage } from './eviction-ranking.ts'
import { conditionOfSignal, defaultThresholds, isMet, observe, resourceOfSignal, thresholdAmount, type EvictionThreshold, type Observations, type PressureCondition } from './eviction-thresholds.ts'
import type { KubeletEvents } from './events.ts'
import type { PodWorker } from './pod-worker.ts'

/** How a kubelet defends its node. */
export interface EvictionSettings {
  readonly thresholds: readonly EvictionThreshold[]
  /** How long a condition stays after its signal was last seen low. */
  readonly pressureTransitionMs: number
  /** Most that a pod evicted for a soft threshold gets to stop. */
  readonly maxPodGraceSeconds: number
}

export const defaultEviction: EvictionSettings = { thresholds: defaultThresholds, pressureTransitionMs: 300_000, maxPodGraceSeconds: 0 }

export interface EvictorOptions {
  readonly process: Process
  readonly runtime: ContainerRuntime
  readonly events: KubeletEvents
  readonly settings: EvictionSettings
  readonly capacity: { readonly memoryBytes: number; readonly ephemeralStorageBytes: number }
  /** Pods that run or should. */
  readonly workers: () => Iterable<PodWorker>
  /** Frees disk that nobody uses (dead containers, images); resolves when it has tried. */
  readonly reclaimDisk: () => Promise<void>
  /** Conditions changed. */
  readonly onPressure: () => void
}

const periodMs = 10_000
const hardGraceSeconds = 1

/** Ends pods when the node runs out of memory, disk or process ids, and pods that use more local storage than they may. Looks every 10 s and
 *  ends one pod at a time, as upstream's eviction manager. Not modelled: inodes, separate image and container file systems. */
export class Evictor {
  readonly #options: EvictorOptions
  /** When a signal was first seen low, by threshold. */
  readonly #firstSeen = new Map<EvictionThreshold, number>()
  readonly #conditionSeen = new Map<PressureCondition, number>()
  #conditions: ReadonlySet<PressureCondition> = new Set()
  #busy = false

  constructor(options: EvictorOptions) {
    this.#options = options
  }

  start(): void {
    const { process, runtime, events } = this.#options
    process.clock.every(() => periodMs, () => void this.look())
    process.scope.onClose(runtime.onSystemOutOfMemory((victim) => events.node('Warning', 'SystemOOM', `System OOM encountered, victim process: ${victim.process}, pid: ${victim.pid}`)))
  }

  under(condition: PressureCondition): boolean {
    return this.#conditions.has(condition)
  }

  /** Whether a new pod may come: under memory pressure only those that ask for memory or tolerate it, under other pressure only critical ones. */
  admits(pod: Pod): Rejection | undefined {
    if (this.#conditions.size === 0 || isCriticalPod(pod)) return undefined
    if (this.#conditions.size === 1 && this.#conditions.has('MemoryPressure')) {
      if (podQosClass(pod.spec!) !== 'BestEffort') return undefined
      if (pod.spec?.tolerations?.some((each) => (!each.effect || each.effect === 'NoSchedule') && (each.operator === 'Exists' ? !each.key || each.key === memoryPressureTaint : each.key === memoryPressureTaint && (each.value ?? '') === ''))) return undefined
    }
    return { reason: 'Evicted', message: `The node had condition: [${[...this.#conditions].join(' ')}]. ` }
  }

  /** One look at the node: at most one pod is ended for it. */
  async look(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      await this.#synchronise()
    } catch (error) {
      this.#options.process.journal.error('Eviction manager: failed to synchronize', { err: error })
    } finally {
      this.#busy = false
    }
  }

  async #synchronise(): Promise<void> {
    const { process, runtime, capacity, settings } = this.#options
    const footprint = runtime.footprint()
    const usages = this.#usages(footprint)
    this.#endForLocalStorage(usages)
    const observations = observe(footprint, capacity)
    const now = process.clock.now()
    const low: EvictionThreshold[] = []
    for (const threshold of settings.thresholds) {
      // Once crossed, a threshold is over only when its minimum reclaim is free as well.
      if (isMet(threshold, observations, this.#firstSeen.has(threshold))) {
        if (!this.#firstSeen.has(threshold)) this.#firstSeen.set(threshold, now)
        low.push(threshold)
      } else this.#firstSeen.delete(threshold)
    }
    this.#updateConditions(low, now)
    const due = low.filter((threshold) => now - this.#firstSeen.get(threshold)! >= threshold.graceMs)
    if (due.length === 0) return
    // Memory first: nothing else stops a machine so soon.
    due.sort((a, b) => Number(b.signal === 'memory.available') - Number(a.signal === 'memory.available'))
    const threshold = due[0]!
    await this.#reclaim(threshold, observations, usages)
  }

  async #reclaim(threshold: EvictionThreshold, observations: Observations, usages: readonly PodUsage[]): Promise<void> {
    const { process, runtime, events, capacity, settings, reclaimDisk } = this.#options
    const resource = resourceOfSignal[threshold.signal]
    process.journal.warning('Eviction manager: attempting to reclaim', { resourceName: resource })
    events.node('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`)
    let seen = observations
    if (conditionOfSignal[threshold.signal] === 'DiskPressure') {
      await reclaimDisk()
      seen = observe(runtime.footprint(), capacity)
      if (!isMet(threshold, seen, true)) {
        process.journal.info('Eviction manager: able to reduce resource pressure without evicting pods.', { resourceName: resource })
        return
      }
    }
    const { available, capacity: whole } = seen[threshold.signal]
    const grace = threshold.graceMs === 0 ? hardGraceSeconds : settings.maxPodGraceSeconds
    for (const usage of rankForEviction(threshold.signal, usages)) {
      if (isCriticalPod(usage.pod)) {
        process.journal.error('Eviction manager: cannot evict a critical pod', { pod: `${usage.pod.metadata.namespace}/${usage.pod.metadata.name}` })
        continue
      }
      if (this.#evict(usage.pod, evictionMessage(resource, thresholdAmount(threshold.value, whole), available, usage), grace, true)) return
    }
    process.journal.info('Eviction manager: unable to evict any pods from the node')
  }

  #endForLocalStorage(usages: readonly PodUsage[]): void {
    for (const usage of usages) {
      if (!limitsLocalStorage(usage.pod) || isCriticalPod(usage.pod)) continue
      const message = localStorageVerdict(usage)
      if (message !== undefined) this.#evict(usage.pod, message, hardGraceSeconds, false)
    }
  }

  #evict(pod: Pod, message: string, graceSeconds: number, disruption: boolean): boolean {
    for (const worker of this.#options.workers()) {
      if (worker.uid !== pod.metadata.uid || worker.state !== 'sync') continue
      this.#options.events.pod(pod, 'Warning', 'Evicted', message)
      worker.evict({ reason: 'Evicted', message, graceSeconds, ...(disruption ? { disruption: { reason: 'TerminationByKubelet', message } } : {}) })
      return true
    }
    return false
  }

  #updateConditions(low: readonly EvictionThreshold[], now: number): void {
    const { settings, onPressure } = this.#options
    for (const { signal } of low) this.#conditionSeen.set(conditionOfSignal[signal], now)
    const conditions = new Set<PressureCondition>()
    for (const [condition, at] of this.#conditionSeen) if (at === now || now - at < settings.pressureTransitionMs) conditions.add(condition)
    const changed = conditions.size !== this.#conditions.size || [...conditions].some((each) => !this.#conditions.has(each))
    this.#conditions = conditions
    if (changed) onPressure()
  }

  /** What each pod that still runs uses. */
  #usages(footprint: MachineFootprint): PodUsage[] {
    const byPod = new Map<string, PodUsage & { containers: Map<string, { memoryBytes: number; processes: number; storageBytes: number }> }>()
    for (const worker of this.#options.workers()) {
      if (worker.state !== 'sync') continue
      const scratch = new Map(footprint.volumes.get(worker.uid) ?? [])
      byPod.set(worker.uid, { pod: worker.pod, containers: new Map(), volumes: scratch })
    }
    for (const { podUid, name, memoryBytes, processes, writtenBytes, logBytes } of footprint.containers) byPod.get(podUid)?.containers.set(name, { memoryBytes, processes, storageBytes: writtenBytes + logBytes })
    return [...byPod.values()]
  }
}

const memoryPressureTaint = 'node.kubernetes.io/memory-pressure'


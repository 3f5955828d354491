import type { Pod } from '../../api/generated/types.ts'
import { objectKey } from '../../api/machinery/object.ts'
import { admitPod, type Rejection } from './admission.ts'
import { isCriticalPod } from './eviction-ranking.ts'
import { collectGarbage, removeOrphan } from './pod-garbage.ts'
import { podsToPreempt } from './preemption.ts'
import { rejectedPodStatus } from './pod-status.ts'
import type { PodTools } from './pod-tools.ts'
import { PodWorker, type SyncCause } from './pod-worker.ts'
import { isStaticPod } from './static-pods.ts'
import type { Node } from '../../api/generated/types.ts'

/** Orphans get this long to end by themselves. */
const orphanGraceSeconds = 1

const preemptedMessage = 'Preempted in order to admit critical pod'

/** All pods that this kubelet knows, each with its worker: admits new ones, passes changes on, and cleans up after those that
 *  are gone, in the API as at the runtime. */
export class PodRegistry {
  readonly #tools: PodTools
  readonly #node: () => Node | undefined
  readonly #workers = new Map<string, PodWorker>()
  /** Static pods that wait for an older one of the same name to end. */
  readonly #waiting = new Map<string, Pod>()
  readonly #removed = new Set<string>()
  #sourcesReady = false

  constructor(tools: PodTools, node: () => Node | undefined) {
    this.#tools = tools
    this.#node = node
  }

  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid)
  }

  workers(): IterableIterator<PodWorker> {
    return this.#workers.values()
  }

  get size(): number {
    return this.#workers.size
  }

  /** A pod appeared or changed in a source. */
  put(pod: Pod): void {
    const uid = pod.metadata.uid!
    const worker = this.#workers.get(uid)
    if (worker) {
      this.#removed.delete(uid)
      worker.update(pod)
      return
    }
    const name = objectKey(pod.metadata.namespace, pod.metadata.name)
    if (isStaticPod(pod) && this.#sameName(name, uid)) {
      this.#waiting.set(name, pod)
      return
    }
    this.#add(pod)
  }

  /** A pod is gone from its source. */
  remove(uid: string): void {
    const worker = this.#workers.get(uid)
    if (!worker) {
      for (const [name, pod] of this.#waiting) if (pod.metadata.uid === uid) this.#waiting.delete(name)
      return
    }
    this.#removed.add(uid)
    if (worker.state === 'terminated') this.#cleanUp(worker)
    else worker.remove()
  }

  /** Every source has been read once: what the runtime has besides is nobody's. */
  sourcesReady(): void {
    this.#sourcesReady = true
    for (const uid of this.#tools.cache.uids()) this.runtimeChanged(uid)
  }

  /** The runtime told of a change in a pod. */
  runtimeChanged(uid: string): void {
    const worker = this.#workers.get(uid)
    if (worker) worker.request('runtime')
    else if (this.#sourcesReady) this.#removeOrphan(uid)
  }

  /** Removes containers that have ended, of all pods, beyond what `kubectl logs --previous` needs. */
  async collectDead(): Promise<void> {
    for (const worker of [...this.#workers.values()]) await collectGarbage(this.#tools.runtime, await this.#tools.cache.get(worker.uid))
  }

  /** Pods that run or should, with what they have been granted. */
  othersThan(uid: string): Pod[] {
    return [...this.#workers.values()].filter((other) => other.uid !== uid && other.state === 'sync').map((other) => other.allocated)
  }

  requestAll(cause: SyncCause): void {
    for (const worker of this.#workers.values()) worker.request(cause)
  }

  stop(): void {
    for (const worker of this.#workers.values()) worker.stop()
  }

  #sameName(name: string, uid: string): boolean {
    for (const worker of this.#workers.values()) {
      if (worker.uid !== uid && objectKey(worker.pod.metadata.namespace, worker.pod.metadata.name) === name && isStaticPod(worker.pod)) return true
    }
    return false
  }

  #add(pod: Pod): void {
    const { status, events, process, cache } = this.#tools
    const uid = pod.metadata.uid!
    const worker = new PodWorker(pod, this.#tools, (ended) => this.#terminated(ended))
    this.#workers.set(uid, worker)
    process.changed('pods')
    const known = cache.known(uid)
    const phase = pod.status?.phase
    const live = known.containers.some((container) => container.state === 'running') || known.sandboxes.some((sandbox) => sandbox.state === 'ready')
    if ((phase === 'Succeeded' || phase === 'Failed') && !live) {
      // It ended before this kubelet started.
      status.set(pod, pod.status!)
      worker.markTerminated()
      status.finish(pod)
      return
    }
    if (pod.metadata.deletionTimestamp === undefined && known.sandboxes.length === 0) {
      const others = this.othersThan(uid)
      const rejection = this.#tools.alsoAdmits(pod) ?? this.#admit(pod, others)
      if (rejection) {
        events.pod(pod, 'Warning', rejection.reason, rejection.message)
        status.set(pod, rejectedPodStatus(pod, rejection.reason, `Pod was rejected: ${rejection.message}`))
        worker.markTerminated()
        status.finish(pod)
        return
      }
    }
    worker.update(pod)
  }

  /** A critical pod makes room for itself. */
  #admit(pod: Pod, others: readonly Pod[]): Rejection | undefined {
    const rejection = admitPod(pod, others, this.#node(), isStaticPod(pod))
    if (!rejection?.reason.startsWith('OutOf') || !isCriticalPod(pod)) return rejection
    const victims = podsToPreempt(pod, others, this.#node(), isStaticPod(pod))
    if (!victims) return rejection
    for (const victim of victims) {
      this.#tools.events.pod(victim, 'Warning', 'Preempting', preemptedMessage)
      this.#workers.get(victim.metadata.uid!)?.evict({ reason: 'Preempting', message: preemptedMessage, disruption: { reason: 'TerminationByKubelet', message: 'Pod was preempted by Kubelet to accommodate a critical pod.' } })
    }
    return undefined
  }

  #terminated(worker: PodWorker): void {
    this.#tools.process.changed('pods')
    for (const other of this.#workers.values()) if (other.waitsForRoom) other.request('api')
    if (this.#removed.has(worker.uid)) this.#cleanUp(worker)
    const name = objectKey(worker.pod.metadata.namespace, worker.pod.metadata.name)
    const next = this.#waiting.get(name)
    if (next) {
      this.#waiting.delete(name)
      this.#cleanUp(worker)
      this.#add(next)
    }
  }

  #cleanUp(worker: PodWorker): void {
    worker.stop()
    this.#workers.delete(worker.uid)
    this.#removed.delete(worker.uid)
    this.#tools.status.forget(worker.uid)
    this.#tools.process.changed('pods')
    this.#removeOrphan(worker.uid)
  }

  #removeOrphan(uid: string): void {
    const { cache, runtime, process } = this.#tools
    void (async () => {
      const pod = await cache.get(uid)
      if (this.#workers.has(uid)) return
      if (pod.sandboxes.length > 0) await removeOrphan(runtime, pod, orphanGraceSeconds)
      if (!this.#workers.has(uid)) cache.forget(uid)
    })().catch((error: unknown) => process.journal.error('Failed to remove orphaned pod', { podUID: uid, err: error }))
  }
}

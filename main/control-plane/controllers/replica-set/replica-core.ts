import { defineController, type ControllerContext, type ControllerDefinition, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import { Expectations } from '../../../api/client/expectations.ts'
import { slowStart } from '../../../api/client/slow-start.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { Pod, ReplicaSetStatus } from '../../../api/generated/types.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { apiVersionOf, type Kind } from '../../../api/kinds/kind.ts'
import { matchesSelector } from '../../../api/machinery/labels.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { controllerOf, keyOf, splitKey, type KubeObject } from '../../../api/machinery/object.ts'
import { isPodActive, isPodReady, isPodTerminating } from '../../../api/machinery/pod.ts'
import { hasCause, isNotFound } from '../../../api/machinery/status-error.ts'
import { claim, recheck } from '../framework/claims.ts'
import { controlledBy, indexByController, orphansIn } from '../framework/owner-index.ts'
import { PodControl, podFromTemplate, textOf } from '../framework/pod-control.ts'
import { podFacts } from './pod-facts.ts'
import { nextAvailabilityMs, planReplicas, statusOf, type ReplicaView } from './plan.ts'

/** What the core has to know of the kind that it keeps. */
export interface ReplicaOwner<T extends KubeObject> {
  readonly kind: Kind<T>
  /** `replicaset-controller`. */
  readonly name: string
  readonly eventSource?: string
  readonly noun: string
  view(object: T): ReplicaView
  withStatus(object: T, status: ReplicaSetStatus): T
  /** Counts pods on their way out, in status.terminatingReplicas. */
  readonly countsTerminating: boolean
}

/** Keeps as many active pods as an object says: adopts and releases, creates in slow start, removes the least wanted, writes
 *  status. Follows pkg/controller/replicaset, which serves ReplicaSets and ReplicationControllers alike. */
export function replicaController<T extends KubeObject>(owner: ReplicaOwner<T>): ControllerDefinition {
  return defineController({
    name: owner.name,
    ...(owner.eventSource ? { eventSource: owner.eventSource } : {}),
    noun: owner.noun,
    workers: 5,
    setUp: (context, queue) => {
      const core = new ReplicaCore(owner, context, queue)
      return (key) => core.sync(key)
    },
  })
}

class ReplicaCore<T extends KubeObject> {
  readonly #owner: ReplicaOwner<T>
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #sets: Informer<T>
  readonly #pods: Informer<Pod>
  readonly #podControl: PodControl
  readonly #expectations: Expectations

  constructor(owner: ReplicaOwner<T>, context: ControllerContext, queue: WorkQueue) {
    this.#owner = owner
    this.#context = context
    this.#queue = queue
    this.#podControl = new PodControl(context.client, context.events)
    this.#expectations = new Expectations(context.process.clock)
    this.#sets = context.informers.of(owner.kind)
    this.#pods = context.informers.of(podKind)
    indexByController(this.#sets)
    indexByController(this.#pods)
    this.#sets.onChange({
      added: (set) => queue.add(keyOf(set)),
      updated: (set) => queue.add(keyOf(set)),
      deleted: (set) => {
        this.#expectations.forget(keyOf(set))
        queue.add(keyOf(set))
      },
    })
    this.#pods.onChange({
      added: (pod) => this.#podAdded(pod),
      updated: (pod, old) => this.#podUpdated(pod, old),
      deleted: (pod) => this.#podDeleted(pod),
    })
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const set = this.#sets.get(namespace, name)
    if (!set) {
      this.#expectations.forget(key)
      return undefined
    }
    const { clock } = this.#context.process
    const view = this.#owner.view(set)
    const needsSync = this.#expectations.satisfied(key)
    const uid = set.metadata.uid!
    const labels = view.template?.metadata?.labels
    const active: Pod[] = []
    const doubtful: Pod[] = []
    for (const pod of controlledBy(this.#pods, uid)) {
      const facts = podFacts(pod, uid, view.selector, labels)
      if (facts.active) (facts.ours ? active : doubtful).push(pod)
    }
    for (const pod of orphansIn(this.#pods, namespace)) if (isPodActive(pod) && matchesSelector(view.selector, pod.metadata.labels)) doubtful.push(pod)
    if (doubtful.length > 0) {
      active.push(...(await claim({ client: this.#context.client, kind: podKind, owner: set, selector: view.selector, canAdopt: recheck(this.#context.client, this.#owner.kind, set) }, doubtful)))
    }
    const terminating = this.#owner.countsTerminating ? controlledBy(this.#pods, set.metadata.uid!).filter(isPodTerminating).length : undefined
    let failure: unknown
    if (needsSync && !set.metadata.deletionTimestamp) failure = await this.#carryOut(key, set, view, active)
    const status = statusOf(view, uid, active, terminating, failure === undefined ? undefined : textOf(failure), clock.now())
    const updated = await this.#updateStatus(set, status)
    if (failure !== undefined) throw failure
    if (view.minReadySeconds > 0 && updated.readyReplicas === view.replicas && updated.availableReplicas !== view.replicas) {
      const againAfterMs = nextAvailabilityMs(active, view.minReadySeconds, clock.now())
      if (againAfterMs !== undefined) return { againAfterMs }
    }
    return undefined
  }

  /** Answers what went wrong. */
  async #carryOut(key: string, set: T, view: ReplicaView, active: readonly Pod[]): Promise<unknown> {
    const plan = planReplicas(view, active, () => this.#siblings(set, active), this.#context.process.clock.now())
    if (plan.create > 0) {
      this.#expectations.expectCreations(key, plan.create)
      const result = await slowStart(plan.create, 1, async () => {
        try {
          await this.#podControl.create(set, podFromTemplate(set, view.template ?? {}))
        } catch (error) {
          // Nothing can be made here any more: the namespace is going.
          if (!hasCause(error, 'NamespaceTerminating')) throw error
        }
      })
      for (let missing = plan.create - result.successes; missing > 0; missing--) this.#expectations.creationObserved(key)
      return result.error
    }
    if (plan.remove.length > 0) {
      this.#expectations.expectDeletions(key, plan.remove.map(keyOf))
      const results = await Promise.allSettled(plan.remove.map(async (pod) => {
        try {
          await this.#podControl.delete(set, pod)
        } catch (error) {
          this.#expectations.deletionObserved(key, keyOf(pod))
          if (!isNotFound(error)) throw error
        }
      }))
      return results.find((result) => result.status === 'rejected')?.reason as unknown
    }
    return undefined
  }

  /** Active pods of all sets with the same owner, this one's included. */
  #siblings(set: T, active: readonly Pod[]): readonly Pod[] {
    const controller = controllerOf(set)
    if (!controller) return active
    return controlledBy(this.#sets, controller.uid).flatMap((sibling) => controlledBy(this.#pods, sibling.metadata.uid!).filter(isPodActive))
  }

  async #updateStatus(set: T, status: ReplicaSetStatus): Promise<ReplicaSetStatus> {
    if (semanticEqual(this.#owner.view(set).status, status)) return status
    const { client } = this.#context
    const options = { subresource: 'status' }
    try {
      return this.#owner.view(await client.update(this.#owner.kind, this.#owner.withStatus(set, status), options)).status
    } catch (error) {
      // Once more on the newest; after that the sync is repeated.
      const { name, namespace } = set.metadata
      const fresh = await client.get(this.#owner.kind, name, namespace).catch(() => undefined)
      if (!fresh || fresh.metadata.uid !== set.metadata.uid) throw error
      return this.#owner.view(await client.update(this.#owner.kind, this.#owner.withStatus(fresh, status), options)).status
    }
  }

  #podAdded(pod: Pod): void {
    // After a restart a pod may come already on its way out.
    if (pod.metadata.deletionTimestamp) return this.#podDeleted(pod)
    if (controllerOf(pod)) {
      const set = this.#setOf(pod)
      if (!set) return
      this.#expectations.creationObserved(keyOf(set))
      this.#queue.add(keyOf(set))
    } else this.#addMatching(pod)
  }

  #podUpdated(pod: Pod, old: Pod): void {
    const relabelled = !semanticEqual(pod.metadata.labels, old.metadata.labels)
    if (pod.metadata.deletionTimestamp) {
      this.#podDeleted(pod)
      if (relabelled) this.#podDeleted(old)
      return
    }
    const controller = controllerOf(pod)
    const reowned = controller?.uid !== controllerOf(old)?.uid
    if (reowned) this.#addSetOf(old)
    if (controller) {
      const set = this.#setOf(pod)
      if (!set) return
      this.#queue.add(keyOf(set))
      const { minReadySeconds } = this.#owner.view(set)
      // A second more for the granularity of timestamps.
      if (minReadySeconds > 0 && isPodReady(pod) && !isPodReady(old)) this.#queue.addAfter(keyOf(set), minReadySeconds * 1000 + 1000)
    } else if (relabelled || reowned) this.#addMatching(pod)
  }

  #podDeleted(pod: Pod): void {
    const set = this.#setOf(pod)
    if (!set) return
    this.#expectations.deletionObserved(keyOf(set), keyOf(pod))
    this.#queue.add(keyOf(set))
  }

  #addSetOf(pod: Pod): void {
    const set = this.#setOf(pod)
    if (set) this.#queue.add(keyOf(set))
  }

  #addMatching(pod: Pod): void {
    for (const set of this.#sets.list(pod.metadata.namespace)) {
      if (matchesSelector(this.#owner.view(set).selector, pod.metadata.labels)) this.#queue.add(keyOf(set))
    }
  }

  #setOf(pod: Pod): T | undefined {
    const controller = controllerOf(pod)
    if (controller?.kind !== this.#owner.kind.kind || controller.apiVersion !== apiVersionOf(this.#owner.kind)) return undefined
    const set = this.#sets.get(pod.metadata.namespace, controller.name)
    return set?.metadata.uid === controller.uid ? set : undefined
  }
}

import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { ControllerRevision, PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet, StatefulSetStatus } from '../../../api/generated/types.ts'
import { controllerRevisionKind } from '../../../api/kinds/apps/controller-revision.ts'
import { statefulSetKind } from '../../../api/kinds/apps/stateful-set.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { defineKind, type Kind } from '../../../api/kinds/kind.ts'
import { kindFor } from '../../../api/kinds/registry.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { podTemplateHash } from '../../../api/machinery/hash.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import { controllerOf, keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isPodReady, podAvailableAt } from '../../../api/machinery/pod.ts'
import { hasCause, isAlreadyExists, isConflict, isNotFound } from '../../../api/machinery/status-error.ts'
import { claim, recheck } from '../framework/claims.ts'
import { matchingRevision, revisionOf, sortedRevisions, trimRevisions } from '../framework/controller-revisions.ts'
import { controlledBy, indexByController, orphansIn } from '../framework/owner-index.ts'
import { textOf } from '../framework/pod-control.ts'
import { planStatefulSet, statefulStatus, type Revisions, type Step } from './plan.ts'
import { claimsOf, ordinalOf, revisionNameOf, statefulPod } from './stateful-pods.ts'

/** Keeps numbered pods, each with a name and storage of its own. Follows pkg/controller/statefulset; not followed: deletion of
 *  claims by their retention policy. */
export const statefulSetController = defineController({
  name: 'statefulset-controller',
  noun: 'statefulset',
  workers: 5,
  setUp: (context, queue) => {
    const controller = new StatefulSetController(context, queue)
    return (key) => controller.sync(key)
  },
})

interface History extends Revisions {
  readonly set: StatefulSet
  readonly all: readonly ControllerRevision[]
  templateOf(revision: string): PodTemplateSpec
}

class StatefulSetController {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #sets: Informer<StatefulSet>
  readonly #pods: Informer<Pod>
  readonly #revisions: Informer<ControllerRevision>

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context
    this.#queue = queue
    this.#sets = context.informers.of(statefulSetKind)
    this.#pods = context.informers.of(podKind)
    this.#revisions = context.informers.of(controllerRevisionKind)
    indexByController(this.#pods)
    indexByController(this.#revisions)
    const touched = (set: StatefulSet): void => queue.add(keyOf(set))
    this.#sets.onChange({ added: touched, updated: touched, deleted: touched })
    this.#pods.onChange({ added: (pod) => this.#podSeen(pod), updated: (pod, old) => this.#podUpdated(pod, old), deleted: (pod) => this.#addSetOf(pod) })
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const given = this.#sets.get(namespace, name)
    if (!given) return undefined
    const pods = await this.#claimPods(given)
    const history = await this.#history(given)
    const { set } = history
    const now = this.#context.process.clock.now()
    const steps = planStatefulSet(set, history, pods, now)
    let failure: unknown
    try {
      for (const step of steps) await this.#take(step, set, history)
    } catch (error) {
      failure = error
    }
    await this.#updateStatus(set, statefulStatus(set, history, pods, now))
    if (failure) throw failure
    const live = new Set([history.current, history.update, ...pods.map(revisionNameOf)])
    await trimRevisions(this.#context.client, history.all.filter((revision) => !live.has(revision.metadata.name)), live, set.spec?.revisionHistoryLimit ?? 10)
    return this.#whenAvailable(set, pods, now)
  }

  #whenAvailable(set: StatefulSet, pods: readonly Pod[], now: number): Outcome {
    const minReadySeconds = set.spec?.minReadySeconds ?? 0
    if (minReadySeconds === 0) return undefined
    const next = Math.min(...pods.map((pod) => podAvailableAt(pod, minReadySeconds) ?? Infinity).filter((at) => at > now))
    return next === Infinity ? undefined : { againAfterMs: next - now }
  }

  async #claimPods(set: StatefulSet): Promise<Pod[]> {
    const { client } = this.#context
    const selector = cachedSelectorOf(set.spec?.selector)
    const orphans = orphansIn(this.#pods, set.metadata.namespace).filter((pod) => matchesSelector(selector, pod.metadata.labels))
    const accepts = (pod: Pod): boolean => ordinalOf(set, pod) !== undefined
    return claim({ client, kind: podKind, owner: set, selector, accepts, canAdopt: recheck(client, statefulSetKind, set) }, [...controlledBy(this.#pods, set.metadata.uid!), ...orphans])
  }

  async #history(set: StatefulSet): Promise<History> {
    const { client } = this.#context
    const selector = cachedSelectorOf(set.spec?.selector)
    const orphans = orphansIn(this.#revisions, set.metadata.namespace).filter((revision) => matchesSelector(selector, revision.metadata.labels))
    const revisions = sortedRevisions(await claim({ client, kind: controllerRevisionKind, owner: set, selector, canAdopt: recheck(client, statefulSetKind, set) }, [...controlledBy(this.#revisions, set.metadata.uid!), ...orphans]))
    const template = set.spec!.template
    const data = { spec: { template: { ...template, $patch: 'replace' } } }
    const newest = revisions.at(-1)
    let update = matchingRevision(revisions, data)
    if (update && newest && update !== newest) update = await client.update(controllerRevisionKind, { ...update, revision: newest.revision + 1 })
    if (!update) {
      const hash = podTemplateHash(template, set.status?.collisionCount ?? 0)
      const made = revisionOf(set, template.metadata?.labels, hash, (newest?.revision ?? 0) + 1, data)
      try {
        update = await client.create(controllerRevisionKind, made)
      } catch (error) {
        if (!isAlreadyExists(error)) throw error
        update = await client.get(controllerRevisionKind, made.metadata.name, made.metadata.namespace)
        if (!semanticEqual(update.data, data)) {
          await this.#updateStatus(set, { ...set.status!, collisionCount: (set.status?.collisionCount ?? 0) + 1 })
          throw error
        }
      }
    }
    const byName = new Map(revisions.map((revision) => [revision.metadata.name, revision]))
    byName.set(update.metadata.name, update)
    const before = set.status?.currentRevision
    const currentName = before && byName.has(before) ? before : update.metadata.name
    return {
      set,
      all: [...byName.values()],
      current: currentName,
      update: update.metadata.name,
      templateOf: (name) => {
        const { $patch: _, ...kept } = (byName.get(name)!.data as { spec: { template: PodTemplateSpec & { $patch?: string } } }).spec.template
        return kept
      },
    }
  }

  async #take(step: Step, set: StatefulSet, history: History): Promise<void> {
    if (step.do === 'create') return this.#create(set, step.ordinal, step.revision, history)
    const { pod } = step
    if (step.do === 'recreate') {
      const failed = pod.status?.phase === 'Failed'
      this.#context.events.event(set, failed ? 'Warning' : 'Normal', failed ? 'RecreatingFailedPod' : 'RecreatingTerminatedPod', `StatefulSet ${keyOf(set)} is recreating ${failed ? 'failed' : 'terminated'} Pod ${pod.metadata.name}`)
    }
    try {
      await this.#context.client.delete(podKind, pod.metadata.name, pod.metadata.namespace)
    } catch (error) {
      if (isNotFound(error)) return
      this.#event(set, 'Warning', 'FailedDelete', `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${textOf(error)}`)
      throw error
    }
    this.#event(set, 'Normal', 'SuccessfulDelete', `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`)
  }

  async #create(set: StatefulSet, ordinal: number, revision: string, history: History): Promise<void> {
    const pod = statefulPod(set, history.templateOf(revision), revision, ordinal)
    const { name } = pod.metadata
    try {
      for (const volumeClaim of claimsOf(set, ordinal)) await this.#createClaim(set, name, volumeClaim)
      await this.#context.client.create(podKind, pod)
    } catch (error) {
      // Ours, seen late; or somebody else's, which claiming will tell.
      if (!isAlreadyExists(error) && !hasCause(error, 'NamespaceTerminating')) this.#event(set, 'Warning', 'FailedCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${textOf(error)}`)
      throw error
    }
    this.#event(set, 'Normal', 'SuccessfulCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} successful`)
  }

  async #createClaim(set: StatefulSet, podName: string, volumeClaim: PersistentVolumeClaim): Promise<void> {
    const { client } = this.#context
    const { name, namespace } = volumeClaim.metadata
    try {
      await client.get(claimKind(), name, namespace)
      return
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    try {
      await client.create(claimKind(), volumeClaim)
    } catch (error) {
      if (isAlreadyExists(error)) return
      this.#event(set, 'Warning', 'FailedCreate', `create Claim ${name} Pod ${podName} in StatefulSet ${set.metadata.name} failed error: ${textOf(error)}`)
      throw error
    }
    this.#event(set, 'Normal', 'SuccessfulCreate', `create Claim ${name} Pod ${podName} in StatefulSet ${set.metadata.name} success`)
  }

  async #updateStatus(set: StatefulSet, status: StatefulSetStatus): Promise<void> {
    if (semanticEqual(set.status, status)) return
    const { client } = this.#context
    try {
      await client.update(statefulSetKind, { ...set, status }, { subresource: 'status' })
    } catch (error) {
      if (!isConflict(error)) throw error
      const fresh = await client.get(statefulSetKind, set.metadata.name, set.metadata.namespace)
      if (fresh.metadata.uid !== set.metadata.uid) return
      await client.update(statefulSetKind, { ...fresh, status }, { subresource: 'status' })
    }
  }

  #event(set: StatefulSet, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.event(set, type, reason, message)
  }

  #podSeen(pod: Pod): void {
    if (controllerOf(pod) || pod.metadata.deletionTimestamp) return this.#addSetOf(pod)
    for (const set of this.#sets.list(pod.metadata.namespace)) {
      if (matchesSelector(cachedSelectorOf(set.spec?.selector), pod.metadata.labels)) this.#queue.add(keyOf(set))
    }
  }

  #podUpdated(pod: Pod, old: Pod): void {
    const reowned = controllerOf(pod)?.uid !== controllerOf(old)?.uid
    if (reowned) this.#addSetOf(old)
    if (controllerOf(pod)) {
      this.#addSetOf(pod)
      const set = this.#setOf(pod)
      const minReadySeconds = set?.spec?.minReadySeconds ?? 0
      if (set && minReadySeconds > 0 && isPodReady(pod) && !isPodReady(old)) this.#queue.addAfter(keyOf(set), minReadySeconds * 1000 + 1000)
    } else if (reowned || !semanticEqual(pod.metadata.labels, old.metadata.labels)) this.#podSeen(pod)
  }

  #addSetOf(pod: Pod): void {
    const set = this.#setOf(pod)
    if (set) this.#queue.add(keyOf(set))
  }

  #setOf(pod: Pod): StatefulSet | undefined {
    const controller = controllerOf(pod)
    if (controller?.kind !== 'StatefulSet') return undefined
    const set = this.#sets.get(pod.metadata.namespace, controller.name)
    return set?.metadata.uid === controller.uid ? set : undefined
  }
}

let claims: Kind<PersistentVolumeClaim> | undefined

/** The declaration of claims, or as much of one as it takes to be told that the server has none. */
function claimKind(): Kind<PersistentVolumeClaim> {
  claims ??=
    (kindFor('', 'PersistentVolumeClaim') as Kind<PersistentVolumeClaim> | undefined) ??
    defineKind<PersistentVolumeClaim>({ group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', namespaced: true, schema: 'io.k8s.api.core.v1.PersistentVolumeClaim', strategy: { validateName: () => [] } })
  return claims
}

import { Backoff } from '../../../api/client/backoff.ts'
import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import { Expectations } from '../../../api/client/expectations.ts'
import { slowStart } from '../../../api/client/slow-start.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { ControllerRevision, DaemonSet, DaemonSetStatus, Node, Pod } from '../../../api/generated/types.ts'
import { controllerRevisionKind } from '../../../api/kinds/apps/controller-revision.ts'
import { daemonSetKind } from '../../../api/kinds/apps/daemon-set.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { podTemplateHash } from '../../../api/machinery/hash.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import { controllerOf, keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isPodReady } from '../../../api/machinery/pod.ts'
import { hasCause, isAlreadyExists, isNotFound } from '../../../api/machinery/status-error.ts'
import { claim, recheck } from '../framework/claims.ts'
import { matchingRevision, revisionHashLabel, revisionOf, trimRevisions } from '../framework/controller-revisions.ts'
import { controlledBy, indexByController, orphansIn } from '../framework/owner-index.ts'
import { PodControl } from '../framework/pod-control.ts'
import { daemonFits, daemonPod, daemonTemplate, podsByNode } from './daemon-pods.ts'
import { daemonStatus, planNodes, planUpdate, type PodsByNode } from './plan.ts'

/** So many pods at most are created or deleted in one sync. */
const burstReplicas = 250
const statusTriesMax = 5

/** Keeps one pod on every node that fits, and rolls new templates out node by node. Follows pkg/controller/daemon. */
export const daemonSetController = defineController({
  name: 'daemonset-controller',
  noun: 'daemonset',
  workers: 2,
  setUp: (context, queue) => {
    const controller = new DaemonSetController(context, queue)
    return (key) => controller.sync(key)
  },
})

interface History {
  readonly set: DaemonSet
  readonly hash: string
  readonly old: readonly ControllerRevision[]
}

class DaemonSetController {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #sets: Informer<DaemonSet>
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #revisions: Informer<ControllerRevision>
  readonly #podControl: PodControl
  readonly #expectations: Expectations
  /** By set uid and node: failed pods are replaced ever more slowly. */
  readonly #failedBackoff = new Map<string, { readonly backoff: Backoff; until: number }>()

  constructor(context: ControllerContext, queue: WorkQueue) {
    const { informers, process } = context
    this.#context = context
    this.#queue = queue
    this.#podControl = new PodControl(context.client, context.events)
    this.#expectations = new Expectations(process.clock)
    this.#sets = informers.of(daemonSetKind)
    this.#pods = informers.of(podKind)
    this.#nodes = informers.of(nodeKind)
    this.#revisions = informers.of(controllerRevisionKind)
    indexByController(this.#pods)
    indexByController(this.#revisions)
    this.#sets.onChange({
      added: (set) => queue.add(keyOf(set)),
      updated: (set) => queue.add(keyOf(set)),
      deleted: (set) => {
        this.#expectations.forget(keyOf(set))
        queue.add(keyOf(set))
      },
    })
    this.#pods.onChange({ added: (pod) => this.#podAdded(pod), updated: (pod, old) => this.#podUpdated(pod, old), deleted: (pod) => this.#podDeleted(pod) })
    this.#nodes.onChange({
      added: (node) => this.#addSets((set) => daemonFits(set, node).run),
      updated: (node, old) => {
        if (semanticEqual(node.metadata.labels, old.metadata.labels) && semanticEqual(node.spec?.taints, old.spec?.taints)) return
        this.#addSets((set) => {
          const [is, was] = [daemonFits(set, node), daemonFits(set, old)]
          return is.run !== was.run || is.stay !== was.stay
        })
      },
      deleted: (node) => this.#addSets((set) => daemonFits(set, node).run),
    })
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const given = this.#sets.get(namespace, name)
    if (!given) {
      this.#expectations.forget(key)
      return undefined
    }
    const { selector } = given.spec!
    if (!selector.matchLabels && !selector.matchExpressions?.length) {
      this.#context.events.event(given, 'Warning', 'SelectingAll', 'This daemon set is selecting all pods. A non-empty selector is required.')
      return undefined
    }
    if (given.metadata.deletionTimestamp) return undefined
    const nodes = this.#nodes.list()
    const { set, hash, old } = await this.#history(given)
    // Of a thousand pods hardly one has changed since the last sync: they are gone through again only after something was done.
    let pods = podsByNode(await this.#claimPods(set))
    if (!this.#expectations.satisfied(key)) return this.#updateStatus(set, nodes, pods, hash, false)
    if (await this.#manage(key, set, nodes, pods, hash)) pods = podsByNode(await this.#claimPods(set))
    if (this.#expectations.satisfied(key) && set.spec?.updateStrategy?.type === 'RollingUpdate') {
      if (await this.#roll(key, set, nodes, pods, hash)) pods = podsByNode(await this.#claimPods(set))
    }
    if (old.length > 0) await this.#cleanUpHistory(set, old)
    return this.#updateStatus(set, nodes, pods, hash, true)
  }

  async #claimPods(set: DaemonSet): Promise<Pod[]> {
    const { client } = this.#context
    const selector = cachedSelectorOf(set.spec?.selector)
    const orphans = orphansIn(this.#pods, set.metadata.namespace).filter((pod) => matchesSelector(selector, pod.metadata.labels))
    return claim({ client, kind: podKind, owner: set, selector, canAdopt: recheck(client, daemonSetKind, set) }, [...controlledBy(this.#pods, set.metadata.uid!), ...orphans])
  }

  /** Answers whether it did anything. */
  async #manage(key: string, set: DaemonSet, nodes: readonly Node[], pods: PodsByNode, hash: string): Promise<boolean> {
    const plan = planNodes(set, nodes, pods, hash, this.#now())
    const remove = [...plan.remove]
    for (const { node, pod } of plan.ended) if (this.#mayReplace(key, set, node, pod)) remove.push(pod)
    // Made for nodes that went before the scheduler had bound them: nobody else would take them away.
    for (const [node, here] of pods) {
      if (!this.#nodes.get(undefined, node)) remove.push(...here.filter((pod) => !pod.spec?.nodeName && !pod.metadata.deletionTimestamp))
    }
    return this.#apply(key, set, plan.create, remove, hash)
  }

  /** Answers whether it did anything. */
  #roll(key: string, set: DaemonSet, nodes: readonly Node[], pods: PodsByNode, hash: string): Promise<boolean> {
    const { create, remove } = planUpdate(set, nodes, pods, hash, this.#now())
    return this.#apply(key, set, create, remove, hash)
  }

  /** Announces an ended pod; whether it may be removed now. */
  #mayReplace(key: string, set: DaemonSet, node: string, pod: Pod): boolean {
    const where = `${pod.metadata.namespace}/${pod.metadata.name} on node ${node}`
    if (pod.status?.phase === 'Succeeded') {
      this.#context.events.event(set, 'Normal', 'SucceededDaemonPod', `Found succeeded daemon pod ${where}, will try to delete it`)
      return true
    }
    const id = `${set.metadata.uid}/${node}`
    let entry = this.#failedBackoff.get(id)
    if (!entry) this.#failedBackoff.set(id, (entry = { backoff: new Backoff(this.#context.process, { baseMs: 1000, maxMs: 900_000, factor: 2, jitter: 0, resetMs: 1_800_000 }), until: 0 }))
    if (this.#now() < entry.until) {
      this.#queue.addAfter(key, entry.until - this.#now())
      return false
    }
    entry.until = this.#now() + entry.backoff.nextMs()
    this.#context.events.event(set, 'Warning', 'FailedDaemonPod', `Found failed daemon pod ${where}, will try to kill it`)
    return true
  }

  async #apply(key: string, set: DaemonSet, create: readonly string[], remove: readonly Pod[], hash: string): Promise<boolean> {
    const nodes = create.slice(0, burstReplicas)
    const gone = remove.slice(0, burstReplicas)
    if (nodes.length === 0 && gone.length === 0) return false
    this.#expectations.expect(key, nodes.length, gone.map(keyOf))
    const template = daemonTemplate(set, hash)
    const creating = slowStart(nodes.length, 1, async (index) => {
      try {
        await this.#podControl.create(set, daemonPod(set, template, nodes[index]!))
      } catch (error) {
        if (!hasCause(error, 'NamespaceTerminating')) throw error
      }
    })
    const deleting = Promise.allSettled(gone.map(async (pod) => {
      try {
        await this.#podControl.delete(set, pod)
      } catch (error) {
        this.#expectations.deletionObserved(key, keyOf(pod))
        if (!isNotFound(error)) throw error
      }
    }))
    const [created, deleted] = await Promise.all([creating, deleting])
    for (let missing = nodes.length - created.successes; missing > 0; missing--) this.#expectations.creationObserved(key)
    const failed = created.error ?? (deleted.find((result) => result.status === 'rejected')?.reason as unknown)
    if (failed) throw failed
    return true
  }

  /** The revision of the present template, made when it is new; the newest of all in any case. */
  async #history(set: DaemonSet): Promise<History> {
    const { client } = this.#context
    const selector = cachedSelectorOf(set.spec?.selector)
    const orphans = orphansIn(this.#revisions, set.metadata.namespace).filter((revision) => matchesSelector(selector, revision.metadata.labels))
    const revisions = await claim({ client, kind: controllerRevisionKind, owner: set, selector, canAdopt: recheck(client, daemonSetKind, set) }, [...controlledBy(this.#revisions, set.metadata.uid!), ...orphans])
    const data = { spec: { template: { ...set.spec!.template, $patch: 'replace' } } }
    const present = matchingRevision(revisions, data)
    const old = revisions.filter((revision) => revision !== present)
    const newest = Math.max(0, ...old.map((revision) => revision.revision))
    if (present) {
      if (present.revision <= newest) await client.update(controllerRevisionKind, { ...present, revision: newest + 1 })
      return { set, hash: present.metadata.labels?.[revisionHashLabel] ?? '', old }
    }
    const hash = podTemplateHash(set.spec!.template, set.status?.collisionCount)
    const made = revisionOf(set, set.spec!.template.metadata?.labels, hash, newest + 1, data)
    try {
      await client.create(controllerRevisionKind, made)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      const found = await client.get(controllerRevisionKind, made.metadata.name, made.metadata.namespace)
      if (!semanticEqual(found.data, data)) {
        await this.#writeStatus(set, { ...set.status!, collisionCount: (set.status?.collisionCount ?? 0) + 1 })
        throw error
      }
    }
    return { set, hash, old }
  }

  async #cleanUpHistory(set: DaemonSet, old: readonly ControllerRevision[]): Promise<void> {
    const live = new Set(controlledBy(this.#pods, set.metadata.uid!).map((pod) => pod.metadata.labels?.[revisionHashLabel] ?? ''))
    await trimRevisions(this.#context.client, old, live, set.spec?.revisionHistoryLimit ?? 10)
  }

  async #updateStatus(set: DaemonSet, nodes: readonly Node[], pods: PodsByNode, hash: string, updateGeneration: boolean): Promise<Outcome> {
    const status = daemonStatus(set, nodes, pods, hash, updateGeneration, this.#now())
    if (!semanticEqual(set.status, status)) await this.#writeStatus(set, status)
    const minReadySeconds = set.spec?.minReadySeconds ?? 0
    if (minReadySeconds > 0 && status.numberReady !== (status.numberAvailable ?? 0)) return { againAfterMs: minReadySeconds * 1000 }
    return undefined
  }

  /** A few times over, on the newest each time: the status is only counts, whoever changed the rest. */
  async #writeStatus(set: DaemonSet, status: DaemonSetStatus): Promise<void> {
    const { client } = this.#context
    for (let current = set, tries = 1; ; tries++) {
      try {
        await client.update(daemonSetKind, { ...current, status }, { subresource: 'status' })
        return
      } catch (error) {
        if (tries >= statusTriesMax) throw error
        current = await client.get(daemonSetKind, set.metadata.name, set.metadata.namespace)
        if (current.metadata.uid !== set.metadata.uid) throw error
      }
    }
  }

  #now(): number {
    return this.#context.process.clock.now()
  }

  #addSets(concerned: (set: DaemonSet) => boolean): void {
    for (const set of this.#sets.list()) if (concerned(set)) this.#queue.add(keyOf(set))
  }

  #podAdded(pod: Pod): void {
    if (pod.metadata.deletionTimestamp) return this.#podDeleted(pod)
    if (controllerOf(pod)) {
      const set = this.#setOf(pod)
      if (!set) return
      this.#expectations.creationObserved(keyOf(set))
      this.#queue.add(keyOf(set))
    } else this.#addMatching(pod)
  }

  #podUpdated(pod: Pod, old: Pod): void {
    if (pod.metadata.deletionTimestamp) return this.#podDeleted(pod)
    const controller = controllerOf(pod)
    const reowned = controller?.uid !== controllerOf(old)?.uid
    const former = reowned ? this.#setOf(old) : undefined
    if (former) this.#queue.add(keyOf(former))
    if (controller) {
      const set = this.#setOf(pod)
      if (!set) return
      this.#queue.add(keyOf(set))
      const minReadySeconds = set.spec?.minReadySeconds ?? 0
      if (minReadySeconds > 0 && isPodReady(pod) && !isPodReady(old)) this.#queue.addAfter(keyOf(set), minReadySeconds * 1000 + 1000)
    } else if (reowned || !semanticEqual(pod.metadata.labels, old.metadata.labels)) this.#addMatching(pod)
  }

  #podDeleted(pod: Pod): void {
    const set = this.#setOf(pod)
    if (!set) return
    this.#expectations.deletionObserved(keyOf(set), keyOf(pod))
    this.#queue.add(keyOf(set))
  }

  #addMatching(pod: Pod): void {
    for (const set of this.#sets.list(pod.metadata.namespace)) if (matchesSelector(cachedSelectorOf(set.spec?.selector), pod.metadata.labels)) this.#queue.add(keyOf(set))
  }

  #setOf(pod: Pod): DaemonSet | undefined {
    const controller = controllerOf(pod)
    if (controller?.kind !== 'DaemonSet') return undefined
    const set = this.#sets.get(pod.metadata.namespace, controller.name)
    return set?.metadata.uid === controller.uid ? set : undefined
  }
}

import type { ApiClient, Informer, Informers } from '../../../api/client/contract.ts'
import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import { discover } from '../../../api/client/discovery.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { OwnerReference } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { objectKey, parseGroupVersion, type KubeObject } from '../../../api/machinery/object.ts'
import { isConflict, isNotFound } from '../../../api/machinery/status-error.ts'
import { textOf } from '../framework/pod-control.ts'
import { blockingDependents, foregroundFinalizer, orphanFinalizer, OwnerGraph, type Effects, type GraphNode } from './graph.ts'

/** Objects that come in masses and own nothing. */
const ignored = new Set(['/events', 'events.k8s.io/events'])
const rediscoverAfterMs = 1_000
const rediscoverRetryMs = 10_000

/** Deletes what has lost its owners, finishes foreground deletions, lets dependents of orphaned owners go. Follows
 *  pkg/controller/garbagecollector over all kinds that the server serves. Not followed: discovery every 30 s (custom resource
 *  definitions and API services say when it changes). */
export const garbageCollectorController = defineController({
  name: 'garbage-collector-controller',
  noun: 'references',
  workers: 20,
  setUp: (context, queue) => {
    const collector = new GarbageCollector(context, queue)
    void collector.start()
    return (key) => collector.sync(key)
  },
})

class GarbageCollector {
  readonly #context: ControllerContext
  readonly #client: ApiClient
  readonly #queue: WorkQueue
  readonly #informers: Informers
  readonly #graph = new OwnerGraph((reference) => this.#kindOf(reference))
  /** By `<group>/<plural>`. */
  readonly #watched = new Map<string, { readonly kind: Kind; readonly stop: () => void }>()
  /** By `<group>/<kind>`. */
  readonly #kinds = new Map<string, Kind>()
  /** What came to be examined before everything was known. */
  #early: Set<string> | undefined = new Set()
  #rediscovering = false

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context
    this.#client = context.client
    this.#queue = queue
    this.#informers = context.informers
    context.process.expose('garbage-collector', () => this.#view())
  }

  async start(): Promise<void> {
    await this.#discover()
    await this.#informers.whenSynced()
    const early = this.#early ?? []
    this.#early = undefined
    for (const key of early) this.#queue.add(key)
  }

  /** Learns which kinds there are; tries again until it knows. */
  async #discover(): Promise<void> {
    const { clock, scope, journal } = this.#context.process
    for (;;) {
      if (scope.closed) return
      try {
        const { resources, failures } = await discover(this.#client)
        for (const { groupVersion, message } of failures) journal.warning('Failed to discover group', { groupVersion, err: message })
        const failed = new Set(failures.map(({ groupVersion }) => parseGroupVersion(groupVersion).group))
        const present = new Set<string>()
        for (const { kind, verbs } of resources) {
          if (!['delete', 'list', 'watch'].every((verb) => verbs.includes(verb))) continue
          const id = `${kind.group}/${kind.plural}`
          present.add(id)
          this.#kinds.set(`${kind.group}/${kind.kind}`, kind)
          if (!ignored.has(id) && !this.#watched.has(id)) this.#follow(id, kind)
        }
        // What could not be discovered just now is kept.
        for (const [id, { kind, stop }] of this.#watched) {
          if (present.has(id) || failed.has(kind.group)) continue
          stop()
          this.#watched.delete(id)
          this.#kinds.delete(`${kind.group}/${kind.kind}`)
        }
        this.#informers.start()
        return
      } catch (error) {
        if (scope.closed) return
        journal.error('Failed to discover resources', { err: error })
        await clock.sleep(rediscoverRetryMs)
      }
    }
  }

  #follow(id: string, kind: Kind): void {
    const informer: Informer<KubeObject> = this.#informers.of(kind)
    const definesKinds = id === 'apiextensions.k8s.io/customresourcedefinitions' || id === 'apiregistration.k8s.io/apiservices'
    const changed = (): void => {
      if (definesKinds) this.#rediscoverSoon()
    }
    const stop = informer.onChange({
      added: (object) => {
        this.#heed(this.#graph.put(kind, object))
        changed()
      },
      updated: (object) => {
        this.#heed(this.#graph.put(kind, object))
        changed()
      },
      deleted: (object) => {
        this.#heed(this.#graph.remove(object.metadata.uid!))
        changed()
      },
    })
    this.#watched.set(id, { kind, stop })
  }

  #rediscoverSoon(): void {
    if (this.#rediscovering || this.#early) return
    this.#rediscovering = true
    this.#context.process.clock.after(rediscoverAfterMs, () => {
      this.#rediscovering = false
      void this.#discover()
    })
  }

  #heed({ examine, orphan, invalid }: Effects): void {
    for (const node of examine) this.#add(examineKey(node))
    for (const node of orphan) this.#add(`orphan ${titleOf(node)} ${node.uid}`)
    for (const { dependent, reference } of invalid) {
      const text = `[${reference.apiVersion}/${reference.kind}, namespace: ${dependent.namespace ?? ''}, name: ${reference.name}, uid: ${reference.uid}]`
      this.#context.events.event(referent(dependent), 'Warning', 'OwnerRefInvalidNamespace', `ownerRef ${text} does not exist in namespace ${quote(dependent.namespace ?? '')}`)
    }
  }

  #add(key: string): void {
    if (this.#early) this.#early.add(key)
    else this.#queue.add(key)
  }

  #kindOf(reference: OwnerReference): Kind | undefined {
    return this.#kinds.get(`${parseGroupVersion(reference.apiVersion).group}/${reference.kind}`)
  }

  async sync(key: string): Promise<Outcome> {
    const node = this.#graph.get(key.slice(key.lastIndexOf(' ') + 1))
    if (!node) return undefined
    if (key.startsWith('orphan ')) await this.#orphanDependents(node)
    else await this.#examine(node)
    return undefined
  }

  async #examine(node: GraphNode): Promise<void> {
    if (node.beingDeleted && !node.deletingDependents) return
    const latest = await this.#latest(node)
    if (!latest) {
      this.#heed(this.#graph.remove(node.uid))
      return
    }
    if (node.virtual) {
      // It exists, only its watch has not shown it yet (if there is one).
      if (this.#watched.has(`${node.kind.group}/${node.kind.plural}`)) this.#queue.addAfter(examineKey(node), 1_000)
      return
    }
    if (node.deletingDependents) return this.#finishForeground(node)
    const references = latest.metadata.ownerReferences ?? []
    if (references.length === 0) return
    const { solid, dangling, waiting } = await this.#classify(node, references)
    if (solid.length > 0) {
      if (dangling.length > 0 || waiting.length > 0) await this.#dropReferences(node, latest, [...dangling, ...waiting])
      return
    }
    if (waiting.length > 0 && node.dependents.size > 0) {
      // In a circle everybody would wait for everybody: this one does not make its owner wait.
      if ([...node.dependents].some((dependent) => dependent.deletingDependents)) await this.#unblockOwners(node, latest)
      return this.#delete(node, latest, 'Foreground')
    }
    const finalizers = latest.metadata.finalizers ?? []
    return this.#delete(node, latest, finalizers.includes(orphanFinalizer) ? 'Orphan' : finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background')
  }

  /** The object as the server has it now; undefined when it is gone or another has its name. */
  async #latest(node: GraphNode): Promise<KubeObject | undefined> {
    try {
      const found = await this.#client.get(node.kind, node.name, node.namespace)
      return found.metadata.uid === node.uid ? found : undefined
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  async #classify(node: GraphNode, references: readonly OwnerReference[]): Promise<{ solid: OwnerReference[]; dangling: OwnerReference[]; waiting: OwnerReference[] }> {
    const solid: OwnerReference[] = []
    const dangling: OwnerReference[] = []
    const waiting: OwnerReference[] = []
    for (const reference of references) {
      const owner = await this.#ownerState(node, reference)
      if (owner === 'absent') dangling.push(reference)
      else if (owner === 'waiting' && reference.blockOwnerDeletion) waiting.push(reference)
      else solid.push(reference)
    }
    return { solid, dangling, waiting }
  }

  async #ownerState(node: GraphNode, reference: OwnerReference): Promise<'present' | 'absent' | 'waiting'> {
    const known = this.#graph.get(reference.uid)
    if (known && !known.virtual && OwnerGraph.fits(node, known)) return known.deletingDependents ? 'waiting' : 'present'
    const kind = this.#kindOf(reference)
    if (!kind) throw new Error(`unable to get REST mapping for ${reference.apiVersion}/${reference.kind}.`)
    // A cluster-wide object cannot be owned by one of a namespace: which one is not said. It is left alone.
    if (kind.namespaced && node.namespace === undefined) return 'present'
    try {
      const owner = await this.#client.get(kind, reference.name, kind.namespaced ? node.namespace : undefined)
      if (owner.metadata.uid !== reference.uid) return 'absent'
      return owner.metadata.deletionTimestamp && owner.metadata.finalizers?.includes(foregroundFinalizer) ? 'waiting' : 'present'
    } catch (error) {
      if (isNotFound(error)) return 'absent'
      throw error
    }
  }

  async #finishForeground(node: GraphNode): Promise<void> {
    const blocking = blockingDependents(node)
    if (blocking.length === 0) return this.#removeFinalizer(node, foregroundFinalizer)
    for (const dependent of blocking) if (!dependent.deletingDependents) this.#queue.add(examineKey(dependent))
  }

  async #orphanDependents(owner: GraphNode): Promise<void> {
    const results = await Promise.allSettled([...owner.dependents].map((dependent) =>
      this.#dropReferences(dependent, undefined, dependent.owners.filter((reference) => reference.uid === owner.uid))))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw new Error(`failed to orphan dependents of owner ${owner.name}: ${textOf(failed.reason)}`)
    await this.#removeFinalizer(owner, orphanFinalizer)
  }

  async #removeFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const latest = await this.#latest(node)
      const present = latest?.metadata.finalizers ?? []
      if (!latest || !present.includes(finalizer)) return
      const finalizers = present.filter((each) => each !== finalizer)
      try {
        await this.#client.patch(node.kind, node.name, node.namespace, 'merge', { metadata: { resourceVersion: latest.metadata.resourceVersion, finalizers } })
        return
      } catch (error) {
        if (isNotFound(error)) return
        if (!isConflict(error) || tries >= 5) throw error
      }
    }
  }

  /** `latest` is needed only where the kind knows no strategic patch. */
  async #dropReferences(node: GraphNode, latest: KubeObject | undefined, references: readonly OwnerReference[]): Promise<void> {
    const gone = new Set(references.map((reference) => reference.uid))
    try {
      if (node.kind.schema !== '') {
        const ownerReferences = [...gone].map((uid) => ({ $patch: 'delete', uid }))
        await this.#client.patch(node.kind, node.name, node.namespace, 'strategic', { metadata: { uid: node.uid, ownerReferences } })
        return
      }
      const current = latest ?? (await this.#latest(node))
      if (!current) return
      const ownerReferences = (current.metadata.ownerReferences ?? []).filter((reference) => !gone.has(reference.uid))
      await this.#client.patch(node.kind, node.name, node.namespace, 'merge', { metadata: { resourceVersion: current.metadata.resourceVersion, ownerReferences } })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  async #unblockOwners(node: GraphNode, latest: KubeObject): Promise<void> {
    const ownerReferences = (latest.metadata.ownerReferences ?? []).map((reference) => ({ ...reference, blockOwnerDeletion: false }))
    await this.#client.patch(node.kind, node.name, node.namespace, 'merge', { metadata: { ownerReferences } })
  }

  async #delete(node: GraphNode, latest: KubeObject, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
    const { deletionTimestamp, resourceVersion } = latest.metadata
    if (deletionTimestamp && propagationPolicy !== 'Foreground') return
    // A write between our look and the deletion may have been an adoption: look again then. A pod's status changes often, and
    // unblocking changed the object just now, so only the identity counts there.
    const preconditions = { uid: node.uid, ...(propagationPolicy === 'Background' ? { resourceVersion: resourceVersion! } : {}) }
    try {
      await this.#client.delete(node.kind, node.name, node.namespace, { propagationPolicy, preconditions })
    } catch (error) {
      if (!isNotFound(error)) throw error
      this.#heed(this.#graph.remove(node.uid))
    }
  }

  #view(): unknown {
    let virtual = 0
    for (const node of this.#graph.nodes()) if (node.virtual) virtual++
    return { objects: this.#graph.size, virtual, kinds: this.#watched.size, ready: this.#early === undefined }
  }
}

/** Says to people what it is about; the uid at its end is what counts. */
function examineKey(node: GraphNode): string {
  return `examine ${titleOf(node)} ${node.uid}`
}

function titleOf({ kind, namespace, name }: GraphNode): string {
  return `${kind.kind} ${objectKey(namespace, name)}`
}

/** Enough of the object for an event about it. */
function referent(node: GraphNode): KubeObject {
  const { group, version, kind } = node.kind
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind, metadata: { name: node.name, uid: node.uid, ...(node.namespace ? { namespace: node.namespace } : {}) } }
}

/** Serves what CustomResourceDefinitions define. Everything follows from the watch cache of the definitions, so that a server that
 *  restarts, or stands beside others on the same etcd, serves the same. */
import type { CustomResourceDefinition, CustomResourceDefinitionStatus } from '../../../api/generated/types.ts'
import { isCrdConditionTrue, withCrdCondition } from '../../../api/kinds/apiextensions/conditions.ts'
import { cleanupFinalizer, customResourceDefinitionKind } from '../../../api/kinds/apiextensions/custom-resource-definition.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { cloneJson } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { isConflict, isNotFound, statusOf } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { OwnObjects } from '../bootstrap/own-objects.ts'
import type { Resources, StoredResource } from '../registry/resources.ts'
import { keepAllButStatus } from '../../../api/kinds/spec-and-status.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import { conversionOf } from './conversion.ts'
import type { ConversionCaller } from './conversion.ts'
import { customKind, storagePrefixOf } from './custom-kind.ts'
import { nextStatus } from './definition-status.ts'

interface Served {
  readonly prefix: string
  /** Says whether a change of the definition changes what is served. */
  readonly signature: string
  readonly kinds: readonly Kind[]
  /** Stops listening for the last object of a definition that is being deleted. */
  stopWaiting?: () => void
}

export interface CustomResourcesParts {
  readonly process: Process
  readonly resources: Resources
  readonly own: OwnObjects
}

/** How long a definition whose sync failed rests. */
const retryMs = 1_000

export class CustomResources {
  /** Filled in by whoever can make outbound calls; without it conversions by webhook fail. */
  conversionCaller: ConversionCaller | undefined
  readonly #parts: CustomResourcesParts
  readonly #definitions: StoredResource
  readonly #served = new Map<string, Served>()
  readonly #queue = new Set<string>()
  #running = false

  constructor(parts: CustomResourcesParts) {
    this.#parts = parts
    this.#definitions = parts.resources.storeOf(customResourceDefinitionKind.group, customResourceDefinitionKind.plural)
    const { cache } = this.#definitions
    const stop = cache.onChange((event) => {
      if (!event) this.#enqueueAll()
      else {
        this.#enqueue(event.object.metadata.name)
        // Names that were taken or freed may matter to others of the group.
        this.#enqueueGroup(event.object as CustomResourceDefinition)
      }
    })
    parts.process.scope.onClose(stop)
  }

  /** Serves what is defined already; to be awaited before requests are answered. */
  async start(): Promise<void> {
    for (const crd of this.#all()) await this.#serve(crd.metadata.name)
    this.#enqueueAll()
  }

  #all(): CustomResourceDefinition[] {
    const found: CustomResourceDefinition[] = []
    this.#definitions.cache.scan(undefined, (object) => {
      found.push(object as CustomResourceDefinition)
      return true
    })
    return found
  }

  #get(name: string): CustomResourceDefinition | undefined {
    return this.#definitions.cache.get(name) as CustomResourceDefinition | undefined
  }

  #enqueueAll(): void {
    for (const { metadata } of this.#all()) this.#enqueue(metadata.name)
    for (const name of this.#served.keys()) this.#enqueue(name)
  }

  #enqueueGroup(changed: CustomResourceDefinition): void {
    for (const { metadata, spec, status } of this.#all()) {
      if (spec.group === changed.spec.group && metadata.name !== changed.metadata.name && status?.conditions?.some((each) => each.type === 'NamesAccepted' && each.status !== 'True')) this.#enqueue(metadata.name)
    }
  }

  #enqueue(name: string): void {
    this.#queue.add(name)
    if (this.#running) return
    this.#running = true
    const { kernel } = this.#parts.process
    kernel.schedule(0, () => void this.#run(), kernel.trace.current)
  }

  async #run(): Promise<void> {
    for (const name of this.#queue) {
      this.#queue.delete(name)
      try {
        await this.#serve(name)
        await this.#reconcile(name)
      } catch (error) {
        if (isConflict(error) || isNotFound(error)) continue
        this.#parts.process.journal.error('Unable to sync custom resource definition', { crd: name, err: statusOf(error).message })
        this.#parts.process.clock.afterUncaused(retryMs, () => this.#enqueue(name))
      }
    }
    this.#running = false
  }

  /** Makes what is served fit the definition. */
  async #serve(name: string): Promise<void> {
    const crd = this.#get(name)
    const before = this.#served.get(name)
    const names = crd?.status?.acceptedNames
    if (!crd || !names?.kind || !(isCrdConditionTrue(crd, 'NamesAccepted') || isCrdConditionTrue(crd, 'Established'))) {
      if (!before) return
      before.stopWaiting?.()
      this.#served.delete(name)
      this.#parts.resources.replace(before.kinds, [])
      if (!crd) this.#parts.resources.unload(before.prefix)
      return
    }
    // The generation rises with every change of the spec.
    const signature = JSON.stringify([crd.metadata.uid, crd.metadata.generation, names, isCrdConditionTrue(crd, 'Terminating')])
    if (before?.signature === signature) return
    const conversion = conversionOf(crd, { caller: () => this.conversionCaller, uuid: () => this.#parts.process.random.uuid() })
    // What the server answers by itself is not for definitions to take.
    const isFree = (name: string): boolean => this.#parts.resources.find(crd.spec.group, name, names.plural)?.kind.custom !== undefined || !this.#parts.resources.find(crd.spec.group, name, names.plural)
    const kinds = crd.spec.versions.filter((version) => version.served && isFree(version.name)).map((version) => customKind(crd, version, conversion))
    const storage = crd.spec.versions.find((version) => version.storage)!
    await this.#parts.resources.load(kinds[0] ?? customKind(crd, storage, conversion))
    before?.stopWaiting?.()
    this.#parts.resources.replace(before?.kinds ?? [], kinds)
    this.#served.set(name, { prefix: storagePrefixOf(crd), signature, kinds })
  }

  /** Brings the definition's status further, or its deletion. */
  async #reconcile(name: string): Promise<void> {
    const crd = this.#get(name)
    if (!crd) return
    if (crd.metadata.deletionTimestamp) {
      if (crd.metadata.finalizers?.includes(cleanupFinalizer)) await this.#cleanUp(crd)
      return
    }
    const now = this.#now()
    if (!nextStatus(crd, this.#group(crd), now)) return
    await this.#updateStatus(name, (current) => {
      const status = nextStatus(current, this.#group(current), now)
      return status && { ...current, status }
    })
  }

  #group(crd: CustomResourceDefinition): CustomResourceDefinition[] {
    return this.#all().filter(({ spec }) => spec.group === crd.spec.group)
  }

  #now(): string {
    return formatTime(this.#parts.process.clock.now())
  }

  async #updateStatus(name: string, change: (current: CustomResourceDefinition) => CustomResourceDefinition | undefined): Promise<void> {
    await this.#definitions.store.update(
      this.#parts.own.context(), '', name,
      {
        subresource: 'status', mayCreate: false, keepsGeneration: true, strategy: { prepareForUpdate: keepAllButStatus },
        transform: (current) => cloneJson((change(current as CustomResourceDefinition) ?? current) as KubeObject),
      },
      { dryRun: false, fieldManager: 'kube-apiserver' },
    )
  }

  async #condition(name: string, status: 'True' | 'False', reason: string, message: string, done: boolean): Promise<void> {
    await this.#updateStatus(name, (current) => {
      const next: CustomResourceDefinitionStatus = { ...current.status, conditions: withCrdCondition(current.status?.conditions, { type: 'Terminating', status, reason, message }, this.#now()) }
      const finalizers = (current.metadata.finalizers ?? []).filter((finalizer) => !done || finalizer !== cleanupFinalizer)
      return { ...current, metadata: { ...current.metadata, finalizers }, status: next }
    })
  }

  /** Deletes all objects of a definition that is going, and lets it go when the last of them has gone. */
  async #cleanUp(crd: CustomResourceDefinition): Promise<void> {
    const { name } = crd.metadata
    if (!crd.status?.conditions?.some((each) => each.type === 'Terminating' && each.reason === 'InstanceDeletionInProgress')) {
      await this.#condition(name, 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress', false)
    }
    if (!isCrdConditionTrue(crd, 'Established')) return this.#condition(name, 'False', 'NeverEstablished', 'resource was never established', true)
    const served = this.#served.get(name)
    const kind = served?.kinds[0]
    const stored = kind ? this.#parts.resources.find(kind.group, kind.version, kind.plural)?.stored : undefined
    if (!served || !stored) return this.#condition(name, 'False', 'InstanceDeletionCompleted', 'removed all instances', true)
    await stored.reader.freshest()
    if (stored.cache.size > 0) {
      const problem = await this.#deleteAll(stored)
      if (problem !== undefined) {
        await this.#condition(name, 'True', 'InstanceDeletionFailed', `could not issue all deletes: ${problem}`, false)
        throw new Error(problem)
      }
      await stored.reader.freshest()
    }
    if (stored.cache.size > 0) {
      this.#waitForLast(name, served, stored.cache)
      return
    }
    await this.#condition(name, 'False', 'InstanceDeletionCompleted', 'removed all instances', true)
  }

  async #deleteAll(stored: StoredResource): Promise<string | undefined> {
    const objects: KubeObject[] = []
    stored.cache.scan(undefined, (object) => {
      if (!object.metadata.deletionTimestamp) objects.push(object)
      return true
    })
    for (const { metadata } of objects) {
      try {
        await stored.store.delete(this.#parts.own.context(), metadata.namespace ?? '', metadata.name, {})
      } catch (error) {
        if (!isNotFound(error)) return statusOf(error).message
      }
    }
    return undefined
  }

  /** Objects with finalizers take their time: their cache says when the last is gone. */
  #waitForLast(name: string, served: Served, cache: WatchCache): void {
    if (served.stopWaiting) return
    const stop = cache.onChange(() => {
      if (cache.size > 0) return
      stop()
      delete served.stopWaiting
      this.#enqueue(name)
    })
    served.stopWaiting = stop
  }
}

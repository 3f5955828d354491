import type { Kind, Strategy, StrategyContext } from '../../../api/kinds/kind.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import type { FieldError } from '../../../api/machinery/field-error.ts'
import { fieldInvalid } from '../../../api/machinery/field-error.ts'
import type { GroupKind, GroupResource, KubeObject } from '../../../api/machinery/object.ts'
import { alreadyExists, badRequest, conflict, generateNameConflict, internalError, invalid, isAlreadyExists, notFound, StatusError } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import { EtcdError } from '../../etcd/client.ts'
import type { KeyValue } from '../../etcd/client.ts'
import type { Admission, AdmissionAttributes } from '../admission/admission.ts'
import type { RequestContext } from '../request-context.ts'
import { cacheKey, storageKey } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { StoredObjects } from '../storage/stored-objects.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import { withVersion } from '../storage/stored-objects.ts'
import { beginDeletion, collectionFinalizers, goesNow, markDeleted } from './deletion.ts'
import { dryRunErrors, validateDeleteOptions } from './delete-options.ts'
import type { DeleteOptions } from './delete-options.ts'
import { isUnchanged, trackedUpdate } from './field-management.ts'
import { validateMetadata, validateMetadataUpdate, withoutDuplicateOwners } from './metadata-validation.ts'
import type { StoreHooks } from './store-hooks.ts'
import type { View } from './view.ts'
import type { Leases } from './leases.ts'

export interface WriteOptions {
  readonly dryRun: boolean
  /** As the client gave it, for those who are told of the request's options. */
  readonly fieldValidation?: string
  readonly fieldManager: string
  /** The managed fields are already right (server-side apply). */
  readonly managed?: boolean
}

/** How an update comes about. */
export interface UpdatePlan {
  readonly subresource: string
  /** The new object, made from the stored one in this kind's form (undefined: there is none). A private copy; may throw StatusErrors. */
  readonly transform: (current: KubeObject | undefined) => KubeObject
  /** No change of what is wished for, whatever it changes (status, binding): metadata.generation stays. */
  readonly keepsGeneration?: boolean
  /** Whether a missing object may be created. */
  readonly mayCreate: boolean
  /** What admission is shown of an object, where the endpoint has a body of its own (a Scale), and how that body gets back into it.
   *  'done': admission has judged the body before. Absent: the object itself. */
  readonly reviewed?: 'done' | { of(object: KubeObject): KubeObject; into(body: KubeObject, object: KubeObject): void }
  /** The strategy of the endpoint; default: the kind's. */
  readonly strategy?: Pick<Strategy<KubeObject>, 'prepareForUpdate' | 'validateUpdate'>
}

export interface Updated {
  readonly object: KubeObject
  readonly created: boolean
}

const generateAttemptsMax = 8
const conflictRetriesMax = 60

/** Everything the store shares with its siblings. */
export interface StoreParts {
  readonly process: Process
  readonly storage: Storage
  readonly stored: StoredObjects
  readonly admission: Pick<Admission, 'admit' | 'validate'>
  readonly leases: Leases
  readonly hooksFor: (kind: Kind) => StoreHooks | undefined
}

/** The generic registry of one kind: what upstream's genericregistry.Store does, driven by the kind's declaration. Objects that
 *  come in are private copies in the kind's own form; objects that go out are shared. */
export class Store {
  readonly kind: Kind
  readonly view: View
  readonly cache: WatchCache
  readonly groupResource: GroupResource
  readonly groupKind: GroupKind
  readonly #storedKind: Kind
  readonly #parts: StoreParts
  readonly #prefix: string

  constructor(view: View, storedKind: Kind, cache: WatchCache, parts: StoreParts) {
    this.kind = view.kind
    this.view = view
    this.cache = cache
    this.groupResource = { group: view.kind.group, resource: view.kind.plural }
    this.groupKind = { group: view.kind.group, kind: view.kind.kind }
    this.#storedKind = storedKind
    this.#parts = parts
    this.#prefix = storedKind.storagePrefix ?? ''
  }

  /** The newest object, read from etcd. */
  async get(namespace: string, name: string): Promise<KubeObject> {
    const { kv } = await this.#parts.storage.read(storageKey(this.#prefix, namespace, name))
    if (!kv) throw notFound(this.groupResource, name)
    return this.#shown(await this.#decode(kv))
  }

  /** The object as the cache knows it. */
  cached(namespace: string, name: string): KubeObject | undefined {
    const object = this.cache.get(cacheKey(namespace, name))
    return object && this.view.fromStored(object)
  }

  /** Creates. `given` is a private copy that has its defaults; its namespace fits the request. */
  async create(context: RequestContext, given: KubeObject, options: WriteOptions, subresource = ''): Promise<KubeObject> {
    const strategyContext = this.#strategyContext(context, options.dryRun)
    if (this.kind.storedAs) this.#throwInvalid(given.metadata.name ?? '', this.kind.strategy.validate?.(given) ?? [])
    let object = this.#kept(given)
    this.applyDefaults(object)
    this.#tidyOwners(object, context)
    if (!options.managed) object = trackedUpdate(this.#storedKind, undefined, object, { manager: options.fieldManager, timestamp: strategyContext.timestamp, subresource })
    const attributes = this.#attributes(context, 'CREATE', object, undefined, options.dryRun, subresource, undefined, optionsObject('CreateOptions', options))
    await this.#parts.admission.admit(attributes)
    // Webhooks may change much, but not move an object elsewhere.
    if ((object.metadata.namespace ?? '') !== attributes.namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
    const generated = !object.metadata.name && Boolean(object.metadata.generateName)
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#createOnce(context, generated ? { ...object, metadata: { ...object.metadata } } : object, options, strategyContext, attributes)
      } catch (error) {
        if (!generated || !isAlreadyExists(error)) throw error
        if (attempt >= generateAttemptsMax) throw generateNameConflict(this.groupResource, (error.status.details?.name ?? ''), 1)
      }
    }
  }

  async #createOnce(context: RequestContext, object: KubeObject, options: WriteOptions, strategyContext: StrategyContext, attributes: AdmissionAttributes): Promise<KubeObject> {
    const { strategy } = this.#storedKind
    const { metadata } = object
    metadata.creationTimestamp = strategyContext.timestamp
    metadata.uid = strategyContext.uuid()
    delete metadata.deletionTimestamp
    delete metadata.deletionGracePeriodSeconds
    delete metadata.selfLink
    delete metadata.resourceVersion
    if (!metadata.name && metadata.generateName) metadata.name = generatedName(metadata.generateName, strategyContext)
    // A name that is missing is refused below, after strategies have looked at it.
    metadata.name ??= ''
    const hooks = this.#parts.hooksFor(this.#storedKind)
    const finish = await hooks?.beginCreate?.(object, options.dryRun)
    let written = false
    try {
      strategy.prepareForCreate?.(object, strategyContext)
      // Kinds without one leave it to who creates them, as upstream.
      if (strategy.generationOf) metadata.generation = 1
      else if (!metadata.generation) delete metadata.generation
      const errors = validateMetadata(metadata, this.kind.namespaced, strategy.validateName, strategy.anyFinalizer)
      if (strategy.validate) errors.push(...strategy.validate(object))
      this.#throwInvalid(metadata.name ?? '', errors)
      for (const warning of strategy.warnings?.(object, undefined) ?? []) context.warnings.add(warning)
      strategy.canonicalize?.(object)
      await this.#parts.admission.validate({ ...attributes, object, name: metadata.name ?? '' })
      const key = storageKey(this.#prefix, metadata.namespace, metadata.name ?? '')
      if (options.dryRun) {
        const { kv } = await this.#parts.storage.read(key)
        if (kv) throw this.#exists(kv, metadata.name ?? '')
        return this.#shown(withVersion(object, undefined))
      }
      const outcome = await this.#write(key, 0, object, true)
      if (!('kv' in outcome)) throw this.#exists(outcome.current, metadata.name ?? '')
      written = true
      return this.#shown(await this.#decode(outcome.kv))
    } finally {
      finish?.(written)
    }
  }

  /** Updates (or creates, when the plan allows) with optimistic concurrency: the plan is made again on what another wrote first. */
  async update(context: RequestContext, namespace: string, name: string, plan: UpdatePlan, options: WriteOptions): Promise<Updated> {
    const key = storageKey(this.#prefix, namespace, name)
    let current: KeyValue | undefined = this.cache.entry(cacheKey(namespace, name))
    let fresh = false
    const reread = async (): Promise<void> => {
      current = (await this.#parts.storage.read(key)).kv
      fresh = true
    }
    if (!current) await reread()
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#updateOnce(context, namespace, name, key, current, plan, options).catch(async (error: unknown) => {
        // The cache may lag behind: a refusal counts only against what is really stored.
        if (fresh || !(error instanceof StatusError)) throw error
        const was = current?.modRevision
        await reread()
        if (current?.modRevision === was) throw error
        return 'again' as const
      })
      if (outcome === 'again') continue
      if (!('current' in outcome)) return outcome
      if (attempt >= conflictRetriesMax) throw conflict(this.groupResource, name)
      current = outcome.current
      fresh = true
    }
  }

  async #updateOnce(context: RequestContext, namespace: string, name: string, key: string, current: KeyValue | undefined, plan: UpdatePlan, options: WriteOptions): Promise<Updated | { readonly current: KeyValue | undefined }> {
    if (!current) {
      if (!plan.mayCreate) throw notFound(this.groupResource, name)
      return this.#createByUpdate(context, namespace, name, plan, options)
    }
    const old = await this.#decode(current)
    const strategy = this.#storedKind.strategy
    const endpoint = plan.strategy ?? strategy
    const strategyContext = this.#strategyContext(context, options.dryRun)
    const changed = plan.transform(this.#shown(old))
    if (this.kind.storedAs) this.#throwInvalid(name, this.kind.strategy.validateUpdate?.(changed, this.#shown(old)) ?? [])
    let object = this.#kept(changed)
    if (plan.subresource === 'status') this.#defaultBeside(object, old)
    else this.applyDefaults(object)
    this.#tidyOwners(object, context)
    if (!options.managed) object = trackedUpdate(this.#storedKind, old, object, { manager: options.fieldManager, timestamp: strategyContext.timestamp, subresource: plan.subresource })
    const { metadata } = object
    const version = metadata.resourceVersion ?? ''
    if (version === '' || version === '0') {
      if (!strategy.allowUnconditionalUpdate && plan.subresource === '' && !options.managed) this.#throwInvalid(name, [fieldInvalid('metadata.resourceVersion', 0, 'must be specified for an update')])
    } else if (version !== String(current.modRevision)) throw conflict(this.groupResource, name)
    if (metadata.uid && metadata.uid !== old.metadata.uid) {
      throw conflict(this.groupResource, name, `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata.uid}`)
    }
    const body = typeof plan.reviewed === 'object' ? plan.reviewed : undefined
    const attributes = this.#attributes(context, 'UPDATE', body ? body.of(object) : object, body ? body.of(old) : old, options.dryRun, plan.subresource, undefined, optionsObject('UpdateOptions', options))
    if (plan.reviewed !== 'done') await this.#parts.admission.admit(attributes)
    body?.into(attributes.object!, object)
    const hooks = this.#parts.hooksFor(this.#storedKind)
    const finish = plan.subresource === '' ? await hooks?.beginUpdate?.(object, old, options.dryRun) : undefined
    let written = false
    try {
      metadata.resourceVersion = String(current.modRevision)
      metadata.generation = old.metadata.generation
      endpoint.prepareForUpdate?.(object, old, strategyContext)
      restoreSystemFields(object, old)
      if (strategy.generationOf && !plan.keepsGeneration && !semanticEqual(strategy.generationOf(object), strategy.generationOf(old))) object.metadata.generation = (old.metadata.generation ?? 0) + 1
      // Preparing may have given the object metadata of its own.
      const errors = validateMetadataUpdate(object.metadata, old.metadata, strategy.anyFinalizer)
      if (endpoint.validateUpdate) errors.push(...endpoint.validateUpdate(object, old))
      this.#throwInvalid(name, errors)
      if (plan.subresource === '') for (const warning of strategy.warnings?.(object, old) ?? []) context.warnings.add(warning)
      strategy.canonicalize?.(object)
      if (plan.reviewed !== 'done') await this.#parts.admission.validate(attributes)
      if (isUnchanged(object, old) && !this.#isStale(current)) return { object: this.#shown(old), created: false }
      if (goesNow(this.#storedKind, object, old)) return await this.#removeByUpdate(key, current, object, options)
      if (options.dryRun) return { object: this.#shown(object), created: false }
      const outcome = await this.#write(key, current.modRevision, object, false)
      if (!('kv' in outcome)) return outcome
      written = true
      return { object: this.#shown(await this.#decode(outcome.kv)), created: false }
    } finally {
      finish?.(written)
    }
  }

  async #createByUpdate(context: RequestContext, namespace: string, name: string, plan: UpdatePlan, options: WriteOptions): Promise<Updated> {
    const object = plan.transform(undefined)
    if (object.metadata.resourceVersion && object.metadata.resourceVersion !== '0') throw conflict(this.groupResource, name)
    if (object.metadata.uid) throw conflict(this.groupResource, name, `Precondition failed: UID in precondition: ${object.metadata.uid}, UID in object meta: `)
    object.metadata.name = name
    if (this.kind.namespaced) object.metadata.namespace = namespace
    this.applyDefaults(object)
    return { object: await this.create(context, object, options), created: true }
  }

  /** The last finalizer went with this update: the object goes too. */
  async #removeByUpdate(key: string, current: KeyValue, object: KubeObject, options: WriteOptions): Promise<Updated | { readonly current: KeyValue | undefined }> {
    if (options.dryRun) return { object: this.#shown(object), created: false }
    const outcome = await this.#attempt(() => this.#parts.storage.remove(key, current.modRevision))
    if (outcome.revision === undefined) return { current: outcome.current }
    this.#parts.hooksFor(this.#storedKind)?.afterDelete?.(object)
    return { object: this.#shown(withVersion(object, outcome.revision)), created: false }
  }

  /** Deletes, or begins to. Answers the object (its last state) and whether it is gone. */
  async delete(context: RequestContext, namespace: string, name: string, options: DeleteOptions): Promise<{ readonly object: KubeObject; readonly gone: boolean }> {
    validateDeleteOptions(options)
    const dryRun = (options.dryRun?.length ?? 0) > 0
    const key = storageKey(this.#prefix, namespace, name)
    const strategyContext = this.#strategyContext(context, dryRun)
    let { kv: current } = await this.#parts.storage.read(key)
    for (let attempt = 0; attempt <= conflictRetriesMax; attempt++) {
      if (!current) throw notFound(this.groupResource, name)
      const old = await this.#decode(current)
      // Upstream names the kind here where it names the resource elsewhere.
      checkPreconditions(options, old, { group: this.kind.group, resource: this.kind.kind }, name)
      const attributes = this.#attributes(context, 'DELETE', undefined, old, dryRun, '', name, { ...options, kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1' })
      await this.#parts.admission.admit(attributes)
      const begun = beginDeletion(this.#storedKind, old, options, strategyContext)
      if (begun.outcome === 'pending') return { object: this.#shown(old), gone: false }
      await this.#parts.admission.validate(attributes)
      const { object } = begun
      object.metadata.finalizers = collectionFinalizers(this.#storedKind, object, options)
      if (object.metadata.finalizers.length === 0) delete object.metadata.finalizers
      const held = (object.metadata.finalizers?.length ?? 0) > 0 || (this.#storedKind.strategy.isHeld?.(object) ?? false)
      if (begun.outcome === 'at-once' && held) markDeleted(this.#storedKind, object, strategyContext)
      const goes = !held && (begun.outcome === 'at-once' || object.metadata.deletionGracePeriodSeconds === 0)
      if (dryRun) return { object: this.#shown(goes ? old : object), gone: goes }
      if (!goes && isUnchanged(object, old)) return { object: this.#shown(old), gone: false }
      if (goes) {
        const outcome = await this.#attempt(() => this.#parts.storage.remove(key, current!.modRevision))
        if (outcome.revision !== undefined) {
          this.#parts.hooksFor(this.#storedKind)?.afterDelete?.(object)
          return { object: this.#shown(withVersion(begun.outcome === 'at-once' ? old : object, outcome.revision)), gone: true }
        }
        current = outcome.current
      } else {
        const outcome = await this.#write(key, current.modRevision, object, false)
        if ('kv' in outcome) return { object: this.#shown(await this.#decode(outcome.kv)), gone: false }
        current = outcome.current
      }
    }
    throw conflict(this.groupResource, name)
  }

  /** Fills in the defaults of the form in which objects are stored. May change `object`. */
  applyDefaults(object: KubeObject): void {
    this.#storedKind.strategy.defaults?.(object)
  }

  /** What lies under a key, in the form that the strategy works on: the stored one, or a custom resource's own version. */
  #decode(kv: KeyValue): KubeObject | Promise<KubeObject> {
    const object = this.#parts.stored.decode(kv)
    if (!this.kind.custom) return object
    const pending = this.view.needsPreparing ? this.view.prepare([object]) : undefined
    return pending ? pending.then(() => this.view.fromStored(object)) : this.view.fromStored(object)
  }

  /** Whether what is stored is in another version than would be written now: writing it again migrates it. */
  #isStale(kv: KeyValue): boolean {
    return this.kind.custom !== undefined && this.#parts.stored.decode(kv).apiVersion !== this.kind.custom.storedApiVersion
  }

  #shown(object: KubeObject): KubeObject {
    return this.kind.custom ? object : this.view.fromStored(object)
  }

  #kept(object: KubeObject): KubeObject {
    return this.kind.custom ? object : this.view.toStored(object)
  }

  /** Defaults of all but what is shared with the stored object, which has its own already and must not change: empty parts stand in
   *  for those. */
  #defaultBeside(object: KubeObject, old: KubeObject): void {
    const target = object as unknown as Record<string, unknown>
    const stored = old as unknown as Readonly<Record<string, unknown>>
    const standIn = { ...target }
    const shared: string[] = []
    for (const field in target) {
      const part = target[field]
      if (typeof part !== 'object' || part === null || part !== stored[field]) continue
      standIn[field] = Array.isArray(part) ? [] : {}
      shared.push(field)
    }
    this.applyDefaults(standIn as unknown as KubeObject)
    for (const field of shared) standIn[field] = target[field]
    Object.assign(target, standIn)
  }

  #attributes(context: RequestContext, operation: AdmissionAttributes['operation'], object: KubeObject | undefined, oldObject: KubeObject | undefined, dryRun: boolean, subresource: string, name: string | undefined, options: object): AdmissionAttributes {
    const of = object ?? oldObject
    return { operation, kind: this.#storedKind, served: this.kind, options, subresource, name: name ?? of?.metadata.name ?? '', namespace: of?.metadata.namespace ?? '', object, oldObject, dryRun, context }
  }

  #strategyContext(context: RequestContext, dryRun: boolean): StrategyContext {
    const { clock, random } = this.#parts.process
    const now = clock.now()
    return { now, timestamp: formatTime(now), user: context.user.name, requester: context.user, dryRun, uuid: () => random.uuid(), suffix: (length) => random.suffix(length) }
  }

  #tidyOwners(object: KubeObject, context: RequestContext): void {
    const owners = object.metadata.ownerReferences
    if (!owners || owners.length < 2) return
    const kept = withoutDuplicateOwners(owners)
    if (kept.length === owners.length) return
    object.metadata.ownerReferences = kept
    context.warnings.add('metadata.ownerReferences: duplicate entries were removed')
  }

  #throwInvalid(name: string, errors: readonly FieldError[]): void {
    if (errors.length > 0) throw invalid(this.groupKind, name, errors)
  }

  #exists(kv: KeyValue | undefined, name: string): StatusError {
    const error = alreadyExists(this.groupResource, name)
    if (!kv || !this.#parts.stored.decode(kv).metadata.deletionTimestamp) return error
    return new StatusError({ ...error.status, message: `object is being deleted: ${error.status.message}` })
  }

  async #write(key: string, expected: number, object: KubeObject, isNew: boolean): Promise<{ readonly kv: KeyValue } | { readonly current: KeyValue | undefined }> {
    const { custom } = this.kind
    if (custom) await custom.prepareToStored?.(object)
    const value = this.#parts.stored.encode(custom ? custom.toStored(object) : object)
    const ttl = this.#storedKind.strategy.timeToLiveSeconds
    const lease = ttl === undefined ? undefined : await this.#attempt(() => this.#parts.leases.forTtl(ttl))
    const outcome = await this.#attempt(() => this.#parts.storage.write(key, expected, value, lease))
    if (outcome.revision === undefined) return { current: outcome.current }
    return { kv: { key, value, createRevision: isNew ? outcome.revision : 0, modRevision: outcome.revision, version: 0, lease: lease ?? 0 } }
  }

  /** etcd's failures in the API's words. */
  async #attempt<R>(run: () => Promise<R>): Promise<R> {
    try {
      return await run()
    } catch (error) {
      if (error instanceof StatusError) throw error
      throw internalError(error instanceof EtcdError || error instanceof Error ? error.message : String(error))
    }
  }
}

/** The options of a write as an object of the API. */
function optionsObject(kind: 'CreateOptions' | 'UpdateOptions', { dryRun, fieldManager, fieldValidation }: WriteOptions): object {
  return { kind, apiVersion: 'meta.k8s.io/v1', ...(dryRun ? { dryRun: ['All'] } : {}), fieldManager, ...(fieldValidation === undefined ? {} : { fieldValidation }) }
}

/** `dryRun` of create, update and patch: only All; other values are Invalid. */
export function checkDryRun(values: readonly string[], optionsKind: string): boolean {
  if (values.length === 0) return false
  const errors = dryRunErrors(values)
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: optionsKind }, '', errors)
  return true
}

const nameLengthMax = 63
const suffixLength = 5

function generatedName(base: string, context: StrategyContext): string {
  return base.slice(0, nameLengthMax - suffixLength) + context.suffix(suffixLength)
}

/** What no update can change, whoever sends it. */
function restoreSystemFields({ metadata }: KubeObject, { metadata: old }: KubeObject): void {
  metadata.uid ||= old.uid
  metadata.creationTimestamp = old.creationTimestamp
  metadata.namespace ??= old.namespace
  if (old.deletionTimestamp) metadata.deletionTimestamp = old.deletionTimestamp
  else delete metadata.deletionTimestamp
  if (old.deletionGracePeriodSeconds !== undefined) metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds
  else delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
}

function checkPreconditions({ preconditions }: DeleteOptions, { metadata }: KubeObject, resource: GroupResource, name: string): void {
  if (preconditions?.uid && preconditions.uid !== metadata.uid) {
    throw conflict(resource, name, `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`)
  }
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== metadata.resourceVersion) {
    throw conflict(resource, name, `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`)
  }
}

import type { Clock } from '../../../kernel/clock.ts'
import { ConnectionLost, HttpTimeout, type HttpResponse, type HttpStream } from '../../../kernel/http.ts'
import type { Kernel } from '../../../kernel/kernel.ts'
import type { Random } from '../../../kernel/random.ts'
import { apiVersionOf, type Kind, type StrategyContext } from '../../kinds/kind.ts'
import { applyJsonPatch } from '../../machinery/json-patch.ts'
import type { JsonObject } from '../../machinery/json-value.ts'
import { applyMergePatch } from '../../machinery/merge-patch.ts'
import { keyOf, objectKey, type GroupResource, type KubeList, type KubeObject, type Unstructured, type WatchEvent } from '../../machinery/object.ts'
import { mustSchemaOf } from '../../machinery/schema.ts'
import { applyStrategicMergePatch } from '../../machinery/strategic-merge-patch.ts'
import { alreadyExists, badRequest, conflict, expired, genericServerResponse, internalError, methodNotSupported, notFound, StatusError } from '../../machinery/status-error.ts'
import { keepAllButStatus, keepStatus } from '../../kinds/spec-and-status.ts'
import type { ApiClient, DeleteOptions, ListOptions, PatchType, WatchHandle, WriteOptions } from '../contract.ts'
import { matchesFields, matchesLabels } from './fake-selectors.ts'

/** What the fake stands on; a Process is one. */
export interface FakeHost {
  readonly clock: Clock
  readonly random: Random
  readonly kernel: Kernel
}

/** One request as a fault hook sees it. */
export interface FakeRequest {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'raw'
  /** Plural name, with subresource: `pods`, `pods/binding`, `deployments/status`. */
  readonly resource: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly body: unknown
  readonly write: boolean
  /** Ordinal among the writes, from 1; 0 for a read. */
  readonly writeNumber: number
}

/** What becomes of a request: it fails before it does anything, or it is done and the answer is lost. */
export type Fault = { readonly before: Error } | { readonly after: Error }

/** The faults that a test of convergence tries at every write. */
export const faultKinds = ['conflict', 'internal', 'timeout-before', 'timeout-after', 'connection-lost-after'] as const
export type FaultKind = (typeof faultKinds)[number]

/** A fault of that kind for the request. */
export function faultOf(kind: FaultKind, request: FakeRequest): Fault {
  const resource = { group: '', resource: request.resource }
  const asked = { method: request.verb.toUpperCase(), path: `/${request.resource}/${request.name ?? ''}`, headers: {} }
  if (kind === 'conflict') return { before: conflict(resource, request.name ?? '') }
  if (kind === 'internal') return { before: internalError('injected') }
  if (kind === 'timeout-before') return { before: new HttpTimeout(asked) }
  if (kind === 'timeout-after') return { after: new HttpTimeout(asked) }
  return { after: new ConnectionLost('unexpected EOF') }
}

interface Table {
  readonly kind: Kind
  readonly objects: Map<string, KubeObject>
  /** Events by revision, oldest first, for watches from a resource version. */
  readonly history: { readonly revision: number; readonly event: WatchEvent; readonly old: KubeObject | undefined }[]
  readonly watchers: Set<Watcher>
  /** Watches from at or below this revision are answered 410. */
  compacted: number
}

interface Watcher {
  readonly options: ListOptions
  deliver(event: WatchEvent, old: KubeObject | undefined): void
  end(error?: Error): void
}

/** An API server without a server: objects of any Kind in memory, with list + watch, optimistic concurrency, generateName,
 *  subresources that are strategies, graceful deletion, finalizers, selectors and patches. It runs the hooks of a kind's
 *  strategy but for validation; there is no admission, no garbage collection. Answers and watch events arrive in kernel events of
 *  their own, `latencyMs` later. What it hands out is deeply frozen. */
export class FakeApi implements ApiClient {
  /** Asked before every request; may make it fail. */
  fault: ((request: FakeRequest) => Fault | undefined) | undefined
  /** Every write that succeeded, oldest first: `create pods default/web-1`. */
  readonly writes: string[] = []
  /** Sees each change as it is committed, before any watcher does. */
  onCommit: ((event: WatchEvent) => void) | undefined
  readonly #host: FakeHost
  readonly #latencyMs: number
  readonly #tables = new Map<string, Table>()
  #revision = 1
  #writeNumber = 0

  constructor(host: FakeHost, options: { readonly latencyMs?: number } = {}) {
    this.#host = host
    this.#latencyMs = options.latencyMs ?? 1
  }

  /** The newest revision given out. */
  get revision(): number {
    return this.#revision
  }

  /** Puts an object in at once, as if somebody else had created it, and answers what is stored. */
  seed<T extends KubeObject>(kind: Kind<T>, object: T): T {
    return this.#create(kind, object)
  }

  /** Changes an object at once, status included, as if somebody else had done it. */
  mutate<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string, change: (copy: T) => void): T {
    const old = this.#mustGet(kind, namespace, name)
    const copy = structuredClone(old)
    change(copy)
    return this.#commitUpdate(kind, old, copy)
  }

  /** Deletes at once, as if somebody else had done it: finalizers and grace period hold as ever. */
  remove(kind: Kind, namespace: string | undefined, name: string, options: DeleteOptions = {}): void {
    this.#delete(kind, name, namespace, options)
  }

  /** What is stored now, without a request. */
  stored<T extends KubeObject>(kind: Kind<T>, namespace?: string): T[] {
    const all = [...this.#table(kind).objects.values()] as T[]
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace)
  }

  peek<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string): T | undefined {
    return this.#table(kind).objects.get(objectKey(namespace, name)) as T | undefined
  }

  /** Ends every watch of the kind, with an error or in order. */
  endWatches(kind: Kind, error?: Error): void {
    for (const watcher of [...this.#table(kind).watchers]) watcher.end(error)
  }

  /** Forgets history: watches from an older resource version get 410. */
  compact(): void {
    for (const table of this.#tables.values()) {
      table.compacted = this.#revision
      table.history.length = 0
    }
  }

  get<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T> {
    return this.#request('get', kind, name, namespace, undefined, '', () => this.#mustGet(kind, namespace, name))
  }

  list<T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}): Promise<KubeList<T>> {
    return this.#request('list', kind, undefined, options.namespace, undefined, '', () => ({
      apiVersion: apiVersionOf(kind),
      kind: `${kind.kind}List`,
      metadata: { resourceVersion: String(this.#revision) },
      items: this.#select(kind, options),
    }))
  }

  create<T extends KubeObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#request('create', kind, object.metadata.name, object.metadata.namespace, object, options.subresource ?? '', () => {
      if (options.subresource) return this.#named(kind, object.metadata.name, object.metadata.namespace, options.subresource, object) as T
      return this.#create(kind, object, options.dryRun)
    })
  }

  update<T extends KubeObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#request('update', kind, object.metadata.name, object.metadata.namespace, object, options.subresource ?? '', () =>
      this.#update(kind, structuredClone(object), options.subresource, options.dryRun))
  }

  patch<T extends KubeObject>(kind: Kind<T>, name: string, namespace: string | undefined, type: PatchType, patch: unknown, options: WriteOptions & { readonly force?: boolean } = {}): Promise<T> {
    return this.#request('patch', kind, name, namespace, patch, options.subresource ?? '', () => {
      const old = this.#mustGet(kind, namespace, name)
      const copy = structuredClone(old)
      const patched = structuredClone(
        type === 'json' ? applyJsonPatch(copy, patch)
        : type === 'strategic' ? applyStrategicMergePatch(copy as unknown as JsonObject, patch as JsonObject, mustSchemaOf(kind.schema))
        : applyMergePatch(copy, patch),
      ) as T
      if (patched.metadata.uid !== old.metadata.uid) throw conflict(resourceOf(kind), name, `the UID in the precondition (${patched.metadata.uid}) does not match the UID in record (${old.metadata.uid}). The object might have been deleted and then recreated`)
      return this.#update(kind, patched, options.subresource, options.dryRun)
    })
  }

  delete(kind: Kind, name: string, namespace?: string, options: DeleteOptions = {}): Promise<void> {
    return this.#request('delete', kind, name, namespace, options, '', () => this.#delete(kind, name, namespace, options))
  }

  deleteCollection(kind: Kind, options: ListOptions & DeleteOptions = {}): Promise<void> {
    return this.#request('deletecollection', kind, undefined, options.namespace, options, '', () => {
      for (const object of this.#select(kind, options)) this.#delete(kind, object.metadata.name, object.metadata.namespace, options)
    })
  }

  createSubresource<R = unknown>(kind: Kind, name: string, namespace: string | undefined, subresource: string, body: object): Promise<R> {
    return this.#request('create', kind, name, namespace, body, subresource, () => this.#named(kind, name, namespace, subresource, body) as R)
  }

  watch<T extends KubeObject>(kind: Kind<T>, options: ListOptions & { readonly allowBookmarks?: boolean; readonly timeoutSeconds?: number }, onEvents: (events: readonly WatchEvent<T>[]) => void, onEnd: (error?: Error) => void): WatchHandle {
    const table = this.#table(kind)
    let ended = false
    const end = (error?: Error): void => {
      if (ended) return
      ended = true
      table.watchers.delete(watcher)
      this.#host.clock.after(this.#latencyMs, () => onEnd(error))
    }
    const watcher: Watcher = {
      options,
      deliver: (event, old) => {
        const seen = asSeenBy(options, event, old)
        if (seen) this.#host.clock.after(this.#latencyMs, () => { if (!ended) onEvents([seen as WatchEvent<T>]) })
      },
      end,
    }
    const fault = this.fault?.({ verb: 'watch', resource: kind.plural, namespace: options.namespace, name: undefined, body: undefined, write: false, writeNumber: 0 })
    this.#host.clock.after(this.#latencyMs, () => {
      if (ended) return
      if (fault) return end('before' in fault ? fault.before : fault.after)
      const from = options.resourceVersion
      const revision = Number(from ?? 0)
      if (from !== undefined && revision < table.compacted) return end(expired(`too old resource version: ${revision} (${table.compacted})`))
      table.watchers.add(watcher)
      const past: WatchEvent[] = from === undefined || from === '0'
        ? this.#select(kind, options).map((object): WatchEvent => ({ type: 'ADDED', object }))
        : table.history.filter((entry) => entry.revision > revision).flatMap((entry) => asSeenBy(options, entry.event, entry.old) ?? [])
      if (past.length > 0) onEvents(past as unknown as WatchEvent<T>[])
    })
    return {
      cancel: () => {
        ended = true
        table.watchers.delete(watcher)
      },
    }
  }

  /** Discovery and the scale of objects; nothing else. */
  raw(method: string, path: string, body?: object): Promise<HttpResponse> {
    const scaled = this.#scaledAt(path)
    if (scaled && (method === 'GET' || method === 'PUT')) {
      const { kind, namespace, name } = scaled
      const answer = this.#request(method === 'GET' ? 'get' : 'update', kind, name, namespace, body, 'scale', () => this.#scale(kind, namespace, name, body as { spec?: { replicas?: number } } | undefined))
      return answer.then((object): HttpResponse => ({ status: 200, headers: {}, body: object }), (error: unknown): HttpResponse => {
        if (!(error instanceof StatusError)) throw error
        return { status: error.status.code ?? 500, headers: {}, body: error.status }
      })
    }
    return this.#later(() => {
      if (method === 'GET' && (path === '/api' || path === '/apis')) return { status: 200, headers: {}, body: this.#discovery(path) }
      return { status: 404, headers: {}, body: genericServerResponse(404, method, { group: '', resource: '' }, '', '').status }
    })
  }

  rawStream(method: string, path: string): Promise<HttpStream> {
    return Promise.reject(genericServerResponse(404, method, { group: '', resource: path }, '', ''))
  }

  /** Makes the kind known to discovery before any object of it exists. */
  serve(...kinds: readonly Kind[]): void {
    for (const kind of kinds) this.#table(kind)
  }

  /** The object whose scale the path names, where its kind has one. */
  #scaledAt(path: string): { readonly kind: Kind; readonly namespace: string; readonly name: string } | undefined {
    const [, group = '', namespace = '', plural, name = ''] = /^\/(?:api|apis\/([^/]+))\/[^/]+\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)\/scale$/.exec(path) ?? []
    const kind = plural === undefined ? undefined : this.#tables.get(`${group}/${plural}`)?.kind
    return kind?.subresources.some((each) => each.type === 'scale') ? { kind, namespace, name } : undefined
  }

  #scale(kind: Kind, namespace: string, name: string, wanted: { spec?: { replicas?: number } } | undefined): object {
    const declared = kind.subresources.find((each) => each.type === 'scale')!
    let object = this.#mustGet(kind, namespace, name)
    if (wanted) {
      const copy = structuredClone(object) as unknown as { spec: { replicas?: number } }
      copy.spec.replicas = wanted.spec?.replicas ?? 0
      object = this.#commitUpdate(kind, object, copy as unknown as KubeObject)
    }
    const { spec, status } = object as unknown as { spec?: { replicas?: number }; status?: { replicas?: number } }
    const { uid, resourceVersion } = object.metadata
    return frozen({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { namespace, name, uid, resourceVersion },
      spec: { replicas: spec?.replicas ?? 1 },
      status: { replicas: status?.replicas ?? 0, selector: declared.selector(object) },
    })
  }

  #discovery(path: string): object {
    const groups = new Map<string, Map<string, object[]>>()
    for (const { kind } of this.#tables.values()) {
      if ((kind.group === '') !== (path === '/api')) continue
      const versions = groups.get(kind.group) ?? new Map<string, object[]>()
      const resources = versions.get(kind.version) ?? []
      resources.push({
        resource: kind.plural,
        responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
        scope: kind.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: kind.singular,
        verbs: kind.verbs,
      })
      groups.set(kind.group, versions.set(kind.version, resources))
    }
    const items = [...groups].map(([name, versions]) => ({ metadata: { name }, versions: [...versions].map(([version, resources]) => ({ version, resources, freshness: 'Current' })) }))
    return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items }
  }

  #request<R>(verb: FakeRequest['verb'], kind: Kind, name: string | undefined, namespace: string | undefined, body: unknown, subresource: string, act: () => R): Promise<R> {
    const write = verb !== 'get' && verb !== 'list'
    const resource = subresource ? `${kind.plural}/${subresource}` : kind.plural
    const request: FakeRequest = { verb, resource, namespace, name, body, write, writeNumber: write ? ++this.#writeNumber : 0 }
    return this.#later(() => {
      const fault = this.fault?.(request)
      if (fault && 'before' in fault) throw fault.before
      const result = act()
      if (write) this.writes.push(`${verb} ${resource} ${objectKey(namespace, name || nameOf(result) || '*')}`)
      if (fault) throw fault.after
      return result
    })
  }

  #later<R>(act: () => R): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#host.clock.after(this.#latencyMs, () => {
        try {
          resolve(act())
        } catch (error) {
          reject(error as Error)
        }
      })
    })
  }

  #table(kind: Kind): Table {
    const key = `${kind.group}/${kind.plural}`
    let table = this.#tables.get(key)
    if (!table) this.#tables.set(key, (table = { kind, objects: new Map(), history: [], watchers: new Set(), compacted: 0 }))
    return table
  }

  #select<T extends KubeObject>(kind: Kind<T>, options: ListOptions): T[] {
    return (this.stored(kind, options.namespace) as T[]).filter((object) => selects(options, object))
  }

  #mustGet<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string): T {
    const found = this.peek(kind, namespace, name)
    if (!found) throw notFound(resourceOf(kind), name)
    return found
  }

  #create<T extends KubeObject>(kind: Kind<T>, given: T, dryRun = false): T {
    const object = structuredClone(given)
    const metadata = object.metadata
    if (kind.namespaced && !metadata.namespace) throw badRequest('namespace is required')
    if (!metadata.name && metadata.generateName) metadata.name = metadata.generateName + this.#host.random.suffix(5)
    if (!metadata.name) throw badRequest('name or generateName is required')
    const table = this.#table(kind)
    if (table.objects.has(keyOf(object))) throw alreadyExists(resourceOf(kind), metadata.name)
    if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
    object.apiVersion = apiVersionOf(kind)
    object.kind = kind.kind
    metadata.uid = this.#host.random.uuid()
    metadata.creationTimestamp = this.#timestamp()
    delete metadata.deletionTimestamp
    kind.strategy.defaults?.(object)
    kind.strategy.prepareForCreate?.(object, this.#context(dryRun))
    kind.strategy.canonicalize?.(object)
    if (kind.strategy.generationOf) metadata.generation = 1
    if (dryRun) return frozen(object)
    return this.#commit(kind, object, 'ADDED', undefined)
  }

  #update<T extends KubeObject>(kind: Kind<T>, object: T, subresource: string | undefined, dryRun = false): T {
    const old = this.peek(kind, object.metadata.namespace, object.metadata.name)
    if (!old) {
      if (kind.strategy.allowCreateOnUpdate && !object.metadata.resourceVersion) return this.#create(kind, object)
      throw notFound(resourceOf(kind), object.metadata.name)
    }
    const { resourceVersion, uid } = object.metadata
    if (uid && uid !== old.metadata.uid) throw conflict(resourceOf(kind), object.metadata.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`)
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw conflict(resourceOf(kind), object.metadata.name)
    const next = object
    const place = kind.subresources.find((each) => (each.type === 'named' ? each.name : each.type) === subresource)
    if (subresource && !place) throw notFound(resourceOf(kind), object.metadata.name)
    if (place?.type === 'scale') throw methodNotSupported(resourceOf(kind), 'update')
    const strategy = place?.type === 'named' ? place.strategy : place
    if (place && strategy?.prepareForUpdate) strategy.prepareForUpdate(next, structuredClone(old), this.#context(dryRun))
    else if (place) keepAllButStatus(next as unknown as Unstructured, structuredClone(old) as unknown as Unstructured)
    else if (kind.strategy.prepareForUpdate) kind.strategy.prepareForUpdate(next, structuredClone(old), this.#context(dryRun))
    else if (kind.subresources.some((each) => each.type === 'status')) keepStatus(next, structuredClone(old))
    if (dryRun) return frozen(next)
    return this.#commitUpdate(kind, old, next)
  }

  #commitUpdate<T extends KubeObject>(kind: Kind<T>, old: T, next: T): T {
    const metadata = next.metadata
    metadata.uid = old.metadata.uid
    metadata.creationTimestamp = old.metadata.creationTimestamp
    metadata.deletionTimestamp = old.metadata.deletionTimestamp
    metadata.deletionGracePeriodSeconds = old.metadata.deletionGracePeriodSeconds
    metadata.resourceVersion = old.metadata.resourceVersion
    if (!metadata.deletionTimestamp) delete metadata.deletionTimestamp
    if (metadata.deletionGracePeriodSeconds === undefined) delete metadata.deletionGracePeriodSeconds
    kind.strategy.defaults?.(next)
    kind.strategy.canonicalize?.(next)
    const generationOf = kind.strategy.generationOf
    if (generationOf) metadata.generation = (old.metadata.generation ?? 0) + (same(generationOf(old), generationOf(next)) ? 0 : 1)
    if (same(old, next)) return old
    if (metadata.deletionTimestamp && !metadata.finalizers?.length && !metadata.deletionGracePeriodSeconds && !kind.strategy.isHeld?.(next)) {
      return this.#commit(kind, next, 'DELETED', old)
    }
    return this.#commit(kind, next, 'MODIFIED', old)
  }

  #delete(kind: Kind, name: string, namespace: string | undefined, options: DeleteOptions): void {
    const old = this.#mustGet(kind, namespace, name)
    const { uid, resourceVersion } = options.preconditions ?? {}
    if (uid && uid !== old.metadata.uid) throw conflict(resourceOf(kind), name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`)
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw conflict(resourceOf(kind), name, `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion}`)
    const next = structuredClone(old)
    const metadata = next.metadata
    const policy = options.propagationPolicy
    const finalizers = (metadata.finalizers ?? []).filter((finalizer) => policy === undefined || (finalizer !== 'orphan' && finalizer !== 'foregroundDeletion'))
    if (policy === 'Orphan') finalizers.push('orphan')
    if (policy === 'Foreground') finalizers.push('foregroundDeletion')
    if (finalizers.length > 0) metadata.finalizers = finalizers
    else delete metadata.finalizers
    const grace = kind.strategy.gracePeriodSeconds?.(old, options.gracePeriodSeconds) ?? 0
    if (finalizers.length === 0 && grace === 0 && !kind.strategy.isHeld?.(next)) {
      this.#commit(kind, next, 'DELETED', old)
      return
    }
    if (old.metadata.deletionTimestamp && (old.metadata.deletionGracePeriodSeconds ?? 0) <= grace) {
      if (!same(old, next)) this.#commit(kind, next, 'MODIFIED', old)
      return
    }
    kind.strategy.beginDeletion?.(next, this.#context(false))
    metadata.deletionTimestamp = this.#timestamp(grace * 1000)
    metadata.deletionGracePeriodSeconds = grace
    if (kind.strategy.generationOf) metadata.generation = (metadata.generation ?? 0) + 1
    this.#commit(kind, next, 'MODIFIED', old)
  }

  #named(kind: Kind, name: string, namespace: string | undefined, subresource: string, body: object): unknown {
    const old = this.#mustGet(kind, namespace, name)
    if (subresource === 'binding') {
      const next = structuredClone(old) as unknown as { spec: { nodeName?: string } }
      if (next.spec.nodeName) throw conflict({ group: '', resource: 'pods/binding' }, name, `pod ${name} is already assigned to node "${next.spec.nodeName}"`)
      next.spec.nodeName = (body as { target?: { name?: string } }).target?.name ?? ''
      this.#commitUpdate(kind, old, next as unknown as KubeObject)
      return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
    }
    if (subresource === 'eviction') {
      this.#delete(kind, name, namespace, (body as { deleteOptions?: DeleteOptions }).deleteOptions ?? {})
      return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
    }
    throw notFound(resourceOf(kind), name)
  }

  #commit<T extends KubeObject>(kind: Kind<T>, object: T, type: 'ADDED' | 'MODIFIED' | 'DELETED', old: T | undefined): T {
    const table = this.#table(kind)
    object.metadata.resourceVersion = String(++this.#revision)
    frozen(object)
    const key = keyOf(object)
    if (type === 'DELETED') table.objects.delete(key)
    else table.objects.set(key, object)
    const event: WatchEvent = { type, object }
    table.history.push({ revision: this.#revision, event, old })
    this.onCommit?.(event)
    for (const watcher of [...table.watchers]) watcher.deliver(event, old)
    return object
  }

  #context(dryRun: boolean): StrategyContext {
    return {
      now: this.#host.clock.now(),
      timestamp: this.#timestamp(),
      user: 'fake',
      dryRun,
      uuid: () => this.#host.random.uuid(),
      suffix: (length) => this.#host.random.suffix(length),
    }
  }

  #timestamp(laterMs = 0): string {
    return new Date(this.#host.clock.now() + laterMs).toISOString().replace(/\.\d+Z$/, 'Z')
  }
}

function resourceOf(kind: Kind): GroupResource {
  return { group: kind.group, resource: kind.plural }
}

function nameOf(result: unknown): string | undefined {
  return (result as { metadata?: { name?: string } } | undefined)?.metadata?.name
}

function selects(options: ListOptions, object: KubeObject): boolean {
  if (options.namespace !== undefined && options.namespace !== '' && object.metadata.namespace !== options.namespace) return false
  return matchesLabels(options.labelSelector, object) && matchesFields(options.fieldSelector, object)
}

/** An object that enters or leaves a watch's selection is seen as added or deleted. */
function asSeenBy(options: ListOptions, event: WatchEvent, old: KubeObject | undefined): WatchEvent | undefined {
  const now = event.type !== 'DELETED' && selects(options, event.object)
  const before = old !== undefined && selects(options, old)
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: event.object }
  return before ? { type: 'DELETED', object: event.object } : undefined
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const left = Object.entries(a).filter(([, value]) => value !== undefined)
  const right = Object.entries(b).filter(([, value]) => value !== undefined)
  return left.length === right.length && left.every(([key, value]) => same(value, (b as Record<string, unknown>)[key]))
}

/** Freezes all the way down. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const each of Object.values(value)) frozen(each)
  return value
}

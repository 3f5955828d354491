import type { HttpResponse, HttpStream, RequestOptions } from '../../kernel/http.ts'
import type { Kind } from '../kinds/kind.ts'
import type { KubeList, KubeObject, WatchEvent } from '../machinery/object.ts'

/** The shapes that components program against; `rest-client.ts`, `informer.ts`, `work-queue.ts`, `event-recorder.ts` and
 *  `leader-election.ts` beside this file implement them over any HttpTransport. Failures are StatusError (the server's
 *  answer), or the transport's own errors. What is answered is shared and immutable. */
export interface ListOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
}

export interface WriteOptions {
  readonly fieldManager?: string
  readonly dryRun?: boolean
  readonly subresource?: string
  /** How the request is drawn: heartbeats say 'heartbeat'. */
  readonly traffic?: RequestOptions['kind']
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface WatchHandle {
  cancel(): void
}

export interface ApiClient {
  get<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T>
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): Promise<KubeList<T>>
  /** Namespace from metadata.namespace. */
  create<T extends KubeObject>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>
  update<T extends KubeObject>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>
  patch<T extends KubeObject>(kind: Kind<T>, name: string, namespace: string | undefined, type: PatchType, patch: unknown, options?: WriteOptions & { readonly force?: boolean }): Promise<T>
  delete(kind: Kind, name: string, namespace?: string, options?: DeleteOptions): Promise<void>
  deleteCollection(kind: Kind, options?: ListOptions & DeleteOptions): Promise<void>
  /** POST to a named subresource (binding, eviction, token …). */
  createSubresource<R = unknown>(kind: Kind, name: string, namespace: string | undefined, subresource: string, body: object): Promise<R>
  /** Events come in order; `onEnd` is called once when the server or the wire ends it (with a StatusError for 410 Gone). */
  watch<T extends KubeObject>(kind: Kind<T>, options: ListOptions & { readonly allowBookmarks?: boolean; readonly timeoutSeconds?: number }, onEvents: (events: readonly WatchEvent<T>[]) => void, onEnd: (error?: Error) => void): WatchHandle
  /** Any request, for what has no kind here (discovery, custom resources, metrics). Path with query. */
  raw(method: string, path: string, body?: object, headers?: Readonly<Record<string, string>>): Promise<HttpResponse>
  rawStream(method: string, path: string, headers?: Readonly<Record<string, string>>): Promise<HttpStream>
}

export interface InformerHandler<T> {
  added?(object: T): void
  updated?(object: T, old: T): void
  deleted?(object: T): void
}

/** A local, indexed copy of one kind, kept by list + watch. */
export interface Informer<T extends KubeObject> {
  readonly kind: Kind<T>
  /** True once the first list has arrived and its handlers have run. */
  readonly synced: boolean
  get(namespace: string | undefined, name: string): T | undefined
  /** All, or those of one namespace (indexed). In insertion order; do not change the array. */
  list(namespace?: string): readonly T[]
  /** Objects for which the index function named `index` answered `value`. */
  byIndex(index: string, value: string): readonly T[]
  /** Before start: adds an index. */
  addIndex(index: string, valuesOf: (object: T) => readonly string[]): void
  /** Handlers run in the event that delivered the change; existing objects are replayed as added. Returns a remover. */
  onChange(handler: InformerHandler<T>): () => void
}

/** Informers of one process, each kind once. */
export interface Informers {
  of<T extends KubeObject>(kind: Kind<T>, options?: { readonly namespace?: string; readonly fieldSelector?: string; readonly labelSelector?: string }): Informer<T>
  /** Starts those not yet started. */
  start(): void
  /** Resolves when all that were asked for are synced. */
  whenSynced(): Promise<void>
}

/** Records events as client-go's broadcaster does: aggregated, counted, rate-limited, written in the background. */
export interface EventRecorder {
  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, about?: EventAbout): void
}

/** What an event is about more closely. */
export interface EventAbout {
  /** involvedObject.fieldPath: `spec.containers{nginx}`. */
  readonly fieldPath?: string
  /** source.host (reportingInstance): the node's name. */
  readonly host?: string
  readonly annotations?: Readonly<Record<string, string>>
  /** events.k8s.io only: what was done (`Binding`); default: the reason. */
  readonly action?: string
  /** events.k8s.io only: another object that has to do with it. */
  readonly related?: KubeObject
}

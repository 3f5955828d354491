import type { FieldError } from '../machinery/field-error.ts'
import type { JsonObject } from '../machinery/json-value.ts'
import type { KubeObject } from '../machinery/object.ts'

/** Everything that is true of a kind, said once. The API server, discovery, OpenAPI, kubectl and the window read it; shared
 *  code never asks which kind it has, it asks the declaration. */
export interface Kind<T extends KubeObject = KubeObject> {
  /** '' for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  /** `all` makes `kubectl get all` list it. */
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** Upstream's definition name, the key into the generated schemas: `io.k8s.api.apps.v1.Deployment`. */
  readonly schema: string
  /** Verbs of the main resource in discovery; default: all eight. Create-only kinds (reviews) say ['create']. */
  readonly verbs: readonly Verb[]
  /** Where objects live in etcd: `/registry/<storagePrefix>/[<namespace>/]<name>`, as upstream spells it (`deployments`,
   *  `services/specs`, `minions`, `leases`). Absent: the kind is virtual and `create` answers it. */
  readonly storagePrefix?: string
  readonly strategy: Strategy<T>
  readonly subresources: readonly Subresource<T>[]
  readonly columns: readonly Column<T>[]
  /** Fields that may be selected besides metadata.name and metadata.namespace; each answers the field's text. */
  readonly selectableFields: Readonly<Record<string, FieldText<T>>>
  /** How the object is doing, for the window: one of six marks and one sentence. */
  health(object: T, now: number): Health
  /** Other objects that it points at by name, for links. */
  relations(object: T): readonly Relation[]
  /** Another kind in whose form and place the objects are stored (events.k8s.io Event is kept as core Event). The generic
   *  store converts what clients send with `toStored` and what it answers with `fromStored`, and runs the *stored* kind's
   *  strategy; of this kind's own strategy only `validate` and `validateUpdate` run, first, on its own form.
   *  Absent: stored as it is. */
  readonly storedAs?: StoredAs<T>
  /** What takes the place of built-in schemas and codecs for a kind that was defined at run time. */
  readonly custom?: CustomForm
  /** The warning that every request for the kind is answered with: `v1 Endpoints is deprecated in v1.33+; use …`. */
  readonly deprecation?: string
  /** Conditions of the object's table row: kubectl's old `--show-all` looked at them, tables still carry them. */
  rowConditions?(object: T): readonly RowCondition[]
  /** The order of a list's table rows, where upstream's printer sorts them (flow schemas). Absent: as listed. */
  rowOrder?(a: T, b: T): number
}

/** The text of a selectable field. */
export type FieldText<T> = { text(object: T): string }['text']

/** How objects of a kind convert to and from the kind that is stored. Neither may change its argument. */
export interface StoredAs<T extends KubeObject> {
  /** By group and kind, so that declarations need not import each other. */
  readonly group: string
  readonly kind: string
  toStored(object: T): KubeObject
  fromStored(object: KubeObject): T
}

/** The form of a custom resource: what a built-in kind has in generated schemas. None of these may change its argument. */
export interface CustomForm {
  /** The schema (OpenAPI v3 with Kubernetes' extensions) that says how values merge and what is published. */
  readonly structural: JsonObject
  /** What a client sent, in canonical form: metadata checked, unknown fields gone; their paths beside. Throws DecodeError. */
  decode(value: JsonObject): { readonly object: JsonObject; readonly unknownFields: readonly string[] }
  /** An object of this version, made of what is stored (in whatever version); shared, like its argument. */
  fromStored(object: KubeObject): KubeObject
  /** `example.com/v1`: the version that is stored. */
  readonly storedApiVersion: string
  /** The object in the version that is stored. */
  toStored(object: KubeObject): KubeObject
  /** For conversions that another process makes: has to be done before `fromStored` of the objects. Undefined: nothing to wait for. */
  prepareFromStored?(objects: readonly KubeObject[]): Promise<void> | undefined
  /** The same for `toStored`. */
  prepareToStored?(object: KubeObject): Promise<void> | undefined
  /** The verbs that discovery tells of, where they are fewer than those that are answered. */
  readonly advertisedVerbs?: readonly Verb[]
  /** Why a verb is refused at present, as the message of a 405; undefined: it is not. */
  refusal?(verb: string): string | undefined
}

/** A table row's condition, as upstream's printers add it (`Completed`). */
export interface RowCondition {
  readonly type: 'Completed'
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

export type HealthMark = 'running' | 'pending' | 'failed' | 'terminating' | 'unknown' | 'completed'

export interface Health {
  readonly mark: HealthMark
  /** e.g. `2 of 3 replicas are available`. */
  readonly sentence: string
}

export interface Relation {
  /** What the other is to this one: `node`, `service account`, `config map`, `selects`. */
  readonly role: string
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

/** Who asks. */
export interface Requester {
  readonly name: string
  readonly uid?: string | undefined
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined
}

/** What a strategy's hooks are told. */
export interface StrategyContext {
  /** Virtual ms since the epoch. */
  readonly now: number
  /** RFC 3339 of `now`. */
  readonly timestamp: string
  readonly user: string
  /** All that is known of who asks; absent where only the name counts. */
  readonly requester?: Requester
  readonly dryRun: boolean
  /** Random text for names and ids, from the run's seed. */
  readonly uuid: () => string
  readonly suffix: (length: number) => string
}

/** A kind's holes in the generic store, in the order in which they are called:
 *  create: `defaults` -> `prepareForCreate` -> admission -> `validate` -> `canonicalize`
 *  update: `defaults` -> `prepareForUpdate` -> admission -> `validateUpdate` -> `canonicalize`
 *  `object` is the server's private copy: hooks that may change it say so; the others must not. `old` must never change. */
export interface Strategy<T extends KubeObject> {
  /** Fills in defaults. May change `object`. Also runs on what is read from storage, so it is idempotent. */
  defaults?(object: T): void
  /** Clears what a client may not set on create (status …). May change `object`. */
  prepareForCreate?(object: T, context: StrategyContext): void
  /** Puts back what this endpoint may not change (status …). May change `object`. */
  prepareForUpdate?(object: T, old: T, context: StrategyContext): void
  /** May not change anything. Metadata is validated by the generic store. */
  validate?(object: T): FieldError[]
  /** May not change anything. Runs after `validate` of the new object would: it includes what still has to hold. */
  validateUpdate?(object: T, old: T): FieldError[]
  /** Texts for Warning headers. May not change anything. */
  warnings?(object: T, old: T | undefined): string[]
  /** Last normalisation before storage. May change `object`. */
  canonicalize?(object: T): void
  /** How metadata.name is checked; upstream's function for the kind. Answers messages. */
  validateName(name: string): string[]
  /** What makes metadata.generation rise when it differs; absent: the kind has no generation. Usually the spec. */
  generationOf?(object: T): unknown
  /** Whether PUT may create (upstream: leases, nodes' status no; endpoints yes …). */
  readonly allowCreateOnUpdate?: boolean
  /** Whether PUT without resourceVersion is allowed. */
  readonly allowUnconditionalUpdate?: boolean
  /** Graceful deletion: how many seconds to wait before the object really goes (pods); 0 = at once. May not change anything. */
  gracePeriodSeconds?(object: T, requested: number | undefined): number
  /** What is deleted by default when no propagation policy is given. */
  readonly defaultPropagation?: 'Background' | 'Orphan' | 'Foreground'
  /** Called when an object gets its deletionTimestamp (namespaces turn Terminating). May change `object`. */
  beginDeletion?(object: T, context: StrategyContext): void
  /** Whether something besides metadata.finalizers keeps a deleted object there (namespaces: spec.finalizers). */
  isHeld?(object: T): boolean
  /** Whether DELETE answers the object that went rather than a Status (upstream's ReturnDeletedObject). */
  readonly returnsDeleted?: boolean
  /** Finalizers need no domain (definitions of custom resources, and their objects). */
  readonly anyFinalizer?: boolean
  /** Seconds after which the object goes by itself (events). */
  readonly timeToLiveSeconds?: number
}

/** An endpoint under an object. `status` and `scale` are answered by the generic store; named ones (`binding`, `log`,
 *  `exec`, `eviction`, `token` …) by a handler that the API server registers for the kind. */
export type Subresource<T extends KubeObject> =
  | {
      readonly type: 'status'
      /** As Strategy's: default keeps everything but `status` and some metadata from `old`. */
      prepareForUpdate?(object: T, old: T, context: StrategyContext): void
      validateUpdate?(object: T, old: T): FieldError[]
    }
  | {
      readonly type: 'scale'
      /** Dotted paths into the object. */
      readonly specReplicas: string
      readonly statusReplicas: string
      /** The path as messages name it, where an object without it has no scale (custom resources). */
      readonly requires?: string
      /** Answers the selector in text form for status.selector. */
      selector(object: T): string
    }
  | {
      readonly type: 'named'
      readonly name: string
      readonly verbs: readonly ('create' | 'get' | 'update' | 'patch' | 'delete')[]
      /** Group, version and kind of the body, where it differs from the parent's (Eviction, TokenRequest, Binding …). */
      readonly body?: { readonly group: string; readonly version: string; readonly kind: string; readonly schema: string }
      /** Update and patch of the whole object under another strategy (ephemeralcontainers, resize, approval). */
      readonly strategy?: Pick<Strategy<T>, 'prepareForUpdate' | 'validateUpdate'>
    }

export type Cell = string | number | boolean | null

/** A column of the server-side Table; upstream's printers decide name, type, description and order. */
export interface Column<T extends KubeObject> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: string
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number
  cell(object: T, now: number): Cell
}

/** What a declaration has to say; the rest has defaults. */
export type KindFacts<T extends KubeObject> = Pick<Kind<T>, 'group' | 'version' | 'kind' | 'plural' | 'namespaced' | 'schema' | 'strategy'> & Partial<Kind<T>>

const allVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** Declares a kind. */
export function defineKind<T extends KubeObject>(facts: KindFacts<T>): Kind<T> {
  return {
    singular: facts.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    subresources: [],
    columns: [],
    selectableFields: {},
    health: () => ({ mark: 'running', sentence: 'exists' }),
    relations: () => [],
    ...facts,
  }
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

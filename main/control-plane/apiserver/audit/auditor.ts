/** Writes down what is asked of the server, as audit.k8s.io/v1 events. */
import type { Status } from '../../../api/generated/types.ts'
import { DecodeError, parseJsonBytes } from '../../../api/machinery/codec/json.ts'
import { parseYaml } from '../../../api/machinery/codec/yaml.ts'
import { isList } from '../../../api/machinery/list.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { ServerExchange } from '../../../kernel/http.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { User } from '../authn/user.ts'
import type { Judgement } from '../authz/attributes.ts'
import { contentTypeOf, readProtobuf } from '../negotiation/request-body.ts'
import type { RequestInfo } from '../request-info/request-info.ts'
import { configFor, reaches } from './policy.ts'
import type { AuditConfig, Policy, Stage } from './policy.ts'

/** Where events go: one line of JSON each, its end included. */
export type AuditSink = (line: string) => void

type Known = { -readonly [field in keyof EventFields]?: EventFields[field] }
interface EventFields {
  readonly annotations: Record<string, string>
  readonly impersonatedUser: object
  readonly authenticationMetadata: object
  readonly requestObject: unknown
  readonly responseObject: unknown
  readonly responseStatus: object
}

const annotationBytesMax = 32 * 1024

/** Judges by the policy and writes. */
export class Auditor {
  readonly counts = { events: 0, errors: 0, rejected: 0 }
  readonly byLevel = new Map<string, number>()
  readonly #process: Process
  readonly #policy: Policy
  readonly #sink: AuditSink

  constructor(process: Process, policy: Policy, sink: AuditSink) {
    this.#process = process
    this.#policy = policy
    this.#sink = sink
  }

  /** A request of somebody known; undefined when nothing of it is written down. */
  begin(exchange: ServerExchange, info: RequestInfo, user: User, auditId: string, userAgent: string): AuditRecord | undefined {
    const config = configFor(this.#policy, user, info)
    this.byLevel.set(config.level, (this.byLevel.get(config.level) ?? 0) + 1)
    if (config.level === 'None') return undefined
    const record = new AuditRecord(this.#process, (event) => this.#write(event), config, exchange, info, user, auditId, userAgent)
    record.stage('RequestReceived')
    return record
  }

  /** A request whose credentials are no good: it has no user, and says so when it is answered. */
  failedAuthentication(exchange: ServerExchange, info: RequestInfo, auditId: string): AuditRecord | undefined {
    const config = configFor(this.#policy, nobody, info)
    if (config.level === 'None') return undefined
    const record = new AuditRecord(this.#process, (event) => this.#write(event), config, exchange, info, nobody, auditId, exchange.request.headers['user-agent'] ?? '')
    record.message = 'Authentication failed, attempted: bearer'
    return record
  }

  #write(event: object): void {
    try {
      this.#sink(`${JSON.stringify(event)}\n`)
      this.counts.events++
    } catch (error) {
      this.counts.errors++
      this.#process.journal.error('Unable to write the audit log', { err: error })
    }
  }
}

const nobody: User = { name: '', groups: [] }

/** One request's events. */
export class AuditRecord {
  /** Goes into the answer's status. */
  message: string | undefined
  readonly #process: Process
  readonly #write: (event: object) => void
  readonly #config: AuditConfig
  readonly #exchange: ServerExchange
  readonly #info: RequestInfo
  readonly #user: User
  readonly #auditId: string
  readonly #userAgent: string
  readonly #receivedAt: number
  readonly #known: Known = {}
  #requestRead = false
  #panic: string | undefined

  constructor(process: Process, write: (event: object) => void, config: AuditConfig, exchange: ServerExchange, info: RequestInfo, user: User, auditId: string, userAgent: string) {
    this.#process = process
    this.#write = write
    this.#config = config
    this.#exchange = exchange
    this.#info = info
    this.#user = user
    this.#auditId = auditId
    this.#userAgent = userAgent
    this.#receivedAt = process.clock.now()
  }

  /** Adds a note of admission, authorization or authentication; the first under a key stays. */
  annotate(key: string, value: string): void {
    const annotations = (this.#known.annotations ??= {})
    if (annotations[key] === undefined && value.length <= annotationBytesMax) annotations[key] = value
  }

  /** Whether the bodies of requests are written down, too. */
  get holdsRequests(): boolean {
    return reaches(this.#config.level, 'Request')
  }

  /** `constraint` is the verb of constrained impersonation that allowed it; '' for plain `impersonate`. */
  impersonates(user: User, constraint: string): void {
    this.#known.impersonatedUser = userOf(user)
    if (constraint !== '') this.#known.authenticationMetadata = { impersonationConstraint: constraint }
  }

  authorized({ decision, reason }: Judgement): void {
    this.annotate('authorization.k8s.io/decision', decision === 'allow' ? 'allow' : 'forbid')
    this.annotate('authorization.k8s.io/reason', reason)
  }

  /** The object that the answer is made of, before it takes its form. */
  responds(object: object): void {
    if (reaches(this.#config.level, 'RequestResponse')) this.#known.responseObject = this.#config.omitManagedFields ? withoutManagedFields(object) : object
    const status = object as Partial<Status>
    if (status.kind === 'Status' && status.status === 'Failure') {
      const { metadata = {}, status: outcome, message, reason, details, code } = status as Status
      this.#known.responseStatus = { metadata, status: outcome, message, reason, details, code }
    }
  }

  /** This server failed, not the request: the last event is then of the stage Panic. */
  panicked(problem: string): void {
    this.#panic = problem
  }

  responseStarted(code: number): void {
    this.#known.responseStatus ??= { metadata: {}, code }
    this.#readRequest()
    this.stage('ResponseStarted')
  }

  complete(code: number): void {
    this.#known.responseStatus ??= { metadata: {}, ...(this.message === undefined ? {} : { status: 'Failure', message: this.message, reason: 'Unauthorized' }), code: code || 200 }
    if (this.message !== undefined) this.#known.responseStatus = { ...this.#known.responseStatus, message: this.message }
    this.#readRequest()
    if (this.#panic === undefined) return this.stage('ResponseComplete')
    this.#known.responseStatus = { metadata: {}, status: 'Failure', message: `APIServer panic'd: ${this.#panic}`, reason: 'InternalError', code: 500 }
    this.stage('Panic')
  }

  /** Writes the event of a stage, if the policy wants it. */
  stage(stage: Stage): void {
    if (this.#config.omitStages.has(stage)) return
    const info = this.#info
    const { requestObject, responseObject, responseStatus, impersonatedUser, authenticationMetadata, annotations } = this.#known
    const now = this.#process.clock.now()
    this.#write({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: this.#config.level,
      auditID: this.#auditId,
      stage,
      requestURI: this.#exchange.request.path,
      verb: info.verb,
      user: userOf(this.#user),
      impersonatedUser,
      authenticationMetadata,
      sourceIPs: this.#sources(),
      userAgent: this.#userAgent === '' ? undefined : this.#userAgent,
      objectRef: info.isResource ? this.#objectRef() : undefined,
      responseStatus,
      requestObject: stage === 'RequestReceived' ? undefined : requestObject,
      responseObject: stage === 'ResponseComplete' ? responseObject : undefined,
      requestReceivedTimestamp: microTime(this.#receivedAt),
      stageTimestamp: microTime(now),
      annotations,
    })
  }

  #sources(): string[] {
    const { headers } = this.#exchange.request
    const forwarded = (headers['x-forwarded-for'] ?? '').split(',').map((address) => address.trim()).filter((address) => /^[0-9a-fA-F.:]{2,45}$/.test(address))
    const { address } = this.#exchange.source
    return forwarded.includes(address) ? forwarded : [...forwarded, address]
  }

  #objectRef(): object {
    const { resource, namespace, name, group, version, subresource } = this.#info
    const sent = this.#known.requestObject as Partial<KubeObject> | undefined
    return {
      resource: resource || undefined,
      namespace: namespace || undefined,
      name: name || sent?.metadata?.name || undefined,
      uid: sent?.metadata?.uid || undefined,
      apiGroup: group || undefined,
      apiVersion: version || undefined,
      resourceVersion: sent?.metadata?.resourceVersion || undefined,
      subresource: subresource || undefined,
    }
  }

  /** The body as an object, once: what can't be read is left out. */
  #readRequest(): void {
    if (this.#requestRead || !reaches(this.#config.level, 'Request')) return
    this.#requestRead = true
    const { body } = this.#exchange.request
    if (body === undefined || !this.#info.isResource) return
    const object = body instanceof Uint8Array ? readBody(body, contentTypeOf(this.#exchange.request)) : body
    if (object !== undefined) this.#known.requestObject = this.#config.omitManagedFields && typeof object === 'object' && object !== null ? withoutManagedFields(object) : object
  }
}

function readBody(bytes: Uint8Array, type: string): unknown {
  if (bytes.length === 0) return undefined
  try {
    if (type === 'application/vnd.kubernetes.protobuf') return readProtobuf(bytes)
    return type === 'application/yaml' || type === 'application/apply-patch+yaml' ? parseYaml(new TextDecoder().decode(bytes)) : parseJsonBytes(bytes)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function withoutManagedFields(object: object): object {
  if (isList(object)) return { ...object, items: object.items.map(withoutManagedFields) }
  const { metadata } = object as Partial<KubeObject>
  if (metadata?.managedFields === undefined) return object
  const { managedFields: _left, ...rest } = metadata
  return { ...object, metadata: rest }
}

function userOf({ name, uid, groups, extra }: User): object {
  return { username: name || undefined, uid: uid || undefined, groups: groups.length > 0 ? groups : undefined, extra: extra && Object.keys(extra).length > 0 ? extra : undefined }
}

function microTime(ms: number): string {
  return `${formatTime(ms).slice(0, 19)}.${String(Math.floor(ms) % 1000).padStart(3, '0')}000Z`
}

import type { ServerExchange } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'
import { ownText, shortText } from '../../kernel/short-text.ts'
import type { RequestInfo } from './request-info/request-info.ts'

export interface LoggedRequest {
  readonly id: number
  readonly auditId: string
  readonly method: string
  readonly path: string
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly scope: '' | 'cluster' | 'namespace' | 'resource'
  readonly agent: string
  readonly source: string
  readonly startedAt: number
  readonly dryRun: boolean
  /** A server-side apply. */
  readonly isApply: boolean
  user: string
  /** HTTP status; 0 while it runs, or when the client went away first. */
  code: number
  /** Virtual ms; undefined while it runs. */
  durationMs: number | undefined
}

export interface RequestCount {
  /** As upstream reports it: GET, LIST, WATCH, POST, PUT, PATCH, APPLY, DELETE, DELETECOLLECTION, CONNECT. */
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly scope: string
  /** `All`, or ''. */
  readonly dryRun: string
  readonly code: number
  count: number
  totalMs: number
  /** How many took no longer than each bound of `durationBoundsMs`, and longer than the one before. */
  readonly buckets: number[]
}

export const durationBoundsMs = [5, 25, 50, 100, 200, 400, 600, 800, 1000, 1250, 1500, 2000, 3000, 4000, 5000, 6000, 8000, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000] as const

const requestsMax = 500
/** How much is kept of what a client may make as long as it likes. */
const pathMax = 1_000
const nameMax = 253
/** Subresources whose answers go on as long as their clients like. */
const streaming = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

/** The newest requests, and counts of all, for the window and for /metrics. */
export class RequestLog {
  readonly counts = new Map<string, RequestCount>()
  /** Requests by the user who sent them; all but the cluster's own count as `other`. */
  readonly users = new Map<string, number>()
  readonly authentications = new Map<string, number>()
  readonly authorizations = new Map<string, number>()
  readonly #process: Process
  readonly #recent: LoggedRequest[] = []
  #next = 1
  #inflightReads = 0
  #inflightWrites = 0
  #watches = 0
  #streams = 0
  readonly #quiet: (() => void)[] = []
  readonly #besides = new Map<string, () => unknown>()

  constructor(process: Process) {
    this.#process = process
    process.expose('requests', () => this.snapshot())
  }

  /** Shows something else of the way of requests beside them, under `name`. */
  showBesides(name: string, view: () => unknown): void {
    this.#besides.set(name, view)
  }

  begin(info: RequestInfo, exchange: ServerExchange, agent: string): LoggedRequest {
    const process = this.#process
    // Names are cut from the path: of a long one they have to be copies, not to keep it alive.
    const isLong = exchange.request.path.length > pathMax
    const kept = (name: string): string => (isLong ? ownText(name.slice(0, nameMax)) : name)
    const entry: LoggedRequest = {
      id: this.#next++,
      auditId: process.random.uuid(),
      method: exchange.request.method,
      path: shortText(exchange.request.path, pathMax),
      verb: info.verb,
      group: kept(info.group),
      version: kept(info.version),
      resource: kept(info.resource),
      subresource: kept(info.subresource),
      scope: !info.isResource ? '' : info.name !== '' || info.verb === 'create' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster',
      agent: shortText(agent, pathMax),
      source: exchange.source.address,
      startedAt: process.clock.now(),
      dryRun: info.query.text !== '' && info.query.text.includes('dryRun=All'),
      isApply: info.verb === 'patch' && (exchange.request.headers['content-type'] ?? '').startsWith('application/apply-patch'),
      user: '',
      code: 0,
      durationMs: undefined,
    }
    this.#count(entry, 1)
    this.#recent.push(entry)
    if (this.#recent.length > requestsMax * 1.25) this.#recent.splice(0, this.#recent.length - requestsMax)
    process.changed('requests')
    return entry
  }

  /** Counts who came; undefined for credentials that are no good. */
  authenticated(user: string | undefined): void {
    count(this.authentications, user === undefined ? 'failure' : 'success')
    if (user !== undefined) count(this.users, ownUsers.has(user) ? user : 'other')
  }

  authorized(allowed: boolean): void {
    count(this.authorizations, allowed ? 'allowed' : 'denied')
  }

  /** The answer began and goes on. */
  opened(entry: LoggedRequest, user: string, code: number): void {
    entry.user = user
    entry.code = code
    this.#process.changed('requests')
  }

  end(entry: LoggedRequest, user: string, code: number): void {
    if (entry.durationMs !== undefined) return
    entry.user = user
    entry.code = code
    entry.durationMs = this.#process.clock.now() - entry.startedAt
    this.#count(entry, -1)
    this.#tally(entry)
    this.#process.changed('requests')
    if (this.#quiet.length > 0 && this.#inflightReads + this.#inflightWrites === 0) for (const wake of this.#quiet.splice(0)) this.#process.kernel.schedule(0, wake)
  }

  /** Resolves when nothing is in flight but what goes on as long as its client likes. */
  whenQuiet(): Promise<void> {
    if (this.#inflightReads + this.#inflightWrites === 0) return Promise.resolve()
    return new Promise((resolve) => this.#quiet.push(resolve))
  }

  get inflight(): { readonly reads: number; readonly writes: number; readonly watches: number } {
    return { reads: this.#inflightReads, writes: this.#inflightWrites, watches: this.#watches }
  }

  snapshot(): unknown {
    const { reads, writes, watches } = this.inflight
    const counts = new Map<string, { verb: string; resource: string; count: number }>()
    for (const { verb, resource, group, subresource, count } of this.counts.values()) {
      const name = `${resource}${subresource ? `/${subresource}` : ''}${group ? `.${group}` : ''}`
      const key = `${verb} ${name}`
      const known = counts.get(key)
      if (known) known.count += count
      else counts.set(key, { verb, resource: name, count })
    }
    return { recent: this.#recent.slice(-requestsMax), inflight: { reads, writes }, watches, counts: [...counts.values()], ...Object.fromEntries([...this.#besides].map(([name, view]) => [name, view()])) }
  }

  #count(entry: LoggedRequest, by: number): void {
    if (entry.verb === 'watch') this.#watches += by
    else if (streaming.has(entry.subresource)) this.#streams += by
    else if (entry.method === 'GET' || entry.method === 'HEAD') this.#inflightReads += by
    else this.#inflightWrites += by
  }

  #tally(entry: LoggedRequest): void {
    const { group, version, resource, subresource, scope, code, durationMs = 0 } = entry
    const verb = reportedVerb(entry)
    const dryRun = entry.dryRun ? 'All' : ''
    const key = `${verb}|${group}|${version}|${resource}|${subresource}|${scope}|${dryRun}|${code}`
    let found = this.counts.get(key)
    if (!found) {
      if (this.counts.size > 5_000) return
      this.counts.set(key, (found = { verb, group, version, resource, subresource, scope, dryRun, code, count: 0, totalMs: 0, buckets: new Array<number>(durationBoundsMs.length).fill(0) }))
    }
    found.count++
    found.totalMs += durationMs
    for (let index = 0; index < durationBoundsMs.length; index++) {
      if (durationMs > durationBoundsMs[index]!) continue
      found.buckets[index]!++
      break
    }
  }
}

/** The users whom metrics name. */
const ownUsers = new Set(['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default', 'system:kube-scheduler', 'system:kube-controller-manager', 'system:apiserver'])
const reportedVerbs: Readonly<Record<string, string>> = { get: 'GET', list: 'LIST', watch: 'WATCH', create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE', deletecollection: 'DELETECOLLECTION' }
const connects = new Set(['attach', 'exec', 'portforward', 'proxy'])

function reportedVerb({ verb, subresource, isApply }: LoggedRequest): string {
  if (subresource !== '' && connects.has(subresource)) return 'CONNECT'
  return isApply ? 'APPLY' : (reportedVerbs[verb] ?? (verb === '' ? 'OTHER' : verb.toUpperCase()))
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

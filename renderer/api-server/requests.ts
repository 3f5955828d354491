/** What kube-apiserver shows under `requests`. */
export interface RequestsView {
  /** Oldest first. */
  readonly recent: readonly LoggedRequest[]
  readonly inflight: { readonly reads: number; readonly writes: number }
  readonly watches: number
  readonly counts: readonly { readonly verb: string; readonly resource: string; readonly count: number }[]
  /** Absent where priority and fairness is switched off. */
  readonly priorityLevels?: readonly PriorityLevel[]
  readonly admission?: readonly AdmissionPlugin[]
}

/** A priority level of API priority and fairness; seats are what running requests take up. */
export interface PriorityLevel {
  readonly name: string
  readonly exempt: boolean
  readonly seats: number
  readonly limit: number
  readonly executing: number
  readonly waiting: number
  readonly dispatched: number
  readonly rejected: number
  readonly schemas: readonly { readonly name: string; readonly dispatched: number }[]
}

export interface AdmissionPlugin {
  readonly name: string
  readonly type: 'admit' | 'validate'
  readonly asked: number
  readonly rejected: number
  readonly meanMs: number
}

export interface LoggedRequest {
  readonly id: number
  readonly method: string
  readonly path: string
  readonly verb: string
  readonly resource: string
  readonly subresource: string
  readonly agent: string
  readonly source: string
  readonly startedAt: number
  readonly user: string
  readonly code: number
  /** Absent while it runs. */
  readonly durationMs?: number
}

export interface RequestFilter {
  readonly text: string
  /** Leases, events of status, health checks: what nobody asked for. */
  readonly heartbeats: boolean
  readonly watches: boolean
  /** Only what people asked for, from outside the cluster. */
  readonly peopleOnly: boolean
}

export function isHeartbeat(request: LoggedRequest): boolean {
  return request.resource === 'leases' || (request.resource === 'nodes' && request.subresource === 'status') || /^\/(healthz|livez|readyz)/.test(request.path)
}

/** Components have `system:` users; everyone else is a person or a tool of theirs. */
export function isPerson(request: LoggedRequest): boolean {
  return request.user !== '' && !request.user.startsWith('system:')
}

export function filterRequests(requests: readonly LoggedRequest[], filter: RequestFilter): LoggedRequest[] {
  const text = filter.text.trim().toLowerCase()
  return requests.filter((request) => {
    if (!filter.heartbeats && isHeartbeat(request)) return false
    if (!filter.watches && request.verb === 'watch') return false
    if (filter.peopleOnly && !isPerson(request)) return false
    return text === '' || `${request.verb} ${request.path} ${request.user} ${request.agent} ${request.code}`.toLowerCase().includes(text)
  })
}

const rateWindowMs = 10_000

/** Requests per virtual second over the last ten seconds, as far as the log reaches back. */
export function requestRate(requests: readonly LoggedRequest[], now: number): number {
  const from = now - rateWindowMs
  const oldest = requests[0]?.startedAt
  if (oldest === undefined) return 0
  const spanMs = Math.min(rateWindowMs, Math.max(1_000, now - Math.max(oldest, from)))
  return (requests.filter((request) => request.startedAt >= from).length / spanMs) * 1_000
}

/** The latency that `share` of the finished requests stayed below; watches have none. */
export function latency(requests: readonly LoggedRequest[], share: number): number {
  const durations = requests
    .filter((request) => request.verb !== 'watch' && request.durationMs !== undefined)
    .map((request) => request.durationMs!)
    .sort((a, b) => a - b)
  return durations.length === 0 ? 0 : durations[Math.min(durations.length - 1, Math.floor(durations.length * share))]!
}

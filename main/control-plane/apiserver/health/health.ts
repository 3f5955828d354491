/** `/livez`, `/readyz`, `/healthz`: named checks, each also under its own path. */
import type { ApiRequest } from '../handlers/request.ts'

export type Endpoint = 'livez' | 'readyz' | 'healthz'

export interface HealthCheck {
  /** As upstream prints it: `etcd`, `poststarthook/rbac/bootstrap-roles`. */
  readonly name: string
  /** Which of the endpoints ask it. */
  readonly endpoints: readonly Endpoint[]
  /** What is wrong, or undefined, or a promise of it. */
  readonly problem: () => string | undefined | Promise<string | undefined>
}

const encoder = new TextEncoder()
const namesMax = 100

interface Tally {
  readonly name: string
  readonly type: Endpoint
  isWell: boolean
  success: number
  error: number
}

/** Asks the checks, and remembers what they said. */
export class HealthChecks {
  readonly checks: readonly HealthCheck[]
  readonly #tallies = new Map<string, Tally>()

  constructor(checks: readonly HealthCheck[]) {
    this.checks = checks
  }

  /** The last outcome of each check that was asked. */
  last(): Iterable<Tally> {
    return this.#tallies.values()
  }

  totals(): { readonly name: string; readonly type: Endpoint; readonly status: 'success' | 'error'; readonly count: number }[] {
    return [...this.#tallies.values()].flatMap(({ name, type, success, error }) => [
      ...(success > 0 ? [{ name, type, status: 'success' as const, count: success }] : []),
      ...(error > 0 ? [{ name, type, status: 'error' as const, count: error }] : []),
    ])
  }

  /** Answers a health path; false for any other. */
  serve(request: ApiRequest): false | Promise<void> {
    const match = /^\/(livez|readyz|healthz)(?:\/(.+))?$/.exec(request.info.path)
    if (!match) return false
    const endpoint = match[1] as Endpoint
    const mine = this.checks.filter((check) => check.endpoints.includes(endpoint))
    if (match[2] === undefined) return this.#all(request, endpoint, mine)
    const check = mine.find(({ name }) => name === match[2])
    return check ? this.#one(request, endpoint, check) : false
  }

  async #one(request: ApiRequest, endpoint: Endpoint, check: HealthCheck): Promise<void> {
    const problem = await this.#ask(endpoint, check)
    if (problem === undefined) respondText(request, 200, 'ok')
    else respondText(request, 500, `internal server error: ${problem}\n`)
  }

  async #all(request: ApiRequest, endpoint: Endpoint, checks: readonly HealthCheck[]): Promise<void> {
    const { query } = request.info
    const excluded = new Set(query.all('exclude').flatMap((names) => names.split(',')).slice(0, namesMax))
    let text = ''
    let log = ''
    const failed: string[] = []
    for (const check of checks) {
      if (excluded.delete(check.name)) {
        text += `[+]${check.name} excluded: ok\n`
        continue
      }
      const problem = await this.#ask(endpoint, check)
      if (problem === undefined) text += `[+]${check.name} ok\n`
      else {
        failed.push(check.name)
        text += `[-]${check.name} failed: reason withheld\n`
        log += `[-]${check.name} failed: ${problem}\n`
      }
    }
    if (excluded.size > 0) text += `warn: some health checks cannot be excluded: no matches for ${[...excluded].sort().map((name) => JSON.stringify(name)).join(',')}\n`
    if (failed.length > 0) {
      request.context.process.journal.warning(`${failed.join(',')} check failed: ${endpoint}\n${log}`)
      return respondText(request, 500, `${text}${endpoint} check failed\n`)
    }
    respondText(request, 200, query.has('verbose') ? `${text}${endpoint} check passed\n` : 'ok')
  }

  async #ask(endpoint: Endpoint, check: HealthCheck): Promise<string | undefined> {
    let problem: string | undefined
    try {
      problem = await check.problem()
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
    const key = `${endpoint} ${check.name}`
    let tally = this.#tallies.get(key)
    if (!tally) this.#tallies.set(key, (tally = { name: check.name, type: endpoint, isWell: true, success: 0, error: 0 }))
    tally.isWell = problem === undefined
    if (tally.isWell) tally.success++
    else tally.error++
    return problem
  }
}

/** Answers plain text. */
export function respondText(request: ApiRequest, status: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
  request.respond({ status, headers: { 'content-type': contentType, 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache, private' }, body: encoder.encode(text) })
}

/** `/livez`, `/readyz`, `/healthz`: named checks, each also under its own path. */
import type { ApiRequest } from '../handlers/request.ts'

export interface HealthCheck {
  /** As upstream prints it: `etcd`, `poststarthook/rbac/bootstrap-roles`. */
  readonly name: string
  /** Which of the endpoints ask it. */
  readonly endpoints: readonly ('livez' | 'readyz' | 'healthz')[]
  /** True when well, or a promise of it. */
  readonly isWell: () => boolean | Promise<boolean>
}

const encoder = new TextEncoder()

/** Answers a health path; false for any other. */
export function serveHealth(request: ApiRequest, checks: readonly HealthCheck[]): false | Promise<void> {
  const match = /^\/(livez|readyz|healthz)(?:\/(.+))?$/.exec(request.info.path)
  if (!match) return false
  const endpoint = match[1] as 'livez' | 'readyz' | 'healthz'
  const mine = checks.filter((check) => check.endpoints.includes(endpoint))
  if (match[2] !== undefined) {
    const check = mine.find(({ name }) => name === match[2])
    return check ? serveOne(request, check) : false
  }
  return serveAll(request, endpoint, mine)
}

async function serveOne(request: ApiRequest, check: HealthCheck): Promise<void> {
  if (await outcomeOf(check)) respondText(request, 200, 'ok')
  else respondText(request, 500, `internal server error: ${check.name} failed\n`)
}

async function serveAll(request: ApiRequest, endpoint: string, checks: readonly HealthCheck[]): Promise<void> {
  const { query } = request.info
  const excluded = new Set(query.all('exclude').flatMap((names) => names.split(',')))
  let text = ''
  let failed = false
  const failedNames: string[] = []
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      text += `[+]${check.name} excluded: ok\n`
      continue
    }
    if (await outcomeOf(check)) text += `[+]${check.name} ok\n`
    else {
      failed = true
      failedNames.push(check.name)
      text += `[-]${check.name} failed: reason withheld\n`
    }
  }
  if (excluded.size > 0) text += `warn: some health checks cannot be excluded: no matches for ${[...excluded].map((name) => JSON.stringify(name)).join(',')}\n`
  if (failed) {
    request.context.process.journal.warning(`${endpoint} check failed: ${failedNames.join(',')}`)
    return respondText(request, 500, `${text}${endpoint} check failed\n`)
  }
  respondText(request, 200, query.has('verbose') ? `${text}${endpoint} check passed\n` : 'ok')
}

async function outcomeOf(check: HealthCheck): Promise<boolean> {
  try {
    return await check.isWell()
  } catch {
    return false
  }
}

/** Answers plain text. */
export function respondText(request: ApiRequest, status: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
  request.respond({ status, headers: { 'content-type': contentType, 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache, private' }, body: encoder.encode(text) })
}

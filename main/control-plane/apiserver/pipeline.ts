import { badRequest, failure, genericServerResponse, StatusError, timeout } from '../../api/machinery/status-error.ts'
import { formatTime, parseDuration } from '../../api/machinery/time.ts'
import type { HttpHandler, HttpResponse, ServerExchange } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'
import { ownText } from '../../kernel/short-text.ts'
import type { AuditRecord, Auditor } from './audit/auditor.ts'
import type { Authenticated, AuthenticationNotes, Authenticator } from './authn/authenticator.ts'
import { wantedUser } from './authn/impersonation.ts'
import { anonymous } from './authn/user.ts'
import type { User } from './authn/user.ts'
import type { Attributes, Authorizer } from './authz/attributes.ts'
import { forbiddenError } from './authz/forbidden.ts'
import { Impersonation } from './authz/impersonation.ts'
import { selectorsOf } from './authz/selectors.ts'
import { Deadlines } from './deadlines.ts'
import type { Gate, Pass, Waiter } from './flowcontrol/gate.ts'
import { respondError } from './handlers/answer.ts'
import type { ApiHandler, ApiRequest } from './handlers/request.ts'
import type { OutputForm } from './negotiation/output.ts'
import { negotiateOutput } from './negotiation/output.ts'
import { Warnings } from './request-context.ts'
import { requestInfoOf } from './request-info/request-info.ts'
import type { RequestInfo } from './request-info/request-info.ts'
import type { RequestLog } from './request-log.ts'

export interface PipelineParts {
  readonly process: Process
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly log: RequestLog
  /** Who may run now, and who waits. */
  readonly gate: Gate
  /** Absent when nothing is written down, as kubeadm sets it up. */
  readonly auditor?: Auditor | undefined
  /** Whether the server is on its way out: what comes now is sent elsewhere. */
  readonly isDraining?: () => boolean
  /** What answers a request that may pass. */
  readonly route: ApiHandler
}

/** The way of every request: who is it, is it their turn, may they, then the handler; whatever is thrown becomes a Status. */
export function pipeline(parts: PipelineParts): HttpHandler {
  const deadlines = new Deadlines(parts.process)
  const impersonation = new Impersonation(parts.authorizer)
  const { gate, auditor, process } = parts
  return (exchange) => {
    const { method, path } = exchange.request
    const info = requestInfoOf(method, path)
    // What is kept of a request for long takes little, however long the request is.
    const isLong = path.length > shownMax
    const shownPath = isLong ? ownText(info.path.slice(0, shownMax)) : info.path
    const span = process.span(`${method} ${shownPath}`, { verb: info.verb, resource: isLong ? ownText(info.resource.slice(0, shownMax)) : info.resource })
    const userAgent = exchange.request.headers['user-agent'] ?? ''
    const entry = parts.log.begin(info, exchange, userAgent)
    let user: User = anonymous
    let reason = ''
    let pass: Pass | undefined
    let audit: AuditRecord | undefined
    const warnings = new Warnings()
    const finish = (code: number, keepsPlace = false): void => {
      deadlines.remove(entry.id)
      if (pass && !keepsPlace) gate.leave(pass)
      parts.log.end(entry, user.name, code)
      audit?.complete(code)
      process.endSpan(span, { code, user: user.name, ...(reason === '' ? {} : { authorization: reason }) })
    }
    let opened: HttpResponse | undefined
    let done = false
    const headed = (response: HttpResponse): HttpResponse => ({ ...response, headers: pass ? { 'audit-id': entry.auditId, ...pass.headers, ...response.headers } : { 'audit-id': entry.auditId, ...response.headers } })
    const request: ApiRequest = {
      exchange,
      info,
      span,
      context: {
        get user() {
          return user
        },
        get audit() {
          return audit
        },
        userAgent,
        warnings,
        process,
        timestamp: formatTime(process.clock.now()),
        annotate: (key, value) => audit?.annotate(key, value),
        isOver: () => done,
      },
      respond(response) {
        if (done) return
        done = true
        const place = pass
        // A large answer keeps its place until it has been taken: so many of them are in memory at a time, and no more.
        const keepsPlace = place !== undefined && response.body instanceof Uint8Array && response.body.length > largeBytes && exchange.whenTaken !== undefined
        if (keepsPlace) exchange.whenTaken!(() => gate.leave(place))
        finish(response.status, keepsPlace)
        exchange.respond(headed(response))
      },
      open(response) {
        opened = response
        deadlines.remove(entry.id)
        // A watch takes a seat only until it has begun.
        if (pass) gate.leave(pass)
        parts.log.opened(entry, user.name, response.status)
        audit?.responseStarted(response.status)
        exchange.open(headed(response))
      },
      end() {
        if (done) return
        done = true
        finish(opened?.status ?? 200)
        exchange.end()
      },
      isOver: () => done,
    }
    const fail = (error: unknown): void => {
      if (opened) {
        process.journal.error('Unhandled error in a running response', { path: shownPath, err: error })
        request.end()
        return
      }
      if (!(error instanceof StatusError)) {
        process.journal.error('apiserver panic\'d', { path: shownPath, err: error instanceof Error ? (error.stack ?? error.message) : error })
        audit?.panicked(error instanceof Error ? error.message : String(error))
      }
      respondError(request, error, errorForm(exchange, info))
    }
    const proceed = (): void => {
      if (done) return
      try {
        const attributes = attributesOf(user, info)
        const judgement = parts.authorizer.authorize(attributes)
        reason = judgement.reason
        parts.log.authorized(judgement.decision === 'allow')
        audit?.authorized(judgement)
        if (judgement.decision !== 'allow') throw forbiddenError(attributes, judgement.reason)
        const running = parts.route(request)
        if (!running) return
        running.catch(fail)
        if (!done && !opened && !isLongRunning(info)) {
          deadlines.add(entry.id, timeoutMsOf(info), () => fail(timeout('request did not complete within requested timeout - context deadline exceeded', 0)))
        }
      } catch (error) {
        fail(error)
      }
    }
    exchange.onCancel(() => {
      if (done) return
      done = true
      finish(0)
    })
    const notes = new Notes(warnings)
    const admit = (found: Authenticated): void => {
      if (done) return
      if ('problem' in found) {
        process.journal.error('Unable to authenticate the request', { err: found.problem })
        parts.log.authenticated(undefined)
        audit = auditor?.failedAuthentication(exchange, info, entry.auditId)
        throw new StatusError(failure(401, 'Unauthorized', 'Unauthorized'))
      }
      user = found.user
      parts.log.authenticated(user.name)
      audit = auditor?.begin(exchange, info, user, entry.auditId, userAgent)
      if (audit && notes.annotations) for (const [key, value] of notes.annotations) audit.annotate(key, value)
      if (parts.isDraining?.() && !isHealthCheck(info.path)) return respondGoAway(request)
      // Only what stands behind a proxy takes OPTIONS, which has no verb.
      if (info.isResource && info.verb === '' && !(method === 'OPTIONS' && info.subresource === 'proxy')) throw methodNotAllowed()
      checkTimeout(info)
      const wanted = wantedUser(exchange.request.headers)
      if (wanted) {
        const impersonated = impersonation.judge(wanted, attributesOf(user, info))
        user = impersonated.user
        audit?.impersonates(user, impersonated.constraint)
      }
      // Streams that go on are not held to any level; watches are while they begin.
      if (isLongRunning(info) && info.verb !== 'watch') return proceed()
      pass = gate.enter({ user, info }, (): Waiter => ({ run: proceed, reject: (seconds) => respondTooMany(request, seconds) }))
      if (pass.outcome === 'refused') respondTooMany(request, pass.retryAfterSeconds ?? 1)
      else if (pass.outcome === 'runs') proceed()
    }
    try {
      const found = parts.authenticator.authenticate(exchange.request, notes)
      if (!(found instanceof Promise)) return admit(found)
      found
        .then((answer) => {
          process.kernel.trace.current = span.id
          admit(answer)
        })
        .catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}

/** What authentication has to say beside its answer. */
class Notes implements AuthenticationNotes {
  annotations: [string, string][] | undefined
  readonly #warnings: Warnings

  constructor(warnings: Warnings) {
    this.#warnings = warnings
  }

  readonly warn = (text: string): void => this.#warnings.add(text)

  readonly annotate = (key: string, value: string): void => void (this.annotations ??= []).push([key, value])
}

const shownMax = 500
/** Answers up to this size are in the socket's buffers at once. */
const largeBytes = 256 * 1024

/** Whether a path asks how the server is: answered while it starts and while it goes. */
export function isHealthCheck(path: string): boolean {
  return path.startsWith('/healthz') || path.startsWith('/livez') || path.startsWith('/readyz')
}

/** How long an answer may take (upstream's --request-timeout). */
const requestTimeoutMs = 60_000
/** Subresources whose answers go on as long as their readers do. */
const longRunning = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])
const timeoutTextMax = 100

function isLongRunning({ verb, subresource }: RequestInfo): boolean {
  return verb === 'watch' || verb === 'proxy' || longRunning.has(subresource)
}

/** Refuses a `timeout` that is no duration. */
function checkTimeout(info: RequestInfo): void {
  if (info.query.text === '' || isLongRunning(info)) return
  const asked = info.query.get('timeout')
  if (asked === '' || (asked.length <= timeoutTextMax && parseDuration(asked) !== undefined)) return
  const shown = JSON.stringify(asked)
  const problem = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(asked.slice(0, timeoutTextMax)) ? `time: missing unit in duration ${shown}` : `time: invalid duration ${shown}`
  throw badRequest(`invalid timeout specified in the request URL - ${problem}`)
}

/** The client's own limit, `timeout=10s`, if it is shorter. */
function timeoutMsOf({ query }: RequestInfo): number {
  const asked = query.text === '' ? '' : query.get('timeout')
  const ms = asked === '' ? undefined : parseDuration(asked)
  return ms === undefined || ms <= 0 ? requestTimeoutMs : Math.min(ms, requestTimeoutMs)
}

const tooMany = new TextEncoder().encode('Too many requests, please try again later.\n')

/** What somebody hears whose turn it is not. */
function respondTooMany(request: ApiRequest, retryAfterSeconds: number): void {
  request.respond({ status: 429, headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', 'retry-after': String(retryAfterSeconds) }, body: tooMany })
}

/** What somebody hears who comes on an old connection while the server goes; the connection ends with it. */
function respondGoAway(request: ApiRequest): void {
  const { status } = new StatusError(failure(503, 'ServiceUnavailable', 'apiserver is shutting down'))
  const body = request.exchange.byReference ? status : new TextEncoder().encode(`${JSON.stringify(status)}\n`)
  request.respond({ status: 503, headers: { 'content-type': 'application/json', 'retry-after': '1', connection: 'close' }, body })
}

const selectable = new Set(['list', 'watch', 'deletecollection'])

/** What a request asks of the authorizers. */
export function attributesOf(user: User, info: RequestInfo): Attributes {
  const selectors = selectable.has(info.verb) ? selectorsOf(info.query.get('fieldSelector'), info.query.get('labelSelector')) : undefined
  return { ...selectors, user, verb: info.verb, isResource: info.isResource, group: info.group, version: info.version, resource: info.resource, subresource: info.subresource, namespace: info.namespace, name: info.name, path: info.path }
}

/** 405 in the words of upstream's router. */
export function methodNotAllowed(): StatusError {
  return genericServerResponse(405, '', { group: '', resource: '' }, '', '405: Method Not Allowed')
}

/** 404 of a resource that a known group and version does not have. */
export function unknownResource(): StatusError {
  return genericServerResponse(404, '', { group: '', resource: '' }, '', '404: Page Not Found')
}

/** Errors are answered in the form that was asked for if there is one, else in JSON. */
function errorForm(exchange: ServerExchange, info: RequestInfo): OutputForm {
  try {
    const { transform: _transform, ...form } = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'] })
    return form
  } catch {
    return { encoding: exchange.byReference ? 'reference' : 'json', pretty: false }
  }
}

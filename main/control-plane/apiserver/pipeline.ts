import { failure, genericServerResponse, StatusError, timeout } from '../../api/machinery/status-error.ts'
import { formatTime, parseDuration } from '../../api/machinery/time.ts'
import type { HttpHandler, HttpResponse, ServerExchange } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'
import type { Authenticator } from './authn/authenticator.ts'
import { impersonated, wantsImpersonation } from './authn/impersonation.ts'
import { anonymous } from './authn/user.ts'
import type { User } from './authn/user.ts'
import type { Attributes, Authorizer } from './authz/attributes.ts'
import { forbiddenError } from './authz/forbidden.ts'
import { Deadlines } from './deadlines.ts'
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
  /** What answers a request that may pass. */
  readonly route: ApiHandler
}

/** The way of every request: who is it, may they, then the handler; whatever is thrown becomes a Status. */
export function pipeline(parts: PipelineParts): HttpHandler {
  const deadlines = new Deadlines(parts.process)
  return (exchange) => {
    const { method, path } = exchange.request
    const info = requestInfoOf(method, path)
    const span = parts.process.span(`${method} ${info.path}`, { verb: info.verb, resource: info.resource })
    const userAgent = exchange.request.headers['user-agent'] ?? ''
    const entry = parts.log.begin(info, exchange, userAgent)
    let user: User = anonymous
    let reason = ''
    const warnings = new Warnings()
    const finish = (code: number): void => {
      deadlines.remove(entry.id)
      parts.log.end(entry, user.name, code)
      parts.process.endSpan(span, { code, user: user.name, ...(reason === '' ? {} : { authorization: reason }) })
    }
    let opened: HttpResponse | undefined
    let done = false
    const request: ApiRequest = {
      exchange,
      info,
      span,
      context: {
        get user() {
          return user
        },
        userAgent,
        warnings,
        process: parts.process,
        timestamp: formatTime(parts.process.clock.now()),
      },
      respond(response) {
        if (done) return
        done = true
        finish(response.status)
        exchange.respond({ ...response, headers: { 'audit-id': entry.auditId, ...response.headers } })
      },
      open(response) {
        opened = response
        deadlines.remove(entry.id)
        parts.log.opened(entry, user.name, response.status)
        exchange.open({ ...response, headers: { 'audit-id': entry.auditId, ...response.headers } })
      },
      end() {
        if (done) return
        done = true
        finish(opened?.status ?? 200)
        exchange.end()
      },
    }
    const fail = (error: unknown): void => {
      if (opened) {
        parts.process.journal.error('Unhandled error in a running response', { path: info.path, err: error })
        request.end()
        return
      }
      if (!(error instanceof StatusError)) parts.process.journal.error('apiserver panic\'d', { path: info.path, err: error instanceof Error ? (error.stack ?? error.message) : error })
      respondError(request, error, errorForm(exchange, info))
    }
    exchange.onCancel(() => {
      if (done) return
      done = true
      finish(0)
    })
    try {
      const found = parts.authenticator.authenticate(exchange.request)
      if ('problem' in found) {
        parts.process.journal.error('Unable to authenticate the request', { err: found.problem })
        throw new StatusError(failure(401, 'Unauthorized', 'Unauthorized'))
      }
      user = found
      if (info.isResource && info.verb === '') throw methodNotAllowed()
      if (wantsImpersonation(exchange.request.headers)) user = impersonated(user, exchange.request.headers, parts.authorizer)
      const attributes = attributesOf(user, info)
      const judgement = parts.authorizer.authorize(attributes)
      reason = judgement.reason
      if (judgement.decision !== 'allow') throw forbiddenError(attributes, judgement.reason)
      const running = parts.route(request)
      if (!running) return
      running.catch(fail)
      if (!done && !opened && !longRunning.has(info.subresource) && info.verb !== 'watch') {
        deadlines.add(entry.id, timeoutMsOf(info), () => fail(timeout('request did not complete within requested timeout - context deadline exceeded', 0)))
      }
    } catch (error) {
      fail(error)
    }
  }
}

/** How long an answer may take (upstream's --request-timeout). */
const requestTimeoutMs = 60_000
/** Subresources whose answers go on as long as their readers do. */
const longRunning = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

/** The client's own limit, `timeout=10s`, if it is shorter. */
function timeoutMsOf({ query }: RequestInfo): number {
  const asked = query.get('timeout')
  const ms = asked === '' ? undefined : parseDuration(asked)
  return ms === undefined || ms <= 0 ? requestTimeoutMs : Math.min(ms, requestTimeoutMs)
}

/** What a request asks of the authorizers. */
export function attributesOf(user: User, info: RequestInfo): Attributes {
  return { user, verb: info.verb, isResource: info.isResource, group: info.group, version: info.version, resource: info.resource, subresource: info.subresource, namespace: info.namespace, name: info.name, path: info.path }
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


/** API errors: a Status with its HTTP code, made by factories with upstream's messages, reasons and details. */
import type { Status, StatusCause, StatusDetails } from '../generated/types.ts'
import { fieldErrorBody, fieldErrorsText } from './field-error.ts'
import type { FieldError } from './field-error.ts'
import { quote } from './go-text.ts'
import { groupKindText, groupResourceText } from './object.ts'
import type { GroupKind, GroupResource } from './object.ts'

export type StatusReason =
  | '' | 'Unauthorized' | 'Forbidden' | 'NotFound' | 'AlreadyExists' | 'Conflict' | 'Gone' | 'Invalid' | 'ServerTimeout' | 'StoreReadError' | 'Timeout'
  | 'TooManyRequests' | 'BadRequest' | 'MethodNotAllowed' | 'NotAcceptable' | 'RequestEntityTooLarge' | 'UnsupportedMediaType' | 'InternalError'
  | 'Expired' | 'ServiceUnavailable'

/** An error that the API answers with: its `status` is the body, its `code` the HTTP status. */
export class StatusError extends Error {
  readonly status: Status

  constructor(status: Status) {
    super(status.message ?? '')
    this.name = 'StatusError'
    this.status = status
  }

  get code(): number {
    return this.status.code ?? 500
  }

  get reason(): StatusReason {
    return (this.status.reason ?? '') as StatusReason
  }
}

/** A failure Status in upstream's field order. */
export function failure(code: number, reason: StatusReason, message: string, details?: StatusDetails): Status {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' }
  status.message = message
  if (reason) status.reason = reason
  if (details) status.details = details
  status.code = code
  return status
}

function detailsOf(name: string, resource: GroupResource, causes?: StatusCause[], retryAfterSeconds?: number): StatusDetails {
  const details: StatusDetails = {}
  if (name) details.name = name
  if (resource.group) details.group = resource.group
  if (resource.resource) details.kind = resource.resource
  if (causes) details.causes = causes
  if (retryAfterSeconds) details.retryAfterSeconds = retryAfterSeconds
  return details
}

function error(code: number, reason: StatusReason, message: string, details?: StatusDetails): StatusError {
  return new StatusError(failure(code, reason, message, details))
}

export function notFound(resource: GroupResource, name: string): StatusError {
  return error(404, 'NotFound', `${groupResourceText(resource)} ${quote(name)} not found`, detailsOf(name, resource))
}

export function alreadyExists(resource: GroupResource, name: string): StatusError {
  return error(409, 'AlreadyExists', `${groupResourceText(resource)} ${quote(name)} already exists`, detailsOf(name, resource))
}

export function generateNameConflict(resource: GroupResource, name: string, retryAfterSeconds: number): StatusError {
  const message = `${groupResourceText(resource)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`
  return error(409, 'AlreadyExists', message, detailsOf(name, resource, undefined, retryAfterSeconds))
}

/** The text of a lost optimistic lock. */
export const optimisticLockText = 'the object has been modified; please apply your changes to the latest version and try again'

export function conflict(resource: GroupResource, name: string, message: string = optimisticLockText): StatusError {
  return error(409, 'Conflict', `Operation cannot be fulfilled on ${groupResourceText(resource)} ${quote(name)}: ${message}`, detailsOf(name, resource))
}

/** Server-side apply's conflict: each cause names a field and its manager. */
export function applyConflict(causes: StatusCause[], message: string): StatusError {
  return error(409, 'Conflict', message, { causes })
}

export function invalid(kind: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const causes = errors.map((e): StatusCause => ({ reason: e.type, message: fieldErrorBody(e), field: e.field }))
  const suffix = errors.length > 0 ? `: ${fieldErrorsText(errors)}` : ''
  return error(422, 'Invalid', `${groupKindText(kind)} ${quote(name)} is invalid${suffix}`, detailsOf(name, { group: kind.group, resource: kind.kind }, causes.length > 0 ? causes : undefined))
}

export function badRequest(message: string): StatusError {
  return error(400, 'BadRequest', message)
}

export function unauthorized(message = ''): StatusError {
  return error(401, 'Unauthorized', message || 'not authorized')
}

/** `message` completes "… is forbidden: ". */
export function forbidden(resource: GroupResource, name: string, message: string, causes?: StatusCause[]): StatusError {
  const text = groupResourceText(resource)
  const subject = text === '' ? 'forbidden' : name === '' ? `${text} is forbidden` : `${text} ${quote(name)} is forbidden`
  return error(403, 'Forbidden', `${subject}: ${message}`, detailsOf(name, resource, causes))
}

/** What creating in a namespace that is being deleted answers. */
export function namespaceTerminating(resource: GroupResource, name: string, namespace: string): StatusError {
  return forbidden(resource, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' },
  ])
}

export function methodNotSupported(resource: GroupResource, action: string): StatusError {
  return error(405, 'MethodNotAllowed', `${action} is not supported on resources of kind ${quote(groupResourceText(resource))}`, detailsOf('', resource))
}

export function gone(message: string): StatusError {
  return error(410, 'Gone', message)
}

/** The resource version or continue token is no longer served. */
export function expired(message: string): StatusError {
  return error(410, 'Expired', message)
}

export function resourceVersionTooOld(requested: number | string, oldest: number | string): StatusError {
  return expired(`too old resource version: ${requested} (${oldest})`)
}

/** A resource version from the future: retried by clients after `retryAfterSeconds`. */
export function resourceVersionTooLarge(requested: number | string, current: number | string, retryAfterSeconds: number): StatusError {
  const made = timeout(`Too large resource version: ${requested}, current: ${current}`, retryAfterSeconds)
  const causes: StatusCause[] = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  return new StatusError({ ...made.status, details: { ...made.status.details, causes } })
}

export function serverTimeout(resource: GroupResource, operation: string, retryAfterSeconds: number): StatusError {
  const message = `The ${operation} operation against ${groupResourceText(resource)} could not be completed at this time, please try again.`
  return error(500, 'ServerTimeout', message, detailsOf(operation, resource, undefined, retryAfterSeconds))
}

export function timeout(message: string, retryAfterSeconds: number): StatusError {
  return error(504, 'Timeout', `Timeout: ${message}`, retryAfterSeconds ? { retryAfterSeconds } : {})
}

export function tooManyRequests(message: string, retryAfterSeconds: number, causes?: StatusCause[]): StatusError {
  const details: StatusDetails = {}
  if (causes) details.causes = causes
  if (retryAfterSeconds) details.retryAfterSeconds = retryAfterSeconds
  return error(429, 'TooManyRequests', message, details)
}

export function serviceUnavailable(message: string): StatusError {
  return error(503, 'ServiceUnavailable', message)
}

export function internalError(message: string): StatusError {
  return error(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })
}

export function requestEntityTooLarge(message: string): StatusError {
  return error(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`)
}

/** 415; `accepted` are the media types that this endpoint reads. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return error(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`)
}

/** 406; `accepted` are the media types that this endpoint writes. */
export function notAcceptable(accepted: readonly string[]): StatusError {
  return error(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`)
}

const genericTexts: { readonly [code: number]: readonly [StatusReason, string] } = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  409: ['Conflict', 'the server reported a conflict'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'the server was unable to return a response in the time allotted, but may still be processing the request'],
}

/** What a client makes of an answer without a Status body, and what the server answers for routes it does not know. */
export function genericServerResponse(code: number, verb: string, resource: GroupResource, name: string, serverMessage: string, retryAfterSeconds = 0, unexpected = false): StatusError {
  let [reason, message] = genericTexts[code] ?? (['', `the server responded with the status code ${code} but did not return more information`] as const)
  if (code === 409 && verb === 'POST') reason = 'AlreadyExists'
  if (code === 403) [reason, message] = ['Forbidden', serverMessage]
  if (code === 406) [reason, message] = ['NotAcceptable', serverMessage && serverMessage !== 'unknown' ? serverMessage : 'the server was unable to respond with a content type that the client supports']
  if (code === 415) [reason, message] = ['UnsupportedMediaType', serverMessage]
  if (code >= 500 && !genericTexts[code]) [reason, message] = ['InternalError', `an error on the server (${quote(serverMessage)}) has prevented the request from succeeding`]
  const text = groupResourceText(resource)
  if (text && name) message = `${message} (${verb.toLowerCase()} ${text} ${name})`
  else if (text) message = `${message} (${verb.toLowerCase()} ${text})`
  const causes: StatusCause[] | undefined = unexpected ? [{ reason: 'UnexpectedServerResponse', message: serverMessage }] : undefined
  return error(code, reason, message, detailsOf(name, resource, causes, retryAfterSeconds))
}

/** Whether the error is a StatusError of that reason. */
export function hasReason(cause: unknown, reason: StatusReason): cause is StatusError {
  return cause instanceof StatusError && cause.reason === reason
}

export function isNotFound(cause: unknown): cause is StatusError {
  return hasReason(cause, 'NotFound')
}

export function isAlreadyExists(cause: unknown): cause is StatusError {
  return hasReason(cause, 'AlreadyExists')
}

export function isConflict(cause: unknown): cause is StatusError {
  return hasReason(cause, 'Conflict')
}

export function isInvalid(cause: unknown): cause is StatusError {
  return hasReason(cause, 'Invalid')
}

export function isForbidden(cause: unknown): cause is StatusError {
  return hasReason(cause, 'Forbidden')
}

export function isUnauthorized(cause: unknown): cause is StatusError {
  return hasReason(cause, 'Unauthorized')
}

/** Expired or gone: the reader has to list again. */
export function isExpired(cause: unknown): cause is StatusError {
  return hasReason(cause, 'Expired') || hasReason(cause, 'Gone')
}

export function isTooManyRequests(cause: unknown): cause is StatusError {
  return hasReason(cause, 'TooManyRequests')
}

export function isBadRequest(cause: unknown): cause is StatusError {
  return hasReason(cause, 'BadRequest')
}

export function isMethodNotSupported(cause: unknown): cause is StatusError {
  return hasReason(cause, 'MethodNotAllowed')
}

export function isServerTimeout(cause: unknown): cause is StatusError {
  return hasReason(cause, 'ServerTimeout')
}

export function isInternalError(cause: unknown): cause is StatusError {
  return hasReason(cause, 'InternalError')
}

/** Whether the status carries a cause of that reason (NamespaceTerminating, FieldManagerConflict …). */
export function hasCause(cause: unknown, reason: string): boolean {
  return cause instanceof StatusError && (cause.status.details?.causes ?? []).some((c) => c.reason === reason)
}

/** Seconds that the server asks the client to wait; 0 = none. */
export function retryAfterSecondsOf(cause: unknown): number {
  return cause instanceof StatusError ? (cause.status.details?.retryAfterSeconds ?? 0) : 0
}

/** Any thrown value as a Status: foreign errors become internal errors. */
export function statusOf(cause: unknown): Status {
  if (cause instanceof StatusError) return cause.status
  return internalError(cause instanceof Error ? cause.message : String(cause)).status
}

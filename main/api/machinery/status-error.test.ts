import { describe, expect, it } from 'vitest'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldNotFound, fieldNotSupported, fieldPath, fieldRequired, fieldTooLong, fieldTooMany } from './field-error.ts'
import { alreadyExists, conflict, expired, forbidden, genericServerResponse, hasCause, internalError, invalid, isConflict, isNotFound, methodNotSupported, namespaceTerminating, notFound, resourceVersionTooLarge, resourceVersionTooOld, serverTimeout, statusOf, tooManyRequests, unsupportedMediaType } from './status-error.ts'

const pods = { group: '', resource: 'pods' }
const deployments = { group: 'apps', resource: 'deployments' }

describe('messages', () => {
  it.each([
    [notFound(pods, 'a'), 404, 'NotFound', 'pods "a" not found'],
    [alreadyExists(deployments, 'a'), 409, 'AlreadyExists', 'deployments.apps "a" already exists'],
    [conflict(deployments, 'a'), 409, 'Conflict', 'Operation cannot be fulfilled on deployments.apps "a": the object has been modified; please apply your changes to the latest version and try again'],
    [forbidden(pods, 'a', 'no'), 403, 'Forbidden', 'pods "a" is forbidden: no'],
    [forbidden(pods, '', 'User "x" cannot list resource "pods" in API group "" at the cluster scope'), 403, 'Forbidden', 'pods is forbidden: User "x" cannot list resource "pods" in API group "" at the cluster scope'],
    [forbidden({ group: '', resource: '' }, '', 'User "x" cannot get path "/metrics"'), 403, 'Forbidden', 'forbidden: User "x" cannot get path "/metrics"'],
    [methodNotSupported(pods, 'update'), 405, 'MethodNotAllowed', 'update is not supported on resources of kind "pods"'],
    [resourceVersionTooOld(1, 5), 410, 'Expired', 'too old resource version: 1 (5)'],
    [expired('gone'), 410, 'Expired', 'gone'],
    [resourceVersionTooLarge(9, 5, 1), 504, 'Timeout', 'Timeout: Too large resource version: 9, current: 5'],
    [serverTimeout(pods, 'list', 2), 500, 'ServerTimeout', 'The list operation against pods could not be completed at this time, please try again.'],
    [tooManyRequests('busy', 1), 429, 'TooManyRequests', 'busy'],
    [internalError('oops'), 500, 'InternalError', 'Internal error occurred: oops'],
    [unsupportedMediaType(['application/json', 'application/yaml']), 415, 'UnsupportedMediaType', 'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml'],
    [genericServerResponse(404, 'GET', { group: '', resource: '' }, '', ''), 404, 'NotFound', 'the server could not find the requested resource'],
    [genericServerResponse(404, 'GET', pods, 'a', ''), 404, 'NotFound', 'the server could not find the requested resource (get pods a)'],
  ])('%s', (error, code, reason, message) => {
    expect([error.code, error.reason, error.message]).toEqual([code, reason, message])
    expect(error.status).toMatchObject({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code })
  })

  it('say what is invalid, one or many', () => {
    const spec = fieldPath('spec')
    const kind = { group: 'apps', kind: 'Deployment' }
    const replicas = fieldInvalid(spec.child('replicas'), -1, 'must be greater than or equal to 0')
    expect(invalid(kind, 'a', [replicas]).message).toBe('Deployment.apps "a" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0')
    const many = invalid(kind, 'a', [replicas, fieldRequired(spec.child('template', 'spec').child('containers').index(0).child('name')), fieldRequired('spec.selector', 'x')])
    expect(many.message).toBe('Deployment.apps "a" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.template.spec.containers[0].name: Required value, spec.selector: Required value: x]')
    expect(many.status.details?.causes?.[1]).toEqual({ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.template.spec.containers[0].name' })
    expect(many.status.details).toMatchObject({ name: 'a', group: 'apps', kind: 'Deployment' })
  })

  it.each([
    [fieldNotSupported('a', 'x', ['p', 'q']), 'a: Unsupported value: "x": supported values: "p", "q"'],
    [fieldForbidden('a', 'no'), 'a: Forbidden: no'],
    [fieldDuplicate(fieldPath('a').key('k'), 'x'), 'a[k]: Duplicate value: "x"'],
    [fieldNotFound('a', 'x'), 'a: Not found: "x"'],
    [fieldTooLong('a', 63), 'a: Too long: may not be more than 63 bytes'],
    [fieldTooMany('a', 5, 3), 'a: Too many: 5: must have at most 3 items'],
    [fieldInvalid('a', { b: '<' }, 'd'), 'a: Invalid value: {"b":"\\u003c"}: d'],
    [fieldInvalid('a', 'say "hi"\n', 'd'), 'a: Invalid value: "say \\"hi\\"\\n": d'],
    [fieldInvalid('a', null, 'd'), 'a: Invalid value: null: d'],
  ])('%s', (error, text) => {
    expect(invalid({ group: '', kind: 'Pod' }, 'a', [error]).message).toBe(`Pod "a" is invalid: ${text}`)
  })
})

describe('causes', () => {
  it('are found', () => {
    expect(hasCause(namespaceTerminating(pods, '', 'n'), 'NamespaceTerminating')).toBe(true)
    expect(namespaceTerminating(pods, 'a', 'n').message).toBe('pods "a" is forbidden: unable to create new content in namespace n because it is being terminated')
    expect(isNotFound(notFound(pods, 'a'))).toBe(true)
    expect(isConflict(notFound(pods, 'a'))).toBe(false)
    expect(statusOf(new Error('x'))).toMatchObject({ code: 500, message: 'Internal error occurred: x' })
  })
})

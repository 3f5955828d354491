import { describe, expect, it } from 'vitest'
import { wantedUser } from '../authn/impersonation.ts'
import type { User } from '../authn/user.ts'
import { startServer } from '../testing/start-server.ts'
import type { Attributes } from './attributes.ts'
import { Impersonation } from './impersonation.ts'

const bob: User = { name: 'bob', groups: ['system:authenticated'] }
const listing = (user: User): Attributes => ({ user, verb: 'list', isResource: true, group: '', version: 'v1', resource: 'pods', subresource: '', namespace: 'default', name: '', path: '' })

/** What was asked, and an impersonation whose authorizer allows what is listed: `verb resource[/sub] name`. */
function impersonation(...allowed: string[]) {
  const asked: string[] = []
  const text = ({ verb, resource, subresource, name }: Attributes) => `${verb} ${resource}${subresource ? `/${subresource}` : ''}${name ? ` ${name}` : ''}`
  const judge = new Impersonation({
    authorize(attributes) {
      asked.push(text(attributes))
      return { decision: allowed.includes(text(attributes)) ? 'allow' : 'no-opinion', reason: '' }
    },
  })
  return { asked, as: (wanted: User, user = bob) => judge.judge(wanted, listing(user)), asError: (wanted: User, user = bob) => errorOf(() => judge.judge(wanted, listing(user))) }
}

function errorOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}

const named = (name: string, more: Partial<User> = {}): User => ({ name, groups: [], ...more })

describe('impersonation', () => {
  it('is refused in the words of the first mode that applies', () => {
    expect(impersonation().asError(named('jane'))).toBe('pods is forbidden: User "bob" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"')
    expect(impersonation('impersonate-on:user-info:list pods').asError(named('jane'))).toBe('users.authentication.k8s.io "jane" is forbidden: User "bob" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope')
    expect(impersonation().asError(named('system:node:worker-1'))).toContain('cannot impersonate-on:arbitrary-node:list')
    expect(impersonation().asError(named('system:serviceaccount:a:b'))).toContain('cannot impersonate-on:serviceaccount:list')
    expect(impersonation().asError(named('system:serviceaccount:a:b', { groups: ['x'] }))).toBe('serviceaccounts "b" is forbidden: User "bob" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "a"')
  })

  it('is allowed by the old verb, and remembers that', () => {
    const { as, asked } = impersonation('impersonate users jane', 'impersonate groups dev', 'impersonate uids 7', 'impersonate userextras/scopes a')
    expect(as(named('jane')).user).toEqual({ name: 'jane', groups: ['system:authenticated'] })
    asked.length = 0
    expect(as(named('jane', { groups: ['dev'], uid: '7', extra: { scopes: ['a'] } }))).toEqual({ user: { name: 'jane', uid: '7', groups: ['dev', 'system:authenticated'], extra: { scopes: ['a'] } }, constraint: '' })
    expect(asked).toEqual(['impersonate users jane', 'impersonate uids 7', 'impersonate groups dev', 'impersonate userextras/scopes a'])
  })

  it.each([
    ['a node', named('system:node:n'), ['impersonate-on:arbitrary-node:list pods', 'impersonate:arbitrary-node nodes n'], ['system:nodes', 'system:authenticated'], 'impersonate:arbitrary-node'],
    ['a service account', named('system:serviceaccount:a:b'), ['impersonate-on:serviceaccount:list pods', 'impersonate:serviceaccount serviceaccounts b'], ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated'], 'impersonate:serviceaccount'],
    ['a user with groups', named('jane', { groups: ['dev'] }), ['impersonate-on:user-info:list pods', 'impersonate:user-info users jane', 'impersonate:user-info groups dev'], ['dev', 'system:authenticated'], 'impersonate:user-info'],
    ['nobody', named('system:anonymous'), ['impersonate-on:user-info:list pods', 'impersonate:user-info users system:anonymous'], ['system:unauthenticated'], 'impersonate:user-info'],
  ])('as %s can be allowed for one verb only', (_what, wanted, allowed, groups, constraint) => {
    const outcome = impersonation(...allowed).as(wanted)
    expect(outcome.user.groups).toEqual(groups)
    expect(outcome.constraint).toBe(constraint)
  })

  it('lets a pod act for its own node', () => {
    const daemon: User = { name: 'system:serviceaccount:kube-system:agent', groups: [], extra: { 'authentication.kubernetes.io/node-name': ['worker-1'] } }
    const allowed = ['impersonate-on:associated-node:list pods', 'impersonate:associated-node nodes *']
    expect(impersonation(...allowed).as(named('system:node:worker-1'), daemon).user).toEqual({ name: 'system:node:worker-1', groups: ['system:nodes', 'system:authenticated'] })
    expect(impersonation(...allowed).asError(named('system:node:worker-2'), daemon)).toContain('impersonate-on:arbitrary-node:list')
  })

  it('never makes anyone a master by the new verbs', () => {
    const allowed = ['impersonate-on:user-info:list pods', 'impersonate:user-info users jane', 'impersonate:user-info groups *', 'impersonate:user-info groups system:masters']
    expect(impersonation(...allowed).asError(named('jane', { groups: ['system:masters', 'a', 'b', 'c'] }))).toContain('impersonating the system:masters group is not allowed')
    expect(impersonation(...allowed).as(named('jane', { groups: ['a', 'b', 'c', 'd'] })).user.groups).toEqual(['a', 'b', 'c', 'd', 'system:authenticated'])
    expect(impersonation(...allowed).asError(named('jane', { extra: { Scopes: ['a'] } }))).toContain('impersonating an invalid key in extra is not allowed')
  })
})

describe('the headers', () => {
  it('keep values with commas whole', () => {
    expect(wantedUser({ 'impersonate-user': 'jane', 'impersonate-group': 'a, b\nc', 'impersonate-extra-acme.com%2fproject': 'x\ny' })).toEqual({ name: 'jane', groups: ['a, b', 'c'], extra: { 'acme.com/project': ['x', 'y'] } })
    expect(wantedUser({ 'user-agent': 'x' })).toBeUndefined()
  })

  it('need a user', () => {
    expect(errorOf(() => wantedUser({ 'impersonate-group': 'dev' }))).toBe('requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"dev"}, Extra:map[string][]string(nil)} without impersonating a user name')
    expect(errorOf(() => wantedUser({ 'impersonate-uid': '1', 'impersonate-extra-a': 'b' }))).toContain('UID:"1", Groups:[]string(nil), Extra:map[string][]string{"a":[]string{"b"}}}')
  })

  it('are obeyed by the server', async () => {
    const { call } = await startServer()
    expect((await call('GET', '/api/v1/namespaces/default/pods', undefined, { 'impersonate-user': 'jane' })).json.message).toBe('pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"')
    expect((await call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }, { 'impersonate-user': 'jane', 'impersonate-group': 'a\nb' })).json.status.userInfo).toEqual({ username: 'jane', groups: ['a', 'b', 'system:authenticated'] })
    expect((await call('GET', '/api/v1/namespaces/default/pods', undefined, { 'impersonate-group': 'x' })).json.code).toBe(400)
  })
})

import { badRequest } from '../../../api/machinery/status-error.ts'
import type { Attributes, Authorizer } from '../authz/attributes.ts'
import { forbiddenError } from '../authz/forbidden.ts'
import { anonymousName, authenticatedGroup, serviceAccountGroups, splitServiceAccountName, unauthenticatedGroup } from './user.ts'
import type { User } from './user.ts'

type Headers = Readonly<Record<string, string>>

const extraPrefix = 'impersonate-extra-'

/** Whether the request asks to be taken for somebody else. */
export function wantsImpersonation(headers: Headers): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true
  return false
}

/** The user whom the headers name, if the real one may be them: each name, group, uid and extra needs the verb `impersonate`.
 *  Throws Forbidden or BadRequest. */
export function impersonated(user: User, headers: Headers, authorizer: Authorizer): User {
  const name = headers['impersonate-user'] ?? ''
  const groups = listOf(headers['impersonate-group'])
  const uid = headers['impersonate-uid'] ?? ''
  const extra: Record<string, string[]> = {}
  for (const header in headers) if (header.startsWith(extraPrefix)) extra[unescapeKey(header.slice(extraPrefix.length))] = listOf(headers[header])
  if (name === '') throw badRequest(`requested ${JSON.stringify(groups.length > 0 ? groups : uid || Object.keys(extra))} without impersonating a user`)
  const require = (about: Partial<Attributes>): void => {
    const attributes: Attributes = { user, verb: 'impersonate', isResource: true, group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path: '', ...about }
    const judgement = authorizer.authorize(attributes)
    if (judgement.decision !== 'allow') throw forbiddenError(attributes, judgement.reason)
  }
  const account = splitServiceAccountName(name)
  if (account) require({ resource: 'serviceaccounts', namespace: account.namespace, name: account.name, version: 'v1' })
  else require({ resource: 'users', name, version: 'v1' })
  for (const group of groups) require({ resource: 'groups', name: group, version: 'v1' })
  for (const key of Object.keys(extra)) for (const value of extra[key]!) require({ group: 'authentication.k8s.io', version: 'v1', resource: 'userextras', subresource: key, name: value })
  if (uid !== '') require({ group: 'authentication.k8s.io', version: 'v1', resource: 'uids', name: uid })
  const all = groups.length === 0 && account ? serviceAccountGroups(account.namespace) : groups
  const last = name === anonymousName ? unauthenticatedGroup : authenticatedGroup
  if (!all.includes(authenticatedGroup) && !all.includes(unauthenticatedGroup)) all.push(last)
  return { name, groups: all, ...(uid === '' ? {} : { uid }), ...(Object.keys(extra).length === 0 ? {} : { extra }) }
}

/** A header that may be given several times; the edge joins them with commas, inside the simulation they are joined so too. */
function listOf(header: string | undefined): string[] {
  return header === undefined ? [] : header.split(',').map((value) => value.trim()).filter((value) => value !== '')
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

/** How the API server may be told to reach a webhook: by URL or by Service. Admission webhooks, conversion webhooks and aggregated
 *  APIs share it (upstream's apiserver/pkg/util/webhook). */
import { fieldInvalid, fieldRequired } from '../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../machinery/field-error.ts'
import { quote } from '../machinery/go-text.ts'
import { isDns1123Subdomain, isValidPortNumber } from '../machinery/names.ts'

const form = '; desired format: https://host[/path]'

/** An https URL with a host, and nothing but a path behind it. */
export function webhookUrlErrors(text: string, at: FieldPath): FieldError[] {
  const parts = urlParts(text)
  if ('problem' in parts) return [fieldRequired(at, `url must be a valid URL: parse ${quote(text)}: ${parts.problem}${form}`)]
  const errors: FieldError[] = []
  if (parts.scheme !== 'https') errors.push(fieldInvalid(at, parts.scheme, `'https' is the only allowed URL scheme${form}`))
  if (parts.host === '') errors.push(fieldInvalid(at, parts.host, `host must be provided${form}`))
  if (parts.user !== undefined) errors.push(fieldInvalid(at, parts.user, 'user information is not permitted in the URL'))
  if (parts.fragment !== '') errors.push(fieldInvalid(at, parts.fragment, 'fragments are not permitted in the URL'))
  if (parts.query !== '') errors.push(fieldInvalid(at, parts.query, 'query parameters are not permitted in the URL'))
  return errors
}

interface UrlParts {
  readonly scheme: string
  readonly user: string | undefined
  readonly host: string
  readonly query: string
  readonly fragment: string
}

/** The parts that Go's url.Parse finds, or its complaint. */
function urlParts(text: string): UrlParts | { readonly problem: string } {
  if (/[\x00-\x1f\x7f]/.test(text)) return { problem: 'net/url: invalid control character in URL' }
  const hash = text.indexOf('#')
  const fragment = hash < 0 ? '' : text.slice(hash + 1)
  let rest = hash < 0 ? text : text.slice(0, hash)
  let scheme = ''
  const colon = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(rest)
  if (colon) {
    scheme = colon[1]!.toLowerCase()
    rest = rest.slice(colon[0].length)
  } else if (rest.startsWith(':')) return { problem: 'missing protocol scheme' }
  const mark = rest.indexOf('?')
  const query = mark < 0 ? '' : rest.slice(mark + 1)
  if (mark >= 0) rest = rest.slice(0, mark)
  if (!rest.startsWith('/') && scheme === '' && rest.split('/')[0]!.includes(':')) return { problem: 'first path segment in URL cannot contain colon' }
  if (!rest.startsWith('//')) return escapeProblem(rest) ?? { scheme, user: undefined, host: '', query, fragment }
  const slash = rest.indexOf('/', 2)
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
  const at = authority.lastIndexOf('@')
  const user = at < 0 ? undefined : authority.slice(0, at)
  const host = authority.slice(at + 1)
  const port = /^(?:\[[^\]]*\]|[^:]*)(:.*)?$/.exec(host)?.[1]
  if (port !== undefined && !/^:\d*$/.test(port)) return { problem: `invalid port ${quote(port)} after host` }
  const bad = /[ "<>^`{|}\\]/.exec(host)
  if (bad) return { problem: `invalid character ${quote(bad[0])} in host name` }
  return escapeProblem(slash < 0 ? '' : rest.slice(slash)) ?? { scheme, user, host, query, fragment }
}

function escapeProblem(path: string): { readonly problem: string } | undefined {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(path)
  return bad ? { problem: `invalid URL escape ${quote(bad[0])}` } : undefined
}

/** A Service's name and namespace, its port and the path behind it. Upstream's callers hand name and namespace over the wrong way
 *  round: what is missing is reported under the other's field, here too. */
export function webhookServiceErrors({ name, namespace, path, port }: { name?: string; namespace?: string; path?: string; port?: number }, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!namespace) errors.push(fieldRequired(at.child('name'), 'service name is required'))
  if (!name) errors.push(fieldRequired(at.child('namespace'), 'service namespace is required'))
  const messages = isValidPortNumber(port ?? 0)
  if (messages.length > 0) errors.push(fieldInvalid(at.child('port'), port ?? 0, `port is not valid: ${messages.join(', ')}`))
  if (path === undefined || path === '/' || path === '') return errors
  return [...errors, ...pathErrors(path, at.child('path'))]
}

function pathErrors(path: string, at: FieldPath): FieldError[] {
  if (path === '//') return [fieldInvalid(at, path, 'segment[0] may not be empty')]
  const errors: FieldError[] = []
  if (!path.startsWith('/')) errors.push(fieldInvalid(at, path, "must start with a '/'"))
  const steps = path.slice(1).replace(/\/$/, '').split('/')
  for (const [index, step] of steps.entries()) {
    if (step === '') errors.push(fieldInvalid(at, path, `segment[${index}] may not be empty`))
    else for (const message of isDns1123Subdomain(step)) errors.push(fieldInvalid(at, path, `segment[${index}]: ${message}`))
  }
  return errors
}

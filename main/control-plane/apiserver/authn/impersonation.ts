/** Acting for others: who wants to be taken for whom, from the request's headers. */
import { quote } from '../../../api/machinery/go-text.ts'
import { badRequest } from '../../../api/machinery/status-error.ts'
import type { User } from './user.ts'

type Headers = Readonly<Record<string, string>>

const extraPrefix = 'impersonate-extra-'
/** Between the values of a header that came several times: no value can contain it. */
const between = '\n'

/** How the values of a repeated header become one text. Impersonation and front proxies have to tell `a, b` from `a` and `b`. */
export function joinedValues(name: string, values: readonly string[]): string {
  return values.join(name.startsWith('impersonate-') || name.startsWith('x-remote-') ? between : ', ')
}

/** Whom the headers name, as they stand there; undefined when they name nobody. Throws BadRequest when they say more of somebody without a name. */
export function wantedUser(headers: Headers): User | undefined {
  let asks = false
  for (const name in headers) asks ||= name.startsWith('impersonate-')
  if (!asks) return undefined
  const name = valuesOf(headers['impersonate-user'])[0] ?? ''
  const uid = valuesOf(headers['impersonate-uid'])[0] ?? ''
  const groups = headers['impersonate-group'] === undefined ? [] : valuesOf(headers['impersonate-group'])
  const extra: Record<string, string[]> = {}
  for (const header in headers) {
    if (!header.startsWith(extraPrefix)) continue
    const key = unescapeKey(header.slice(extraPrefix.length))
    extra[key] = [...(extra[key] ?? []), ...valuesOf(headers[header])]
  }
  const hasExtra = Object.keys(extra).length > 0
  if (name !== '') return { name, groups, ...(uid === '' ? {} : { uid }), ...(hasExtra ? { extra } : {}) }
  if (uid === '' && groups.length === 0 && !hasExtra) return undefined
  throw badRequest(`requested ${goText(uid, groups, extra)} without impersonating a user name`)
}

function valuesOf(header: string | undefined): string[] {
  return header === undefined ? [] : header.split(between).map((value) => value.trim())
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

/** `%#v` of upstream's user. */
function goText(uid: string, groups: readonly string[], extra: Readonly<Record<string, readonly string[]>>): string {
  const list = (items: readonly string[]): string => (items.length === 0 ? '[]string(nil)' : `[]string{${items.map(quote).join(', ')}}`)
  const map = Object.keys(extra).sort().map((key) => `${quote(key)}:${list(extra[key]!)}`).join(', ')
  return `&user.DefaultInfo{Name:"", UID:${quote(uid)}, Groups:${list(groups)}, Extra:map[string][]string${map === '' ? '(nil)' : `{${map}}`}}`
}

/** Request headers by which a front proxy says for whom a request is, under the names that kubeadm sets. */
import type { HttpRequest } from '../../../kernel/http.ts'
import type { User } from '../authn/user.ts'

/** The only client that is believed (--requestheader-allowed-names). */
export const frontProxyName = 'front-proxy-client'
const extraPrefix = 'x-remote-extra-'
/** Between the values of a header that came several times: no value can contain it. */
const between = '\n'

/** The values of a header, where it may come several times. */
export function repeatedValues(name: string, text: string): string | readonly string[] {
  return name.startsWith('x-remote-') && text.includes(between) ? text.split(between) : text
}

/** For whom a front proxy sends a request; undefined when it does not say, or the sender is none. */
export function remoteUserOf({ headers, certificate }: HttpRequest): User | undefined {
  const name = headers['x-remote-user']
  if (certificate?.commonName !== frontProxyName || !name) return undefined
  const extra: Record<string, string[]> = {}
  for (const [header, text] of Object.entries(headers)) if (header.startsWith(extraPrefix)) extra[unescaped(header.slice(extraPrefix.length))] = text.split(between)
  const uid = headers['x-remote-uid']
  const groups = headers['x-remote-group']
  return { name, groups: groups ? groups.split(between) : [], ...(uid ? { uid } : {}), ...(Object.keys(extra).length > 0 ? { extra } : {}) }
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

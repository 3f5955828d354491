import type { Secret } from '../../../api/generated/types.ts'
import { decodeBase64 } from '../../../api/kinds/core/base64.ts'
import { parseTime } from '../../../api/machinery/time.ts'
import type { ObjectLookup } from './object-lookup.ts'
import type { TokenAuthenticator, TokenOutcome } from './token-authenticator.ts'

const secretType = 'bootstrap.kubernetes.io/token'
const namespace = 'kube-system'
const defaultGroup = 'system:bootstrappers'
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

export interface BootstrapTokensOptions {
  readonly lookup: ObjectLookup
  /** Virtual ms since the epoch. */
  readonly now: () => number
  /** Whom bootstrap tokens are for: the server itself. */
  readonly audiences: readonly string[]
  /** Says in the server's journal why a token that exists is of no use: its holder is not told. */
  readonly log: (message: string) => void
}

/** Understands the tokens with which new nodes join, `abcdef.0123456789abcdef`: kept as Secrets of their own type in kube-system. A token that
 *  is expired, not for authentication, or odd is like one that does not exist. Follows upstream's bootstrap token authenticator. */
export function bootstrapTokens({ lookup, now, audiences: own, log }: BootstrapTokensOptions): TokenAuthenticator {
  return {
    authenticate(token, audiences) {
      const parts = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token)
      const shared = own.filter((audience) => audiences.includes(audience))
      if (!parts || shared.length === 0) return undefined
      const name = `bootstrap-token-${parts[1]}`
      const known = lookup.cached('secrets', namespace, name)
      if (known) return judge(known as Secret, parts[1]!, parts[2]!, shared)
      return lookup.read('secrets', namespace, name).then((found) => (found ? judge(found as Secret, parts[1]!, parts[2]!, shared) : undefined))
    },
  }

  function judge({ metadata, type, data = {} }: Secret, id: string, secret: string, audiences: readonly string[]): TokenOutcome {
    const refuse = (message: string): undefined => log(`Bootstrap secret ${namespace}/${metadata.name} matching bearer token ${message}`) as undefined
    const text = (key: string): string => decodeBase64(data[key] ?? '')
    if (metadata.deletionTimestamp) return refuse('is deleted and awaiting removal')
    if (type !== secretType) return refuse(`has invalid type, expected ${secretType}`)
    if (text('token-secret') !== secret) return refuse('has invalid value for key token-secret, expected a value of the token')
    if (text('token-id') !== id) return refuse(`has invalid value for key token-id, expected ${id}`)
    const expiration = text('expiration')
    const expires = expiration === '' ? undefined : (parseTime(expiration) ?? 0)
    if (expires !== undefined && expires <= now()) return refuse('is expired')
    if (text('usage-bootstrap-authentication') !== 'true') return refuse('not marked usage-bootstrap-authentication.')
    const groups = text('auth-extra-groups').split(',').filter((group) => group !== '')
    const wrong = groups.find((group) => !groupPattern.test(group))
    if (wrong !== undefined) return refuse(`has invalid value for key auth-extra-groups: bootstrap group ${wrong} is invalid (must match \\A${groupPattern.source.slice(1, -1)}\\z)`)
    return { user: { name: `system:bootstrap:${id}`, groups: [...new Set([defaultGroup, ...groups])].sort() }, audiences }
  }
}

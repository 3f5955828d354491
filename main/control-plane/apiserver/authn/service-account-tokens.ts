import type { KubeObject } from '../../../api/machinery/object.ts'
import { listText, quote } from '../../../api/machinery/go-text.ts'
import { parseTime } from '../../../api/machinery/time.ts'
import type { KubernetesClaims } from '../tokens.ts'
import type { BoundResource, ObjectLookup } from './object-lookup.ts'
import { timeProblem } from './token-claims.ts'
import type { TokenReader } from './token-claims.ts'
import type { Annotate, TokenAuthenticator, TokenOutcome } from './token-authenticator.ts'
import { serviceAccountGroups, serviceAccountName } from './user.ts'

export interface ServiceAccountTokensOptions {
  readonly reader: TokenReader
  readonly issuer: string
  /** Whom tokens without an audience are for: the server itself. */
  readonly audiences: readonly string[]
  /** Virtual ms since the epoch. */
  readonly now: () => number
  readonly lookup: ObjectLookup
}

const invalidated = 'service account token has been invalidated'
/** A deleted object counts as there for this long. */
const deletedLeewayMs = 60_000

/** Understands the tokens that TokenRequest gives out: signed by this cluster, for an audience, bound to a service account and perhaps
 *  to a pod, a node or a secret. Follows upstream's claims validator. */
export function serviceAccountTokens({ reader, issuer, audiences: own, now, lookup }: ServiceAccountTokensOptions): TokenAuthenticator {
  return {
    authenticate(token, audiences, annotate) {
      const read = reader.claimsFrom(token, issuer)
      if (!read || 'problem' in read) return read
      const { claims } = read
      const given = audiencesOf(claims['aud'])
      if (given.length === 0) annotate('authentication.k8s.io/legacy-token', String(claims['sub']))
      const tokenAudiences = given.length === 0 ? own : given
      const shared = tokenAudiences.filter((audience) => audiences.includes(audience))
      if (shared.length === 0) return { problem: `token audiences ${quotedList(tokenAudiences)} is invalid for the target audiences ${quotedList(audiences)}` }
      const wrongTime = timeProblem(claims, now() / 1000)
      if (wrongTime !== undefined) return { problem: wrongTime }
      const bound = claims['kubernetes.io'] as KubernetesClaims | undefined
      if (!bound?.serviceaccount) return { problem: 'Token could not be validated.' }
      const jti = typeof claims['jti'] === 'string' ? claims['jti'] : ''
      const about = { jti, subject: String(claims['sub']), annotate }
      const first = judge(bound, shared, about, (resource, namespace, name) => lookup.cached(resource, namespace, name))
      // A cache that lags may miss what the token was bound to a moment ago; what is really gone costs a read.
      return first && 'user' in first ? first : judgeFresh(bound, shared, about)
    },
  }

  async function judgeFresh(bound: KubernetesClaims, audiences: readonly string[], about: About): Promise<TokenOutcome> {
    const found = new Map<string, KubeObject | undefined>()
    const wanted: [BoundResource, string, string][] = [['serviceaccounts', bound.namespace, bound.serviceaccount.name]]
    if (bound.secret) wanted.push(['secrets', bound.namespace, bound.secret.name])
    if (bound.pod) wanted.push(['pods', bound.namespace, bound.pod.name])
    else if (bound.node) wanted.push(['nodes', '', bound.node.name])
    await Promise.all(wanted.map(async ([resource, namespace, name]) => found.set(`${resource}/${name}`, await lookup.read(resource, namespace, name))))
    return judge(bound, audiences, about, (resource, _namespace, name) => found.get(`${resource}/${name}`))
  }

  function judge(bound: KubernetesClaims, audiences: readonly string[], { jti, subject, annotate }: About, find: (resource: BoundResource, namespace: string, name: string) => KubeObject | undefined): TokenOutcome {
    const { namespace, serviceaccount, pod, secret, node, warnafter } = bound
    const isGone = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined && (parseTime(metadata.deletionTimestamp) ?? 0) < now() - deletedLeewayMs
    const account = find('serviceaccounts', namespace, serviceaccount.name)
    if (!account) return { problem: `serviceaccounts ${quote(serviceaccount.name)} not found` }
    if (account.metadata.uid !== serviceaccount.uid) return { problem: `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})` }
    if (isGone(account)) return { problem: `service account ${namespace}/${serviceaccount.name} has been deleted` }
    const objects = [
      ...(secret ? [{ claim: secret, what: 'secret', object: find('secrets', namespace, secret.name) }] : []),
      ...(pod ? [{ claim: pod, what: 'pod', object: find('pods', namespace, pod.name) }] : []),
      // The node of a pod's token is information only.
      ...(node && !pod ? [{ claim: node, what: 'node', object: find('nodes', '', node.name) }] : []),
    ]
    for (const { claim, what, object } of objects) {
      if (!object) return { problem: invalidated }
      if (object.metadata.uid !== claim.uid) return { problem: `${what} UID (${object.metadata.uid}) does not match service account ${what} ref claim (${claim.uid})` }
      if (isGone(object)) return { problem: invalidated }
    }
    const seconds = Math.floor(now() / 1000)
    if (warnafter && seconds > warnafter) annotate('authentication.k8s.io/stale-token', `subject: ${subject}, seconds after warning threshold: ${seconds - warnafter}`)
    const extra: Record<string, string[]> = {}
    if (jti !== '') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${jti}`]
    if (node) {
      extra['authentication.kubernetes.io/node-name'] = [node.name]
      if (node.uid) extra['authentication.kubernetes.io/node-uid'] = [node.uid]
    }
    if (pod) {
      extra['authentication.kubernetes.io/pod-name'] = [pod.name]
      extra['authentication.kubernetes.io/pod-uid'] = [pod.uid]
    }
    return { user: { name: serviceAccountName(namespace, serviceaccount.name), uid: serviceaccount.uid, groups: serviceAccountGroups(namespace), extra }, audiences }
  }
}

interface About {
  readonly jti: string
  readonly subject: string
  readonly annotate: Annotate
}

function audiencesOf(claim: unknown): string[] {
  if (typeof claim === 'string') return [claim]
  return Array.isArray(claim) ? claim.filter((audience): audience is string => typeof audience === 'string') : []
}

/** `%q` of a list: `["a" "b"]` */
function quotedList(items: readonly string[]): string {
  return listText(items.map(quote))
}

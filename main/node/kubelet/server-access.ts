import type { SubjectAccessReview, TokenReview } from '../../api/generated/types.ts'
import type { ApiClient } from '../../api/client/contract.ts'
import { tokenReviewKind } from '../../api/kinds/authentication/reviews.ts'
import { subjectAccessReviewKind } from '../../api/kinds/authorization/reviews.ts'
import type { HttpRequest } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'

/** Who asks the kubelet. */
export interface Client {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

interface Remembered<T> {
  readonly value: T
  readonly until: number
}

/** How long answers of the API server hold (kubeadm's KubeletConfiguration leaves the defaults). */
const tokenMs = 2 * 60_000
const allowedMs = 5 * 60_000
const refusedMs = 30_000
const rememberedMax = 1_000
const authenticated = 'system:authenticated'

/** Asks the API server who somebody is and what they may do, and remembers its answers for a while: the kubelet's webhook
 *  authentication and authorization. Nobody is let in without credentials. */
export class DelegatedAccess {
  readonly #process: Process
  readonly #client: ApiClient
  readonly #nodeName: string
  readonly #tokens = new Map<string, Remembered<Client | undefined>>()
  readonly #decisions = new Map<string, Remembered<boolean>>()

  constructor(process: Process, client: ApiClient, nodeName: string) {
    this.#process = process
    this.#client = client
    this.#nodeName = nodeName
  }

  /** The client, by its certificate or its token; undefined when it shows neither, or nothing that is good. */
  async authenticate({ certificate, headers }: HttpRequest): Promise<Client | undefined> {
    if (certificate && certificate.commonName !== '' && !('problem' in certificate)) return { name: certificate.commonName, groups: [...certificate.organizations, authenticated] }
    const [scheme, token] = (headers['authorization'] ?? '').trim().split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || !token) return undefined
    const known = this.#recall(this.#tokens, token)
    if (known) return known.value
    const client = await this.#reviewToken(token)
    this.#remember(this.#tokens, token, client, tokenMs)
    return client
  }

  /** Whether the client may do that with `nodes/<subresource>` of this node. Throws when the API server cannot be asked. */
  async authorize(client: Client, verb: string, subresource: string): Promise<boolean> {
    const key = JSON.stringify([client, verb, subresource])
    const known = this.#recall(this.#decisions, key)
    if (known) return known.value
    const { name, uid, groups, extra } = client
    const review = await this.#client.create(subjectAccessReviewKind, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: {
        user: name,
        groups: [...groups],
        ...(uid ? { uid } : {}),
        ...(extra ? { extra: Object.fromEntries(Object.entries(extra).map(([field, values]) => [field, [...values]])) } : {}),
        resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: this.#nodeName },
      },
    } as unknown as SubjectAccessReview)
    const allowed = review.status?.allowed ?? false
    this.#remember(this.#decisions, key, allowed, allowed ? allowedMs : refusedMs)
    return allowed
  }

  async #reviewToken(token: string): Promise<Client | undefined> {
    const { status } = await this.#client.create(tokenReviewKind, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } } as unknown as TokenReview)
    if (!status?.authenticated) return undefined
    const { username = '', uid, groups = [], extra } = status.user ?? {}
    return { name: username, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) }
  }

  #recall<T>(map: Map<string, Remembered<T>>, key: string): Remembered<T> | undefined {
    const known = map.get(key)
    if (known && known.until > this.#process.clock.now()) return known
    map.delete(key)
    return undefined
  }

  #remember<T>(map: Map<string, Remembered<T>>, key: string, value: T, ms: number): void {
    map.set(key, { value, until: this.#process.clock.now() + ms })
    if (map.size > rememberedMax) map.delete(map.keys().next().value!)
  }
}

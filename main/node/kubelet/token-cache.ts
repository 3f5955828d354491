import type { ApiClient } from '../../api/client/contract.ts'
import type { Pod, ServiceAccount, TokenRequest } from '../../api/generated/types.ts'
import type { Kind } from '../../api/kinds/kind.ts'
import { timeOr0 } from '../../api/machinery/time.ts'
import type { Process } from '../../kernel/machine.ts'

const maxLifeMs = 24 * 3_600_000
const maxJitterMs = 10_000

interface Entry {
  readonly podUid: string
  readonly token: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Tokens of service accounts bound to pods, asked for by TokenRequest and kept until they are due for rotation: after 80 % of
 *  their life or a day, whichever is sooner (upstream's token manager). */
export class TokenCache {
  readonly #process: Process
  readonly #client: ApiClient
  readonly #kind: Kind<ServiceAccount>
  readonly #entries = new Map<string, Entry>()

  constructor(process: Process, client: ApiClient, kind: Kind<ServiceAccount>) {
    this.#process = process
    this.#client = client
    this.#kind = kind
  }

  /** A token of the pod's service account. Rejects with `failed to fetch token: …`; an old token that is still good is
   *  answered when the API cannot be asked. */
  async get(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string> {
    const namespace = pod.metadata.namespace ?? ''
    const account = pod.spec?.serviceAccountName || 'default'
    const key = `${pod.metadata.uid}/${namespace}/${account}/${audience ?? ''}/${expirationSeconds}`
    const now = this.#process.clock.now()
    const old = this.#entries.get(key)
    if (old && !this.#due(old, now)) return old.token
    const body: Omit<TokenRequest, 'metadata'> & { metadata: object } = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        ...(audience ? { audiences: [audience] } : {}),
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
      },
    }
    try {
      const answer = await this.#client.createSubresource<TokenRequest>(this.#kind, account, namespace, 'token', body)
      const token = answer.status?.token ?? ''
      this.#entries.set(key, { podUid: pod.metadata.uid!, token, issuedAt: now, expiresAt: timeOr0(answer.status?.expirationTimestamp) })
      return token
    } catch (error) {
      if (old && old.expiresAt > now) return old.token
      throw new Error(`failed to fetch token: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** Forgets the tokens of a pod that is gone. */
  forget(podUid: string): void {
    for (const [key, entry] of this.#entries) if (entry.podUid === podUid) this.#entries.delete(key)
  }

  #due(entry: Entry, now: number): boolean {
    const jitter = this.#process.random.float() * maxJitterMs
    return now > entry.expiresAt - (entry.expiresAt - entry.issuedAt) * 0.2 - jitter || now > entry.issuedAt + maxLifeMs - jitter
  }
}

import type { ApiClient } from '../../../api/client/contract.ts'
import { discover } from '../../../api/client/discovery.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { kindFor } from '../../../api/kinds/registry.ts'
import { parseGroupVersion } from '../../../api/machinery/object.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import type { Clock } from '../../../kernel/clock.ts'

const rediscoverMs = 30_000

/** Finds the resource that serves a kind: the declared ones at once, others by discovery, asked again at most every 30 s.
 *  Follows client-go's deferred discovery mapper. */
export class KindMapper {
  readonly #client: ApiClient
  readonly #clock: Clock
  #known: Promise<ReadonlyMap<string, Kind>> | undefined
  #askedAt = -Infinity

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** Throws `no matches for kind "Web" in version "example.com/v1"`. */
  async kindOf(apiVersion: string, kind: string): Promise<Kind> {
    const { group } = parseGroupVersion(apiVersion)
    const declared = kindFor(group, kind)
    if (declared) return declared
    const now = this.#clock.now()
    if (!this.#known || now - this.#askedAt >= rediscoverMs) {
      this.#askedAt = now
      this.#known = this.#discover()
      this.#known.catch(() => (this.#known = undefined))
    }
    const found = (await this.#known).get(`${group}/${kind}`)
    if (!found) throw new Error(`no matches for kind ${quote(kind)} in version ${quote(apiVersion)}`)
    return found
  }

  async #discover(): Promise<ReadonlyMap<string, Kind>> {
    const { resources } = await discover(this.#client)
    return new Map(resources.map(({ kind }) => [`${kind.group}/${kind.kind}`, kind]))
  }
}

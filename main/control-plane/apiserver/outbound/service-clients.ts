/** The connections of one API server to servers behind Services inside the simulation. */
import { HttpClient } from '../../../kernel/http.ts'
import type { ClientCertificate } from '../../../kernel/http.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Endpoint } from '../../../kernel/network.ts'

/** One client per endpoint, at most `lengthMax` of them: the one that was made first goes first. */
export class ServiceClients {
  readonly #process: Process
  readonly #lengthMax: number
  readonly #certificate: ClientCertificate | undefined
  readonly #clients = new Map<string, HttpClient>()

  constructor(process: Process, lengthMax: number, certificate?: ClientCertificate) {
    this.#process = process
    this.#lengthMax = lengthMax
    this.#certificate = certificate
  }

  of(endpoint: Endpoint): HttpClient {
    const key = hostOf(endpoint)
    const known = this.#clients.get(key)
    if (known) return known
    if (this.#clients.size >= this.#lengthMax) {
      const [oldest, client] = this.#clients.entries().next().value!
      client.close()
      this.#clients.delete(oldest)
    }
    const client = new HttpClient(this.#process, { address: endpoint.address, port: endpoint.port }, this.#certificate)
    this.#clients.set(key, client)
    return client
  }
}

/** As the authority of a URL. */
export function hostOf({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

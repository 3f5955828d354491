import type { Node } from '../../../api/generated/types.ts'
import { failure, notFound, StatusError } from '../../../api/machinery/status-error.ts'
import { HttpClient } from '../../../kernel/http.ts'
import type { ClientCertificate } from '../../../kernel/http.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Endpoint } from '../../../kernel/network.ts'

/** Whom kubelets take the server for. */
const kubeletClient: ClientCertificate = { commonName: 'kube-apiserver-kubelet-client', organizations: ['kubeadm:cluster-admins'] }
const kubeletPort = 10_250

/** Connections to kubelets, one per node, dialed when first needed. */
export class KubeletAccess {
  readonly #process: Process
  readonly #nodeOf: (name: string) => Node | undefined
  readonly #clients = new Map<string, HttpClient>()

  constructor(process: Process, nodeOf: (name: string) => Node | undefined) {
    this.#process = process
    this.#nodeOf = nodeOf
  }

  /** The client of a node's kubelet. Throws NotFound when there is no such node. */
  clientFor(nodeName: string): HttpClient {
    this.endpointOf(nodeName)
    let client = this.#clients.get(nodeName)
    if (!client) this.#clients.set(nodeName, (client = new HttpClient(this.#process, () => this.endpointOf(nodeName), kubeletClient)))
    return client
  }

  /** Where a node's kubelet listens. */
  endpointOf(nodeName: string): Endpoint {
    const node = this.#nodeOf(nodeName)
    if (!node) throw notFound({ group: '', resource: 'nodes' }, nodeName)
    const addresses = node.status?.addresses ?? []
    // kubeadm's --kubelet-preferred-address-types.
    for (const type of ['InternalIP', 'ExternalIP', 'Hostname']) {
      const found = addresses.find((address) => address.type === type)
      if (found) return { address: found.address, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port || kubeletPort }
    }
    throw new StatusError(failure(500, '', `no preferred addresses found; known addresses: []`))
  }
}

/** What upstream answers when a kubelet cannot be reached: the transport's error as it is. */
export function unreachable(method: string, { address, port }: Endpoint, path: string, error: unknown): StatusError {
  const verb = method.slice(0, 1) + method.slice(1).toLowerCase()
  return new StatusError(failure(500, '', `${verb} "https://${address}:${port}${path}": ${error instanceof Error ? error.message : String(error)}`))
}

/** The text of a kubelet's answer. */
export function bodyText(body: Uint8Array | object | undefined): string {
  if (body === undefined) return ''
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : JSON.stringify(body)
}

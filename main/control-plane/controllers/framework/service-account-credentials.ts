import type { TokenRequest } from '../../../api/generated/types.ts'
import type { ApiClient } from '../../../api/client/contract.ts'
import { serviceAccountKind } from '../../../api/kinds/core/service-account.ts'
import { isAlreadyExists } from '../../../api/machinery/status-error.ts'
import { parseTime } from '../../../api/machinery/time.ts'
import type { HttpRequest, HttpResponse, HttpStream, HttpTransport, RequestOptions } from '../../../kernel/http.ts'
import type { Process } from '../../../kernel/machine.ts'

const namespace = 'kube-system'

/** Service accounts of controllers whose name does not follow from the controller's. */
const irregularNames: Readonly<Record<string, string>> = {
  replicationcontroller: 'replication-controller',
  endpoints: 'endpoint-controller',
  'endpoints-controller': 'endpoint-controller',
  serviceaccount: 'service-account-controller',
  'endpointslice-mirroring': 'endpointslicemirroring-controller',
  'root-ca-certificate-publisher': 'root-ca-cert-publisher',
  'root-ca-cert-publisher': 'root-ca-cert-publisher',
  daemonset: 'daemon-set-controller',
  'node-lifecycle': 'node-controller',
  nodelifecycle: 'node-controller',
  'node-ipam': 'node-controller',
  nodeipam: 'node-controller',
  'taint-eviction': 'node-controller',
  'garbage-collector': 'generic-garbage-collector',
  'pod-garbage-collector': 'pod-garbage-collector',
  podgc: 'pod-garbage-collector',
  'persistentvolume-binder': 'persistent-volume-binder',
  'persistentvolume-expander': 'expand-controller',
  'persistentvolume-attach-detach': 'attachdetach-controller',
  'persistentvolumeclaim-protection': 'pvc-protection-controller',
  'persistentvolume-protection': 'pv-protection-controller',
  'horizontal-pod-autoscaler': 'horizontal-pod-autoscaler',
  'certificatesigningrequest-signing': 'certificate-controller',
  'certificatesigningrequest-approving': 'certificate-controller',
  'certificatesigningrequest-cleaner': 'certificate-controller',
  'service-cidr': 'service-cidrs-controller',
  resourceclaim: 'resource-claim-controller',
  'bootstrap-signer': 'bootstrap-signer',
  'token-cleaner': 'token-cleaner',
  'legacy-serviceaccount-token-cleaner': 'legacy-service-account-token-cleaner',
  'cluster-role-aggregation': 'clusterrole-aggregation-controller',
  'clusterrole-aggregation': 'clusterrole-aggregation-controller',
}

/** The service account in kube-system whose rights a controller acts with: `deployment` → `deployment-controller`. */
export function serviceAccountOf(controller: string): string {
  const base = controller.replace(/-controller$/, '')
  return irregularNames[controller] ?? irregularNames[base] ?? `${base}-controller`
}

/** A controller's way to the API server as its own service account (--use-service-account-credentials): creates the account when
 *  it is missing, asks for a token when the first request needs one and again before it expires. */
export class ServiceAccountTransport implements HttpTransport {
  readonly #process: Process
  readonly #transport: HttpTransport
  readonly #manager: ApiClient
  readonly #name: string
  #token: Promise<{ readonly text: string; readonly renewAt: number }> | undefined

  /** `transport` carries no certificate; `manager` acts as kube-controller-manager itself. */
  constructor(process: Process, transport: HttpTransport, manager: ApiClient, name: string) {
    this.#process = process
    this.#transport = transport
    this.#manager = manager
    this.#name = name
  }

  async request(request: HttpRequest, options?: RequestOptions): Promise<HttpResponse> {
    return this.#note(await this.#transport.request(await this.#signed(request), options))
  }

  async stream(request: HttpRequest, options?: RequestOptions): Promise<HttpStream> {
    const stream = await this.#transport.stream(await this.#signed(request), options)
    this.#note(stream.response)
    return stream
  }

  async #signed(request: HttpRequest): Promise<HttpRequest> {
    if (this.#token && (await this.#token).renewAt <= this.#process.clock.now()) this.#token = undefined
    this.#token ??= this.#ask()
    try {
      return { ...request, headers: { ...request.headers, authorization: `Bearer ${(await this.#token).text}` } }
    } catch (error) {
      this.#token = undefined
      throw error
    }
  }

  #note<R extends { readonly status: number }>(response: R): R {
    // The account was deleted and made anew: its old tokens are worth nothing.
    if (response.status === 401) this.#token = undefined
    return response
  }

  async #ask(): Promise<{ text: string; renewAt: number }> {
    await this.#manager.create(serviceAccountKind, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: this.#name, namespace } }).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error
    })
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: { audiences: [] } }
    const { status } = await this.#manager.createSubresource<TokenRequest>(serviceAccountKind, this.#name, namespace, 'token', request)
    const now = this.#process.clock.now()
    const expires = parseTime(status!.expirationTimestamp) ?? now
    return { text: status!.token!, renewAt: now + (expires - now) * 0.8 }
  }
}

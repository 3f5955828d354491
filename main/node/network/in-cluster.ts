import { restClient } from '../../api/client/rest-client.ts'
import type { ApiClient } from '../../api/client/contract.ts'
import { HttpClient, type HttpRequest, type HttpResponse, type HttpStream, type HttpTransport, type RequestOptions } from '../../kernel/http.ts'
import { Journal } from '../../kernel/journal.ts'
import type { ContainerProcess, DaemonHost } from './daemon-host.ts'

/** Where a container finds its service account's token. */
export const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** A container's process as a daemon's host; its journal is what the container prints. */
export function hosted(context: ContainerProcess, name: string): DaemonHost {
  const journal = new Journal(() => context.clock.now())
  context.scope.onClose(journal.onLine((line) => void context.stdout.write(`${klogHeader(line.level, line.time)} ${line.text}\n`)))
  return { name, kernel: context.stack.network.kernel, stack: context.stack, clock: context.clock, random: context.random, journal, scope: context.scope }
}

/** klog's header: severity, month and day, time. */
function klogHeader(level: 'info' | 'warning' | 'error', time: number): string {
  const iso = new Date(time).toISOString()
  return `${{ info: 'I', warning: 'W', error: 'E' }[level]}${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}000       1`
}

/** client-go's in-cluster configuration: the API server that the environment names, with the service account's token, which
 *  is read anew for every request, because the kubelet rotates it. `server` overrides the environment. */
export function inClusterClient(context: ContainerProcess, userAgent: string, server?: { readonly address: string; readonly port: number }): ApiClient {
  const address = server?.address ?? context.env.get('KUBERNETES_SERVICE_HOST')
  const port = server?.port ?? Number(context.env.get('KUBERNETES_SERVICE_PORT') ?? '')
  if (!address || !port) throw new Error('unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined')
  const host = { name: userAgent.split('/')[0]!, stack: context.stack, clock: context.clock, scope: context.scope, kernel: context.stack.network.kernel }
  return restClient(new BearerTransport(new HttpClient(host, { address, port }), () => context.files.readText(tokenPath).trim()), { userAgent })
}

/** Adds the bearer token to every request. */
export class BearerTransport implements HttpTransport {
  readonly #inner: HttpTransport
  readonly #token: () => string

  constructor(inner: HttpTransport, token: () => string) {
    this.#inner = inner
    this.#token = token
  }

  request(request: HttpRequest, options?: RequestOptions): Promise<HttpResponse> {
    return this.#inner.request(this.#signed(request), options)
  }

  stream(request: HttpRequest, options?: RequestOptions): Promise<HttpStream> {
    return this.#inner.stream(this.#signed(request), options)
  }

  #signed(request: HttpRequest): HttpRequest {
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${this.#token()}` } }
  }
}

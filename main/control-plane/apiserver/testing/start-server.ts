/** An API server with an etcd of its own, under a virtual clock, for unit tests. */
import { inProcessEtcd } from '../../etcd/in-process.ts'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { HttpClient } from '../../../kernel/http.ts'
import type { ClientCertificate, HttpRequest, HttpResponse } from '../../../kernel/http.ts'
import { nodeHost } from '../../../kernel/host.node.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { Machine } from '../../../kernel/machine.ts'
import type { Process } from '../../../kernel/machine.ts'
import { Network } from '../../../kernel/network.ts'
import { restClient } from '../../../api/client/rest-client.ts'
import type { ApiClient } from '../../../api/client/contract.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { WatchEvent } from '../../../api/machinery/object.ts'
import { kubeApiserver } from '../server.ts'
import type { ApiServer, ApiServerOptions } from '../server.ts'
import { es256Tokens, generateTokenKey } from '../tokens.node.ts'

export const admin: ClientCertificate = { commonName: 'kubernetes-admin', organizations: ['system:masters'] }

export interface TestServer {
  readonly kernel: Kernel
  readonly server: ApiServer
  readonly process: Process
  readonly network: Network
  readonly controlplane: Machine
  /** A process on another machine. */
  readonly somebody: Process
  client(certificate?: ClientCertificate): ApiClient
  /** One request by reference; as the admin unless a certificate (or null for none) is given. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of every kind
  call(method: string, path: string, body?: object | Uint8Array, headers?: Record<string, string>, certificate?: ClientCertificate | null): Promise<HttpResponse & { json: any }>
  watch(path: string): Promise<{ readonly events: WatchEvent[]; readonly ended: () => boolean; readonly status: number; cancel(): void }>
  settle<T>(promise: Promise<T>): Promise<T>
  run(ms: number): Promise<void>
}

const tokenKey = generateTokenKey()

/** `onEtcd` gets the etcd that is made for the server; it then lives on a machine of its own and outlives it. */
export async function startServer(options: Partial<ApiServerOptions> = {}, onEtcd?: (etcd: ReturnType<typeof inProcessEtcd>) => void): Promise<TestServer> {
  const kernel = new Kernel({ host: nodeHost, seed: 7, epoch: Date.UTC(2026, 0, 1) })
  const network = new Network(kernel)
  const controlplane = new Machine(network, 'controlplane', '192.168.64.10', new SimulatedDisk(kernel, 'controlplane'))
  const worker = new Machine(network, 'worker-1', '192.168.64.11', new SimulatedDisk(kernel, 'worker-1'))
  let process!: Process
  let server!: ApiServer
  let etcd: ReturnType<typeof inProcessEtcd> | undefined
  if (onEtcd) {
    const machine = new Machine(network, 'etcd-0', '192.168.64.9', new SimulatedDisk(kernel, 'etcd-0'))
    machine.start('etcd', (given) => {
      etcd = inProcessEtcd(given)
      return {}
    })
    onEtcd(etcd!)
  }
  controlplane.start('kube-apiserver', (given) => {
    process = given
    server = kubeApiserver({ etcd: etcd ?? inProcessEtcd(given), tokens: es256Tokens(tokenKey), advertisedAddress: '192.168.64.10', freeze: true, ...options })(given)
    return server
  })
  let somebody!: Process
  worker.start('somebody', (given) => {
    somebody = given
    return {}
  })
  const clients = new Map<string, HttpClient>()
  const http = (certificate: ClientCertificate | undefined): HttpClient => {
    const key = JSON.stringify(certificate ?? null)
    let client = clients.get(key)
    if (!client) clients.set(key, (client = new HttpClient(somebody, { address: '192.168.64.10', port: 6443 }, certificate)))
    return client
  }
  await kernel.settle(server.ready)
  return {
    kernel,
    server,
    process,
    network,
    controlplane,
    somebody,
    client: (certificate = admin) => restClient(http(certificate), { userAgent: 'test/1.0' }),
    async call(method, path, body, headers = {}, certificate = admin) {
      const request: HttpRequest = { method, path, headers: { 'user-agent': 'test/1.0', ...headers }, ...(body === undefined ? {} : { body }) }
      const response = await kernel.settle(http(certificate ?? undefined).request(request))
      const bytes = response.body
      const json = (bytes instanceof Uint8Array ? textOrJson(new TextDecoder().decode(bytes)) : bytes) as never
      return { ...response, json }
    },
    async watch(path) {
      const events: WatchEvent<KubeObject>[] = []
      let ended = false
      const stream = await kernel.settle(http(admin).stream({ method: 'GET', path, headers: {} }))
      stream.onData((data) => events.push(...(data as WatchEvent[])))
      stream.onEnd(() => {
        ended = true
      })
      return { events, ended: () => ended, status: stream.response.status, cancel: () => stream.cancel() }
    },
    settle: (promise) => kernel.settle(promise),
    run: (ms) => kernel.runFor(ms),
  }
}

function textOrJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** metrics-server as the program of a container: asks the kubelets how much is used every --metric-resolution, keeps the last two
 *  answers, and serves metrics.k8s.io. Not modelled: certificates of its own, --kubelet-request-timeout beyond its default. */
import type { Node, Pod } from '../../../../api/generated/types.ts'
import type { ApiClient } from '../../../../api/client/contract.ts'
import { InformerSet } from '../../../../api/client/informer.ts'
import type { ClientHost as ReflectorHost } from '../../../../api/client/reflector.ts'
import { nodeKind } from '../../../../api/kinds/core/node.ts'
import { podKind } from '../../../../api/kinds/core/pod.ts'
import { parseDuration } from '../../../../api/machinery/time.ts'
import { HttpClient } from '../../../../kernel/http.ts'
import type { ClientHost } from '../../../../kernel/http.ts'
import type { Endpoint } from '../../../../kernel/network.ts'
import type { Program, ProcessContext } from '../program.ts'
import { metricsApi } from './metrics-api.ts'
import { MetricsStorage } from './metrics-storage.ts'
import { parseScrape } from './resource-metrics.ts'
import type { Scrape } from './resource-metrics.ts'

export interface MetricsServerOptions {
  /** The process as clients stand on it, and the API as its pod's service account. */
  readonly connect: (context: ProcessContext) => { readonly host: ReflectorHost & ClientHost; readonly client: ApiClient }
  /** Where the service account's token is. */
  readonly tokenPath: string
}

const scrapeTimeoutMs = 10_000
const memoryBytes = 22 * 1_048_576

export function metricsServer(options: MetricsServerOptions): Program {
  return async (context) => {
    const flag = (name: string): string | undefined => context.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3)
    const resolutionMs = parseDuration(flag('metric-resolution') ?? '') || 60_000
    const stopping = context.untilSignal('TERM', 'INT')
    context.useMemory(memoryBytes)
    context.load(3)
    const { host, client: api } = options.connect(context)
    const informers = new InformerSet(host, api)
    const nodes = informers.of(nodeKind)
    const pods = informers.of(podKind)
    const storage = new MetricsStorage(resolutionMs)
    const clients = new Map<string, HttpClient>()
    const scrape = async (node: Node): Promise<Scrape | undefined> => {
      const endpoint = kubeletOf(node, (flag('kubelet-preferred-address-types') ?? 'Hostname,InternalDNS,InternalIP,ExternalDNS,ExternalIP').split(','))
      if (!endpoint) return undefined
      const key = `${endpoint.address}:${endpoint.port}`
      let client = clients.get(key)
      if (!client) clients.set(key, (client = new HttpClient(host, endpoint)))
      try {
        const token = context.files.readText(options.tokenPath).trim()
        const { status, body } = await client.request({ method: 'GET', path: '/metrics/resource', headers: { authorization: `Bearer ${token}`, host: key } }, { timeoutMs: scrapeTimeoutMs })
        if (status !== 200) throw new Error(`request failed, status: "${status}"`)
        return parseScrape(body instanceof Uint8Array ? new TextDecoder().decode(body) : '', context.clock.now())
      } catch (error) {
        host.journal.error('Failed to scrape node', { err: error, node: node.metadata.name })
        return undefined
      }
    }
    const round = async (): Promise<void> => {
      const all = nodes.list()
      const scrapes = await Promise.all(all.map(scrape))
      const found = new Map<string, Scrape>()
      for (const [index, one] of scrapes.entries()) if (one) found.set(all[index]!.metadata.name, one)
      storage.store(found)
      const current = new Set(all.map((node) => node.metadata.name))
      if (clients.size > 2 * current.size) for (const [key, client] of clients) {
        client.close()
        clients.delete(key)
      }
    }
    informers.start()
    const podsOf = (namespace: string | undefined): readonly Pod[] => pods.list(namespace)
    const port = Number(flag('secure-port') ?? 443)
    context.serveHttp(port, metricsApi({ storage, nodes: () => nodes.list(), pods: podsOf, now: () => context.clock.now() }))
    host.journal.info('Serving securely', { address: `[::]:${port}` })
    void informers.whenSynced().then(async () => {
      for (;;) {
        const startedAt = context.clock.now()
        await round()
        await context.sleep(Math.max(0, resolutionMs - (context.clock.now() - startedAt)))
      }
    })
    await stopping
    return 0
  }
}

function kubeletOf(node: Node, preferred: readonly string[]): Endpoint | undefined {
  const addresses = node.status?.addresses ?? []
  // Names of nodes are not in the cluster's DNS: an address of any type will do if no better one is preferred.
  for (const type of [...preferred, 'InternalIP']) {
    const found = addresses.find((address) => address.type === type && /^[\d.]+$|:/.test(address.address))
    if (found) return { address: found.address, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port || 10_250 }
  }
  return undefined
}

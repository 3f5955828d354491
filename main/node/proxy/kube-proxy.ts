import { eventRecorder } from '../../api/client/event-recorder.ts'
import { InformerSet } from '../../api/client/informer.ts'
import { restClient } from '../../api/client/rest-client.ts'
import type { ApiClient } from '../../api/client/contract.ts'
import type { EndpointSlice, Node, Service } from '../../api/generated/types.ts'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { serviceKind } from '../../api/kinds/core/service.ts'
import { endpointSliceKind, serviceNameLabel } from '../../api/kinds/discovery/endpoint-slice.ts'
import { objectKey } from '../../api/machinery/object.ts'
import { HttpClient, serveHttp, type ClientCertificate, type HttpTransport } from '../../kernel/http.ts'
import type { Process, Program } from '../../kernel/machine.ts'
import type { Endpoint } from '../../kernel/network.ts'
import type { DaemonHost } from '../network/daemon-host.ts'
import { iptablesText } from './iptables-text.ts'
import { HealthCheckPorts } from './health-check-ports.ts'
import { ipvsText } from './ipvs-text.ts'
import { nftText } from './nft-text.ts'
import { proxyModeOf, type ProxyMode } from './proxy-mode.ts'
import { rulesOf, type NodeRules } from './node-rules.ts'
import { rulesForService } from './service-rules.ts'

const version = 'v1.36.1'
/** Upstream's minSyncPeriod of the iptables mode. */
const syncPeriodMinMs = 1_000
const ignoredLabel = 'service.kubernetes.io/service-proxy-name'
const headlessLabel = 'service.kubernetes.io/headless'
const selector = `!${headlessLabel},!${ignoredLabel}`

export interface KubeProxyOptions {
  readonly nodeName: string
  readonly server: Endpoint | HttpTransport
  readonly certificate?: ClientCertificate
  /** The pods' range, for the rules' text. */
  readonly clusterCidr?: string
  /** The text of its KubeProxyConfiguration; absent: all defaults. */
  readonly configuration?: string
}

/** kube-proxy as a process of a machine; in kubeadm's DaemonSet it is that of a container with the host's network. */
export function kubeProxy(options: KubeProxyOptions): (process: Process) => Program {
  return (process) => {
    const mode = proxyModeOf(options.configuration ?? '')
    if (!mode) {
      process.journal.error('"Error running ProxyServer" err="unknown proxy mode"')
      process.clock.after(1, () => process.scope.close())
      return {}
    }
    const transport = 'request' in options.server ? options.server : new HttpClient(process, options.server, options.certificate)
    const proxy = new KubeProxy(process, restClient(transport, { userAgent: `kube-proxy/${version} (linux/amd64) kubernetes` }), options.nodeName, options.clusterCidr, mode)
    process.expose('rules', () => proxy.view())
    proxy.onSync = () => process.changed('rules')
    return {}
  }
}

/** Watches Services and EndpointSlices and keeps the node's rules equal to them, at most once a second, as upstream's iptables
 *  mode. Serves :10249 (metrics, mode) and :10256 (health). */
export class KubeProxy {
  onSync: (() => void) | undefined
  readonly #host: DaemonHost
  readonly #nodeName: string
  readonly #clusterCidr: string
  readonly #informers: InformerSet
  readonly #services
  readonly #slices
  readonly #nodes
  readonly #rules: NodeRules
  readonly #healthChecks: HealthCheckPorts
  readonly #dirty = new Set<string>()
  #zone = ''
  #timer: { cancel(): void } | undefined
  #syncedAt: number | undefined
  #syncs = 0

  constructor(host: DaemonHost, client: ApiClient, nodeName: string, clusterCidr = '10.244.0.0/16', mode: ProxyMode = 'iptables') {
    this.#host = host
    this.#nodeName = nodeName
    this.#clusterCidr = clusterCidr
    this.#rules = rulesOf(host.stack)
    this.#rules.mode = mode
    this.#healthChecks = new HealthCheckPorts(host)
    this.#informers = new InformerSet(host, client)
    this.#services = this.#informers.of(serviceKind, { labelSelector: selector })
    this.#slices = this.#informers.of(endpointSliceKind, { labelSelector: selector })
    this.#nodes = this.#informers.of(nodeKind, { fieldSelector: `metadata.name=${nodeName}` })
    this.#slices.addIndex('service', (slice: EndpointSlice) => [ownerOf(slice)])
    host.journal.info('Server info', { version })
    host.journal.info(`Using ${mode} Proxier`)
    this.#serve()
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } }
    eventRecorder(host, client, 'kube-proxy', nodeName).event(node, 'Normal', 'Starting', '')
    this.#services.onChange({ added: (service) => this.#serviceChanged(service), updated: (service) => this.#serviceChanged(service), deleted: (service) => this.#serviceChanged(service) })
    this.#slices.onChange({ added: (slice) => this.#changed(ownerOf(slice)), updated: (slice) => this.#changed(ownerOf(slice)), deleted: (slice) => this.#changed(ownerOf(slice)) })
    this.#nodes.onChange({ added: (each) => this.#nodeChanged(each), updated: (each) => this.#nodeChanged(each) })
    this.#informers.start()
    void this.#informers.whenSynced().then(() => {
      // Whatever an earlier proxy left and no service asks for goes.
      for (const service of this.#rules.services()) this.#dirty.add(service)
      for (const service of this.#services.list()) this.#dirty.add(objectKey(service.metadata.namespace, service.metadata.name))
      this.#sync()
    })
  }

  /** The rules as iptables-save prints them. */
  iptables(): string {
    return iptablesText([...this.#rules.rules()], this.#clusterCidr)
  }

  /** The rules as the tool of the mode prints them. */
  text(): string {
    const rules = [...this.#rules.rules()]
    if (this.#rules.mode === 'ipvs') return ipvsText(rules, this.#host.stack.addresses)
    return this.#rules.mode === 'nftables' ? nftText(rules, this.#clusterCidr) : iptablesText(rules, this.#clusterCidr)
  }

  view(): unknown {
    return {
      mode: this.#rules.mode,
      syncs: this.#syncs,
      syncedAt: this.#syncedAt,
      services: [...this.#rules.rules()].slice(0, 500).map((rules) => ({
        name: rules.name,
        protocol: rules.protocol,
        clusterIPs: rules.clusterIps,
        port: rules.port,
        nodePort: rules.nodePort,
        endpoints: rules.clusterEndpoints,
        connections: this.#rules.connections(rules.name),
      })),
      iptables: this.text().slice(0, 100_000),
    }
  }

  #serviceChanged(service: Service): void {
    this.#changed(objectKey(service.metadata.namespace, service.metadata.name))
  }

  #nodeChanged(node: Node): void {
    const zone = node.metadata.labels?.['topology.kubernetes.io/zone'] ?? ''
    if (zone === this.#zone) return
    this.#zone = zone
    for (const service of this.#services.list()) this.#dirty.add(objectKey(service.metadata.namespace, service.metadata.name))
    this.#schedule()
  }

  #changed(service: string): void {
    this.#dirty.add(service)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#timer || this.#syncedAt === undefined) return
    const waitMs = Math.max(0, this.#syncedAt + syncPeriodMinMs - this.#host.clock.now())
    this.#timer = this.#host.clock.after(waitMs, () => {
      this.#timer = undefined
      this.#sync()
    })
  }

  #sync(): void {
    const node = { name: this.#nodeName, zone: this.#zone }
    for (const key of this.#dirty) {
      const [namespace, name] = key.split('/') as [string, string]
      const service = this.#services.get(namespace, name)
      const rules = service ? rulesForService(service, this.#slices.byIndex('service', key), node) : []
      this.#rules.replace(key, rules)
      this.#healthChecks.follow(key, rules)
    }
    this.#dirty.clear()
    this.#syncedAt = this.#host.clock.now()
    this.#syncs++
    this.onSync?.()
  }

  #serve(): void {
    const { stack, scope, clock } = this.#host
    const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): { status: number; headers: Record<string, string>; body: Uint8Array } => ({ status, headers: { 'content-type': type }, body: new TextEncoder().encode(body) })
    serveHttp(
      stack,
      10_256,
      (exchange) => {
        const path = exchange.request.path.split('?')[0]
        if (path !== '/healthz' && path !== '/livez') return exchange.respond(text(404, '404 page not found\n'))
        const now = new Date(clock.now()).toISOString()
        const updated = this.#syncedAt === undefined ? now : new Date(this.#syncedAt).toISOString()
        const eligible = path === '/healthz' ? `,"nodeEligible": ${!this.#nodes.get(undefined, this.#nodeName)?.metadata.deletionTimestamp}` : ''
        exchange.respond(text(this.#syncedAt === undefined ? 503 : 200, `{"lastUpdated": ${JSON.stringify(updated)},"currentTime": ${JSON.stringify(now)}${eligible}}`, 'application/json'))
      },
      { scope },
    )
    serveHttp(
      stack,
      10_249,
      (exchange) => {
        const path = exchange.request.path.split('?')[0]
        if (path === '/healthz') exchange.respond(text(200, 'ok'))
        else if (path === '/proxyMode') exchange.respond(text(200, this.#rules.mode))
        else if (path === '/metrics') exchange.respond(text(200, this.#metrics()))
        else exchange.respond(text(404, '404 page not found\n'))
      },
      { scope, address: '127.0.0.1' },
    )
  }

  #metrics(): string {
    return [
      '# HELP kubeproxy_sync_proxy_rules_last_timestamp_seconds [ALPHA] The last time proxy rules were successfully synced',
      '# TYPE kubeproxy_sync_proxy_rules_last_timestamp_seconds gauge',
      `kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"} ${(this.#syncedAt ?? 0) / 1000}`,
      '# HELP kubeproxy_sync_proxy_rules_iptables_total [ALPHA] Total number of iptables rules owned by kube-proxy',
      '# TYPE kubeproxy_sync_proxy_rules_iptables_total gauge',
      `kubeproxy_sync_proxy_rules_iptables_total{ip_family="IPv4",table="nat"} ${this.iptables().split('\n').filter((line) => line.startsWith('-A ')).length}`,
      '',
    ].join('\n')
  }
}

function ownerOf(slice: EndpointSlice): string {
  return objectKey(slice.metadata.namespace, slice.metadata.labels?.[serviceNameLabel] ?? '')
}

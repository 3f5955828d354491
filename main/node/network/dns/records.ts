import type { Endpoint, EndpointSlice, Service } from '../../../api/generated/types.ts'
import { addressOfReverseName, parseAddress } from '../addresses.ts'
import type { DnsQuestion, DnsRecord, DnsReply } from './message.ts'

/** What the cluster's records are made of, answered from indexed caches. */
export interface ClusterRecords {
  namespaceExists(namespace: string): boolean
  service(namespace: string, name: string): Service | undefined
  slicesOf(namespace: string, service: string): readonly EndpointSlice[]
  serviceByAddress(address: string): Service | undefined
  /** Slices of headless services that hold the address. */
  slicesByAddress(address: string): readonly EndpointSlice[]
}

const ttl = 30
const specVersion = '1.1.0'
const serviceNameLabel = 'kubernetes.io/service-name'

/** Answers a question inside the zone (or of reverse names) from the cluster's objects; undefined: it is somebody else's.
 *  Follows CoreDNS' kubernetes plug-in with `pods insecure` and Kubernetes' DNS specification. */
export function answerFromCluster(question: DnsQuestion, zone: string, records: ClusterRecords): DnsReply | undefined {
  const name = question.name.toLowerCase().replace(/\.$/, '')
  if (name.endsWith('.in-addr.arpa') || name.endsWith('.ip6.arpa')) return answerReverse(name, question.type, zone, records)
  if (name === zone) return reply([])
  if (!name.endsWith(`.${zone}`)) return undefined
  const labels = name.slice(0, -zone.length - 1).split('.')
  if (labels.length === 1 && labels[0] === 'dns-version') return typed(question, [{ name, type: 'TXT', ttl, data: JSON.stringify(specVersion) }])
  const kind = labels.pop()
  if (kind !== 'svc' && kind !== 'pod') return nameError
  const namespace = labels.pop()
  if (namespace === undefined) return reply([])
  if (kind === 'pod') return answerPod(question, name, namespace, labels, records)
  const service = labels.pop()
  if (service === undefined) return records.namespaceExists(namespace) ? reply([]) : nameError
  const found = records.service(namespace, service)
  return found ? answerService(question, name, zone, found, labels, records) : nameError
}

const nameError: DnsReply = { status: 'NXDOMAIN', answers: [] }

function reply(answers: readonly DnsRecord[]): DnsReply {
  return { status: 'NOERROR', answers }
}

/** Records of the asked type (and aliases); a name that exists without such records answers nothing, but is no error. */
function typed(question: DnsQuestion, records: readonly DnsRecord[]): DnsReply {
  return reply(records.filter((record) => record.type === question.type || record.type === 'CNAME'))
}

function answerPod(question: DnsQuestion, name: string, namespace: string, labels: readonly string[], records: ClusterRecords): DnsReply {
  if (labels.length === 0) return records.namespaceExists(namespace) ? reply([]) : nameError
  const address = labels.length === 1 ? labels[0]!.replaceAll('-', '.') : ''
  if (parseAddress(address) === undefined || !records.namespaceExists(namespace)) return nameError
  return typed(question, [{ name, type: 'A', ttl, data: address }])
}

interface Port {
  readonly name: string
  readonly protocol: string
  readonly port: number
}

function answerService(question: DnsQuestion, name: string, zone: string, service: Service, labels: readonly string[], records: ClusterRecords): DnsReply {
  const { spec } = service
  const base = `${service.metadata.name}.${service.metadata.namespace}.svc.${zone}`
  if (spec?.type === 'ExternalName') return labels.length === 0 ? typed(question, [{ name, type: 'CNAME', ttl, data: spec.externalName ?? '' }]) : nameError

  const asked = portOfLabels(labels)
  if (asked === undefined && labels.length > 1) return nameError
  if (spec?.clusterIP !== 'None') {
    if (asked) {
      const ports = (spec?.ports ?? []).map((port): Port => ({ name: port.name ?? '', protocol: (port.protocol ?? 'TCP').toLowerCase(), port: port.port })).filter((port) => matchesPort(port, asked))
      return ports.length === 0 ? nameError : typed(question, ports.map((port): DnsRecord => ({ name, type: 'SRV', ttl, data: `0 ${weight(ports.length)} ${port.port} ${base}` })))
    }
    if (labels.length > 0) {
      // Endpoint names of a service with an address exist too, by their address or host name.
      const named = endpointsOf(service, records).filter(({ endpoint, address }) => endpointLabel(endpoint, address) === labels[0])
      return named.length === 0 ? nameError : typed(question, named.map(({ address }): DnsRecord => ({ name, type: 'A', ttl, data: address })))
    }
    const addresses = (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).filter((address) => address !== '')
    const srv = (spec?.ports ?? []).map((port): DnsRecord => ({ name, type: 'SRV', ttl, data: `0 ${weight(spec?.ports?.length ?? 1)} ${port.port} ${base}` }))
    return typed(question, [...addresses.map((data): DnsRecord => ({ name, type: data.includes(':') ? 'AAAA' : 'A', ttl, data })), ...srv])
  }

  const endpoints = endpointsOf(service, records)
  if (asked) {
    const found = endpoints.flatMap(({ endpoint, address, ports }) => ports.filter((port) => matchesPort(port, asked)).map((port) => ({ port, target: `${endpointLabel(endpoint, address)}.${base}` })))
    return found.length === 0 ? nameError : typed(question, found.map(({ port, target }): DnsRecord => ({ name, type: 'SRV', ttl, data: `0 ${weight(found.length)} ${port.port} ${target}` })))
  }
  const wanted = labels.length === 0 ? endpoints : endpoints.filter(({ endpoint, address }) => endpointLabel(endpoint, address) === labels[0])
  if (wanted.length === 0) return nameError
  const srv = wanted.flatMap(({ endpoint, address, ports }) => ports.map((port) => ({ port, target: `${endpointLabel(endpoint, address)}.${base}` })))
  return typed(question, [
    ...[...new Set(wanted.map(({ address }) => address))].map((data): DnsRecord => ({ name, type: data.includes(':') ? 'AAAA' : 'A', ttl, data })),
    ...srv.map(({ port, target }): DnsRecord => ({ name, type: 'SRV', ttl, data: `0 ${weight(srv.length)} ${port.port} ${target}` })),
  ])
}

function weight(count: number): number {
  return Math.max(1, Math.floor(100 / Math.max(1, count)))
}

interface AskedPort {
  readonly name: string
  readonly protocol: string
}

/** `_http._tcp` in front of a service; `*` matches anything. */
function portOfLabels(labels: readonly string[]): AskedPort | undefined {
  if (labels.length !== 2) return undefined
  const [name, protocol] = labels as [string, string]
  if (!(name.startsWith('_') && protocol.startsWith('_'))) return undefined
  return { name: name.slice(1), protocol: protocol.slice(1) }
}

function matchesPort(port: Port, asked: AskedPort): boolean {
  return port.name === asked.name && port.protocol === asked.protocol
}

interface ServiceEndpoint {
  readonly endpoint: Endpoint
  readonly address: string
  readonly ports: readonly Port[]
}

function endpointsOf(service: Service, records: ClusterRecords): ServiceEndpoint[] {
  const found: ServiceEndpoint[] = []
  for (const slice of records.slicesOf(service.metadata.namespace ?? '', service.metadata.name)) {
    if (slice.addressType !== 'IPv4') continue
    const ports = (slice.ports ?? []).map((port): Port => ({ name: port.name ?? '', protocol: (port.protocol ?? 'TCP').toLowerCase(), port: port.port ?? 0 }))
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready === false && !service.spec?.publishNotReadyAddresses) continue
      for (const address of endpoint.addresses) found.push({ endpoint, address, ports })
    }
  }
  return found
}

/** What an endpoint is called under its service: its host name, or its address with dashes. */
function endpointLabel(endpoint: Endpoint, address: string): string {
  return endpoint.hostname || address.replaceAll('.', '-')
}

function answerReverse(name: string, type: string, zone: string, records: ClusterRecords): DnsReply | undefined {
  const address = addressOfReverseName(name)
  if (address === undefined) return undefined
  const service = records.serviceByAddress(address)
  const targets: string[] = []
  if (service) targets.push(`${service.metadata.name}.${service.metadata.namespace}.svc.${zone}`)
  else {
    for (const slice of records.slicesByAddress(address)) {
      const owner = slice.metadata.labels?.[serviceNameLabel]
      for (const endpoint of slice.endpoints ?? []) {
        if (owner && endpoint.addresses.includes(address)) targets.push(`${endpointLabel(endpoint, address)}.${owner}.${slice.metadata.namespace}.svc.${zone}`)
      }
    }
  }
  // Addresses of nobody fall through to the next server.
  if (targets.length === 0) return undefined
  return typed({ name, type }, targets.map((data): DnsRecord => ({ name, type: 'PTR', ttl, data })))
}

import type { Endpoint, EndpointSlice, Service } from '../../api/generated/types.ts'

/** One endpoint that traffic may go to. */
export interface ProxyEndpoint {
  readonly address: string
  readonly port: number
  /** On this node. */
  readonly local: boolean
}

/** What a proxy does about one port of one service. */
export interface ServicePortRules {
  /** `default/web:http`, as upstream's ServicePortName. */
  readonly name: string
  readonly protocol: 'tcp' | 'udp'
  readonly clusterIps: readonly string[]
  readonly port: number
  /** 0 = none. */
  readonly nodePort: number
  readonly externalIps: readonly string[]
  readonly loadBalancerIps: readonly string[]
  readonly loadBalancerSourceRanges: readonly string[]
  /** 0 = no affinity. */
  readonly affinitySeconds: number
  /** Where traffic to the cluster IP goes; local endpoints only with internalTrafficPolicy Local. */
  readonly clusterEndpoints: readonly ProxyEndpoint[]
  /** Where traffic from outside goes; local endpoints only with externalTrafficPolicy Local. */
  readonly externalEndpoints: readonly ProxyEndpoint[]
  /** Usable endpoints anywhere: without any, traffic is rejected; with some, but none here under a Local policy, dropped. */
  readonly anyEndpoints: boolean
  /** All usable endpoints, whatever the policies say. */
  readonly allEndpoints: readonly ProxyEndpoint[]
  /** internalTrafficPolicy Local. */
  readonly internalLocal: boolean
  /** Where load balancers ask whether this node has endpoints, under externalTrafficPolicy Local; 0 = nowhere. */
  readonly healthCheckNodePort: number
  /** externalTrafficPolicy Cluster hides the client's address behind the node's. */
  readonly masqueradeExternal: boolean
}

/** Who the proxy is. */
export interface ProxyNode {
  readonly name: string
  readonly zone: string
}

/** The rules for a service's ports; none for services that need no proxy (headless, ExternalName, no address yet). Pure. */
export function rulesForService(service: Service, slices: readonly EndpointSlice[], node: ProxyNode): ServicePortRules[] {
  const { spec } = service
  if (!spec || spec.type === 'ExternalName' || !spec.clusterIP || spec.clusterIP === 'None') return []
  const rules: ServicePortRules[] = []
  for (const port of spec.ports ?? []) {
    const protocol = (port.protocol ?? 'TCP').toLowerCase()
    if (protocol !== 'tcp' && protocol !== 'udp') continue
    const endpoints = usableEndpoints(slices, port.name ?? '', protocol, node)
    const local = endpoints.filter((endpoint) => endpoint.local)
    const internalLocal = spec.internalTrafficPolicy === 'Local'
    const externalLocal = spec.externalTrafficPolicy === 'Local'
    rules.push({
      name: `${service.metadata.namespace}/${service.metadata.name}${port.name ? `:${port.name}` : ''}`,
      protocol,
      clusterIps: (spec.clusterIPs ?? [spec.clusterIP]).filter((address) => !address.includes(':')),
      port: port.port,
      nodePort: port.nodePort ?? 0,
      externalIps: spec.externalIPs ?? [],
      loadBalancerIps: (service.status?.loadBalancer?.ingress ?? []).flatMap((ingress) => (ingress.ip && ingress.ipMode !== 'Proxy' ? [ingress.ip] : [])),
      loadBalancerSourceRanges: spec.loadBalancerSourceRanges ?? [],
      affinitySeconds: spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
      clusterEndpoints: internalLocal ? local : endpoints,
      externalEndpoints: externalLocal ? local : endpoints,
      allEndpoints: endpoints,
      internalLocal,
      healthCheckNodePort: externalLocal ? (spec.healthCheckNodePort ?? 0) : 0,
      anyEndpoints: endpoints.length > 0,
      masqueradeExternal: !externalLocal,
    })
  }
  return rules
}

/** Ready endpoints of a port; when there are none, those that still serve while terminating. Topology hints are followed when
 *  every endpoint has them. */
function usableEndpoints(slices: readonly EndpointSlice[], portName: string, protocol: string, node: ProxyNode): ProxyEndpoint[] {
  const ready = new Map<string, { readonly endpoint: Endpoint; readonly made: ProxyEndpoint }>()
  const serving = new Map<string, { readonly endpoint: Endpoint; readonly made: ProxyEndpoint }>()
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue
    const port = slice.ports?.find((each) => (each.name ?? '') === portName && (each.protocol ?? 'TCP').toLowerCase() === protocol)
    if (port?.port === undefined) continue
    for (const endpoint of slice.endpoints ?? []) {
      const address = endpoint.addresses[0]
      if (address === undefined) continue
      const made = { address, port: port.port, local: endpoint.nodeName === node.name }
      const key = `${address}:${port.port}`
      if (endpoint.conditions?.ready !== false) ready.set(key, { endpoint, made })
      else if (endpoint.conditions?.serving && endpoint.conditions?.terminating) serving.set(key, { endpoint, made })
    }
  }
  const usable = [...(ready.size > 0 ? ready : serving).values()]
  return hinted(usable, node).map(({ made }) => made)
}

function hinted<T extends { readonly endpoint: Endpoint }>(endpoints: T[], node: ProxyNode): T[] {
  const forNode = endpoints.filter(({ endpoint }) => endpoint.hints?.forNodes?.some((hint) => hint.name === node.name))
  if (forNode.length > 0 && endpoints.every(({ endpoint }) => (endpoint.hints?.forNodes?.length ?? 0) > 0)) return forNode
  if (node.zone === '' || !endpoints.every(({ endpoint }) => (endpoint.hints?.forZones?.length ?? 0) > 0)) return endpoints
  const forZone = endpoints.filter(({ endpoint }) => endpoint.hints!.forZones!.some((hint) => hint.name === node.zone))
  return forZone.length > 0 ? forZone : endpoints
}

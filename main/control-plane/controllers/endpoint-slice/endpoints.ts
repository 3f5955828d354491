import type { DiscoveryEndpointPort, Endpoint, EndpointSlice, Node, Pod, Service } from '../../../api/generated/types.ts'
import { serviceNameLabel } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { isDns1123Subdomain, maskTrailingDash } from '../../../api/machinery/names.ts'
import { controllerReference } from '../../../api/machinery/object.ts'
import { isPodReady, targetPortOf } from '../../../api/machinery/pod.ts'
import { belongsInEndpoints, hasHostnameIn, isHeadless } from '../framework/service-pods.ts'

export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const headlessLabel = 'service.kubernetes.io/headless'
export const controllerLabelValue = 'endpointslice-controller.k8s.io'
const zoneLabel = 'topology.kubernetes.io/zone'

export type AddressType = 'IPv4' | 'IPv6'

/** Endpoints that share their ports, and so may share slices. */
export interface EndpointGroup {
  readonly ports: readonly DiscoveryEndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

/** What selects the same endpoint over time: its addresses, host name and target. */
export function identityOf(endpoint: Endpoint): string {
  return `${[...endpoint.addresses].sort(compareBytes).join(',')}|${endpoint.hostname ?? ''}|${endpoint.targetRef?.namespace ?? ''}/${endpoint.targetRef?.name ?? ''}`
}

/** The families that a service has addresses of. */
export function addressTypesOf(service: Service): AddressType[] {
  const families = service.spec?.ipFamilies ?? []
  if (families.length > 0) return families as AddressType[]
  const clusterIP = service.spec?.clusterIP
  return clusterIP && clusterIP !== 'None' ? [clusterIP.includes(':') ? 'IPv6' : 'IPv4'] : ['IPv4', 'IPv6']
}

/** The endpoints of a service's pods by their ports. `missing` names pods whose node is not known (yet): they are left out,
 *  unless the service publishes what is not ready. */
export function endpointGroups(service: Service, pods: readonly Pod[], type: AddressType, nodeOf: (name: string) => Node | undefined): { groups: Map<string, EndpointGroup>; missing: Pod[] } {
  const groups = new Map<string, { ports: readonly DiscoveryEndpointPort[]; endpoints: Endpoint[] }>()
  const missing: Pod[] = []
  for (const pod of pods) {
    if (!belongsInEndpoints(pod, true)) continue
    const node = pod.spec?.nodeName ? nodeOf(pod.spec.nodeName) : undefined
    if (pod.spec?.nodeName && !node && !service.spec?.publishNotReadyAddresses) {
      missing.push(pod)
      continue
    }
    const endpoint = endpointOf(service, pod, type, node)
    if (!endpoint) continue
    const ports = portsOf(service, pod)
    const key = portsKey(ports)
    let group = groups.get(key)
    if (!group) groups.set(key, (group = { ports, endpoints: [] }))
    group.endpoints.push(endpoint)
  }
  return { groups, missing }
}

function endpointOf(service: Service, pod: Pod, type: AddressType, node: Node | undefined): Endpoint | undefined {
  const addresses = (pod.status?.podIPs?.map((each) => each.ip) ?? [pod.status!.podIP!]).filter((ip) => ip.includes(':') === (type === 'IPv6'))
  if (addresses.length === 0) return undefined
  const serving = isPodReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = Boolean(service.spec?.publishNotReadyAddresses) || (serving && !terminating)
  const zone = node?.metadata.labels?.[zoneLabel]
  const hints = hintsOf(service, ready, zone, pod.spec?.nodeName)
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hasHostnameIn(pod, service) ? { hostname: pod.spec!.hostname! } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace: pod.metadata.namespace!, name: pod.metadata.name, uid: pod.metadata.uid! },
    ...(zone ? { zone } : {}),
    ...(hints ? { hints } : {}),
  }
}

/** Where traffic should stay, for services that ask for it. */
function hintsOf(service: Service, ready: boolean, zone: string | undefined, node: string | undefined): Endpoint['hints'] | undefined {
  const distribution = service.spec?.trafficDistribution
  if (!ready || !distribution) return undefined
  const forZones = zone ? { forZones: [{ name: zone }] } : {}
  if (distribution === 'PreferSameNode' && node) return { ...forZones, forNodes: [{ name: node }] }
  return zone ? forZones : undefined
}

function portsOf(service: Service, pod: Pod): DiscoveryEndpointPort[] {
  const ports: DiscoveryEndpointPort[] = []
  for (const port of service.spec?.ports ?? []) {
    const protocol = port.protocol ?? 'TCP'
    const number = targetPortOf(pod, port.targetPort ?? port.port, protocol)
    if (number !== undefined) ports.push({ name: port.name ?? '', port: number, protocol, ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}) })
  }
  return ports
}

/** The same for the same ports in any order. */
export function portsKey(ports: readonly DiscoveryEndpointPort[] | undefined): string {
  return (ports ?? []).map((port) => `${port.name ?? ''}/${port.protocol ?? 'TCP'}/${port.port ?? ''}/${port.appProtocol ?? ''}`).sort(compareBytes).join(';')
}

/** An empty slice of a service. */
export function newSlice(service: Service, type: AddressType, ports: readonly DiscoveryEndpointPort[]): EndpointSlice {
  const { name, namespace } = service.metadata
  const prefix = `${name}-`
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: isDns1123Subdomain(maskTrailingDash(prefix)).length === 0 ? prefix : name,
      namespace,
      labels: sliceLabels(service),
      ownerReferences: [controllerReference(service)],
    } as EndpointSlice['metadata'],
    addressType: type,
    endpoints: [],
    ports: [...ports],
  }
}

/** A service's labels and those by which its slices are found. */
export function sliceLabels(service: Service): { [key: string]: string } {
  const { [headlessLabel]: _headless, [managedByLabel]: _managed, [serviceNameLabel]: _name, ...copied } = service.metadata.labels ?? {}
  return { ...copied, [serviceNameLabel]: service.metadata.name, [managedByLabel]: controllerLabelValue, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}) }
}

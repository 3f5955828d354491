import type { DiscoveryEndpointPort, Endpoint, EndpointAddress, Endpoints, EndpointSlice } from '../../../api/generated/types.ts'
import { serviceNameLabel } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { controllerReference } from '../../../api/machinery/object.ts'

export const managedByLabel = 'endpointslice.kubernetes.io/managed-by'
export const mirroringLabelValue = 'endpointslicemirroring-controller.k8s.io'
const notCopiedAnnotations = new Set(['endpoints.kubernetes.io/last-change-trigger-time', 'kubectl.kubernetes.io/last-applied-configuration'])
const endpointsPerSubsetMax = 1000
const endpointsPerSliceMax = 100

export interface MirrorPlan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
}

/** The slices that show what an Endpoints object says: those that have the right ports are kept and refilled. */
export function planMirror(endpoints: Endpoints, present: readonly EndpointSlice[]): MirrorPlan {
  const wanted = new Map<string, { type: string; ports: DiscoveryEndpointPort[]; endpoints: Endpoint[] }>()
  for (const subset of endpoints.subsets ?? []) {
    const ports = (subset.ports ?? []).map((port): DiscoveryEndpointPort => ({ name: port.name ?? '', port: port.port, protocol: port.protocol ?? 'TCP', ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}) }))
    const all = [...(subset.addresses ?? []).map((address) => endpointOf(address, true)), ...(subset.notReadyAddresses ?? []).map((address) => endpointOf(address, false))]
    for (const endpoint of all.slice(0, endpointsPerSubsetMax)) {
      const type = endpoint.addresses[0]!.includes(':') ? 'IPv6' : 'IPv4'
      const key = groupKey(type, ports)
      const group = wanted.get(key)
      if (group) group.endpoints.push(endpoint)
      else wanted.set(key, { type, ports, endpoints: [endpoint] })
    }
  }
  const spare = new Map<string, EndpointSlice[]>()
  for (const slice of present) {
    const key = groupKey(slice.addressType, slice.ports ?? [])
    spare.set(key, [...(spare.get(key) ?? []), slice])
  }
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  for (const [key, { type, ports, endpoints: members }] of wanted) {
    for (let at = 0; at < members.length; at += endpointsPerSliceMax) {
      const part = members.slice(at, at + endpointsPerSliceMax)
      const old = spare.get(key)?.shift()
      const made = mirrorSlice(endpoints, type, ports, part)
      if (!old) create.push(made)
      else if (!semanticEqual(old.endpoints, part) || !semanticEqual(old.metadata.labels, made.metadata.labels) || !semanticEqual(old.metadata.annotations, made.metadata.annotations)) {
        update.push({ ...old, metadata: { ...old.metadata, labels: made.metadata.labels!, annotations: made.metadata.annotations! }, endpoints: part })
      }
    }
  }
  return { create, update, remove: [...spare.values()].flat() }
}

function groupKey(type: string, ports: readonly DiscoveryEndpointPort[]): string {
  return `${type}|${ports.map((port) => `${port.name ?? ''}/${port.protocol ?? 'TCP'}/${port.port ?? ''}/${port.appProtocol ?? ''}`).sort(compareBytes).join(';')}`
}

function endpointOf(address: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [address.ip],
    conditions: { ready },
    ...(address.hostname ? { hostname: address.hostname } : {}),
    ...(address.nodeName ? { nodeName: address.nodeName } : {}),
    ...(address.targetRef ? { targetRef: address.targetRef } : {}),
  }
}

function mirrorSlice(endpoints: Endpoints, type: string, ports: readonly DiscoveryEndpointPort[], members: readonly Endpoint[]): EndpointSlice {
  const { name, namespace, labels, annotations } = endpoints.metadata
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace: namespace ?? '',
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: mirroringLabelValue },
      annotations: Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !notCopiedAnnotations.has(key))),
      ownerReferences: [controllerReference(endpoints)],
    } as unknown as EndpointSlice['metadata'],
    addressType: type,
    endpoints: [...members],
    ports: [...ports],
  }
}

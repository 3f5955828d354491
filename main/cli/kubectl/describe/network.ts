import type { Endpoints, EndpointSlice, Service } from '../../../api/generated/types.ts'
import { Description } from './description.ts'
import { readList, type Surroundings } from './describer.ts'
import { describeEvents, eventsOf } from './events.ts'
import { describeAnnotations, describeLabels, labelLine } from './labels.ts'

export async function describeService(service: Service, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = service
  const [slices, events] = await Promise.all([slicesOf(metadata.namespace ?? '', metadata.name, around).catch(() => []), eventsOf(service, around)])
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `Selector:\t${labelLine(spec?.selector)}\n`)
  out.write(0, `Type:\t${spec?.type ?? ''}\n`)
  if (spec?.ipFamilyPolicy) out.write(0, `IP Family Policy:\t${spec.ipFamilyPolicy}\n`)
  out.write(0, `IP Families:\t${spec?.ipFamilies?.join(',') || '<none>'}\n`)
  out.write(0, `IP:\t${spec?.clusterIP ?? ''}\n`)
  out.write(0, `IPs:\t${spec?.clusterIPs?.length ? spec.clusterIPs.join(',') : '<none>'}\n`)
  if (spec?.externalIPs?.length) out.write(0, `External IPs:\t${spec.externalIPs.join(',')}\n`)
  if (spec?.loadBalancerIP) out.write(0, `Desired LoadBalancer IP:\t${spec.loadBalancerIP}\n`)
  if (spec?.externalName) out.write(0, `External Name:\t${spec.externalName}\n`)
  const ingress = status?.loadBalancer?.ingress ?? []
  if (ingress.length > 0) out.write(0, `LoadBalancer Ingress:\t${ingress.map(({ ip, ipMode, hostname = '' }) => (ip ? `${ip}${ipMode ? ` (${ipMode})` : ''}` : hostname)).join(', ')}\n`)
  for (const port of spec?.ports ?? []) {
    const name = port.name || '<unset>'
    out.write(0, `Port:\t${name}\t${port.port}/${port.protocol ?? ''}\n`)
    out.write(0, `TargetPort:\t${port.targetPort ?? 0}/${port.protocol ?? ''}\n`)
    if (port.appProtocol) out.write(0, `AppProtocol:\t${port.appProtocol}\n`)
    if (port.nodePort) out.write(0, `NodePort:\t${name}\t${port.nodePort}/${port.protocol ?? ''}\n`)
    out.write(0, `Endpoints:\t${endpointsText(slices, port.name ?? '')}\n`)
  }
  out.write(0, `Session Affinity:\t${spec?.sessionAffinity ?? ''}\n`)
  if (spec?.externalTrafficPolicy) out.write(0, `External Traffic Policy:\t${spec.externalTrafficPolicy}\n`)
  if (spec?.internalTrafficPolicy) out.write(0, `Internal Traffic Policy:\t${spec.internalTrafficPolicy}\n`)
  if (spec?.healthCheckNodePort) out.write(0, `HealthCheck NodePort:\t${spec.healthCheckNodePort}\n`)
  if (spec?.loadBalancerSourceRanges?.length) out.write(0, `LoadBalancer Source Ranges:\t${spec.loadBalancerSourceRanges.join(',')}\n`)
  if (spec?.trafficDistribution) out.write(0, `Traffic Distribution:\t${spec.trafficDistribution}\n`)
  describeEvents(out, events, around.now)
  return out.toString()
}

/** The slices of a service. */
export function slicesOf(namespace: string, service: string, around: Surroundings): Promise<EndpointSlice[]> {
  return readList<EndpointSlice>({ ...around, chunkSize: 0 }, `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, { labelSelector: `kubernetes.io/service-name=${service}` })
}

/** Up to three ready addresses of a port, then how many more. */
export function endpointsText(slices: readonly EndpointSlice[], portName: string): string {
  if (slices.length === 0) return '<none>'
  const shown: string[] = []
  let count = 0
  let more = false
  const add = (slice: EndpointSlice, text: (address: string) => string): void => {
    for (const { addresses, conditions } of slice.endpoints ?? []) {
      if (shown.length === 3) more = true
      if (conditions?.ready === false) continue
      if (!more) shown.push(text(addresses[0] ?? ''))
      count++
    }
  }
  for (const slice of slices) {
    if (!slice.ports?.length) add(slice, (address) => address)
    for (const { name, port } of slice.ports ?? []) if ((name ?? '') === portName) add(slice, (address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`))
  }
  return more ? `${shown.join(',')} + ${count - 3} more...` : shown.join(',')
}

export async function describeEndpoints(endpoints: Endpoints, around: Surroundings): Promise<string> {
  const { metadata, subsets = [] } = endpoints
  const events = await eventsOf(endpoints, around)
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, 'Subsets:\n')
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    out.write(1, `Addresses:\t${addresses.map(({ ip }) => ip).join(',') || '<none>'}\n`)
    out.write(1, `NotReadyAddresses:\t${notReadyAddresses.map(({ ip }) => ip).join(',') || '<none>'}\n`)
    if (ports.length > 0) {
      out.write(1, 'Ports:\n')
      out.write(2, 'Name\tPort\tProtocol\n')
      out.write(2, '----\t----\t--------\n')
      for (const { name, port, protocol = '' } of ports) out.write(2, `${name || '<unset>'}\t${port}\t${protocol}\n`)
    }
    out.write(0, '\n')
  }
  describeEvents(out, events, around.now)
  return out.toString()
}

export async function describeEndpointSlice(slice: EndpointSlice, around: Surroundings): Promise<string> {
  const { metadata, addressType, ports, endpoints } = slice
  const events = await eventsOf(slice, around)
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `AddressType:\t${addressType}\n`)
  if (!ports?.length) out.write(0, 'Ports: <unset>\n')
  else {
    out.write(0, 'Ports:\n')
    out.write(1, 'Name\tPort\tProtocol\n')
    out.write(1, '----\t----\t--------\n')
    for (const { name, port, protocol = '' } of ports) out.write(1, `${name || '<unset>'}\t${port ?? '<unset>'}\t${protocol}\n`)
  }
  if (!endpoints?.length) out.write(0, 'Endpoints: <none>\n')
  else {
    out.write(0, 'Endpoints:\n')
    for (const { addresses, conditions, hostname, targetRef, nodeName, zone } of endpoints) {
      out.write(1, `- Addresses:\t${addresses.join(', ') || '<none>'}\n`)
      out.write(2, 'Conditions:\n')
      out.write(3, `Ready:\t${conditions?.ready ?? '<unset>'}\n`)
      out.write(2, `Hostname:\t${hostname ?? '<unset>'}\n`)
      if (targetRef) out.write(2, `TargetRef:\t${targetRef.kind ?? ''}/${targetRef.name ?? ''}\n`)
      out.write(2, `NodeName:\t${nodeName ?? '<unset>'}\n`)
      out.write(2, `Zone:\t${zone ?? '<unset>'}\n`)
    }
  }
  describeEvents(out, events, around.now)
  return out.toString()
}

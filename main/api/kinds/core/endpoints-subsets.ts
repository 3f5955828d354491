import type { EndpointAddress, EndpointPort, EndpointSubset } from '../../generated/types.ts'
import { compareBytes } from '../../machinery/go-text.ts'

/** Regroups subsets so that addresses with the same ports share one, each address once, everything sorted (upstream's
 *  RepackSubsets). An address that is ready for one of its entries is ready. */
export function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const portsOf = new Map<string, { address: EndpointAddress; ready: boolean; ports: Map<string, EndpointPort> }>()
  const groups = new Map<string, { ports: EndpointPort[]; addresses: EndpointAddress[]; notReadyAddresses: EndpointAddress[] }>()
  const add = (address: EndpointAddress, ready: boolean, ports: readonly EndpointPort[]): void => {
    const key = `${address.ip}/${address.targetRef?.uid ?? ''}/${ready}`
    let entry = portsOf.get(key)
    if (!entry) portsOf.set(key, (entry = { address, ready, ports: new Map() }))
    for (const port of ports) entry.ports.set(portKey(port), port)
  }
  for (const subset of subsets) {
    for (const address of subset.addresses ?? []) add(address, true, subset.ports ?? [])
    for (const address of subset.notReadyAddresses ?? []) add(address, false, subset.ports ?? [])
  }
  for (const { address, ready, ports } of portsOf.values()) {
    const key = [...ports.keys()].sort(compareBytes).join(';')
    let group = groups.get(key)
    if (!group) groups.set(key, (group = { ports: [...ports.values()], addresses: [], notReadyAddresses: [] }))
    if (ready) group.addresses.push(address)
    else group.notReadyAddresses.push(address)
  }
  return [...groups.entries()]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([, group]) => ({
      ...(group.addresses.length > 0 ? { addresses: group.addresses.sort(byAddress) } : {}),
      ...(group.notReadyAddresses.length > 0 ? { notReadyAddresses: group.notReadyAddresses.sort(byAddress) } : {}),
      ...(group.ports.length > 0 ? { ports: group.ports.sort((a, b) => compareBytes(portKey(a), portKey(b))) } : {}),
    }))
}

function portKey(port: EndpointPort): string {
  return `${port.name ?? ''}/${port.protocol ?? 'TCP'}/${String(port.port).padStart(5, '0')}/${port.appProtocol ?? ''}`
}

function byAddress(a: EndpointAddress, b: EndpointAddress): number {
  return compareBytes(a.ip, b.ip) || compareBytes(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '')
}

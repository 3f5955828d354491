/** Where a Service of a webhook is, found as kube-apiserver finds it: by its cluster IP, which the rules of kube-proxy lead on. */
import type { EndpointSlice, Service } from '../../../api/generated/types.ts'
import { notFound, serviceUnavailable } from '../../../api/machinery/status-error.ts'
import type { Endpoint } from '../../../kernel/network.ts'

/** What is known of Services: the server's own caches. */
export interface ServiceLookup {
  service(namespace: string, name: string): Service | undefined
  slices(namespace: string, service: string): readonly EndpointSlice[]
  /** Whether an address belongs to the simulation. */
  isSimulated(address: string): boolean
}

export interface ServiceAddress extends Endpoint {
  /** It leads out of the simulation: an external name, or addresses that somebody wrote into EndpointSlices by hand. */
  readonly outside: boolean
}

/** Throws Errors with upstream's texts. */
export function addressOfService(lookup: ServiceLookup, namespace: string, name: string, port: number): ServiceAddress {
  const service = lookup.service(namespace, name)
  if (!service) throw new Error(notFound({ group: '', resource: 'services' }, name).message.replace(/^services /, 'service '))
  const { type = 'ClusterIP', clusterIP = '', externalName = '', selector, ports = [] } = service.spec ?? {}
  if (type === 'ExternalName') {
    if (port !== 443) throw new Error(`unsupported service port ${port} for service type "ExternalName"`)
    return { address: externalName, port, outside: true }
  }
  if (type === 'ClusterIP' && clusterIP === 'None') throw new Error('cannot route to service with ClusterIP "None"')
  const found = ports.find((each) => each.port === port)
  if (!found) throw new Error(serviceUnavailable(`no service port ${port} found for service "${name}"`).message)
  if (!selector || Object.keys(selector).length === 0) {
    const outside = writtenByHand(lookup, namespace, name, found.name ?? '')
    if (outside) return { ...outside, outside: true }
  }
  return { address: clusterIP, port, outside: false }
}

/** The first ready address outside the simulation of a Service that selects no pods. */
function writtenByHand(lookup: ServiceLookup, namespace: string, name: string, portName: string): Endpoint | undefined {
  for (const slice of lookup.slices(namespace, name)) {
    const port = slice.ports?.find((each) => (each.name ?? '') === portName)?.port
    if (!port) continue
    for (const { addresses, conditions, targetRef } of slice.endpoints ?? []) {
      const [address] = addresses
      if (address && !targetRef && conditions?.ready !== false && !lookup.isSimulated(address)) return { address, port }
    }
  }
  return undefined
}

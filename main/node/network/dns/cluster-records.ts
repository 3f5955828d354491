import type { Informers } from '../../../api/client/contract.ts'
import type { EndpointSlice, Service } from '../../../api/generated/types.ts'
import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind, serviceNameLabel } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { objectKey } from '../../../api/machinery/object.ts'
import type { ClusterRecords } from './records.ts'

/** The records' objects from informers, which the caller starts. */
export function informedRecords(informers: Informers): ClusterRecords & { readonly synced: () => boolean } {
  const services = informers.of(serviceKind)
  const slices = informers.of(endpointSliceKind)
  const namespaces = informers.of(namespaceKind)
  services.addIndex('address', (service: Service) => (service.spec?.clusterIPs ?? []).filter((address) => address !== 'None'))
  slices.addIndex('service', (slice: EndpointSlice) => [objectKey(slice.metadata.namespace, slice.metadata.labels?.[serviceNameLabel] ?? '')])
  slices.addIndex('address', (slice: EndpointSlice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses))
  return {
    synced: () => services.synced && slices.synced && namespaces.synced,
    namespaceExists: (namespace) => namespaces.get(undefined, namespace) !== undefined,
    service: (namespace, name) => services.get(namespace, name),
    slicesOf: (namespace, service) => slices.byIndex('service', objectKey(namespace, service)),
    serviceByAddress: (address) => services.byIndex('address', address)[0],
    slicesByAddress: (address) => slices.byIndex('address', address),
  }
}

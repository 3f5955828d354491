import type { APIServiceCondition, EndpointSlice, Service } from '../../../api/generated/types.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import type { ServiceLookup } from '../outbound/service-address.ts'
import type { AggregatedService } from './aggregated-services.ts'

/** What the Available condition says, but for when it began to. */
export type Judgement = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>

export const passed: Judgement = { status: 'True', reason: 'Passed', message: 'all checks passed' }

export function failedDiscovery(message: string): Judgement {
  return { status: 'False', reason: 'FailedDiscoveryCheck', message }
}

/** What the caches say against a service; undefined when it is worth asking. */
export function problemOf({ service: { namespace, name, port } }: AggregatedService, lookup: Pick<ServiceLookup, 'service' | 'slices'>): Judgement | undefined {
  const about = `service/${name} in ${quote(namespace)}`
  const service = lookup.service(namespace, name)
  if (!service) return { status: 'False', reason: 'ServiceNotFound', message: `${about} is not present` }
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined
  const declared = service.spec?.ports?.find((each) => each.port === port)
  if (!declared) return { status: 'False', reason: 'ServicePortError', message: `${about} is not listening on port ${port}` }
  const slices = lookup.slices(namespace, name)
  if (slices.length === 0) return { status: 'False', reason: 'EndpointsNotFound', message: `cannot find endpointslices for ${about}` }
  const portName = declared.name ?? ''
  if (slices.some((slice) => hasReady(slice, portName))) return undefined
  return { status: 'False', reason: 'MissingEndpoints', message: `endpointslices for ${about} have no addresses with port name ${quote(portName)}` }
}

function hasReady(slice: EndpointSlice, portName: string): boolean {
  if (!slice.ports?.some((each) => (each.name ?? '') === portName)) return false
  return (slice.endpoints ?? []).some(({ addresses, conditions }) => addresses.length > 0 && conditions?.ready !== false)
}

/** Of which service an EndpointSlice is, `namespace/name`. */
export function sliceOwner({ metadata }: EndpointSlice): string {
  return `${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`
}

export function serviceKey({ metadata }: Service): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

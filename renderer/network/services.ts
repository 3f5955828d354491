import type { HealthMark } from '../../main/api/kinds/kind.ts'
import type { ApiObject } from '../api/object.ts'

/** A Service with what stands behind it. */
export interface ServiceRow {
  readonly service: ApiObject
  readonly type: string
  readonly addresses: string
  readonly ports: string
  readonly endpoints: readonly EndpointRow[]
  readonly ready: number
  readonly mark: HealthMark
}

export interface EndpointRow {
  readonly address: string
  readonly ports: string
  readonly ready: boolean
  readonly terminating: boolean
  readonly node: string
  /** `namespace/name`; '' when no pod stands behind it. */
  readonly pod: string
}

interface ServiceSpec {
  readonly type?: string
  readonly clusterIP?: string
  readonly clusterIPs?: readonly string[]
  readonly externalName?: string
  readonly selector?: Readonly<Record<string, string>>
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string; readonly nodePort?: number }[]
}

interface EndpointSlice extends ApiObject {
  readonly ports?: readonly { readonly port?: number; readonly protocol?: string }[] | null
  readonly endpoints?: readonly {
    readonly addresses: readonly string[]
    readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean }
    readonly nodeName?: string
    readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string }
  }[] | null
}

const serviceLabel = 'kubernetes.io/service-name'

/** Services with the endpoints of their slices, in the order of the services. */
export function serviceRows(services: readonly ApiObject[], slices: readonly ApiObject[]): ServiceRow[] {
  const byService = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const key = `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[serviceLabel] ?? ''}`
    const list = byService.get(key)
    if (list) list.push(slice as EndpointSlice)
    else byService.set(key, [slice as EndpointSlice])
  }
  return services.map((service) => {
    const spec = (service.spec ?? {}) as ServiceSpec
    const endpoints = (byService.get(`${service.metadata.namespace ?? ''}/${service.metadata.name}`) ?? []).flatMap(endpointsOf)
    const ready = endpoints.filter((endpoint) => endpoint.ready).length
    return {
      service,
      type: spec.type ?? 'ClusterIP',
      addresses: spec.externalName ?? spec.clusterIPs?.join(', ') ?? spec.clusterIP ?? '',
      ports: (spec.ports ?? []).map((port) => `${port.port}${port.nodePort ? `:${port.nodePort}` : ''}/${port.protocol ?? 'TCP'}`).join(', '),
      endpoints,
      ready,
      mark: spec.externalName || ready > 0 ? 'running' : spec.selector && Object.keys(spec.selector).length > 0 ? 'pending' : endpoints.length > 0 ? 'pending' : 'unknown',
    }
  })
}

function endpointsOf(slice: EndpointSlice): EndpointRow[] {
  const ports = (slice.ports ?? []).map((port) => port.port).join(', ')
  return (slice.endpoints ?? []).flatMap((endpoint) =>
    endpoint.addresses.map((address) => ({
      address,
      ports,
      ready: endpoint.conditions?.ready !== false,
      terminating: endpoint.conditions?.terminating === true,
      node: endpoint.nodeName ?? '',
      pod: endpoint.targetRef?.kind === 'Pod' ? `${endpoint.targetRef.namespace ?? ''}/${endpoint.targetRef.name ?? ''}` : '',
    })),
  )
}

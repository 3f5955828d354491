import type { Endpoints, EndpointSlice, Service } from '../../../api/generated/types.ts'
import { endpointsKind } from '../../../api/kinds/core/endpoints.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind } from '../../../api/kinds/discovery/endpoint-slice.ts'
import type { OwnObjects } from './own-objects.ts'

const name = 'kubernetes'
const namespace = 'default'
const providerLabel = { component: 'apiserver', provider: 'kubernetes' }

export interface KubernetesServiceOptions {
  /** The first address of the service range. */
  readonly clusterIp: string
  readonly advertisedAddress: string
  readonly port: number
}

/** The Service under which pods reach the API server, and where it leads: kept by the server itself, as it has no pods behind it. */
export async function reconcileKubernetesService(own: OwnObjects, { clusterIp, advertisedAddress, port }: KubernetesServiceOptions): Promise<void> {
  const metadata = { name, namespace, labels: { ...providerLabel } }
  await own.reconcile<Service>(serviceKind, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }], clusterIP: clusterIp, clusterIPs: [clusterIp], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', sessionAffinity: 'None', type: 'ClusterIP' },
  }, () => undefined)
  const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' }
  await Promise.all([
    own.reconcile<Endpoints>(endpointsKind, {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name, namespace, labels },
      subsets: [{ addresses: [{ ip: advertisedAddress }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
    }, (current) => {
      const addresses = current.subsets?.[0]?.addresses ?? []
      if (addresses.some(({ ip }) => ip === advertisedAddress)) return undefined
      return { ...current, subsets: [{ addresses: [...addresses, { ip: advertisedAddress }].sort((a, b) => (a.ip < b.ip ? -1 : 1)), ports: [{ name: 'https', port, protocol: 'TCP' }] }] }
    }),
    own.reconcile<EndpointSlice>(endpointSliceKind, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [advertisedAddress], conditions: { ready: true } }],
      ports: [{ name: 'https', port, protocol: 'TCP' }],
    }, (current) => {
      if (current.endpoints?.some(({ addresses }) => addresses.includes(advertisedAddress))) return undefined
      return { ...current, endpoints: [...(current.endpoints ?? []), { addresses: [advertisedAddress], conditions: { ready: true } }] }
    }),
  ])
}

import type { Endpoints, EndpointSlice, Service } from '../../../api/generated/types.ts'
import { endpointsKind } from '../../../api/kinds/core/endpoints.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import type { OwnObjects } from './own-objects.ts'

const name = 'kubernetes'
const namespace = 'default'
const providerLabel = { component: 'apiserver', provider: 'kubernetes' }

/** The Service under which pods reach the API servers. `clusterIp`: the first address of the service range. */
export async function reconcileKubernetesService(own: OwnObjects, clusterIp: string, port: number): Promise<void> {
  await own.reconcile<Service>(serviceKind, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { ...providerLabel } },
    spec: { ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }], clusterIP: clusterIp, clusterIPs: [clusterIp], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', sessionAffinity: 'None', type: 'ClusterIP' },
  }, () => undefined)
}

/** Where that Service leads, as it has no pods behind it: to the servers at `addresses`, which are in order. */
export async function reconcileKubernetesEndpoints(own: OwnObjects, addresses: readonly string[], port: number): Promise<void> {
  const subsets: NonNullable<Endpoints['subsets']> = [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ name: 'https', port, protocol: 'TCP' }] }]
  const endpoints: EndpointSlice['endpoints'] = addresses.map((address) => ({ addresses: [address], conditions: { ready: true } }))
  const ports: EndpointSlice['ports'] = [{ name: 'https', port, protocol: 'TCP' }]
  await Promise.all([
    own.reconcile<Endpoints>(
      endpointsKind,
      { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }, subsets },
      (current) => (semanticEqual(current.subsets, subsets) ? undefined : { ...current, subsets }),
    ),
    own.reconcile<EndpointSlice>(
      endpointSliceKind,
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } }, addressType: 'IPv4', endpoints, ports },
      (current) => (semanticEqual(current.endpoints, endpoints) && semanticEqual(current.ports, ports) ? undefined : { ...current, endpoints, ports }),
    ),
  ])
}

import type { Endpoints, EndpointSlice, Service } from '../../../api/generated/types.ts'
import { endpointsKind } from '../../../api/kinds/core/endpoints.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { isInvalid } from '../../../api/machinery/status-error.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { OwnObjects } from './own-objects.ts'

const name = 'kubernetes'
const namespace = 'default'
const providerLabel = { component: 'apiserver', provider: 'kubernetes' }

/** How long a server waits for another that is just writing the Service. */
const retryMs = 20
const attemptsMax = 20

/** The Service under which pods reach the API servers. `clusterIp`: the first address of the service range. */
export async function reconcileKubernetesService(process: Process, own: OwnObjects, clusterIp: string, port: number): Promise<void> {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { ...providerLabel } },
    spec: { ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }], clusterIP: clusterIp, clusterIPs: [clusterIp], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', sessionAffinity: 'None', type: 'ClusterIP' },
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await own.reconcile<Service>(serviceKind, service, () => undefined)
    } catch (error) {
      // Another server has the address claimed already, and the Service will be seen here in a moment.
      if (!isInvalid(error) || attempt === attemptsMax) throw error
      await process.clock.sleep(retryMs)
    }
  }
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

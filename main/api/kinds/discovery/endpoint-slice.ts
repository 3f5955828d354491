import type { EndpointSlice } from '../../generated/types.ts'
import { compareBytes } from '../../machinery/go-text.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { validateEndpointSlice, validateEndpointSliceUpdate } from './endpoint-slice-validation.ts'

const schema = 'io.k8s.api.discovery.v1.EndpointSlice'
const shownMax = 3

/** The label that names the service of a slice. */
export const serviceNameLabel = 'kubernetes.io/service-name'

function portsText(slice: EndpointSlice): string {
  const ports = slice.ports ?? []
  if (ports.length === 0) return '<unset>'
  const texts = ports.map((port) => (port.port === undefined ? (port.name ?? '*') : String(port.port)))
  return texts.length <= shownMax ? texts.join(',') : `${texts.slice(0, shownMax).join(',')} + ${texts.length - shownMax} more...`
}

function endpointsText(slice: EndpointSlice): string {
  const addresses = (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses)
  if (addresses.length === 0) return '<unset>'
  return addresses.length <= shownMax ? addresses.join(',') : `${addresses.slice(0, shownMax).join(',')} + ${addresses.length - shownMax} more...`
}

export const endpointSliceKind = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  schema,
  storagePrefix: 'endpointslices',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: ({ endpoints, ports, addressType }) => ({ endpoints, ports, addressType }),
    defaults(slice) {
      slice.endpoints ??= []
      for (const port of slice.ports ?? []) {
        port.name ??= ''
        port.protocol ??= 'TCP'
      }
      for (const endpoint of slice.endpoints) endpoint.conditions ??= {}
    },
    validate: validateEndpointSlice,
    validateUpdate(slice, old) {
      return jsonEqual(slice.endpoints, old.endpoints) && jsonEqual(slice.ports, old.ports) && slice.addressType === old.addressType ? [] : validateEndpointSliceUpdate(slice, old)
    },
  },
  columns: [
    nameColumn(),
    column('AddressType', [schema, 'addressType'], (slice) => slice.addressType),
    column('Ports', [schema, 'ports'], portsText),
    column('Endpoints', [schema, 'endpoints'], endpointsText),
    ageColumn(),
  ],
  health(slice) {
    const all = slice.endpoints ?? []
    const ready = all.filter((endpoint) => endpoint.conditions?.ready !== false).length
    if (all.length === 0) return { mark: 'pending', sentence: 'it has no endpoints' }
    return { mark: ready > 0 ? 'running' : 'pending', sentence: `${ready} of ${all.length} ${all.length === 1 ? 'endpoint is' : 'endpoints are'} ready` }
  },
  relations(slice) {
    const namespace = slice.metadata.namespace ? { namespace: slice.metadata.namespace } : {}
    const service = slice.metadata.labels?.[serviceNameLabel]
    const pods = (slice.endpoints ?? []).flatMap(({ targetRef }) => (targetRef?.kind === 'Pod' && targetRef.name ? [targetRef.name] : []))
    return [
      ...(service ? [{ role: 'service', group: '', kind: 'Service', name: service, ...namespace }] : []),
      ...[...new Set(pods)].sort(compareBytes).map((name) => ({ role: 'endpoint', group: '', kind: 'Pod', name, ...namespace })),
    ]
  },
})

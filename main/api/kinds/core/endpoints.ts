import type { Endpoints, EndpointSubset } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { validateEndpoints } from './endpoints-validation.ts'
import { repackSubsets } from './endpoints-subsets.ts'

/** Up to three `ip:port`, and how many more. */
function endpointsText(endpoints: Endpoints): string {
  const subsets = endpoints.subsets ?? []
  if (subsets.length === 0) return '<none>'
  const shown: string[] = []
  let count = 0
  const add = (text: string): void => {
    count++
    if (shown.length < 3) shown.push(text)
  }
  for (const subset of subsets) {
    for (const address of subset.addresses ?? []) {
      if (!subset.ports?.length) add(address.ip)
      for (const port of subset.ports ?? []) add(address.ip.includes(':') ? `[${address.ip}]:${port.port}` : `${address.ip}:${port.port}`)
    }
  }
  const text = shown.join(',')
  return count > 3 ? `${text} + ${count - 3} more...` : text
}

export const endpointsKind = defineKind<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Endpoints',
  storagePrefix: 'services/endpoints',
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  strategy: {
    validateName: isDns1123Subdomain,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults(endpoints) {
      for (const subset of endpoints.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP'
    },
    canonicalize(endpoints) {
      if (endpoints.subsets) endpoints.subsets = repackSubsets(endpoints.subsets)
    },
    validate: validateEndpoints,
    validateUpdate: validateEndpoints,
  },
  columns: [nameColumn(), column('Endpoints', ['io.k8s.api.core.v1.Endpoints', 'subsets'], endpointsText), ageColumn()],
  health(endpoints) {
    const count = (pick: (subset: EndpointSubset) => unknown[] | undefined): number => (endpoints.subsets ?? []).reduce((sum, subset) => sum + (pick(subset)?.length ?? 0), 0)
    const ready = count((subset) => subset.addresses)
    const notReady = count((subset) => subset.notReadyAddresses)
    if (ready + notReady === 0) return { mark: 'pending', sentence: 'it has no addresses' }
    return { mark: ready > 0 ? 'running' : 'pending', sentence: `${ready} of ${ready + notReady} addresses are ready` }
  },
  relations: (endpoints) => [{ role: 'service', group: '', kind: 'Service', name: endpoints.metadata.name, ...(endpoints.metadata.namespace ? { namespace: endpoints.metadata.namespace } : {}) }],
})

import type { EndpointSlice, Service } from '../../../api/generated/types.ts'
import type { Parts } from '../parts.ts'
import type { ServiceLookup } from './service-address.ts'
import { WebhookClient } from './webhook-client.ts'

/** The client of webhooks of one server: Services are what its own caches say. */
export function webhookClientOf({ process, resources, settings }: Pick<Parts, 'process' | 'resources' | 'settings'>): WebhookClient {
  return new WebhookClient(process, serviceLookupOf({ process, resources }), settings.outbound)
}

/** What a server's own caches know of Services. */
export function serviceLookupOf({ process, resources }: Pick<Parts, 'process' | 'resources'>): ServiceLookup {
  const services = resources.storeOf('', 'services').store
  return {
    service: (namespace, name) => services.cached(namespace, name) as Service | undefined,
    slices(namespace, service) {
      const found: EndpointSlice[] = []
      resources.ofGroup('discovery.k8s.io', 'endpointslices')?.stored?.cache.scan(namespace, (object) => {
        if (object.metadata.labels?.['kubernetes.io/service-name'] === service) found.push(object as EndpointSlice)
        return true
      })
      return found
    },
    isSimulated: (address) => process.stack.network.stackAt(address) !== undefined,
  }
}

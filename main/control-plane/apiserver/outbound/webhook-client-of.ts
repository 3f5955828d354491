import type { Service } from '../../../api/generated/types.ts'
import type { Parts } from '../parts.ts'
import { SlicesOfServices } from './slices-of-services.ts'
import type { ServiceLookup } from './service-address.ts'
import { WebhookClient } from './webhook-client.ts'

/** The client of webhooks of one server: Services are what its own caches say. */
export function webhookClientOf({ process, resources, settings }: Pick<Parts, 'process' | 'resources' | 'settings'>): WebhookClient {
  return new WebhookClient(process, serviceLookupOf({ process, resources }), settings.outbound)
}

/** What a server's own caches know of Services. */
export function serviceLookupOf({ process, resources }: Pick<Parts, 'process' | 'resources'>): ServiceLookup {
  const services = resources.storeOf('', 'services').store
  let slices: SlicesOfServices | undefined
  return {
    service: (namespace, name) => services.cached(namespace, name) as Service | undefined,
    slices(namespace, service) {
      const cache = resources.ofGroup('discovery.k8s.io', 'endpointslices')?.stored?.cache
      if (!cache) return []
      return (slices ??= new SlicesOfServices(cache)).of(namespace, service)
    },
    isSimulated: (address) => process.stack.network.stackAt(address) !== undefined,
  }
}

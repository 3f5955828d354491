import type { EndpointSlice, Service } from '../../../api/generated/types.ts'
import type { Parts } from '../parts.ts'
import { WebhookClient } from './webhook-client.ts'

/** The client of webhooks of one server: Services are what its own caches say. */
export function webhookClientOf({ process, resources, settings }: Pick<Parts, 'process' | 'resources' | 'settings'>): WebhookClient {
  const services = resources.storeOf('', 'services').store
  return new WebhookClient(process, {
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
  }, settings.outbound)
}

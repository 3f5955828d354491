import type { ConversionCaller, ConversionReview } from '../apiextensions/conversion.ts'
import type { ClientConfig, WebhookClient } from './webhook-client.ts'

/** How long a conversion may take, as upstream. */
const timeoutMs = 30_000

/** Makes the calls to conversion webhooks. */
export function conversionCaller(client: WebhookClient): ConversionCaller {
  return async (crd, review) => (await client.post((crd.spec.conversion?.webhook?.clientConfig ?? {}) as ClientConfig, review, timeoutMs)) as unknown as ConversionReview
}

import type { MutatingWebhook, ValidatingWebhook } from '../../../api/generated/types.ts'
import type { AdmissionPlugin } from '../admission/admission.ts'
import type { WebhookClient } from '../outbound/webhook-client.ts'
import type { Parts } from '../parts.ts'
import type { WebhookParts } from './calling.ts'
import { Configurations } from './configurations.ts'
import { Equivalents } from './matching.ts'
import { mutatingAdmissionWebhook } from './mutating.ts'
import { validatingAdmissionWebhook } from './validating.ts'
import { WebhookMetrics } from './webhook-metrics.ts'

const group = 'admissionregistration.k8s.io'

/** The two plugins that ask webhooks; none of a kind that the server does not serve. */
export function webhookPlugins({ resources, process, authorization, webhookMetrics }: Pick<Parts, 'resources' | 'process' | 'authorization' | 'webhookMetrics'>, client: WebhookClient): readonly AdmissionPlugin[] {
  const namespaces = resources.storeOf('', 'namespaces').store
  const parts: WebhookParts = {
    process,
    client,
    equivalents: new Equivalents(resources),
    namespaceOf: (name) => namespaces.cached('', name) ?? namespaces.get('', name),
    authorizer: authorization.authorizer,
    metrics: webhookMetrics ?? new WebhookMetrics(),
  }
  const mutating = resources.ofGroup(group, 'mutatingwebhookconfigurations')?.stored
  const validating = resources.ofGroup(group, 'validatingwebhookconfigurations')?.stored
  return [
    ...(mutating ? [mutatingAdmissionWebhook(new Configurations<MutatingWebhook>(mutating.cache), parts)] : []),
    ...(validating ? [validatingAdmissionWebhook(new Configurations<ValidatingWebhook>(validating.cache), parts)] : []),
  ]
}

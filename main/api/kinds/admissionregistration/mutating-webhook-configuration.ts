import type { MutatingWebhookConfiguration } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { defaultWebhook } from './defaults.ts'
import { validateWebhooks } from './webhook-validation.ts'
import { webhookColumns, webhookHealth, webhookRelations } from './webhooks.ts'

export const mutatingWebhookConfigurationKind = defineKind<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
  storagePrefix: 'mutatingwebhookconfigurations',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    generationOf: ({ webhooks }) => webhooks,
    defaults({ webhooks }) {
      for (const hook of webhooks ?? []) {
        defaultWebhook(hook)
        hook.reinvocationPolicy ??= 'Never'
      }
    },
    validate: ({ webhooks }) => validateWebhooks(webhooks),
    validateUpdate: ({ webhooks }) => validateWebhooks(webhooks),
  },
  columns: webhookColumns(),
  health: webhookHealth,
  relations: webhookRelations,
})

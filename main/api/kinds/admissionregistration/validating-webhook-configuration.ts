import type { ValidatingWebhookConfiguration } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { defaultWebhook } from './defaults.ts'
import { validateWebhooks } from './webhook-validation.ts'
import { webhookColumns, webhookHealth, webhookRelations } from './webhooks.ts'

export const validatingWebhookConfigurationKind = defineKind<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
  storagePrefix: 'validatingwebhookconfigurations',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    generationOf: ({ webhooks }) => webhooks,
    defaults: ({ webhooks }) => webhooks?.forEach(defaultWebhook),
    validate: ({ webhooks }) => validateWebhooks(webhooks),
    validateUpdate: ({ webhooks }) => validateWebhooks(webhooks),
  },
  columns: webhookColumns(),
  health: webhookHealth,
  relations: webhookRelations,
})

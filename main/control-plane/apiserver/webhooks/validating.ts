/** ValidatingAdmissionWebhook: all webhooks that a request is for, at once; the first refusal that arrives is the answer. */
import type { ValidatingWebhook } from '../../../api/generated/types.ts'
import { StatusError, timeout } from '../../../api/machinery/status-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'
import { ask, CallFailure, judgeFailure, shouldCall } from './calling.ts'
import type { WebhookParts } from './calling.ts'
import type { Configurations, Hook } from './configurations.ts'
import { isExempt, subjectOf } from './matching.ts'
import { denial } from './review.ts'
import { VersionedObjects } from './versioned-objects.ts'
import type { Versioned } from './versioned-objects.ts'

export function validatingAdmissionWebhook(configurations: Configurations<ValidatingWebhook>, parts: WebhookParts): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionWebhook',
    handles: (attributes) => configurations.hooks.length > 0 && !isExempt(subjectOf(attributes)),
    async validate(attributes) {
      const versions = new VersionedObjects(attributes)
      const relevant: { readonly hook: Hook<ValidatingWebhook>; readonly versioned: Versioned }[] = []
      for (const hook of configurations.hooks) {
        const kind = await shouldCall(hook, attributes, undefined, versions, parts)
        if (kind) relevant.push({ hook, versioned: await versions.as(kind) })
      }
      if (relevant.length === 0) return
      if (attributes.context.isOver?.()) throw timeout('request did not complete within requested timeout', 0)
      const refusals: unknown[] = []
      await Promise.all(relevant.map(async ({ hook, versioned }, index) => {
        const refusal = await judge(hook.webhook, attributes, versioned, index, parts)
        if (refusal !== undefined) refusals.push(refusal)
      }))
      if (refusals.length > 0) throw refusals[0]
    },
  }
}

/** What a webhook's answer is refused with, if it is. */
async function judge(webhook: ValidatingWebhook, attributes: AdmissionAttributes, versioned: Versioned, index: number, parts: WebhookParts): Promise<unknown> {
  const { clock } = parts.process
  const begun = clock.now()
  let refusal: unknown
  let code = 200
  try {
    const verdict = await ask(webhook, attributes, versioned, false, parts)
    if (!verdict.allowed) {
      const denied = denial(webhook.name, verdict.status)
      code = denied.code
      parts.metrics.rejected(webhook.name, 'validating', attributes.operation, 'no_error', code)
      refusal = denied
    }
  } catch (error) {
    refusal = judgeFailure(webhook, error, attributes, 'validating', `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, parts)
    code = error instanceof CallFailure ? error.code : error instanceof StatusError ? 0 : 500
    if (refusal !== undefined) parts.metrics.rejected(webhook.name, 'validating', attributes.operation, error instanceof CallFailure ? 'calling_webhook_error' : 'apiserver_internal_error', code)
  }
  parts.metrics.called(webhook.name, 'validating', attributes.operation, refusal !== undefined, code, (clock.now() - begun) / 1000)
  return refusal
}

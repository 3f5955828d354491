/** ValidatingAdmissionPolicy: what policies refuse, warn of, or write down. */
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../../api/generated/types.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { refused } from '../admission/admission.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'
import { subjectOf } from '../webhooks/matching.ts'
import { formOf, VersionedObjects } from '../webhooks/versioned-objects.ts'
import { activationOf, authorizationHook, requestFields } from './activation.ts'
import { invocationsOf, isJudged, namespaceFor } from './policy-matching.ts'
import type { PolicyParts } from './policy-matching.ts'
import type { PolicySource } from './source.ts'
import { judge } from './validator.ts'
import type { Validator } from './validator.ts'

export type ValidatingPolicies = PolicySource<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validator>

interface Refusal {
  readonly policy: string
  readonly binding: string | undefined
  readonly message: string
  readonly reason: string
}

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 }
const annotationBytesMax = 10 * 1024

export function validatingAdmissionPolicy(source: ValidatingPolicies, parts: PolicyParts): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: (attributes) => source.hooks.length > 0 && isJudged(attributes),
    async validate(attributes) {
      const refusals = await refusalsOf(source, attributes, parts)
      if (refusals.length > 0) throw errorOf(attributes, refusals[0]!)
    },
  }
}

async function refusalsOf({ hooks }: ValidatingPolicies, attributes: AdmissionAttributes, parts: PolicyParts): Promise<Refusal[]> {
  const { context } = attributes
  const subject = subjectOf(attributes)
  const refusals: Refusal[] = []
  const invocations = await invocationsOf(hooks, subject, parts, ({ policy, binding, message }) => {
    if (policy.spec?.failurePolicy !== 'Ignore') refusals.push({ policy: policy.metadata.name, binding: binding?.metadata.name, message, reason: '' })
  })
  if (invocations.length === 0) return refusals
  const versions = new VersionedObjects(attributes)
  const requestForm = formOf(subject.kind, subject.subresource, attributes.object)
  const hook = authorizationHook(parts.authorizer, context.user)
  const namespace = await namespaceFor(subject, parts.namespaceOf)
  const notes = new Notes()
  for (const { policy, binding, evaluator, kind, param } of invocations) {
    const versioned = await versions.as(kind)
    const request = requestFields(attributes, subject, versioned, requestForm)
    const judgement = judge(evaluator, activationOf({ versioned, request, subject, hook, params: param, namespace }))
    const about = { policy: policy.metadata.name, binding: binding.metadata.name }
    const actions = binding.spec?.validationActions ?? []
    for (const { index, message, reason } of judgement.denials) {
      for (const action of actions) {
        if (action === 'Deny') refusals.push({ ...about, message, reason })
        else if (action === 'Warn') context.warnings.add(`Validation failed for ValidatingAdmissionPolicy '${about.policy}' with binding '${about.binding}': ${message}`)
        else if (action === 'Audit') context.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([{ message, policy: about.policy, binding: about.binding, expressionIndex: index, validationActions: actions }]))
      }
    }
    for (const message of judgement.annotationErrors) refusals.push({ ...about, message, reason: '' })
    for (const { key, value } of judgement.annotations) notes.add(`${about.policy}/${key}`, value)
  }
  notes.publish(attributes)
  return refusals
}

/** Values that several bindings give to one key stand together. */
class Notes {
  readonly #values = new Map<string, string[]>()

  add(key: string, value: string): void {
    const cut = new TextDecoder().decode(new TextEncoder().encode(value).subarray(0, annotationBytesMax))
    const known = this.#values.get(key)
    if (!known) this.#values.set(key, [cut])
    else if (!known.includes(cut)) known.push(cut)
  }

  publish({ context }: AdmissionAttributes): void {
    for (const [key, values] of this.#values) context.annotate?.(key, values.join(', '))
  }
}

function errorOf(attributes: AdmissionAttributes, { policy, binding, message, reason }: Refusal): StatusError {
  const text = `ValidatingAdmissionPolicy '${policy}'${binding === undefined ? '' : ` with binding '${binding}'`} denied request: ${message}`
  const { status } = refused(attributes, text)
  const shown = reason || 'Invalid'
  return new StatusError({ ...status, reason: shown, details: { ...status.details, causes: [{ message: text }] }, code: codes[shown] ?? 422 })
}

import type { AdmissionregistrationWebhookClientConfig, MutatingWebhook, ValidatingWebhook } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1035Label, isDns1123Subdomain } from '../../machinery/names.ts'
import { validateLabelSelector } from '../core/label-validation.ts'
import { webhookServiceErrors, webhookUrlErrors } from '../webhook-client-validation.ts'
import { failurePolicies, matchConditionsErrors, matchPolicies, ruleErrors } from './rule-validation.ts'

const noSideEffects = ['None', 'NoneOnDryRun']
const reinvocationPolicies = ['IfNeeded', 'Never']
const reviewVersions = ['v1', 'v1beta1']

/** The webhooks of either configuration. What upstream lets pass on update because an older server let it in cannot have been
 *  stored here, so create and update check the same. */
export function validateWebhooks(webhooks: readonly (ValidatingWebhook | MutatingWebhook)[] | undefined): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, hook] of (webhooks ?? []).entries()) {
    const at = fieldPath('webhooks').index(index)
    errors.push(...webhookErrors(hook, at), ...reviewVersionErrors(hook.admissionReviewVersions ?? [], at.child('admissionReviewVersions')))
    if (hook.name && names.has(hook.name)) errors.push(fieldDuplicate(at.child('name'), hook.name))
    names.add(hook.name)
  }
  return errors
}

function webhookErrors(hook: ValidatingWebhook | MutatingWebhook, at: FieldPath): FieldError[] {
  const errors = fullyQualifiedNameErrors(hook.name, at.child('name'))
  for (const [index, rule] of (hook.rules ?? []).entries()) errors.push(...ruleErrors(rule, at.child('rules').index(index)))
  if (hook.failurePolicy !== undefined && !failurePolicies.includes(hook.failurePolicy)) errors.push(fieldNotSupported(at.child('failurePolicy'), hook.failurePolicy, failurePolicies))
  if (hook.matchPolicy !== undefined && !matchPolicies.includes(hook.matchPolicy)) errors.push(fieldNotSupported(at.child('matchPolicy'), hook.matchPolicy, matchPolicies))
  if (hook.sideEffects === undefined) errors.push(fieldRequired(at.child('sideEffects'), `must specify one of ${noSideEffects.join(', ')}`))
  else if (!noSideEffects.includes(hook.sideEffects)) errors.push(fieldNotSupported(at.child('sideEffects'), hook.sideEffects, noSideEffects))
  if (hook.timeoutSeconds !== undefined && (hook.timeoutSeconds > 30 || hook.timeoutSeconds < 1)) errors.push(fieldInvalid(at.child('timeoutSeconds'), hook.timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'))
  for (const selector of ['namespaceSelector', 'objectSelector'] as const) errors.push(...validateLabelSelector(hook[selector], at.child(selector)))
  if ('reinvocationPolicy' in hook && hook.reinvocationPolicy !== undefined && !reinvocationPolicies.includes(hook.reinvocationPolicy)) {
    errors.push(fieldNotSupported(at.child('reinvocationPolicy'), hook.reinvocationPolicy, reinvocationPolicies))
  }
  errors.push(...clientConfigErrors(hook.clientConfig ?? {}, at.child('clientConfig')))
  errors.push(...matchConditionsErrors(hook.matchConditions, false, at.child('matchConditions')))
  return errors
}

function clientConfigErrors({ url, service }: AdmissionregistrationWebhookClientConfig, at: FieldPath): FieldError[] {
  if ((url === undefined) === (service === undefined)) return [fieldRequired(at, 'exactly one of url or service is required')]
  return url === undefined ? webhookServiceErrors(service!, at.child('service')) : webhookUrlErrors(url, at.child('url'))
}

/** A DNS name of at least three segments. */
function fullyQualifiedNameErrors(name: string | undefined, at: FieldPath): FieldError[] {
  if (!name) return [fieldRequired(at)]
  const messages = isDns1123Subdomain(name)
  if (messages.length > 0) return [fieldInvalid(at, name, messages.join(','))]
  return name.split('.').length < 3 ? [fieldInvalid(at, name, 'should be a domain with at least three segments separated by dots')] : []
}

function reviewVersionErrors(versions: readonly string[], at: FieldPath): FieldError[] {
  if (versions.length === 0) return [fieldRequired(at, `must specify one of ${reviewVersions.join(', ')}`)]
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, version] of versions.entries()) {
    if (seen.has(version)) {
      errors.push(fieldInvalid(at.index(index), version, 'duplicate version'))
      continue
    }
    seen.add(version)
    for (const message of isDns1035Label(version)) errors.push(fieldInvalid(at.index(index), version, message))
  }
  if (!reviewVersions.some((version) => seen.has(version))) errors.push(fieldInvalid(at, versions, `must include at least one of ${reviewVersions.join(', ')}`))
  return errors
}

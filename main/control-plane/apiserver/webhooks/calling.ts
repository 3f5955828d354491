/** What mutating and validating webhooks have in common: whether one is called, the call, and what its failures mean. */
import type { MutatingWebhook, ValidatingWebhook } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { badRequest, forbidden, internalError, StatusError, timeout } from '../../../api/machinery/status-error.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import type { Authorizer } from '../authz/attributes.ts'
import type { WebhookClient } from '../outbound/webhook-client.ts'
import { activationOf, authorizationHook, requestFields } from '../policies/activation.ts'
import { conditionsMatch } from '../policies/match-conditions.ts'
import type { Hook } from './configurations.ts'
import { matchedKind, namespaceSelectorMatches, objectSelectorMatches, subjectOf } from './matching.ts'
import type { Equivalents, NamespaceLookup, Subject } from './matching.ts'
import { reviewOf, reviewVersionOf, verdictOf } from './review.ts'
import type { Verdict } from './review.ts'
import { formOf } from './versioned-objects.ts'
import type { Versioned, VersionedObjects } from './versioned-objects.ts'
import type { WebhookMetrics } from './webhook-metrics.ts'

/** What webhooks need of the server. */
export interface WebhookParts {
  readonly process: Process
  readonly client: WebhookClient
  readonly equivalents: Equivalents
  readonly namespaceOf: NamespaceLookup
  readonly authorizer: Authorizer
  readonly metrics: WebhookMetrics
}

/** The webhook could not be asked, or its answer could not be believed: the failure policy decides. */
export class CallFailure extends Error {
  /** What metrics say it was. */
  readonly code: number

  constructor(webhook: string, reason: string, code: number) {
    super(`failed calling webhook ${quote(webhook)}: ${reason}`)
    this.code = code
  }
}

const timeoutSecondsDefault = 10

/** The endpoint in whose form a webhook wants to be asked; undefined: it is not to be called. Throws StatusErrors. */
export async function shouldCall(hook: Hook<MutatingWebhook | ValidatingWebhook>, attributes: AdmissionAttributes, current: Versioned | undefined, versions: VersionedObjects, parts: WebhookParts): Promise<Kind | undefined> {
  const { webhook } = hook
  const subject: Subject = current ? { ...subjectOf(attributes), object: current.object, oldObject: current.oldObject } : subjectOf(attributes)
  if (!objectSelectorMatches(webhook.objectSelector, subject)) return undefined
  const kind = matchedKind(webhook.rules, webhook.matchPolicy, subject, parts.equivalents)
  // Only a request that the rules are for may fail because its namespace is not there.
  if (!kind) return undefined
  const selected = namespaceSelectorMatches(webhook.namespaceSelector, subject, parts.namespaceOf)
  if (!(selected instanceof Promise ? await selected : selected)) return undefined
  if (hook.conditions.length === 0) return kind
  const versioned = await versions.as(kind)
  const request = requestFields(attributes, subject, versioned, formOf(subject.kind, subject.subresource, attributes.object))
  const activation = activationOf({ versioned, request, subject, hook: authorizationHook(parts.authorizer, attributes.context.user) })
  const outcome = conditionsMatch(hook.conditions, undefined, activation, webhook.failurePolicy === 'Ignore')
  if ('error' in outcome) {
    parts.process.journal.warning('Failed evaluating match conditions, failing closed', { webhook: webhook.name, err: outcome.error })
    throw forbidden({ group: subject.kind.group, resource: subject.kind.plural }, subject.name, outcome.error)
  }
  return outcome.matches ? kind : undefined
}

/** Asks a webhook, and passes on its warnings and notes. Throws CallFailure, or a StatusError for what no failure policy forgives. */
export async function ask(webhook: MutatingWebhook | ValidatingWebhook, attributes: AdmissionAttributes, versioned: Versioned, mutating: boolean, parts: WebhookParts): Promise<Verdict> {
  const { name } = webhook
  if (attributes.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun') throw badRequest(`admission webhook ${quote(name)} does not support dry run`)
  const uid = parts.process.random.uuid()
  let version: string
  try {
    version = reviewVersionOf(webhook.admissionReviewVersions)
  } catch (error) {
    throw new CallFailure(name, `could not create admission objects: ${textOf(error)}`, 400)
  }
  const { process } = parts
  const { trace } = process.kernel
  const cause = trace.current
  const span = process.span(`Call ${mutating ? 'mutating' : 'validating'} webhook`, { webhook: name, operation: attributes.operation, resource: attributes.kind.plural, UID: uid })
  let answer
  try {
    const pending = parts.client.post(webhook.clientConfig, reviewOf(version, uid, attributes, subjectOf(attributes), versioned), (webhook.timeoutSeconds ?? timeoutSecondsDefault) * 1000)
    // Other webhooks are asked meanwhile, for the same reason as this one.
    trace.current = cause
    answer = await pending
  } catch (error) {
    throw new CallFailure(name, `failed to call webhook: ${textOf(error)}`, error instanceof StatusError ? error.code : 503)
  } finally {
    process.endSpan(span)
    trace.current = cause
  }
  // Nobody waits for what would come of this any more.
  if (attributes.context.isOver?.()) throw timeout('request did not complete within requested timeout', 0)
  let verdict: Verdict
  try {
    verdict = verdictOf(answer, version, uid, mutating)
  } catch (error) {
    throw new CallFailure(name, `received invalid webhook response: ${textOf(error)}`, 503)
  }
  for (const [key, value] of Object.entries(verdict.auditAnnotations)) attributes.context.annotate?.(`${name}/${key}`, value)
  for (const warning of verdict.warnings) attributes.context.warnings.add(warning)
  return verdict
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What a failure comes to: nothing where the webhook's policy is Ignore, else the error to answer. */
export function judgeFailure(webhook: MutatingWebhook | ValidatingWebhook, error: unknown, attributes: AdmissionAttributes, type: 'admit' | 'validating', openAnnotation: string, { process, metrics }: WebhookParts): unknown {
  if (!(error instanceof CallFailure)) return error
  if (webhook.failurePolicy !== 'Ignore') {
    process.journal.warning('Failed calling webhook, failing closed', { webhook: webhook.name, err: error.message })
    return internalError(error.message)
  }
  process.journal.warning('Failed calling webhook, failing open', { webhook: webhook.name, err: error.message })
  metrics.failedOpen(webhook.name, type)
  attributes.context.annotate?.(openAnnotation, webhook.name)
  return attributes.context.isOver?.() ? timeout('request did not complete within requested timeout', 0) : undefined
}

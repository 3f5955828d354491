/** MutatingAdmissionWebhook: webhooks one after the other, each seeing what those before it changed. */
import type { MutatingWebhook } from '../../../api/generated/types.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { DecodeError, parseJson } from '../../../api/machinery/codec/json.ts'
import { applyJsonPatch, JsonPatchError } from '../../../api/machinery/json-patch.ts'
import { cloneJson } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import { internalError, StatusError } from '../../../api/machinery/status-error.ts'
import type { AdmissionAttributes, AdmissionPlugin, Reinvocation } from '../admission/admission.ts'
import { ask, CallFailure, judgeFailure, shouldCall } from './calling.ts'
import type { WebhookParts } from './calling.ts'
import type { Configurations } from './configurations.ts'
import { isExempt, subjectOf } from './matching.ts'
import { denial } from './review.ts'
import type { Verdict } from './review.ts'
import { readAs, VersionedObjects } from './versioned-objects.ts'
import type { Versioned } from './versioned-objects.ts'

const name = 'MutatingAdmissionWebhook'

/** What is remembered between the two passes over the plugins. */
interface Memory {
  /** The object as the webhooks left it. */
  output: object | undefined
  /** Webhooks that want to look again, called since something last changed. */
  readonly called: Set<string>
  /** Webhooks that are called in the second pass. */
  readonly again: Set<string>
}

function requireAgain(memory: Memory): void {
  for (const uid of memory.called) memory.again.add(uid)
  memory.called.clear()
}

export function mutatingAdmissionWebhook(configurations: Configurations<MutatingWebhook>, parts: WebhookParts): AdmissionPlugin {
  return {
    name,
    handles: (attributes) => configurations.hooks.length > 0 && !isExempt(subjectOf(attributes)),
    async admit(attributes, reinvocation) {
      let memory = reinvocation.memory.get(name) as Memory | undefined
      if (!memory) reinvocation.memory.set(name, (memory = { output: undefined, called: new Set(), again: new Set() }))
      if (reinvocation.repeated && !semanticEqual(memory.output, attributes.object)) requireAgain(memory)
      await dispatch(configurations, attributes, reinvocation, memory, parts)
      memory.output = attributes.object && cloneJson(attributes.object)
    },
  }
}

async function dispatch({ hooks }: Configurations<MutatingWebhook>, attributes: AdmissionAttributes, reinvocation: Reinvocation, memory: Memory, parts: WebhookParts): Promise<void> {
  const versions = new VersionedObjects(attributes)
  const { clock } = parts.process
  let current: Versioned | undefined
  for (const [index, hook] of hooks.entries()) {
    const { webhook } = hook
    const kind = await shouldCall(hook, attributes, current, versions, parts)
    if (!kind || (reinvocation.repeated && !memory.again.has(hook.uid))) continue
    if (current && current.kind !== kind) await versions.keep(current)
    current = await versions.as(kind)
    const place = `round_${reinvocation.repeated ? 1 : 0}_index_${index}`
    const begun = clock.now()
    let changed = false
    let code = 200
    let rejected = false
    let refusal: unknown
    try {
      const verdict = await ask(webhook, attributes, current, true, parts)
      if (!verdict.allowed) {
        const denied = denial(webhook.name, verdict.status)
        code = denied.code
        rejected = true
        parts.metrics.rejected(webhook.name, 'admit', attributes.operation, 'no_error', code)
        refusal = denied
      } else changed = patched(webhook.name, verdict, current, (patch) => note(attributes, `patch.webhook.admission.k8s.io/${place}`, { configuration: hook.configuration, webhook: webhook.name, patch, patchType: 'JSONPatch' }))
    } catch (error) {
      refusal = judgeFailure(webhook, error, attributes, 'admit', `failed-open.mutation.webhook.admission.k8s.io/${place}`, parts)
      code = error instanceof CallFailure ? error.code : error instanceof StatusError ? 0 : 500
      rejected = refusal !== undefined
      if (rejected) parts.metrics.rejected(webhook.name, 'admit', attributes.operation, error instanceof CallFailure ? 'calling_webhook_error' : 'apiserver_internal_error', code)
    }
    parts.metrics.called(webhook.name, 'admit', attributes.operation, rejected, code, (clock.now() - begun) / 1000)
    attributes.context.annotate?.(`mutation.webhook.admission.k8s.io/${place}`, JSON.stringify({ configuration: hook.configuration, webhook: webhook.name, mutated: changed }))
    if (changed) {
      requireAgain(memory)
      reinvocation.wanted = true
    }
    if (webhook.reinvocationPolicy === 'IfNeeded') memory.called.add(hook.uid)
    if (refusal !== undefined) throw refusal
  }
  if (current) await versions.keep(current)
}

/** Applies a verdict's patch; answers whether it changed anything. Throws CallFailures and internal errors. */
function patched(webhook: string, { patch, patchType }: Verdict, current: Versioned, onPatch: (patch: unknown) => void): boolean {
  if (patch === '') return false
  let operations: unknown
  try {
    operations = parseJson(patch)
    if (!Array.isArray(operations)) throw new DecodeError('json: cannot unmarshal object into Go value of type jsonpatch.Patch')
  } catch (error) {
    throw new CallFailure(webhook, `received undecodable patch in webhook response: ${error instanceof Error ? error.message : String(error)}`, 503)
  }
  if ((operations as unknown[]).length === 0) return false
  const { object } = current
  if (!object) throw internalError(`admission webhook ${quote(webhook)} attempted to modify the object, which is not supported for this operation`)
  if (patchType !== 'JSONPatch') throw new CallFailure(webhook, `unsupported patch type ${quote(patchType)}`, 500)
  let after: JsonObject
  try {
    after = applyJsonPatch(object as unknown as JsonObject, operations)
  } catch (error) {
    if (error instanceof JsonPatchError) throw internalError(error.message)
    throw error
  }
  const next = readAs(after, current.form)
  onPatch(operations)
  const changed = !semanticEqual(next, object)
  current.object = next
  current.dirty = true
  return changed
}

/** The patch itself is noted only where the requests' bodies are written down, too. */
function note({ context }: AdmissionAttributes, key: string, value: object): void {
  if (context.audit?.holdsRequests) context.annotate?.(key, JSON.stringify(value))
}

/** MutatingAdmissionPolicy: policies one after the other, each seeing what those before it changed. */
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '../../../api/generated/types.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { cloneJson } from '../../../api/machinery/json-value.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { refused } from '../admission/admission.ts'
import type { AdmissionAttributes, AdmissionPlugin, Reinvocation } from '../admission/admission.ts'
import { subjectOf } from '../webhooks/matching.ts'
import { formOf, VersionedObjects } from '../webhooks/versioned-objects.ts'
import type { Versioned } from '../webhooks/versioned-objects.ts'
import { activationOf, authorizationHook, requestFields } from './activation.ts'
import { conditionsMatch } from './match-conditions.ts'
import { mutated } from './mutator.ts'
import type { Mutator } from './mutator.ts'
import { invocationsOf, isJudged, namespaceFor } from './policy-matching.ts'
import type { Invocation, PolicyParts } from './policy-matching.ts'
import type { PolicySource } from './source.ts'

export type MutatingPolicies = PolicySource<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutator>
type Step = Invocation<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutator>

const name = 'MutatingAdmissionPolicy'

/** What is remembered between the two passes over the plugins. */
interface Memory {
  output: object | undefined
  readonly called: Set<string>
  readonly again: Set<string>
}

interface Problem {
  readonly text: string
  /** '' where it is the configuration's fault. */
  readonly reason: string
}

export function mutatingAdmissionPolicy(source: MutatingPolicies, parts: PolicyParts): AdmissionPlugin {
  return {
    name,
    handles: (attributes) => source.hooks.length > 0 && isJudged(attributes),
    async admit(attributes, reinvocation) {
      const subject = subjectOf(attributes)
      const problems: Problem[] = []
      const invocations = await invocationsOf(source.hooks, subject, parts, ({ policy, binding, message }) => {
        if (policy.spec?.failurePolicy === 'Ignore') return
        problems.push({ reason: '', text: binding ? `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}` : `policy ${quote(policy.metadata.name)} denied request: ${message}` })
      })
      if (invocations.length > 0) problems.push(...(await run(invocations, attributes, reinvocation, parts)))
      if (problems.length > 0) throw errorOf(attributes, problems)
    },
  }
}

async function run(invocations: readonly Step[], attributes: AdmissionAttributes, reinvocation: Reinvocation, parts: PolicyParts): Promise<Problem[]> {
  let memory = reinvocation.memory.get(name) as Memory | undefined
  if (!memory) reinvocation.memory.set(name, (memory = { output: undefined, called: new Set(), again: new Set() }))
  const { called, again } = memory
  const requireAgain = (): void => {
    for (const key of called) again.add(key)
    called.clear()
  }
  if (reinvocation.repeated && !semanticEqual(memory.output, attributes.object)) requireAgain()
  const subject = subjectOf(attributes)
  const requestForm = formOf(subject.kind, subject.subresource, attributes.object)
  const namespace = await namespaceFor(subject, parts.namespaceOf)
  const hook = authorizationHook(parts.authorizer, attributes.context.user)
  const versions = new VersionedObjects(attributes)
  const problems: Problem[] = []
  let current: Versioned | undefined
  for (const { policy, binding, evaluator, kind, param } of invocations) {
    const problem = (text: string): void => {
      if (!evaluator.ignoresErrors) problems.push({ reason: 'Invalid', text: `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${text}` })
    }
    if (current && current.kind !== kind) await versions.keep(current)
    const versioned = (current = await versions.as(kind))
    const request = requestFields(attributes, subject, versioned, requestForm)
    const activation = (): ReturnType<typeof activationOf> => activationOf({ versioned, request, subject, hook, params: param, namespace })
    const outcome = conditionsMatch(evaluator.conditions, evaluator.compiler.variables, activation(), evaluator.ignoresErrors)
    if ('error' in outcome) problem(outcome.error)
    if ('error' in outcome || !outcome.matches) continue
    const key = `${policy.metadata.name}/${binding.metadata.name}/${param ? `${param.metadata.namespace ?? ''}/${param.metadata.name}` : ''}`
    if (reinvocation.repeated && !again.has(key)) continue
    const before = versioned.object
    for (const index of evaluator.mutations.keys()) {
      if (!versioned.object) break
      try {
        versioned.object = mutated(evaluator, index, versioned.object, versioned.form, activation())
        versioned.dirty = true
      } catch (error) {
        if (error instanceof StatusError || !(error instanceof Error)) throw error
        problem(error.message)
      }
    }
    if (!semanticEqual(before, versioned.object)) {
      requireAgain()
      reinvocation.wanted = true
    }
    if (policy.spec?.reinvocationPolicy === 'IfNeeded') called.add(key)
  }
  if (current) await versions.keep(current)
  memory.output = attributes.object && cloneJson(attributes.object)
  return problems
}

/** Forbidden, with the first problem's words for all of its own. */
function errorOf(attributes: AdmissionAttributes, problems: readonly Problem[]): StatusError {
  const { status } = refused(attributes, 'admission request denied by policy')
  const [first] = problems
  return new StatusError({ ...status, message: first!.text, ...(first!.reason === '' ? {} : { reason: first!.reason }), details: { ...status.details, causes: problems.map(({ text }) => ({ message: text })) } })
}

/** Whether a policy, and each of its bindings, is for a request. */
import type { MatchResources } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import type { Authorizer } from '../authz/attributes.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Resources, ServedResource } from '../registry/resources.ts'
import { isExempt, matchedKind, namespaceSelectorMatches, objectSelectorMatches, subjectOf } from '../webhooks/matching.ts'
import type { Equivalents, NamespaceLookup, Subject } from '../webhooks/matching.ts'
import { paramKindText, paramResource, paramsOf } from './params.ts'
import type { Binding, Policy, PolicyHook } from './source.ts'

/** What policies need of the server. */
export interface PolicyParts {
  readonly process: Process
  readonly resources: Resources
  readonly equivalents: Equivalents
  readonly namespaceOf: NamespaceLookup
  readonly authorizer: Authorizer
}

/** Reviews are answers about requests, and no policy's matter. */
const excluded = new Set([
  'selfsubjectreviews.authentication.k8s.io', 'tokenreviews.authentication.k8s.io', 'localsubjectaccessreviews.authorization.k8s.io', 'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io', 'subjectaccessreviews.authorization.k8s.io',
])

export function isJudged(attributes: AdmissionAttributes): boolean {
  const subject = subjectOf(attributes)
  return !isExempt(subject) && !excluded.has(`${subject.kind.plural}.${subject.kind.group}`)
}

/** The endpoint in whose form the objects are judged; undefined: not for this request. */
async function matchedResources(match: MatchResources, subject: Subject, { equivalents, namespaceOf }: PolicyParts): Promise<Kind | undefined> {
  if (!objectSelectorMatches(match.objectSelector, subject)) return undefined
  if (matchedKind(match.excludeResourceRules, match.matchPolicy, subject, equivalents)) return undefined
  const rules = match.resourceRules ?? []
  const kind = rules.length === 0 ? subject.kind : matchedKind(rules, match.matchPolicy, subject, equivalents)
  if (!kind) return undefined
  const selected = namespaceSelectorMatches(match.namespaceSelector, subject, namespaceOf)
  return (selected instanceof Promise ? await selected : selected) ? kind : undefined
}

/** A policy in force for a request, by one of its bindings, with one of the parameters. */
export interface Invocation<P, B, E> {
  readonly policy: P
  readonly binding: B
  readonly evaluator: E
  readonly kind: Kind
  /** Null: none. */
  readonly param: KubeObject | null
}

/** What is wrong with a policy or (where there is one) its binding, for this request. */
export interface ConfigurationProblem<P, B> {
  readonly policy: P
  readonly binding: B | undefined
  readonly message: string
}

/** Everything that is in force for a request, in order; problems go to `onProblem`. */
export async function invocationsOf<P extends Policy, B extends Binding, E>(hooks: readonly PolicyHook<P, B, E>[], subject: Subject, parts: PolicyParts, onProblem: (problem: ConfigurationProblem<P, B>) => void): Promise<Invocation<P, B, E>[]> {
  const found: Invocation<P, B, E>[] = []
  for (const { policy, bindings, evaluator } of hooks) {
    const problem = (error: unknown, binding?: B): void => onProblem({ policy, binding, message: `failed to configure ${binding ? 'binding' : 'policy'}: ${error instanceof Error ? error.message : String(error)}` })
    let kind: Kind | undefined
    let resource: ServedResource | undefined
    try {
      const { matchConstraints, paramKind } = policy.spec ?? {}
      if (!matchConstraints) throw new Error('policy contained no match constraints, a required field')
      kind = await matchedResources(matchConstraints, subject, parts)
      if (!kind) continue
      resource = paramKind && paramResource(parts.resources, paramKind)
      if (paramKind && !resource) throw new Error(`failed to find resource referenced by paramKind: '${paramKindText(paramKind)}'`)
    } catch (error) {
      problem(error)
      continue
    }
    for (const binding of bindings) {
      try {
        const { matchResources, paramRef } = binding.spec ?? {}
        if (matchResources && !(await matchedResources(matchResources, subject, parts))) continue
        for (const param of await paramsOf(resource, paramRef, subject.namespace)) found.push({ policy, binding, evaluator, kind, param })
      } catch (error) {
        problem(error, binding)
      }
    }
  }
  return found
}

/** The namespace that expressions see: none for what lies in none. Throws NotFound. */
export async function namespaceFor({ kind, namespace }: Subject, namespaceOf: NamespaceLookup): Promise<KubeObject | undefined> {
  return namespace === '' || (kind.group === '' && kind.kind === 'Namespace') ? undefined : namespaceOf(namespace)
}

/** Which requests a webhook or policy is for: rules, equivalent resources, selectors. Follows upstream's generic webhook and policy
 *  matchers. */
import type { LabelSelector, RuleWithOperations } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { cachedSelectorOf, isEverything, matchesSelector } from '../../../api/machinery/labels.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { AdmissionAttributes, Operation } from '../admission/admission.ts'
import type { Resources } from '../registry/resources.ts'

/** What a request is about, as rules see it. */
export interface Subject {
  readonly operation: Operation
  /** The endpoint that the client used. */
  readonly kind: Kind
  readonly subresource: string
  readonly name: string
  /** A Namespace lies in itself here, as upstream. */
  readonly namespace: string
  readonly object: KubeObject | undefined
  readonly oldObject: KubeObject | undefined
}

export function subjectOf(attributes: AdmissionAttributes): Subject {
  const { operation, kind, subresource, name, namespace, object, oldObject } = attributes
  const served = attributes.served ?? kind
  return { operation, kind: served, subresource, name, namespace: namespace === '' && isNamespace(served) ? name : namespace, object, oldObject }
}

function isNamespace({ group, plural }: Kind): boolean {
  return group === '' && plural === 'namespaces'
}

/** Policies and webhooks never judge what they themselves are written in: nobody shall lock himself out. */
const exempt = new Set(['validatingwebhookconfigurations', 'mutatingwebhookconfigurations', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings', 'mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'])

export function isExempt({ kind }: Subject): boolean {
  return kind.group === 'admissionregistration.k8s.io' && exempt.has(kind.plural)
}

/** Rules with names are those of policies. */
export type Rule = RuleWithOperations & { readonly resourceNames?: readonly string[] }

/** Whether a rule is for the subject, if its endpoint were `kind`. */
function ruleMatches(rule: Rule, subject: Subject, kind: Kind): boolean {
  const { scope, operations = [], apiGroups = [], apiVersions = [], resources = [], resourceNames } = rule
  const inNamespace = subject.namespace !== '' && !isNamespace(kind)
  if (scope === 'Namespaced' ? !inNamespace : scope === 'Cluster' ? inNamespace : false) return false
  if (!operations.includes('*') && !operations.includes(subject.operation)) return false
  if (!apiGroups.includes('*') && !apiGroups.includes(kind.group)) return false
  if (!apiVersions.includes('*') && !apiVersions.includes(kind.version)) return false
  if (!resources.some((text) => resourceMatches(text, kind.plural, subject.subresource))) return false
  return !resourceNames || resourceNames.length === 0 || resourceNames.includes(subject.name)
}

function resourceMatches(text: string, plural: string, subresource: string): boolean {
  const slash = text.indexOf('/')
  const resource = slash < 0 ? text : text.slice(0, slash)
  const wanted = slash < 0 ? '' : text.slice(slash + 1)
  return (resource === '*' || resource === plural) && (wanted === '*' || wanted === subresource)
}

/** Other endpoints that show the same stored objects: versions of a definition, kinds that are stored as another. */
export class Equivalents {
  readonly #resources: Resources
  #version = -1
  #byStorage = new Map<string, Kind[]>()

  constructor(resources: Resources) {
    this.#resources = resources
  }

  /** In the order in which they are served, without the kind itself. */
  of(kind: Kind, subresource: string): readonly Kind[] {
    if (this.#version !== this.#resources.version) {
      this.#byStorage = new Map()
      for (const { kind: each } of this.#resources.all()) {
        const key = storageOf(each)
        const known = this.#byStorage.get(key)
        if (known) known.push(each)
        else this.#byStorage.set(key, [each])
      }
      this.#version = this.#resources.version
    }
    const all = this.#byStorage.get(storageOf(kind)) ?? []
    if (all.length < 2) return none
    return all.filter((each) => (each.group !== kind.group || each.version !== kind.version) && (subresource === '' || each.subresources.some((has) => (has.type === 'named' ? has.name : has.type) === subresource)))
  }
}

const none: readonly Kind[] = []

function storageOf({ storedAs, custom, group, kind, plural }: Kind): string {
  if (custom) return `${group}/${plural}`
  return storedAs ? `${storedAs.group} ${storedAs.kind}` : `${group} ${kind}`
}

/** The endpoint whose form is wanted: the request's own, or with Equivalent an equivalent one that a rule names. Undefined: the rules are
 *  not for the subject. */
export function matchedKind(rules: readonly Rule[] | undefined, matchPolicy: string | undefined, subject: Subject, equivalents: Equivalents): Kind | undefined {
  if (!rules) return undefined
  for (const rule of rules) if (ruleMatches(rule, subject, subject.kind)) return subject.kind
  if (matchPolicy !== 'Equivalent') return undefined
  const others = equivalents.of(subject.kind, subject.subresource)
  for (const rule of rules) for (const kind of others) if (ruleMatches(rule, subject, kind)) return kind
  return undefined
}

export function objectSelectorMatches(selector: LabelSelector | undefined, { object, oldObject }: Subject): boolean {
  const parsed = cachedSelectorOf(selector ?? everything)
  if (isEverything(parsed)) return true
  return [object, oldObject].some((each) => each?.metadata !== undefined && matchesSelector(parsed, each.metadata.labels))
}

const everything: LabelSelector = {}

/** Finds namespaces: what the caches know, or else etcd. Rejects with NotFound. */
export type NamespaceLookup = (name: string) => KubeObject | Promise<KubeObject>

/** Whether the namespace of the subject is selected. Throws NotFound for a namespace that is not there. */
export function namespaceSelectorMatches(selector: LabelSelector | undefined, subject: Subject, namespaceOf: NamespaceLookup): boolean | Promise<boolean> {
  const parsed = cachedSelectorOf(selector ?? everything)
  // Without a namespace nothing is ever exempted.
  if (subject.namespace === '' && !isNamespace(subject.kind)) return true
  if (isEverything(parsed)) return true
  if (isNamespace(subject.kind) && subject.subresource === '' && (subject.operation === 'CREATE' || subject.operation === 'UPDATE')) return matchesSelector(parsed, subject.object?.metadata.labels)
  const found = namespaceOf(subject.namespace)
  return found instanceof Promise ? found.then(({ metadata }) => matchesSelector(parsed, metadata.labels)) : matchesSelector(parsed, found.metadata.labels)
}

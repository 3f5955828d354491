import type { Namespace, Pod, PodTemplateSpec } from '../../../../api/generated/types.ts'
import { compareBytes, quote } from '../../../../api/machinery/go-text.ts'
import type { KubeObject } from '../../../../api/machinery/object.ts'
import { forbidden, internalError, invalid } from '../../../../api/machinery/status-error.ts'
import { fieldErrorsText } from '../../../../api/machinery/field-error.ts'
import { jsonEqual } from '../../../../api/machinery/equality.ts'
import { annotate } from '../admission.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts'
import { violationsOf, violationsText } from './evaluate.ts'
import { checkedOf } from './pod-check.ts'
import type { Checked } from './pod-check.ts'
import { compareLevels, isFullyPrivileged, levelText, policyOf } from './policy.ts'
import type { LevelVersion, Policy } from './policy.ts'

/** Who is exempt from every check, as the plugin's configuration file lists them; nobody by default. */
export interface Exemptions {
  readonly namespaces?: readonly string[]
  readonly usernames?: readonly string[]
  readonly runtimeClasses?: readonly string[]
}

export interface PodSecurityParts {
  readonly namespace: (name: string) => KubeObject | undefined | Promise<KubeObject | undefined>
  /** All pods of a namespace; called when a namespace becomes stricter. */
  readonly podsOf: (namespace: string) => readonly Pod[]
  readonly exemptions?: Exemptions
}

const prefix = 'pod-security.kubernetes.io/'
/** How many pods of a namespace are looked at when it becomes stricter. */
const checkedPodsMax = 3_000
const ignoredSubresources = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'])

type WithTemplate = KubeObject & { template?: PodTemplateSpec; spec?: { template?: PodTemplateSpec; jobTemplate?: { spec?: { template?: PodTemplateSpec } } } }

/** Where the kinds that make pods keep what they make. */
const templates: Readonly<Record<string, (object: WithTemplate) => PodTemplateSpec | undefined>> = {
  'replicationcontrollers.': ({ spec }) => spec?.template,
  'podtemplates.': ({ template }) => template,
  'replicasets.apps': ({ spec }) => spec?.template,
  'deployments.apps': ({ spec }) => spec?.template,
  'statefulsets.apps': ({ spec }) => spec?.template,
  'daemonsets.apps': ({ spec }) => spec?.template,
  'jobs.batch': ({ spec }) => spec?.template,
  'cronjobs.batch': ({ spec }) => spec?.jobTemplate?.spec?.template,
}

/** Holds pods to the Pod Security Standard that their namespace's labels name, and warns about templates that would break it.
 *  Follows upstream's PodSecurity; not modelled: the time limit when a namespace's pods are looked over. */
export function podSecurity(parts: PodSecurityParts): AdmissionPlugin {
  const { namespaces = [], usernames = [], runtimeClasses = [] } = parts.exemptions ?? {}
  const key = ({ kind }: AdmissionAttributes): string => `${kind.plural}.${kind.group}`
  return {
    name: 'PodSecurity',
    handles(attributes) {
      const { operation, subresource } = attributes
      if (operation !== 'CREATE' && operation !== 'UPDATE') return false
      const resource = key(attributes)
      if (resource === 'pods.') return !ignoredSubresources.has(subresource)
      return subresource === '' && (resource === 'namespaces.' || Object.hasOwn(templates, resource))
    },
    validate(attributes) {
      const resource = key(attributes)
      if (resource === 'namespaces.') return checkNamespace(attributes)
      const exempt = namespaces.includes(attributes.namespace) ? 'namespace' : usernames.includes(attributes.context.user.name) ? 'user' : undefined
      if (exempt) return annotate(attributes, `${prefix}exempt`, exempt)
      const found = parts.namespace(attributes.namespace)
      return found instanceof Promise ? found.then((namespace) => checkIn(attributes, namespace)) : checkIn(attributes, found)
    },
  }

  function checkIn(attributes: AdmissionAttributes, namespace: KubeObject | undefined): void {
    const isPod = key(attributes) === 'pods.'
    if (!namespace) {
      if (isPod) throw internalError(`failed to lookup namespace ${quote(attributes.namespace)}`)
      return
    }
    const { policy, errors } = policyOf(namespace.metadata.labels)
    if (errors.length === 0 && (isPod ? isFullyPrivileged(policy) : policy.warn.level === 'privileged' && policy.audit.level === 'privileged')) {
      if (isPod) annotate(attributes, `${prefix}enforce-policy`, 'privileged:latest')
      return
    }
    if (isPod && attributes.operation === 'UPDATE' && !isSignificant(attributes.object as Pod, attributes.oldObject as Pod)) return
    const pod = isPod ? (attributes.object as Pod) : templates[key(attributes)]!(attributes.object as WithTemplate)
    if (!pod) return
    if (errors.length > 0) annotate(attributes, `${prefix}error`, `Failed to parse policy: ${fieldErrorsText(errors)}`)
    evaluate(attributes, checkedOf(pod), policy, isPod)
  }

  function evaluate(attributes: AdmissionAttributes, pod: Checked, policy: Policy, enforced: boolean): void {
    if (runtimeClasses.includes(pod.spec.runtimeClassName ?? '')) return annotate(attributes, `${prefix}exempt`, 'runtimeClass')
    if (enforced) annotate(attributes, `${prefix}enforce-policy`, levelText(policy.enforce))
    const violations = enforced ? violationsOf(pod, policy.enforce) : []
    const audited = violationsOf(pod, policy.audit)
    if (audited.length > 0) annotate(attributes, `${prefix}audit-violations`, `would violate PodSecurity ${quote(levelText(policy.audit))}: ${violationsText(audited)}`)
    if (violations.length > 0) {
      const { kind, name } = attributes
      throw forbidden({ group: kind.group, resource: kind.plural }, name, `violates PodSecurity ${quote(levelText(policy.enforce))}: ${violationsText(violations)}`)
    }
    const warned = violationsOf(pod, policy.warn)
    if (warned.length > 0) attributes.context.warnings.add(`would violate PodSecurity ${quote(levelText(policy.warn))}: ${violationsText(warned)}`)
  }

  /** A namespace's labels must be right, unless they were wrong already; becoming stricter warns about the pods that are there. */
  function checkNamespace({ operation, object, oldObject, name, kind, context }: AdmissionAttributes): void {
    const { labels } = (object as Namespace).metadata
    const { policy, errors } = policyOf(labels)
    const refuse = (): never => {
      throw invalid({ group: kind.group, kind: kind.kind }, name, [...errors])
    }
    const warnIfExempt = (): void => {
      const text = namespaces.includes(name) ? ignoredText(policy, labels) : ''
      if (text !== '') context.warnings.add(`namespace ${quote(name)} is exempt from Pod Security, and the policy (${text}) will be ignored`)
    }
    if (operation === 'CREATE') return errors.length > 0 ? refuse() : warnIfExempt()
    const old = policyOf((oldObject as Namespace).metadata.labels)
    if (errors.length > 0 && !jsonEqual(errors, old.errors)) refuse()
    const { enforce } = policy
    const before = old.policy.enforce
    if (enforce.level === 'privileged' || jsonEqual(enforce, before)) return
    if (enforce.version === before.version && compareLevels(enforce.level, before.level) < 1) return
    if (namespaces.includes(name)) return warnIfExempt()
    for (const warning of warningsAboutPods(name, enforce)) context.warnings.add(warning)
  }

  function warningsAboutPods(namespace: string, enforce: LevelVersion): string[] {
    const pods = firstOfEachOwner(parts.podsOf(namespace).filter(({ spec }) => !runtimeClasses.includes(spec?.runtimeClassName ?? '')))
    const found = new Map<string, string[]>()
    for (const pod of pods.slice(0, checkedPodsMax)) {
      const violations = violationsOf(checkedOf(pod), enforce)
      if (violations.length === 0) continue
      const reasons = violations.map(({ reason }) => reason).join(', ')
      found.set(reasons, [...(found.get(reasons) ?? []), pod.metadata.name])
    }
    const warnings: string[] = []
    if (pods.length > checkedPodsMax) warnings.push(`new PodSecurity enforce level only checked against the first ${checkedPodsMax} of ${pods.length} existing pods`)
    if (found.size > 0) warnings.push(`existing pods in namespace ${quote(namespace)} violate the new PodSecurity enforce level ${quote(levelText(enforce))}`)
    return [...warnings, ...[...found].map(([reasons, names]) => `${withOthers(names)}: ${reasons}`).sort(compareBytes)]
  }
}

/** `a`, `a (and 1 other pod)`, `a (and 2 other pods)` */
function withOthers(names: readonly string[]): string {
  const first = [...names].sort(compareBytes)[0]!
  if (names.length === 1) return first
  return `${first} (and ${names.length - 1} other ${names.length === 2 ? 'pod' : 'pods'})`
}

/** One pod of each controller before their likes: those tell most. */
function firstOfEachOwner(pods: readonly Pod[]): Pod[] {
  const owners = new Set<string>()
  const first: Pod[] = []
  const rest: Pod[] = []
  for (const pod of pods) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid
    if (owner !== undefined && owners.has(owner)) rest.push(pod)
    else first.push(pod)
    if (owner !== undefined) owners.add(owner)
  }
  return [...first, ...rest]
}

function ignoredText(policy: Policy, labels: Readonly<Record<string, string>> | undefined): string {
  const said = (['enforce', 'audit', 'warn'] as const).filter((mode) => policy[mode].level !== 'privileged' && (labels?.[prefix + mode] !== undefined || labels?.[`${prefix}${mode}-version`] !== undefined))
  return said.map((mode) => `${mode}=${levelText(policy[mode])}`).join(', ')
}

/** Whether an update of a pod brings anything that was not checked: another image, another container. */
function isSignificant({ spec }: Pod, { spec: old }: Pod): boolean {
  const differ = (list: 'containers' | 'initContainers'): boolean => {
    const now = spec?.[list] ?? []
    const before = old?.[list] ?? []
    return now.length !== before.length || now.some((container, index) => container.image !== before[index]!.image)
  }
  if (differ('containers') || differ('initContainers')) return true
  return (spec?.ephemeralContainers ?? []).some((container) => {
    const before = old?.ephemeralContainers?.find(({ name }) => name === container.name)
    return !before || before.image !== container.image
  })
}

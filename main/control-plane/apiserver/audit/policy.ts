/** The audit policy: which requests are written down, and how much of them. */
import { DecodeError } from '../../../api/machinery/codec/json.ts'
import { parseYaml } from '../../../api/machinery/codec/yaml.ts'
import { isObject } from '../../../api/machinery/json-value.ts'
import type { User } from '../authn/user.ts'
import type { RequestInfo } from '../request-info/request-info.ts'

export const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
export type Level = (typeof levels)[number]
export const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const
export type Stage = (typeof stages)[number]

interface GroupResources {
  readonly group: string
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

export interface PolicyRule {
  readonly level: Level
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly resources: readonly GroupResources[]
  readonly namespaces: readonly string[]
  readonly nonResourceURLs: readonly string[]
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields: boolean | undefined
}

export interface Policy {
  readonly rules: readonly PolicyRule[]
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields: boolean
}

/** What one request gets. */
export interface AuditConfig {
  readonly level: Level
  readonly omitStages: ReadonlySet<Stage>
  readonly omitManagedFields: boolean
}

const nothing: AuditConfig = { level: 'None', omitStages: new Set(), omitManagedFields: false }
const apiVersions = ['audit.k8s.io/v1']

/** Reads a Policy; throws an Error that says what is wrong with it. */
export function parsePolicy(text: string): Policy {
  let value: unknown
  try {
    value = parseYaml(text)
  } catch (error) {
    if (error instanceof DecodeError) throw new Error(`failed decoding: ${error.message}`)
    throw error
  }
  if (!isObject(value)) throw new Error('failed decoding: couldn\'t get version/kind; json parse error')
  const version = String(value['apiVersion'] ?? '')
  if (!apiVersions.includes(version) || value['kind'] !== 'Policy') throw new Error(`failed decoding: no kind "${String(value['kind'] ?? '')}" is registered for version "${version}" in scheme "pkg/audit/scheme.go:30"`)
  const rules = listOf(value['rules'], 'rules').map((each, index) => ruleOf(each, `rules[${index}]`))
  if (rules.length === 0) throw new Error('loaded illegal policy with 0 rules')
  return { rules, omitStages: stagesOf(value['omitStages'], 'omitStages'), omitManagedFields: value['omitManagedFields'] === true }
}

/** The first rule that matches decides; what none matches is not written down. */
export function configFor(policy: Policy, user: User, info: RequestInfo): AuditConfig {
  const rule = policy.rules.find((each) => matches(each, user, info))
  if (!rule || rule.level === 'None') return nothing
  return { level: rule.level, omitStages: new Set([...policy.omitStages, ...rule.omitStages]), omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields }
}

/** Whether `level` is at least `least`. */
export function reaches(level: Level, least: Level): boolean {
  return levels.indexOf(level) >= levels.indexOf(least)
}

function matches(rule: PolicyRule, user: User, info: RequestInfo): boolean {
  if (rule.users.length > 0 && !rule.users.includes(user.name)) return false
  if (rule.userGroups.length > 0 && !user.groups.some((group) => rule.userGroups.includes(group))) return false
  if (rule.verbs.length > 0 && !rule.verbs.includes(info.verb)) return false
  if (rule.namespaces.length > 0 || rule.resources.length > 0) return matchesResource(rule, info)
  if (rule.nonResourceURLs.length > 0) return !info.isResource && rule.nonResourceURLs.some((url) => url === '*' || url === info.path || (url.endsWith('*') && info.path.startsWith(url.slice(0, -1))))
  return true
}

function matchesResource({ namespaces, resources }: PolicyRule, info: RequestInfo): boolean {
  if (!info.isResource) return false
  if (namespaces.length > 0 && !namespaces.includes(info.namespace)) return false
  if (resources.length === 0) return true
  const combined = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`
  return resources.some((each) => {
    if (each.group !== info.group) return false
    if (each.resources.length === 0) return true
    if (each.resourceNames.length > 0 && !each.resourceNames.includes(info.name)) return false
    return each.resources.some((name) => name === '*' || name === combined || (info.subresource !== '' && name === `*/${info.subresource}`) || name === `${info.resource}/*`)
  })
}

function ruleOf(value: unknown, path: string): PolicyRule {
  if (!isObject(value)) throw new Error(`failed decoding: ${path}: expected an object`)
  const level = value['level']
  if (!levels.includes(level as Level)) throw new Error(`${path}.level: ${level === undefined || level === '' ? 'Required value' : `Unsupported value: ${JSON.stringify(level)}: supported values: "Metadata", "None", "Request", "RequestResponse"`}`)
  const resources = listOf(value['resources'], `${path}.resources`).map((each) => {
    if (!isObject(each)) throw new Error(`failed decoding: ${path}.resources: expected an object`)
    return { group: String(each['group'] ?? ''), resources: textsOf(each['resources'], `${path}.resources`), resourceNames: textsOf(each['resourceNames'], `${path}.resourceNames`) }
  })
  const nonResourceURLs = textsOf(value['nonResourceURLs'], `${path}.nonResourceURLs`)
  const namespaces = textsOf(value['namespaces'], `${path}.namespaces`)
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0)) throw new Error(`${path}.nonResourceURLs: Invalid value: ${JSON.stringify(nonResourceURLs)}: rules cannot apply to both regular resources and non-resource URLs`)
  return {
    level: level as Level,
    users: textsOf(value['users'], `${path}.users`),
    userGroups: textsOf(value['userGroups'], `${path}.userGroups`),
    verbs: textsOf(value['verbs'], `${path}.verbs`),
    resources,
    namespaces,
    nonResourceURLs,
    omitStages: stagesOf(value['omitStages'], `${path}.omitStages`),
    omitManagedFields: typeof value['omitManagedFields'] === 'boolean' ? value['omitManagedFields'] : undefined,
  }
}

function stagesOf(value: unknown, path: string): Stage[] {
  return textsOf(value, path).map((stage) => {
    if (!stages.includes(stage as Stage)) throw new Error(`${path}: Invalid value: ${JSON.stringify(stage)}: allowed stages are ${stages.join(',')}`)
    return stage as Stage
  })
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new Error(`failed decoding: ${path}: expected a list`)
  return value
}

function textsOf(value: unknown, path: string): string[] {
  return listOf(value, path).map((each) => {
    if (typeof each !== 'string') throw new Error(`failed decoding: ${path}: expected a string`)
    return each
  })
}

/** What requests a webhook or policy is for: rules, selectors and match conditions. */
import type { MatchCondition, MatchResources, NamedRuleWithOperations, RuleWithOperations } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired, fieldTooMany } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isPathSegmentName, isQualifiedName } from '../../machinery/names.ts'
import { validateLabelSelector } from '../core/label-validation.ts'
import { expressionErrors } from './expressions.ts'

export const failurePolicies = ['Fail', 'Ignore']
export const matchPolicies = ['Equivalent', 'Exact']
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const scopes = ['*', 'Cluster', 'Namespaced']
const matchConditionsMax = 64

export function ruleErrors(rule: RuleWithOperations, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const wanted = rule.operations ?? []
  if (wanted.length === 0) errors.push(fieldRequired(at.child('operations')))
  if (wanted.length > 1 && wanted.includes('*')) errors.push(fieldInvalid(at.child('operations'), wanted, "if '*' is present, must not specify other operations"))
  for (const [index, operation] of wanted.entries()) {
    if (!operations.includes(operation)) errors.push(fieldNotSupported(at.child('operations').index(index), operation, operations))
  }
  const groups = rule.apiGroups ?? []
  if (groups.length === 0) errors.push(fieldRequired(at.child('apiGroups')))
  if (groups.length > 1 && groups.includes('*')) errors.push(fieldInvalid(at.child('apiGroups'), groups, "if '*' is present, must not specify other API groups"))
  const versions = rule.apiVersions ?? []
  if (versions.length === 0) errors.push(fieldRequired(at.child('apiVersions')))
  if (versions.length > 1 && versions.includes('*')) errors.push(fieldInvalid(at.child('apiVersions'), versions, "if '*' is present, must not specify other API versions"))
  for (const [index, version] of versions.entries()) if (version === '') errors.push(fieldRequired(at.child('apiVersions').index(index)))
  errors.push(...resourcesErrors(rule.resources ?? [], at.child('resources')))
  if (rule.scope !== undefined && !scopes.includes(rule.scope)) errors.push(fieldNotSupported(at.child('scope'), rule.scope, scopes))
  return errors
}

/** Resources and subresources: `pods`, `pods/status`, `pods/*`, `*` followed by `/scale`, `*`, and all of everything. */
function resourcesErrors(resources: readonly string[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (resources.length === 0) errors.push(fieldRequired(at))
  const allSubresourcesOf = new Set<string>()
  const ofAllResources = new Set<string>()
  let endsPlain = false
  for (const [index, text] of resources.entries()) {
    if (text === '') {
      errors.push(fieldRequired(at.index(index)))
      continue
    }
    const slash = text.indexOf('/')
    if (slash < 0) {
      // As upstream: only the last resource without a subresource decides.
      endsPlain = text !== '*'
      continue
    }
    const resource = text.slice(0, slash)
    const subresource = text.slice(slash + 1)
    if (allSubresourcesOf.has(resource)) errors.push(fieldInvalid(at.index(index), text, `if '${resource}/*' is present, must not specify ${text}`))
    if (ofAllResources.has(subresource)) errors.push(fieldInvalid(at.index(index), text, `if '*/${subresource}' is present, must not specify ${text}`))
    if (subresource === '*') allSubresourcesOf.add(resource)
    if (resource === '*') ofAllResources.add(subresource)
  }
  if (resources.length > 1 && resources.includes('*/*')) errors.push(fieldInvalid(at, resources, "if '*/*' is present, must not specify other resources"))
  if (resources.includes('*') && endsPlain) errors.push(fieldInvalid(at, resources, "if '*' is present, must not specify other resources without subresources"))
  return errors
}

function namedRuleErrors(rule: NamedRuleWithOperations, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, name] of (rule.resourceNames ?? []).entries()) {
    const here = at.child('resourceNames').index(index)
    for (const message of isPathSegmentName(name)) errors.push(fieldInvalid(here, name, message))
    if (seen.has(name)) errors.push(fieldDuplicate(here, name))
    seen.add(name)
  }
  return [...errors, ...ruleErrors(rule, at)]
}

/** A policy's or binding's match resources; their defaults have been filled in. */
export function matchResourcesErrors(match: MatchResources, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (match.matchPolicy === undefined) errors.push(fieldRequired(at.child('matchPolicy')))
  else if (!matchPolicies.includes(match.matchPolicy)) errors.push(fieldNotSupported(at.child('matchPolicy'), match.matchPolicy, matchPolicies))
  for (const selector of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[selector] === undefined) errors.push(fieldRequired(at.child(selector)))
    else errors.push(...validateLabelSelector(match[selector], at.child(selector)))
  }
  for (const list of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [index, rule] of (match[list] ?? []).entries()) errors.push(...namedRuleErrors(rule, at.child(list).index(index)))
  }
  return errors
}

export function matchConditionsErrors(conditions: readonly MatchCondition[] | undefined, hasParams: boolean, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  const list = conditions ?? []
  if (list.length > matchConditionsMax) errors.push(fieldTooMany(at, list.length, matchConditionsMax))
  for (const [index, { name, expression }] of list.entries()) {
    const here = at.index(index)
    const trimmed = (expression ?? '').trim()
    if (trimmed === '') errors.push(fieldRequired(here.child('expression')))
    else errors.push(...expressionErrors({ expression: trimmed, purpose: 'match condition', hasParams, hasAuthorizer: true }, here.child('expression')))
    if (!name) errors.push(fieldRequired(here.child('name')))
    else for (const message of isQualifiedName(name)) errors.push(fieldInvalid(here.child('name'), name, message))
    if (name && seen.has(name)) errors.push(fieldDuplicate(here.child('name'), name))
    seen.add(name)
  }
  return errors
}

import type { FlowcontrolSubject, FlowSchema, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../machinery/names.ts'
import { mandatoryFlowSchemas } from './mandatory.ts'
import { statusConditionErrors } from './status-validation.ts'

const at = fieldPath('spec')
const precedenceMax = 10_000
const distinguishers = ['ByNamespace', 'ByUser']
const subjectKinds = ['Group', 'ServiceAccount', 'User']
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']

export function validateFlowSchema(schema: FlowSchema): FieldError[] {
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration, rules = [] } = schema.spec ?? { priorityLevelConfiguration: { name: '' } }
  const { name } = schema.metadata
  const errors: FieldError[] = []
  const precedence = at.child('matchingPrecedence')
  if (matchingPrecedence <= 0) errors.push(fieldInvalid(precedence, matchingPrecedence, 'must be a positive value'))
  if (matchingPrecedence > precedenceMax) errors.push(fieldInvalid(precedence, matchingPrecedence, `must not be greater than ${precedenceMax}`))
  if (matchingPrecedence === 1 && name !== 'exempt') errors.push(fieldInvalid(precedence, matchingPrecedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  if (distinguisherMethod && !distinguishers.includes(distinguisherMethod.type)) errors.push(fieldNotSupported(at.child('distinguisherMethod', 'type'), distinguisherMethod.type, distinguishers))
  const level = at.child('priorityLevelConfiguration', 'name')
  if (!priorityLevelConfiguration?.name) errors.push(fieldRequired(level, 'must reference a priority level'))
  else errors.push(...isDns1123Subdomain(priorityLevelConfiguration.name).map((message) => fieldInvalid(level, priorityLevelConfiguration.name, message)))
  for (const [index, rule] of rules.entries()) errors.push(...ruleErrors(rule, at.child('rules').index(index)))
  if (Object.hasOwn(mandatoryFlowSchemas, name) && !semanticEqual(schema.spec, mandatoryFlowSchemas[name])) errors.push(fieldInvalid(at, schema.spec, `spec of '${name}' must equal the fixed value`))
  return [...errors, ...validateFlowSchemaStatus(schema)]
}

export function validateFlowSchemaStatus({ status }: FlowSchema): FieldError[] {
  return statusConditionErrors(status?.conditions)
}

function ruleErrors({ subjects = [], resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects, path: FieldPath): FieldError[] {
  const errors = subjects.flatMap((subject, index) => subjectErrors(subject, path.child('subjects').index(index)))
  if (subjects.length === 0) errors.push(fieldRequired(path.child('subjects'), 'subjects must contain at least one value'))
  if (resourceRules.length === 0 && nonResourceRules.length === 0) errors.push(fieldRequired(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  for (const [index, rule] of resourceRules.entries()) errors.push(...resourceRuleErrors(rule, path.child('resourceRules').index(index)))
  for (const [index, rule] of nonResourceRules.entries()) errors.push(...pathRuleErrors(rule, path.child('nonResourceRules').index(index)))
  return errors
}

const fieldOfKind: Readonly<Record<string, 'serviceAccount' | 'user' | 'group'>> = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' }

/** A subject has the one part that its kind names. */
function subjectErrors(subject: FlowcontrolSubject, path: FieldPath): FieldError[] {
  const own = Object.hasOwn(fieldOfKind, subject.kind) ? fieldOfKind[subject.kind] : undefined
  if (!own) return [fieldNotSupported(path.child('kind'), subject.kind, subjectKinds)]
  const errors: FieldError[] = []
  const part = subject[own]
  if (!part) errors.push(fieldRequired(path.child(own), `${own} is required when subject kind is '${subject.kind}'`))
  else {
    if (!part.name) errors.push(fieldRequired(path.child(own, 'name')))
    if (own === 'serviceAccount') errors.push(...serviceAccountErrors(subject, path.child(own)))
  }
  for (const [kind, field] of Object.entries(fieldOfKind)) {
    if (field !== own && subject[field]) errors.push(fieldForbidden(path.child(field), `${field} is forbidden when subject kind is not '${kind}'`))
  }
  return errors
}

function serviceAccountErrors({ serviceAccount }: FlowcontrolSubject, path: FieldPath): FieldError[] {
  const { name = '', namespace = '' } = serviceAccount ?? {}
  const errors: FieldError[] = []
  if (name !== '' && name !== '*') errors.push(...isDns1123Subdomain(name).map((message) => fieldInvalid(path.child('name'), name, message)))
  if (namespace === '') errors.push(fieldRequired(path.child('namespace'), 'must specify namespace for service account'))
  else errors.push(...isDns1123Label(namespace).map((message) => fieldInvalid(path.child('namespace'), namespace, message)))
  return errors
}

function verbErrors(wanted: readonly string[], path: FieldPath): FieldError[] {
  if (wanted.length === 0) return [fieldRequired(path, 'verbs must contain at least one value')]
  if (wanted.includes('*')) return wanted.length > 1 ? [fieldInvalid(path, wanted, "if '*' is present, must not specify other verbs")] : []
  return wanted.every((verb) => verbs.includes(verb)) ? [] : [fieldNotSupported(path, wanted, verbs)]
}

function resourceRuleErrors({ verbs: wanted = [], apiGroups = [], resources = [], namespaces = [], clusterScope }: ResourcePolicyRule, path: FieldPath): FieldError[] {
  const errors = verbErrors(wanted, path.child('verbs'))
  if (apiGroups.length === 0) errors.push(fieldRequired(path.child('apiGroups'), 'resource rules must supply at least one api group'))
  else if (apiGroups.length > 1 && apiGroups.includes('*')) errors.push(fieldInvalid(path.child('apiGroups'), apiGroups, "if '*' is present, must not specify other api groups"))
  if (resources.length === 0) errors.push(fieldRequired(path.child('resources'), 'resource rules must supply at least one resource'))
  else if (resources.length > 1 && resources.includes('*')) errors.push(fieldInvalid(path.child('resources'), resources, "if '*' is present, must not specify other resources"))
  const here = path.child('namespaces')
  if (namespaces.length === 0 && !clusterScope) errors.push(fieldRequired(here, 'resource rules that are not cluster scoped must supply at least one namespace'))
  else if (namespaces.includes('*')) {
    if (namespaces.length > 1) errors.push(fieldInvalid(here, namespaces, "if '*' is present, must not specify other namespaces"))
  } else {
    for (const [index, namespace] of namespaces.entries()) {
      for (const message of isDns1123Label(namespace)) errors.push(fieldInvalid(here.index(index), namespace, `each member of this list must be '*' or a DNS-1123 label; ${message}`))
    }
  }
  return errors
}

function pathRuleErrors({ verbs: wanted = [], nonResourceURLs = [] }: NonResourcePolicyRule, path: FieldPath): FieldError[] {
  const errors = verbErrors(wanted, path.child('verbs'))
  const here = path.child('nonResourceURLs')
  if (nonResourceURLs.length === 0) errors.push(fieldRequired(here, 'nonResourceURLs must contain at least one value'))
  else if (nonResourceURLs.includes('*')) {
    if (nonResourceURLs.length > 1) errors.push(fieldInvalid(here, nonResourceURLs, "if '*' is present, must not specify other non-resource URLs"))
  } else {
    for (const [index, url] of nonResourceURLs.entries()) {
      const problem = pathProblem(url)
      if (problem) errors.push(fieldInvalid(here.index(index), url, problem))
    }
  }
  return errors
}

function pathProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty'
  if (url === '/') return undefined
  if (!url.startsWith('/')) return 'must start with slash'
  if (url.includes(' ')) return 'must not contain white-space'
  if (url.includes('//')) return 'must not contain double slash'
  const stars = url.split('*').length - 1
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined
}

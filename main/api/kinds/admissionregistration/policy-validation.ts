import type {
  AuditAnnotation, ExpressionWarning, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutation, ParamKind, ParamRef, MatchResources,
  ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicySpec, Validation, Variable,
} from '../../generated/types.ts'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, isQualifiedName } from '../../machinery/names.ts'
import { validateConditions } from '../condition-validation.ts'
import { validateLabelSelector } from '../core/label-validation.ts'
import { expressionErrors } from './expressions.ts'
import type { ExpressionPurpose } from './expressions.ts'
import { failurePolicies, matchConditionsErrors, matchResourcesErrors } from './rule-validation.ts'

const auditAnnotationsMax = 20
const valueExpressionBytesMax = 5 * 1024
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const validationActions = ['Audit', 'Deny', 'Warn']
const mutatedOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE']
const patchTypes = ['ApplyConfiguration', 'JSONPatch']
const neither = 'validations or auditAnnotations must contain at least one item'

type AnyPolicySpec = Pick<ValidatingAdmissionPolicySpec, 'failurePolicy' | 'paramKind' | 'matchConstraints' | 'matchConditions' | 'variables'>

/** What expressions of one policy may use. */
type Scope = { readonly hasParams: boolean; readonly variables: readonly Variable[] | undefined }

export function validateValidatingPolicy(policy: ValidatingAdmissionPolicy): FieldError[] {
  const at = fieldPath('spec')
  const spec = policy.spec ?? {}
  const scope = scopeOf(spec)
  const errors = matchingErrors(spec, at)
  errors.push(...variablesErrors(spec.variables, scope, at.child('variables')))
  const { validations = [], auditAnnotations = [] } = spec
  if (validations.length === 0 && auditAnnotations.length === 0) return [...errors, fieldRequired(at.child('validations'), neither), fieldRequired(at.child('auditAnnotations'), neither)]
  for (const [index, validation] of validations.entries()) errors.push(...validationErrors(validation, scope, at.child('validations').index(index)))
  if (auditAnnotations.length > auditAnnotationsMax) errors.push(fieldInvalid(at.child('auditAnnotations'), auditAnnotations, `must not have more than ${auditAnnotationsMax} auditAnnotations`))
  const keys = new Set<string>()
  for (const [index, annotation] of auditAnnotations.entries()) {
    const here = at.child('auditAnnotations').index(index)
    errors.push(...auditAnnotationErrors(annotation, policy.metadata.name ?? '', scope, here))
    if (keys.has(annotation.key)) errors.push(fieldDuplicate(here.child('key'), annotation.key))
    keys.add(annotation.key)
  }
  return errors
}

function scopeOf({ paramKind, variables }: AnyPolicySpec): Scope {
  return { hasParams: paramKind !== undefined, variables: variables && variables.length > 0 ? variables : undefined }
}

/** What both kinds of policy say of the requests that they are for. */
function matchingErrors(spec: AnyPolicySpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (spec.failurePolicy === undefined) errors.push(fieldRequired(at.child('failurePolicy')))
  else if (!failurePolicies.includes(spec.failurePolicy)) errors.push(fieldNotSupported(at.child('failurePolicy'), spec.failurePolicy, failurePolicies))
  if (spec.paramKind) errors.push(...paramKindErrors(spec.paramKind, at.child('paramKind')))
  const constraints = at.child('matchConstraints')
  if (spec.matchConstraints) {
    errors.push(...matchResourcesErrors(spec.matchConstraints, constraints))
    if ((spec.matchConstraints.resourceRules ?? []).length === 0) errors.push(fieldRequired(constraints.child('resourceRules')))
  } else errors.push(fieldRequired(constraints))
  errors.push(...matchConditionsErrors(spec.matchConditions, spec.paramKind !== undefined, at.child('matchConditions')))
  return errors
}

function paramKindErrors({ apiVersion = '', kind = '' }: ParamKind, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const path = at.child('apiVersion')
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/')
  if (apiVersion === '') errors.push(fieldRequired(path))
  else if (parts.length > 2) errors.push(fieldInvalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  else {
    const [group, version] = parts.length === 2 ? (parts as [string, string]) : ['', apiVersion]
    const groupMessages = group === '' ? [] : isDns1123Subdomain(group)
    if (groupMessages.length > 0) errors.push(fieldInvalid(path, group, groupMessages.join(',')))
    const versionMessages = isDns1035Label(version)
    if (version === '') errors.push(fieldInvalid(path, apiVersion, 'version must be specified'))
    else if (versionMessages.length > 0) errors.push(fieldInvalid(path, version, versionMessages.join(',')))
  }
  const kindMessages = isDns1035Label(kind.toLowerCase())
  if (kind === '') errors.push(fieldRequired(at.child('kind')))
  else if (kindMessages.length > 0) errors.push(fieldInvalid(at.child('kind'), kind, `may have mixed case, but should otherwise match: ${kindMessages.join(',')}`))
  return errors
}

const reserved = new Set('true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '))

function variablesErrors(variables: readonly Variable[] | undefined, { hasParams }: Scope, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, { name, expression }] of (variables ?? []).entries()) {
    const here = at.index(index)
    if (!name?.trim()) errors.push(fieldRequired(here.child('name'), 'name is not specified'))
    else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || reserved.has(name)) errors.push(fieldInvalid(here.child('name'), name, 'name is not a valid CEL identifier'))
    if (!expression?.trim()) errors.push(fieldRequired(here.child('expression'), 'expression is not specified'))
    else errors.push(...expressionErrors({ expression, purpose: 'variable', hasParams, hasAuthorizer: true, variables: variables!.slice(0, index) }, here.child('expression')))
  }
  return errors
}

/** Hands an expression of a policy to the check, with what it may use. */
function compiled(expression: string, purpose: ExpressionPurpose, { hasParams, variables }: Scope, at: FieldPath): FieldError[] {
  return expressionErrors({ expression, purpose, hasParams, hasAuthorizer: purpose !== 'message', ...(variables ? { variables } : {}) }, at)
}

function validationErrors({ expression, message = '', messageExpression = '', reason }: Validation, scope: Scope, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!expression?.trim()) errors.push(fieldRequired(at.child('expression'), 'expression is not specified'))
  else errors.push(...compiled(expression, 'validation', scope, at.child('expression')))
  if (messageExpression !== '') {
    if (messageExpression.trim() === '') errors.push(fieldInvalid(at.child('messageExpression'), messageExpression, 'must be non-empty if specified'))
    else errors.push(...compiled(messageExpression, 'message', scope, at.child('messageExpression')))
  }
  if (message !== '' && message.trim() === '') errors.push(fieldInvalid(at.child('message'), message, 'message must be non-empty if specified'))
  else if (/[\n\r]/.test(message.trim())) errors.push(fieldInvalid(at.child('message'), message, 'message must not contain line breaks'))
  if (reason !== undefined && !reasons.includes(reason)) errors.push(fieldNotSupported(at.child('reason'), reason, reasons))
  return errors
}

function auditAnnotationErrors({ key, valueExpression }: AuditAnnotation, policyName: string, scope: Scope, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (policyName === '') errors.push(fieldInvalid(at.child('key'), key, 'requires metadata.name be non-empty'))
  else for (const message of isQualifiedName(`${policyName}/${key ?? ''}`)) errors.push(fieldInvalid(at.child('key'), `${policyName}/${key ?? ''}`, message))
  const trimmed = (valueExpression ?? '').trim()
  const path = at.child('valueExpression')
  if (trimmed === '') errors.push(fieldRequired(path, 'valueExpression is not specified'))
  else if (byteLength(trimmed) > valueExpressionBytesMax) errors.push(fieldRequired(path, `must not exceed ${valueExpressionBytesMax} bytes in length`))
  else errors.push(...compiled(trimmed, 'audit annotation', scope, path))
  return errors
}

/** What the controller found out about a policy's types. */
export function validateValidatingPolicyStatus({ status }: ValidatingAdmissionPolicy): FieldError[] {
  const at = fieldPath('status')
  const errors = (status?.typeChecking?.expressionWarnings ?? []).flatMap((warning, index) => expressionWarningErrors(warning, at.child('typeChecking', 'expressionWarnings').index(index)))
  return [...errors, ...validateConditions(status?.conditions, at.child('conditions'))]
}

function expressionWarningErrors({ fieldRef, warning }: ExpressionWarning, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!warning) errors.push(fieldRequired(at.child('warning')))
  if (!fieldRef?.trim()) errors.push(fieldRequired(at.child('fieldRef')))
  return errors
}

export function validateMutatingPolicy(policy: MutatingAdmissionPolicy): FieldError[] {
  const at = fieldPath('spec')
  const spec = policy.spec ?? {}
  // Mutations are always compiled together, so that `variables` is declared even when it is empty.
  const scope: Scope = { hasParams: spec.paramKind !== undefined, variables: spec.variables ?? [] }
  const errors = matchingErrors({ ...spec, matchConditions: undefined } as AnyPolicySpec, at)
  errors.push(...mutatedOperationErrors(spec.matchConstraints, at.child('matchConstraints', 'resourceRules', 'operations')))
  errors.push(...matchConditionsErrors(spec.matchConditions, scope.hasParams, at.child('matchConditions')))
  errors.push(...variablesErrors(spec.variables, scope, at.child('variables')))
  const mutations = spec.mutations ?? []
  if (mutations.length === 0) errors.push(fieldRequired(at.child('mutations'), 'mutations must contain at least one item'))
  for (const [index, mutation] of mutations.entries()) errors.push(...mutationErrors(mutation, scope, at.child('mutations').index(index)))
  if (!spec.reinvocationPolicy) errors.push(fieldRequired(at.child('reinvocationPolicy')))
  else if (spec.reinvocationPolicy !== 'Never' && spec.reinvocationPolicy !== 'IfNeeded') errors.push(fieldNotSupported(at.child('reinvocationPolicy'), spec.reinvocationPolicy, ['Never', 'IfNeeded']))
  return errors
}

/** There is nothing to mutate in a deletion. */
function mutatedOperationErrors(match: MatchResources | undefined, at: FieldPath): FieldError[] {
  const wanted = (match?.resourceRules ?? []).flatMap((rule) => rule.operations ?? [])
  return wanted.filter((operation) => !mutatedOperations.includes(operation)).map((operation) => fieldNotSupported(at, operation, mutatedOperations))
}

function mutationErrors({ patchType, applyConfiguration, jsonPatch }: Mutation, scope: Scope, at: FieldPath): FieldError[] {
  if (!patchType) return [fieldRequired(at.child('patchType'))]
  if (!patchTypes.includes(patchType)) return [fieldNotSupported(at.child('patchType'), patchType, patchTypes)]
  const isJson = patchType === 'JSONPatch'
  const [field, other] = isJson ? ['jsonPatch', 'applyConfiguration'] : ['applyConfiguration', 'jsonPatch']
  const [patch, unwanted] = isJson ? [jsonPatch, applyConfiguration] : [applyConfiguration, jsonPatch]
  const errors: FieldError[] = []
  const path = at.child(field!, 'expression')
  const trimmed = patch?.expression?.trim() ?? ''
  if (!patch) errors.push(fieldRequired(at.child(field!), `must be specified when patchType is ${patchType}`))
  else if (trimmed === '') errors.push(fieldRequired(path))
  else errors.push(...compiled(trimmed, isJson ? 'JSON patch' : 'apply configuration', scope, path))
  if (unwanted) errors.push(fieldInvalid(at.child(other!), `{${other}}`, `must not be specified when patchType is ${patchType}`))
  return errors
}

/** The part of a binding that says which policy, with which parameters, for which requests. */
export function validateMutatingBinding({ spec = {} }: MutatingAdmissionPolicyBinding): FieldError[] {
  const at = fieldPath('spec')
  const errors = bindingErrors(spec, at)
  if (spec.matchResources) errors.push(...matchResourcesErrors(spec.matchResources, at.child('matchResources')))
  errors.push(...mutatedOperationErrors(spec.matchResources, at.child('matchResources', 'resourceRules', 'operations')))
  return errors
}

export function validateValidatingBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const at = fieldPath('spec')
  const errors = bindingErrors(spec, at)
  // The field's name is misspelt in upstream's error, too.
  if (spec.matchResources) errors.push(...matchResourcesErrors(spec.matchResources, at.child('matchResouces')))
  errors.push(...actionsErrors(spec.validationActions ?? [], at.child('validationActions')))
  return errors
}

function bindingErrors({ policyName, paramRef }: { policyName?: string; paramRef?: ParamRef }, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!policyName) errors.push(fieldRequired(at.child('policyName')))
  else for (const message of isDns1123Subdomain(policyName)) errors.push(fieldInvalid(at.child('policyName'), policyName, message))
  return paramRef ? [...errors, ...paramRefErrors(paramRef, at.child('paramRef'))] : errors
}

function paramRefErrors({ name = '', selector, parameterNotFoundAction }: ParamRef, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const exclusive = 'name and selector are mutually exclusive'
  if (name !== '') {
    for (const message of isPathSegmentName(name)) errors.push(fieldInvalid(at.child('name'), name, message))
    if (selector) errors.push(fieldForbidden(at.child('name'), exclusive))
  }
  if (selector) {
    errors.push(...validateLabelSelector(selector, at.child('selector')))
    if (name !== '') errors.push(fieldForbidden(at.child('selector'), exclusive))
  }
  if (name === '' && !selector) errors.push(fieldRequired(at, 'one of name or selector must be specified'))
  if (!parameterNotFoundAction) errors.push(fieldRequired(at.child('parameterNotFoundAction')))
  else if (parameterNotFoundAction !== 'Deny' && parameterNotFoundAction !== 'Allow') errors.push(fieldNotSupported(at.child('parameterNotFoundAction'), parameterNotFoundAction, ['Deny', 'Allow']))
  return errors
}

function actionsErrors(actions: readonly string[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, action] of actions.entries()) {
    if (!validationActions.includes(action)) errors.push(fieldNotSupported(at.index(index), action, validationActions))
    if (seen.has(action)) errors.push(fieldDuplicate(at.index(index), action))
    seen.add(action)
  }
  if (seen.has('Deny') && seen.has('Warn')) errors.push(fieldInvalid(at, actions, 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'))
  if (seen.size === 0) errors.push(fieldRequired(at, 'at least one validation action is required'))
  return errors
}

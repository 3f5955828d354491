import type { ClusterRole, PolicyRule, RbacSubject, RoleRef } from '../../generated/types.ts'
import { fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../machinery/names.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { validateLabelSelector } from '../core/label-validation.ts'

export const rbacGroup = 'rbac.authorization.k8s.io'

export function validateRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => ruleErrors(rule, namespaced, fieldPath('rules').index(index)))
}

function ruleErrors(rule: PolicyRule, namespaced: boolean, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const some = (list: readonly string[] | undefined): boolean => (list?.length ?? 0) > 0
  if (!some(rule.verbs)) errors.push(fieldRequired(at.child('verbs'), 'verbs must contain at least one value'))
  if (some(rule.nonResourceURLs)) {
    if (namespaced) errors.push(fieldInvalid(at.child('nonResourceURLs'), rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'))
    if (some(rule.apiGroups) || some(rule.resources) || some(rule.resourceNames)) errors.push(fieldInvalid(at.child('nonResourceURLs'), rule.nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'))
    return errors
  }
  if (!some(rule.apiGroups)) errors.push(fieldRequired(at.child('apiGroups'), 'resource rules must supply at least one api group'))
  if (!some(rule.resources)) errors.push(fieldRequired(at.child('resources'), 'resource rules must supply at least one resource'))
  return errors
}

export function validateClusterRole(role: ClusterRole): FieldError[] {
  const errors = validateRules(role.rules, false)
  if (!role.aggregationRule) return errors
  const selectors = role.aggregationRule.clusterRoleSelectors ?? []
  if (selectors.length === 0) errors.push(fieldRequired(fieldPath('aggregationRule'), 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
  for (const [index, selector] of selectors.entries()) errors.push(...validateLabelSelector(selector, fieldPath('aggregationRule', 'clusterRoleSelectors').index(index)))
  return errors
}

interface AnyBinding {
  readonly roleRef: RoleRef
  readonly subjects?: readonly RbacSubject[]
}

/** `roleKinds`: what may be bound; a cluster role binding binds cluster roles only. */
export function validateRoleBinding(binding: AnyBinding, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = []
  const at = fieldPath('roleRef')
  const ref = binding.roleRef ?? { kind: '', name: '' }
  const roleKinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (ref.apiGroup !== rbacGroup) errors.push(fieldNotSupported(at.child('apiGroup'), ref.apiGroup ?? '', [rbacGroup]))
  if (!roleKinds.includes(ref.kind)) errors.push(fieldNotSupported(at.child('kind'), ref.kind ?? '', roleKinds))
  if (!ref.name) errors.push(fieldRequired(at.child('name')))
  else for (const message of isPathSegmentName(ref.name)) errors.push(fieldInvalid(at.child('name'), ref.name, message))
  for (const [index, subject] of (binding.subjects ?? []).entries()) errors.push(...subjectErrors(subject, namespaced, fieldPath('subjects').index(index)))
  return errors
}

function subjectErrors(subject: RbacSubject, namespaced: boolean, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!subject.name) errors.push(fieldRequired(at.child('name')))
  switch (subject.kind) {
    case 'ServiceAccount':
      if (subject.name) for (const message of isDns1123Subdomain(subject.name)) errors.push(fieldInvalid(at.child('name'), subject.name, message))
      if (subject.apiGroup) errors.push(fieldNotSupported(at.child('apiGroup'), subject.apiGroup, ['']))
      if (!namespaced && !subject.namespace) errors.push(fieldRequired(at.child('namespace')))
      break
    case 'User':
    case 'Group':
      if (subject.apiGroup !== rbacGroup) errors.push(fieldNotSupported(at.child('apiGroup'), subject.apiGroup ?? '', [rbacGroup]))
      break
    default:
      errors.push(fieldNotSupported(at.child('kind'), subject.kind ?? '', ['ServiceAccount', 'User', 'Group']))
  }
  return errors
}

export function validateRoleBindingUpdate(binding: AnyBinding, old: AnyBinding, namespaced: boolean): FieldError[] {
  const errors = validateRoleBinding(binding, namespaced)
  if (!jsonEqual(binding.roleRef, old.roleRef)) errors.push(fieldInvalid(fieldPath('roleRef'), binding.roleRef, 'cannot change roleRef'))
  return errors
}

/** Subjects and role references may leave out their API group. May change `binding`. */
export function defaultRoleBinding(binding: { roleRef: RoleRef; subjects?: RbacSubject[] }): void {
  if (binding.roleRef) binding.roleRef.apiGroup ||= rbacGroup
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup
    if (subject.kind === 'ServiceAccount' && subject.apiGroup === '') delete subject.apiGroup
  }
}

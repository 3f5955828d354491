/** Validation of CustomResourceDefinitions apart from their schemas, in upstream's words. */
import type { CustomResourceConversion, CustomResourceDefinition, CustomResourceDefinitionNames, CustomResourceDefinitionSpec, CustomResourceDefinitionVersion } from '../../generated/types.ts'
import { fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1035Label, isDns1123Subdomain } from '../../machinery/names.ts'
import { isCrdConditionTrue } from './conditions.ts'
import { validateColumn, validateDeprecationWarning, validateSelectableFields, validateSubresources } from './version-validation.ts'
import { allowancesFor, strictest, validateVersionSchema } from './schema-validation.ts'
import type { Allowances } from './schema-validation.ts'

export function validateDefinition(crd: CustomResourceDefinition): FieldError[] {
  const errors: FieldError[] = []
  const name = crd.metadata.name
  const nameProblems = isDns1123Subdomain(name)
  if (name !== `${crd.spec.names.plural}.${crd.spec.group}`) nameProblems.push('must be spec.names.plural+"."+spec.group')
  for (const problem of nameProblems) errors.push(fieldInvalid('metadata.name', name, problem))
  errors.push(...validateSpec(crd.spec, strictest, false), ...validateStored(crd), ...validateApproval(crd, undefined))
  if (crd.spec.preserveUnknownFields) errors.push(preserveProblem)
  return errors
}

export function validateDefinitionUpdate(crd: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const { spec } = crd
  const allowances = allowancesFor(spec, old.spec)
  const errors = validateSpec(spec, allowances, old.spec.conversion !== undefined && !hasKnownReview(old.spec.conversion))
  if (isCrdConditionTrue(old, 'Established')) {
    if (spec.scope !== old.spec.scope) errors.push(fieldInvalid('spec.scope', spec.scope, fieldIsImmutable))
    if (spec.names.kind !== old.spec.names.kind) errors.push(fieldInvalid('spec.names.kind', spec.names.kind, fieldIsImmutable))
  }
  if (spec.group !== old.spec.group) errors.push(fieldInvalid('spec.group', spec.group, fieldIsImmutable))
  if (spec.names.plural !== old.spec.names.plural) errors.push(fieldInvalid('spec.names.plural', spec.names.plural, fieldIsImmutable))
  errors.push(...validateNames(crd.status?.acceptedNames, fieldPath('status', 'acceptedNames')), ...validateStored(crd), ...validateApproval(crd, old))
  if (spec.preserveUnknownFields && !old.spec.preserveUnknownFields) errors.push(preserveProblem)
  return errors
}

export function validateDefinitionStatusUpdate(crd: CustomResourceDefinition): FieldError[] {
  return validateNames(crd.status?.acceptedNames, fieldPath('status', 'acceptedNames'))
}

const preserveProblem = fieldInvalid('spec.preserveUnknownFields', true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead')

function validateSpec(spec: CustomResourceDefinitionSpec, allowances: Allowances, anyReviewVersion: boolean): FieldError[] {
  const path = fieldPath('spec')
  const errors: FieldError[] = []
  if (!spec.group) errors.push(fieldRequired(path.child('group')))
  else {
    const problems = isDns1123Subdomain(spec.group)
    if (problems.length > 0) errors.push(fieldInvalid(path.child('group'), spec.group, problems.join(',')))
    else if (!spec.group.includes('.')) errors.push(fieldInvalid(path.child('group'), spec.group, 'should be a domain with at least one dot'))
  }
  errors.push(...enumProblems(path.child('scope'), spec.scope, ['Cluster', 'Namespaced']))
  const versions = spec.versions ?? []
  if (allowances.requireSchema) {
    for (const [index, version] of versions.entries()) if (!version.schema?.openAPIV3Schema) errors.push(fieldRequired(path.child('versions').index(index).child('schema', 'openAPIV3Schema')))
  } else {
    for (const [index, version] of versions.entries()) if (version.served && !version.schema?.openAPIV3Schema) errors.push(fieldRequired(path.child('versions').index(index).child('schema', 'openAPIV3Schema'), 'because otherwise all fields are pruned'))
  }
  const seen = new Set<string>()
  for (const [index, version] of versions.entries()) {
    seen.add(version.name)
    const at = path.child('versions').index(index)
    const problems = isDns1035Label(version.name ?? '')
    if (problems.length > 0) errors.push(fieldInvalid(at.child('name'), version.name, problems.join(',')))
    errors.push(...validateVersion(version, at, allowances))
  }
  if (seen.size < versions.length) errors.push(fieldInvalid(path.child('versions'), versions, 'must contain unique version names'))
  if (versions.filter((version) => version.storage).length !== 1) errors.push(fieldInvalid(path.child('versions'), versions, 'must have exactly one version marked as storage version'))
  const names = path.child('names')
  for (const name of ['plural', 'singular', 'kind', 'listKind'] as const) if (!spec.names?.[name]) errors.push(fieldRequired(names.child(name)))
  errors.push(...validateNames(spec.names, names), ...validateConversion(spec.conversion, path.child('conversion'), anyReviewVersion))
  if (spec.conversion && spec.conversion.strategy !== 'None' && spec.preserveUnknownFields) errors.push(fieldInvalid(path.child('conversion', 'strategy'), spec.conversion.strategy, 'must be None if spec.preserveUnknownFields is true'))
  return errors
}

function validateVersion(version: CustomResourceDefinitionVersion, at: FieldPath, allowances: Allowances): FieldError[] {
  const errors: FieldError[] = []
  for (const problem of validateDeprecationWarning(version)) errors.push(fieldInvalid(at.child('deprecationWarning'), version.deprecationWarning, problem))
  errors.push(...validateVersionSchema(version, at.child('schema'), allowances), ...validateSubresources(version.subresources, at.child('subresources')))
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) errors.push(...validateColumn(column, at.child('additionalPrinterColumns').index(index)))
  errors.push(...validateSelectableFields(version, at, allowances.manyFields.has(version.name)))
  return errors
}

export function enumProblems(at: FieldPath, value: string | undefined, accepted: readonly string[]): FieldError[] {
  if (!value) return [fieldRequired(at)]
  return accepted.includes(value) ? [] : [fieldNotSupported(at, value, accepted)]
}

function validateNames(names: Partial<CustomResourceDefinitionNames> | undefined, path: FieldPath): FieldError[] {
  if (!names) return []
  const errors: FieldError[] = []
  const label = (at: FieldPath, text: string | undefined, prefix = ''): void => {
    if (!text) return
    const problems = isDns1035Label(prefix === '' ? text : text.toLowerCase())
    if (problems.length > 0) errors.push(fieldInvalid(at, text, prefix + problems.join(',')))
  }
  const mixedCase = 'may have mixed case, but should otherwise match: '
  label(path.child('plural'), names.plural)
  label(path.child('singular'), names.singular)
  label(path.child('kind'), names.kind, mixedCase)
  label(path.child('listKind'), names.listKind, mixedCase)
  for (const [index, shortName] of (names.shortNames ?? []).entries()) {
    const problems = isDns1035Label(shortName)
    if (problems.length > 0) errors.push(fieldInvalid(path.child('shortNames').index(index), shortName, problems.join(',')))
  }
  if (names.kind && names.kind === names.listKind) errors.push(fieldInvalid(path.child('listKind'), names.listKind, 'kind and listKind may not be the same'))
  for (const [index, category] of (names.categories ?? []).entries()) {
    const problems = isDns1035Label(category)
    if (problems.length > 0) errors.push(fieldInvalid(path.child('categories').index(index), category, problems.join(',')))
  }
  return errors
}

const reviewVersions = ['v1', 'v1beta1']

function hasKnownReview(conversion: CustomResourceConversion): boolean {
  const versions = conversion.webhook?.conversionReviewVersions ?? []
  return versions.length === 0 || versions.some((version) => reviewVersions.includes(version))
}

function validateConversion(conversion: CustomResourceConversion | undefined, path: FieldPath, anyReviewVersion: boolean): FieldError[] {
  if (!conversion) return []
  const errors = enumProblems(path.child('strategy'), conversion.strategy, ['None', 'Webhook'])
  const { webhook } = conversion
  const config = path.child('webhookClientConfig')
  const reviews = path.child('conversionReviewVersions')
  if (conversion.strategy !== 'Webhook') {
    if (webhook?.clientConfig) errors.push({ ...fieldRequired(config), type: 'FieldValueForbidden', detail: 'should not be set when strategy is not set to Webhook' })
    if (webhook?.conversionReviewVersions && webhook.conversionReviewVersions.length > 0) errors.push({ ...fieldRequired(reviews), type: 'FieldValueForbidden', detail: 'should not be set when strategy is not set to Webhook' })
    return errors
  }
  const client = webhook?.clientConfig
  if (!client) errors.push(fieldRequired(config, 'required when strategy is set to Webhook'))
  else if ((client.url === undefined) === (client.service === undefined)) errors.push(fieldRequired(config, 'exactly one of url or service is required'))
  else if (client.url !== undefined) errors.push(...validateWebhookUrl(config.child('url'), client.url))
  else if (client.service) {
    const { service } = client
    const at = config.child('service')
    if (!service.name) errors.push(fieldRequired(at.child('name'), 'service name is required'))
    if (!service.namespace) errors.push(fieldRequired(at.child('namespace'), 'service namespace is required'))
    if (service.port !== undefined && (service.port < 1 || service.port > 65_535)) errors.push(fieldInvalid(at.child('port'), service.port, 'port is not valid: must be between 1 and 65535, inclusive'))
    if (service.path !== undefined) errors.push(...validateServicePath(at.child('path'), service.path))
  }
  const versions = webhook?.conversionReviewVersions ?? []
  if (versions.length === 0) return [...errors, fieldRequired(reviews)]
  const seen = new Set<string>()
  for (const [index, version] of versions.entries()) {
    if (seen.has(version)) {
      errors.push(fieldInvalid(reviews.index(index), version, 'duplicate version'))
      continue
    }
    seen.add(version)
    for (const problem of isDns1035Label(version)) errors.push(fieldInvalid(reviews.index(index), version, problem))
  }
  if (!anyReviewVersion && !versions.some((version) => reviewVersions.includes(version))) errors.push(fieldInvalid(reviews, versions, `must include at least one of ${reviewVersions.join(', ')}`))
  return errors
}

const urlForm = '; desired format: https://host[/path]'

function validateWebhookUrl(at: FieldPath, text: string): FieldError[] {
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/.exec(text)
  if (!match) {
    if (/[\s\x00-\x1f]/.test(text)) return [fieldRequired(at, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URL${urlForm}`)]
    return [fieldInvalid(at, '', `'https' is the only allowed URL scheme${urlForm}`), fieldInvalid(at, '', `host must be specified${urlForm}`)]
  }
  const [, scheme = '', authority = '', , query, fragment] = match
  const errors: FieldError[] = []
  if (scheme !== 'https') errors.push(fieldInvalid(at, scheme, `'https' is the only allowed URL scheme${urlForm}`))
  const user = authority.includes('@') ? authority.slice(0, authority.lastIndexOf('@')) : undefined
  if (authority === '') errors.push(fieldInvalid(at, '', `host must be specified${urlForm}`))
  if (user !== undefined) errors.push(fieldInvalid(at, user, `user information is not permitted in the URL`))
  if (fragment !== undefined && fragment.length > 1) errors.push(fieldInvalid(at, fragment.slice(1), 'fragments are not permitted in the URL'))
  if (query !== undefined && query.length > 1) errors.push(fieldInvalid(at, query.slice(1), 'query parameters are not permitted in the URL'))
  return errors
}

function validateServicePath(at: FieldPath, path: string): FieldError[] {
  if (path === '/') return []
  const errors: FieldError[] = []
  if (!path.startsWith('/')) errors.push(fieldInvalid(at, path, "must start with a '/'"))
  let steps = path.replace(/^\//, '')
  if (steps.endsWith('/')) steps = steps.slice(0, -1)
  for (const [index, step] of steps.split('/').entries()) {
    if (step === '') {
      errors.push(fieldInvalid(at, path, `segment[${index}] may not be empty`))
      continue
    }
    for (const problem of isDns1123Subdomain(step)) errors.push(fieldInvalid(at, path, `segment[${index}]: ${problem}`))
  }
  return errors
}

function validateStored(crd: CustomResourceDefinition): FieldError[] {
  const path = fieldPath('status', 'storedVersions')
  const stored = crd.status?.storedVersions ?? []
  if (stored.length === 0) return [fieldInvalid(path, stored, 'must have at least one stored version')]
  const errors: FieldError[] = []
  for (const version of crd.spec.versions ?? []) if (version.storage && !stored.includes(version.name)) errors.push(fieldInvalid(path, stored, `must have the storage version ${version.name}`))
  for (const [index, version] of stored.entries()) {
    if ((crd.spec.versions ?? []).some((each) => each.name === version)) continue
    errors.push(fieldInvalid(path.index(index), version, `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`))
  }
  return errors
}

const approvalAnnotation = 'api-approved.kubernetes.io'

/** Groups of the community (*.k8s.io, *.kubernetes.io) need an approval that can be looked up. */
function approvalOf(crd: CustomResourceDefinition): { readonly state: 'approved' | 'bypassed' | 'missing' | 'invalid'; readonly reason: string } {
  const text = crd.metadata.annotations?.[approvalAnnotation] ?? ''
  if (text === '') return { state: 'missing', reason: 'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111' }
  if (text.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(text)}` }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/\s]+/i.test(text)) return { state: 'approved', reason: `approved in ${text}` }
  return { state: 'invalid', reason: 'protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111' }
}

function validateApproval(crd: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (!isProtectedGroup(crd.spec.group ?? '')) return []
  const { state, reason } = approvalOf(crd)
  if (old && approvalOf(old).state === state) return []
  const at = fieldPath('metadata', 'annotations').key(approvalAnnotation)
  if (state === 'missing') return [fieldRequired(at, reason)]
  return state === 'invalid' ? [fieldInvalid(at, crd.metadata.annotations?.[approvalAnnotation], reason)] : []
}

export function isProtectedGroup(group: string): boolean {
  return group === 'k8s.io' || group.endsWith('.k8s.io') || group === 'kubernetes.io' || group.endsWith('.kubernetes.io')
}

/** The condition KubernetesAPIApprovalPolicyConformant of a protected group's definition; undefined for others. */
export function approvalCondition(crd: CustomResourceDefinition): { readonly type: string; readonly status: string; readonly reason: string; readonly message: string } | undefined {
  if (!isProtectedGroup(crd.spec.group)) return undefined
  const { state, reason } = approvalOf(crd)
  const type = 'KubernetesAPIApprovalPolicyConformant'
  if (state === 'approved') return { type, status: 'True', reason: 'ApprovedAnnotation', message: reason }
  if (state === 'bypassed') return { type, status: 'False', reason: 'UnapprovedAnnotation', message: reason }
  return { type, status: 'False', reason: state === 'missing' ? 'MissingAnnotation' : 'InvalidAnnotation', message: reason }
}


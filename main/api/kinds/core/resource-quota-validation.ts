import type { ResourceQuota, ResourceQuotaSpec, ScopeSelector } from '../../generated/types.ts'
import { fieldInvalid, fieldIsImmutable, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { compareBytes } from '../../machinery/go-text.ts'
import { resourceAmountErrors } from './quantity-validation.ts'
import { isStandardQuotaResource, quotaResourceNameErrors } from './resource-names.ts'

const podResources: ReadonlySet<string> = new Set(['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'])
const claimResources: ReadonlySet<string> = new Set(['persistentvolumeclaims', 'requests.storage'])

/** What each scope may be combined with. */
const resourcesOfScope: Readonly<Record<string, ReadonlySet<string>>> = {
  Terminating: podResources,
  NotTerminating: podResources,
  NotBestEffort: podResources,
  PriorityClass: podResources,
  CrossNamespacePodAffinity: podResources,
  BestEffort: new Set(['pods']),
  VolumeAttributesClass: claimResources,
}

const existenceScopes = new Set(['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'])
const conflicts = [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']] as const
const specPath = fieldPath('spec')

export function validateResourceQuota(quota: ResourceQuota): FieldError[] {
  return [...specErrors(quota.spec ?? {}), ...validateResourceQuotaStatusUpdate(quota)]
}

export function validateResourceQuotaUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const errors = specErrors(quota.spec ?? {})
  const [scopes, oldScopes] = [new Set(quota.spec?.scopes), new Set(old.spec?.scopes)]
  if (scopes.size !== oldScopes.size || [...scopes].some((scope) => !oldScopes.has(scope))) errors.push(fieldInvalid(specPath.child('scopes'), quota.spec?.scopes, fieldIsImmutable))
  return errors
}

export function validateResourceQuotaStatusUpdate({ status }: ResourceQuota): FieldError[] {
  const at = fieldPath('status')
  return [...amountErrors(status?.hard, at.child('hard')), ...amountErrors(status?.used, at.child('used'))]
}

function specErrors(spec: ResourceQuotaSpec): FieldError[] {
  return [...amountErrors(spec.hard, specPath.child('hard')), ...scopeErrors(spec), ...selectorErrors(spec)]
}

function amountErrors(amounts: Readonly<Record<string, string>> | undefined, path: FieldPath): FieldError[] {
  return Object.entries(amounts ?? {}).flatMap(([name, amount]) => {
    const at = path.key(name)
    return [...quotaResourceNameErrors(name, at), ...resourceAmountErrors(name, amount, at)]
  })
}

/** The standard resources of the quota that the scope cannot be combined with. */
function misfits(spec: ResourceQuotaSpec, scope: string): string[] {
  const fitting = resourcesOfScope[scope]
  if (!fitting) return []
  return Object.keys(spec.hard ?? {}).filter((name) => isStandardQuotaResource(name) && !fitting.has(name)).sort(compareBytes)
}

function conflictErrors(spec: ResourceQuotaSpec, scopes: ReadonlySet<string>, at: FieldPath): FieldError[] {
  return conflicts.filter((pair) => pair.every((scope) => scopes.has(scope))).map(() => fieldInvalid(at, spec.scopes, 'conflicting scopes'))
}

function scopeErrors(spec: ResourceQuotaSpec): FieldError[] {
  const { scopes = [] } = spec
  const at = specPath.child('scopes')
  const errors = scopes.flatMap((scope) => [
    ...(resourcesOfScope[scope] ? [] : [fieldInvalid(at, scopes, 'unsupported scope')]),
    ...misfits(spec, scope).map(() => fieldInvalid(at, scopes, 'unsupported scope applied to resource')),
  ])
  return [...errors, ...conflictErrors(spec, new Set(scopes), at)]
}

/** The selector as upstream shows it: by its internal type. */
function shownSelector({ matchExpressions = [] }: ScopeSelector): object {
  return { MatchExpressions: matchExpressions.map(({ scopeName, operator, values }) => ({ ScopeName: scopeName, Operator: operator, Values: values ?? null })) }
}

function selectorErrors(spec: ResourceQuotaSpec): FieldError[] {
  const { scopeSelector } = spec
  if (!scopeSelector) return []
  const at = specPath.child('scopeSelector', 'matchExpressions')
  const errors: FieldError[] = []
  const scopes = new Set<string>()
  for (const { scopeName, operator, values } of scopeSelector.matchExpressions ?? []) {
    if (!resourcesOfScope[scopeName]) errors.push(fieldInvalid(at.child('scopeName'), scopeName, 'unsupported scope'))
    errors.push(...misfits(spec, scopeName).map(() => fieldInvalid(at, shownSelector(scopeSelector), 'unsupported scope applied to resource')))
    if (existenceScopes.has(scopeName) && operator !== 'Exists') {
      errors.push(fieldInvalid(at.child('operator'), operator, "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"))
    }
    const count = values?.length ?? 0
    if (operator === 'In' || operator === 'NotIn') {
      if (count === 0) errors.push(fieldRequired(at.child('values'), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (count > 0) errors.push(fieldInvalid(at.child('values'), values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"))
    } else errors.push(fieldInvalid(at.child('operator'), operator, 'not a valid selector operator'))
    scopes.add(scopeName)
  }
  return [...errors, ...conflictErrors(spec, scopes, at)]
}

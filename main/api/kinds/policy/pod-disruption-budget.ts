import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../../generated/types.ts'
import { fieldInvalid, fieldNotSupported, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, integerColumn, nameColumn } from '../columns.ts'
import { validateConditions } from '../condition-validation.ts'
import { validateLabelSelector } from '../core/label-validation.ts'
import { nonNegative, nonNegativeIntOrPercent, notMoreThan100Percent } from '../core/number-validation.ts'
import { defineKind } from '../kind.ts'
import type { Health } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget']
const noStatus = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }

export const podDisruptionBudgetKind = defineKind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  namespaced: true,
  schema: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  storagePrefix: 'poddisruptionbudgets',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    generationOf: ({ spec }) => spec,
    defaults(budget) {
      budget.spec ??= {}
      budget.status ??= { ...noStatus }
    },
    prepareForCreate(budget) {
      budget.status = { ...noStatus }
    },
    prepareForUpdate: keepStatus,
    validate: validateBudget,
    validateUpdate: validateBudget,
  },
  subresources: [statusSubresource(validateBudgetStatus)],
  columns: [
    nameColumn(),
    column('Min Available', 'The minimum number of pods that must be available.', ({ spec }) => String(spec?.minAvailable ?? 'N/A')),
    column('Max Unavailable', 'The maximum number of pods that may be unavailable.', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')),
    integerColumn('Allowed Disruptions', 'Calculated number of pods that may be disrupted at this time.', ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn(),
  ],
  health: budgetHealth,
})

function validateBudget({ spec = {} }: PodDisruptionBudget): FieldError[] {
  const at = fieldPath('spec')
  const errors: FieldError[] = []
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) errors.push(fieldInvalid(at, shownSpec(spec), 'minAvailable and maxUnavailable cannot be both set'))
  for (const field of ['minAvailable', 'maxUnavailable'] as const) errors.push(...nonNegativeIntOrPercent(spec[field], at.child(field)), ...notMoreThan100Percent(spec[field], at.child(field)))
  errors.push(...validateLabelSelector(spec.selector, at.child('selector')))
  const policy = spec.unhealthyPodEvictionPolicy
  if (policy !== undefined && !evictionPolicies.includes(policy)) errors.push(fieldNotSupported(at.child('unhealthyPodEvictionPolicy'), policy, evictionPolicies))
  return errors
}

/** The spec as upstream shows it: by its internal type. */
function shownSpec({ minAvailable, selector, maxUnavailable, unhealthyPodEvictionPolicy }: PodDisruptionBudgetSpec): object {
  return { MinAvailable: minAvailable, Selector: selector ?? null, MaxUnavailable: maxUnavailable, UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null }
}

function validateBudgetStatus({ status }: PodDisruptionBudget): FieldError[] {
  const at = fieldPath('status')
  const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const
  return [...validateConditions(status?.conditions, at.child('conditions')), ...counts.flatMap((field) => nonNegative(status?.[field] ?? 0, at.child(field)))]
}

function budgetHealth({ metadata, status }: PodDisruptionBudget): Health {
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return { mark: 'pending', sentence: 'it was not reckoned yet' }
  const { currentHealthy = 0, desiredHealthy = 0, disruptionsAllowed = 0 } = status ?? {}
  if (currentHealthy < desiredHealthy) return { mark: 'failed', sentence: `it needs ${desiredHealthy} healthy pods and has ${currentHealthy}` }
  return { mark: 'running', sentence: disruptionsAllowed > 0 ? `${disruptionsAllowed} of its pods may be evicted` : 'none of its pods may be evicted' }
}

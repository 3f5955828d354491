import type { ValidatingAdmissionPolicy } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, integerColumn, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { defaultMatchResources } from './defaults.ts'
import { paramKindDescription, paramKindText } from './policies.ts'
import { validateValidatingPolicy, validateValidatingPolicyStatus } from './policy-validation.ts'

export const validatingAdmissionPolicyKind = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  storagePrefix: 'validatingadmissionpolicies',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    generationOf: ({ spec }) => spec,
    defaults(policy) {
      policy.spec ??= {}
      policy.spec.failurePolicy ??= 'Fail'
      defaultMatchResources(policy.spec.matchConstraints)
    },
    prepareForCreate(policy) {
      policy.status = {}
    },
    prepareForUpdate: keepStatus,
    validate: validateValidatingPolicy,
    validateUpdate: validateValidatingPolicy,
  },
  subresources: [statusSubresource(validateValidatingPolicyStatus)],
  columns: [
    nameColumn(),
    integerColumn('Validations', 'Validations indicates the number of validation rules defined in this configuration', ({ spec }) => spec?.validations?.length ?? 0),
    column('ParamKind', paramKindDescription, ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn(),
  ],
  health({ spec, status, metadata }) {
    const warnings = status?.typeChecking?.expressionWarnings ?? []
    if (warnings.length > 0) return { mark: 'failed', sentence: `${warnings.length} of its expressions ${warnings.length === 1 ? 'does' : 'do'} not fit the types that it is for` }
    if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return { mark: 'pending', sentence: 'its types have not been checked yet' }
    const count = spec?.validations?.length ?? 0
    return { mark: 'running', sentence: `${count} ${count === 1 ? 'validation' : 'validations'}` }
  },
})

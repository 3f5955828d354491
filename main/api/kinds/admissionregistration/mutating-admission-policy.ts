import type { MutatingAdmissionPolicy } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, integerColumn, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { defaultMatchResources } from './defaults.ts'
import { paramKindDescription, paramKindText } from './policies.ts'
import { validateMutatingPolicy } from './policy-validation.ts'

export const mutatingAdmissionPolicyKind = defineKind<MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy',
  storagePrefix: 'mutatingadmissionpolicies',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    generationOf: ({ spec }) => spec,
    defaults(policy) {
      policy.spec ??= {}
      policy.spec.failurePolicy ??= 'Fail'
      defaultMatchResources(policy.spec.matchConstraints)
    },
    validate: validateMutatingPolicy,
    validateUpdate: validateMutatingPolicy,
  },
  columns: [
    nameColumn(),
    integerColumn('Mutations', 'Mutation indicates the number of mutations rules defined in this configuration', ({ spec }) => spec?.mutations?.length ?? 0),
    column('ParamKind', paramKindDescription, ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn(),
  ],
  health({ spec }) {
    const count = spec?.mutations?.length ?? 0
    return { mark: 'running', sentence: `${count} ${count === 1 ? 'mutation' : 'mutations'}` }
  },
})

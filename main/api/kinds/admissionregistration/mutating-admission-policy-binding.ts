import type { MutatingAdmissionPolicyBinding } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { defaultMatchResources } from './defaults.ts'
import { bindingColumns } from './policies.ts'
import { validateMutatingBinding } from './policy-validation.ts'

export const mutatingAdmissionPolicyBindingKind = defineKind<MutatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding',
  storagePrefix: 'mutatingadmissionpolicybindings',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    generationOf: ({ spec }) => spec,
    defaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
    validate: validateMutatingBinding,
    validateUpdate: validateMutatingBinding,
  },
  columns: bindingColumns(),
  health: ({ spec }) => ({ mark: 'running', sentence: `puts ${spec?.policyName || 'no policy'} in force` }),
  relations: ({ spec }) => (spec?.policyName ? [{ role: 'policy', group: 'admissionregistration.k8s.io', kind: 'MutatingAdmissionPolicy', name: spec.policyName }] : []),
})

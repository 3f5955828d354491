import type { ValidatingAdmissionPolicyBinding } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { defaultMatchResources } from './defaults.ts'
import { bindingColumns } from './policies.ts'
import { validateValidatingBinding } from './policy-validation.ts'

export const validatingAdmissionPolicyBindingKind = defineKind<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
  storagePrefix: 'validatingadmissionpolicybindings',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    generationOf: ({ spec }) => spec,
    defaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
    validate: validateValidatingBinding,
    validateUpdate: validateValidatingBinding,
  },
  columns: bindingColumns(),
  health: ({ spec }) => ({ mark: 'running', sentence: `puts ${spec?.policyName || 'no policy'} in force` }),
  relations: ({ spec }) => (spec?.policyName ? [{ role: 'policy', group: 'admissionregistration.k8s.io', kind: 'ValidatingAdmissionPolicy', name: spec.policyName }] : []),
})

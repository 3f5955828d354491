import type { RoleBinding } from '../../generated/types.ts'
import { isPathSegmentName } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { bindingColumns } from './columns.ts'
import { bindingRelations } from './relations.ts'
import { defaultRoleBinding, validateRoleBinding, validateRoleBindingUpdate } from './validation.ts'

export const roleBindingKind = defineKind<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
  schema: 'io.k8s.api.rbac.v1.RoleBinding',
  storagePrefix: 'rolebindings',
  strategy: {
    validateName: isPathSegmentName,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults: defaultRoleBinding,
    validate: (binding) => validateRoleBinding(binding, true),
    validateUpdate: (binding, old) => validateRoleBindingUpdate(binding, old, true),
  },
  columns: bindingColumns(),
  health(binding) {
    const count = binding.subjects?.length ?? 0
    return { mark: 'running', sentence: `gives ${binding.roleRef.name} to ${count} ${count === 1 ? 'subject' : 'subjects'}` }
  },
  relations: bindingRelations,
})

import type { Role } from '../../generated/types.ts'
import { isPathSegmentName } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { roleColumns } from './columns.ts'
import { validateRules } from './validation.ts'

export const roleKind = defineKind<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  schema: 'io.k8s.api.rbac.v1.Role',
  storagePrefix: 'roles',
  strategy: {
    validateName: isPathSegmentName,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults(role) {
      // Go writes absent rules as null; an empty list reads the same and needs no special care.
      role.rules ??= []
    },
    validate: (role) => validateRules(role.rules, true),
    validateUpdate: (role) => validateRules(role.rules, true),
  },
  columns: roleColumns(),
  health(role) {
    const count = role.rules?.length ?? 0
    return { mark: 'running', sentence: `${count} ${count === 1 ? 'rule' : 'rules'}` }
  },
})

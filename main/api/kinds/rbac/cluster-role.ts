import type { ClusterRole } from '../../generated/types.ts'
import { isPathSegmentName } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { roleColumns } from './columns.ts'
import { validateClusterRole } from './validation.ts'

export const clusterRoleKind = defineKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  schema: 'io.k8s.api.rbac.v1.ClusterRole',
  storagePrefix: 'clusterroles',
  strategy: {
    validateName: isPathSegmentName,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults(role) {
      // Go writes absent rules as null; an empty list reads the same and needs no special care.
      role.rules ??= []
    },
    validate: validateClusterRole,
    validateUpdate: validateClusterRole,
  },
  columns: roleColumns(),
  health(role) {
    const count = role.rules?.length ?? 0
    return { mark: 'running', sentence: `${count} ${count === 1 ? 'rule' : 'rules'}` }
  },
})

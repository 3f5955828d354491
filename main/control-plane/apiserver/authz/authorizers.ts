import type { Resources } from '../registry/resources.ts'
import type { Authorizer } from './attributes.ts'
import { NodeAuthorizer } from './node-authorizer.ts'
import { RbacAuthorizer } from './rbac-authorizer.ts'
import { UnionAuthorizer } from './union-authorizer.ts'

export interface Authorization {
  /** All modes together: Node,RBAC as kubeadm sets them. */
  readonly authorizer: Authorizer
  readonly rbac: RbacAuthorizer
}

const group = 'rbac.authorization.k8s.io'

export function authorizers(resources: Resources): Authorization {
  const rbac = new RbacAuthorizer({
    roles: resources.storeOf(group, 'roles').cache,
    roleBindings: resources.storeOf(group, 'rolebindings').cache,
    clusterRoles: resources.storeOf(group, 'clusterroles').cache,
    clusterRoleBindings: resources.storeOf(group, 'clusterrolebindings').cache,
  })
  return { rbac, authorizer: new UnionAuthorizer([new NodeAuthorizer(resources), rbac]) }
}

/** The RBAC objects of a new cluster: those that the API server keeps itself, and those that kubeadm adds. Made on each call,
 *  so that importing costs nothing; the caller owns what it gets. Follows Kubernetes 1.36; rules about kinds that do not
 *  exist here are kept, as they grant nothing. */
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../generated/types.ts'
import { controllerClusterRoleBindings, controllerClusterRoles } from './controller-roles.ts'
import { kubeadmClusterRoleBindings, kubeadmClusterRoles, kubeadmRoleBindings, kubeadmRoles } from './kubeadm-roles.ts'
import { systemClusterRoleBindings, systemClusterRoles, systemRoleBindings, systemRoles } from './system-roles.ts'
import { userFacingRoles } from './user-facing-roles.ts'

export interface BootstrapPolicy {
  readonly clusterRoles: readonly ClusterRole[]
  readonly clusterRoleBindings: readonly ClusterRoleBinding[]
  /** In kube-system and kube-public. */
  readonly roles: readonly Role[]
  readonly roleBindings: readonly RoleBinding[]
}

/** What kube-apiserver writes when it starts (its rbac/bootstrap-roles hook). */
export function apiserverPolicy(): BootstrapPolicy {
  return {
    clusterRoles: [...userFacingRoles(), ...systemClusterRoles(), ...controllerClusterRoles()],
    clusterRoleBindings: [...systemClusterRoleBindings(), ...controllerClusterRoleBindings()],
    roles: systemRoles(),
    roleBindings: systemRoleBindings(),
  }
}

/** What `kubeadm init` writes besides. */
export function kubeadmPolicy(): BootstrapPolicy {
  return { clusterRoles: kubeadmClusterRoles(), clusterRoleBindings: kubeadmClusterRoleBindings(), roles: kubeadmRoles(), roleBindings: kubeadmRoleBindings() }
}

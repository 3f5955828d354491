import type { ClusterRole, PolicyRule, Role } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { BootstrapPolicy } from '../../../api/kinds/rbac/bootstrap.ts'
import { clusterRoleBindingKind } from '../../../api/kinds/rbac/cluster-role-binding.ts'
import { clusterRoleKind } from '../../../api/kinds/rbac/cluster-role.ts'
import { roleBindingKind } from '../../../api/kinds/rbac/role-binding.ts'
import { roleKind } from '../../../api/kinds/rbac/role.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { OwnObjects } from './own-objects.ts'

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate'

/** Writes the default roles and bindings. Existing ones get back the rules and subjects that they lack, unless they are annotated
 *  with `autoupdate: "false"`; what was added to them stays. Roles first, so that no binding points nowhere. */
export async function reconcileRbac(own: OwnObjects, policy: BootstrapPolicy): Promise<void> {
  const all = <T extends KubeObject>(kind: Kind<T>, objects: readonly T[], merge: (current: T, wanted: T) => T | undefined): Promise<unknown> =>
    Promise.all(objects.map((wanted) => own.reconcile(kind, wanted, (current) => (current.metadata.annotations?.[autoUpdate] === 'false' ? undefined : merge(current, wanted)))))
  await Promise.all([all(clusterRoleKind, policy.clusterRoles, withRules), all(roleKind, policy.roles, withRules)])
  await Promise.all([all(clusterRoleBindingKind, policy.clusterRoleBindings, withSubjects), all(roleBindingKind, policy.roleBindings, withSubjects)])
}

function withRules<T extends ClusterRole | Role>(current: T, wanted: T): T | undefined {
  if ('aggregationRule' in wanted && wanted.aggregationRule) return undefined
  const missing = (wanted.rules ?? []).filter((rule: PolicyRule) => !(current.rules ?? []).some((other) => jsonEqual(other, rule)))
  return missing.length === 0 ? undefined : { ...current, rules: [...(current.rules ?? []), ...missing] }
}

function withSubjects<T extends { subjects?: unknown[] }>(current: T, wanted: T): T | undefined {
  const missing = (wanted.subjects ?? []).filter((subject) => !(current.subjects ?? []).some((other) => jsonEqual(other, subject)))
  return missing.length === 0 ? undefined : { ...current, subjects: [...(current.subjects ?? []), ...missing] }
}

import type { RbacSubject, RoleRef } from '../../generated/types.ts'
import type { KubeObject } from '../../machinery/object.ts'
import type { Relation } from '../kind.ts'
import { rbacGroup } from './validation.ts'

/** A binding points at its role and at the service accounts among its subjects. */
export function bindingRelations(binding: KubeObject & { roleRef: RoleRef; subjects?: RbacSubject[] }): Relation[] {
  const own = binding.metadata.namespace
  const role: Relation = { role: 'role', group: rbacGroup, kind: binding.roleRef.kind, name: binding.roleRef.name, ...(binding.roleRef.kind === 'Role' && own ? { namespace: own } : {}) }
  const accounts = (binding.subjects ?? []).filter((subject) => subject.kind === 'ServiceAccount')
  return [role, ...accounts.map(({ name, namespace }): Relation => ({ role: 'subject', group: '', kind: 'ServiceAccount', name, ...((namespace ?? own) ? { namespace: namespace ?? own } : {}) }))]
}

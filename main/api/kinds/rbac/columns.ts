import type { RbacSubject, RoleRef } from '../../generated/types.ts'
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts'
import type { Column } from '../kind.ts'
import type { KubeObject } from '../../machinery/object.ts'

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** Kinds without a printer of their own show when they were made, not how old they are (upstream's default convertor). */
export function roleColumns<T extends KubeObject>(): Column<T>[] {
  return [nameColumn(), column('Created At', [objectMeta, 'creationTimestamp'], (role) => role.metadata.creationTimestamp ?? '', { type: 'date' })]
}

type AnyBinding = KubeObject & { roleRef: RoleRef; subjects?: RbacSubject[] }

function subjectNames(binding: AnyBinding, kind: string): string {
  return (binding.subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map((subject) => (kind === 'ServiceAccount' ? `${subject.namespace ?? ''}/${subject.name}` : subject.name))
    .join(', ')
}

export function bindingColumns<T extends AnyBinding>(): Column<T>[] {
  return [
    nameColumn(),
    column('Role', 'The role that is bound.', (binding) => `${binding.roleRef.kind}/${binding.roleRef.name}`),
    ageColumn(),
    wideColumn('Users', 'Users in the roleBinding', (binding) => subjectNames(binding, 'User')),
    wideColumn('Groups', 'Groups in the roleBinding', (binding) => subjectNames(binding, 'Group')),
    wideColumn('ServiceAccounts', 'ServiceAccounts in the roleBinding', (binding) => subjectNames(binding, 'ServiceAccount')),
  ]
}

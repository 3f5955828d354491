import { CliError } from '../../cli-error.ts'
import type { Command, CommandContext } from '../../command.ts'
import type { Flag } from '../../flags.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

const group = 'rbac.authorization.k8s.io'

const subjectFlags: readonly Flag[] = [
  { name: 'user', type: 'array', help: 'Usernames to bind to the role. The flag can be repeated to add multiple users.' },
  { name: 'group', type: 'array', help: 'Groups to bind to the role. The flag can be repeated to add multiple groups.' },
  { name: 'serviceaccount', type: 'array', help: 'Service accounts to bind to the role, in the format <namespace>:<name>. The flag can be repeated to add multiple service accounts.' },
]

/** Users, groups and service accounts of the flags, in the order that upstream writes them. */
export function subjectsOf({ flags }: CommandContext): object[] {
  return [
    ...flags.list('user').map((name) => ({ kind: 'User', apiGroup: group, name })),
    ...flags.list('group').map((name) => ({ kind: 'Group', apiGroup: group, name })),
    ...flags.list('serviceaccount').map((text) => {
      const parts = text.split(':')
      if (parts.length !== 2) throw new CliError('serviceaccount must be <namespace>:<name>')
      return { kind: 'ServiceAccount', name: parts[1]!, namespace: parts[0]! }
    }),
  ]
}

export const createRoleBindingCommand: Command = {
  name: 'rolebinding',
  use: 'create rolebinding NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
  short: 'Create a role binding for a particular role or cluster role',
  flags: [...createFlags, { name: 'clusterrole', type: 'string', help: 'ClusterRole this RoleBinding should reference' }, { name: 'role', type: 'string', help: 'Role this RoleBinding should reference' }, ...subjectFlags],
  async run(context) {
    const { flags } = context
    const name = nameArgument(context)
    const [role, clusterRole] = [flags.text('role'), flags.text('clusterrole')]
    if ((role === '') === (clusterRole === '')) throw new CliError('exactly one of clusterrole or role must be specified')
    const subjects = subjectsOf(context)
    const object = {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name },
      ...(subjects.length > 0 ? { subjects } : {}),
      roleRef: { apiGroup: group, kind: role ? 'Role' : 'ClusterRole', name: role || clusterRole },
    }
    await createMade(context, { object: object as never, namespaced: true, failure: 'failed to create rolebinding' })
  },
}

export const createClusterRoleBindingCommand: Command = {
  name: 'clusterrolebinding',
  use: 'create clusterrolebinding NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
  short: 'Create a cluster role binding for a particular cluster role',
  flags: [...createFlags, { name: 'clusterrole', type: 'string', required: true, help: 'ClusterRole this ClusterRoleBinding should reference' }, ...subjectFlags],
  async run(context) {
    const name = nameArgument(context)
    const subjects = subjectsOf(context)
    const object = {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      ...(subjects.length > 0 ? { subjects } : {}),
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: context.flags.text('clusterrole') },
    }
    await createMade(context, { object: object as never, namespaced: false, failure: 'failed to create clusterrolebinding' })
  },
}

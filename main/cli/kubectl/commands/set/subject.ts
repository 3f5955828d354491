import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError } from '../../cli-error.ts'
import type { Command, CommandContext } from '../../command.ts'
import { missingTypesText } from '../../resources/selection.ts'
import { sendChange, setFlags, visitForSet } from './pod-template.ts'

interface Subject {
  readonly kind: string
  readonly apiGroup?: string
  readonly name: string
  readonly namespace?: string
}

/** `kubectl set subject`: adds users, groups and service accounts to bindings. */
export const setSubjectCommand: Command = {
  name: 'subject',
  use: 'set subject (-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
  short: 'Update the user, group, or service account in a role binding or cluster role binding',
  flags: [
    ...setFlags,
    { name: 'group', type: 'list', help: 'Groups to bind to the role.' },
    { name: 'serviceaccount', type: 'list', help: 'Service accounts to bind to the role, namespace:name.' },
    { name: 'user', type: 'list', help: 'Users to bind to the role.' },
  ],
  async run(context) {
    const added: Subject[] = []
    await visitForSet(context, context.args, async (info) => {
      if (added.length === 0) added.push(...subjectsOf(context))
      if (!['RoleBinding', 'ClusterRoleBinding'].includes(info.resource.kind)) throw new CliError(`${info.resource.plural}/${info.name} setting subjects is only supported for RoleBinding/ClusterRoleBinding`)
      const before = (info.object as { subjects?: Subject[] }).subjects ?? []
      const fresh = added.filter((subject) => !before.some((known) => known.kind === subject.kind && known.name === subject.name && (known.namespace ?? '') === (subject.namespace ?? '')))
      if (fresh.length === 0) return
      await sendChange(context, info, { ...info.object, subjects: [...before, ...fresh] } as KubeObject, 'subjects updated')
    }, missingTypesText)
  },
}

function subjectsOf({ flags }: CommandContext): Subject[] {
  const accounts = flags.list('serviceaccount')
  if (flags.list('user').length + flags.list('group').length + accounts.length === 0) throw new CliError('you must specify at least one value of user, group or serviceaccount')
  const apiGroup = 'rbac.authorization.k8s.io'
  return [
    ...[...flags.list('user')].sort().map((name) => ({ kind: 'User', apiGroup, name })),
    ...[...flags.list('group')].sort().map((name) => ({ kind: 'Group', apiGroup, name })),
    ...[...accounts].sort().map((account) => {
      const [namespace, name, ...more] = account.split(':')
      if (!namespace || !name || more.length > 0) throw new CliError('serviceaccount must be <namespace>:<name>')
      return { kind: 'ServiceAccount', namespace, name }
    }),
  ]
}

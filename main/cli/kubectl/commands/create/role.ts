import { CliError } from '../../cli-error.ts'
import type { Command, CommandContext } from '../../command.ts'
import type { Flag } from '../../flags.ts'
import { createFlags, createMade, nameArgument } from './create.ts'

export interface PolicyRule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

export const ruleFlags: readonly Flag[] = [
  { name: 'verb', type: 'list', help: 'Verb that applies to the resources contained in the rule' },
  { name: 'resource', type: 'list', help: 'Resource that the rule applies to' },
  { name: 'resource-name', type: 'array', help: 'Resource in the white list that the rule applies to, repeat this flag for multiple items' },
]

const knownVerbs = new Set(['get', 'delete', 'list', 'create', 'update', 'patch', 'watch', 'proxy', 'deletecollection', 'use', 'bind', 'approve', 'sign', 'escalate', 'impersonate', '*'])
const specialVerbs: Readonly<Record<string, readonly string[]>> = {
  use: [],
  bind: ['roles', 'clusterroles'],
  escalate: ['roles', 'clusterroles'],
  impersonate: ['users', 'serviceaccounts', 'groups', 'userextras'],
}

/** --verb without repetitions; `*` swallows the others. */
export function verbsOf(context: CommandContext): string[] {
  const verbs = [...new Set(context.flags.list('verb'))]
  return verbs.includes('*') ? ['*'] : verbs
}

/** The rules of --verb, --resource and --resource-name: one for each API group. */
export async function resourceRules(context: CommandContext): Promise<PolicyRule[]> {
  const { flags, factory, streams } = context
  const verbs = verbsOf(context)
  const names = flags.list('resource-name')
  const wanted: { group: string; resource: string }[] = []
  for (const text of flags.list('resource')) {
    if (text === '*') {
      wanted.push({ group: '*', resource: '*' })
      continue
    }
    const [type, subresource, ...more] = text.split('/') as [string, string?, ...string[]]
    if (more.length > 0) throw new CliError(`resource with subresource must be in the form resource/subresource, got ${text}`)
    wanted.push({ group: type, resource: subresource ?? '' })
  }
  if (verbs.length === 0) throw new CliError('at least one verb must be specified')
  for (const verb of verbs) if (!knownVerbs.has(verb) && !(verb in specialVerbs)) streams.err(`Warning: '${verb}' is not a standard resource verb\n`)
  if (wanted.length === 0) throw new CliError('at least one resource must be specified')
  const groups = new Map<string, string[]>()
  for (const { group: type, resource: subresource } of wanted) {
    let found = { group: '*', plural: '*' }
    if (type !== '*') {
      try {
        const resource = await factory.mapper().byName(type)
        found = { group: resource.group, plural: resource.plural }
      } catch (error) {
        if (!(error instanceof CliError)) throw error
        const [plural, ...group] = type.split('.')
        throw new CliError(group.length > 0 ? `the server doesn't have a resource type "${plural}" in group "${group.join('.')}"` : `the server doesn't have a resource type "${type}"`, { prefixed: false })
      }
    }
    const resource = subresource === '' || type === '*' ? found.plural : `${found.plural}/${subresource}`
    const known = groups.get(found.group) ?? []
    if (!known.includes(resource)) known.push(resource)
    groups.set(found.group, known)
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, resources]) => ({ verbs, apiGroups: [group], resources, ...(names.length > 0 ? { resourceNames: names } : {}) }))
}

export const createRoleCommand: Command = {
  name: 'role',
  use: 'create role NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none] [options]',
  short: 'Create a role with single rule',
  flags: [...createFlags, ...ruleFlags],
  async run(context) {
    const name = nameArgument(context)
    const rules = await resourceRules(context)
    await createMade(context, { object: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name }, rules } as never, namespaced: true, failure: 'failed to create role' })
  },
}

import { CliError } from '../../cli-error.ts'
import type { Command } from '../../command.ts'
import { createFlags, createMade, nameArgument } from './create.ts'
import { resourceRules, ruleFlags, verbsOf, type PolicyRule } from './role.ts'

export const createClusterRoleCommand: Command = {
  name: 'clusterrole',
  use: 'create clusterrole NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none] [options]',
  short: 'Create a cluster role',
  flags: [
    ...createFlags,
    ...ruleFlags,
    { name: 'non-resource-url', type: 'list', help: 'A partial url that user should have access to.' },
    { name: 'aggregation-rule', type: 'pairs', help: 'An aggregation label selector for combining ClusterRoles.' },
  ],
  async run(context) {
    const { flags } = context
    const name = nameArgument(context)
    const head = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name } }
    const labels = flags.list('aggregation-rule')
    if (labels.length > 0) {
      if (flags.list('non-resource-url').length > 0 || flags.list('verb').length > 0 || flags.list('resource').length > 0 || flags.list('resource-name').length > 0) {
        throw new CliError('aggregation rule must be specified without nonResourceURLs, verbs, resources, and resource names')
      }
      const matchLabels = Object.fromEntries(labels.map((label) => label.split('=') as [string, string]))
      await createMade(context, { object: { ...head, aggregationRule: { clusterRoleSelectors: [{ matchLabels }] }, rules: null } as never, namespaced: false, failure: 'failed to create clusterrole' })
      return
    }
    const verbs = verbsOf(context)
    if (verbs.length === 0) throw new CliError('at least one verb must be specified')
    const urls = flags.list('non-resource-url')
    const rules: PolicyRule[] = []
    if (urls.length > 0) {
      for (const verb of verbs) if (!['get', 'post', 'put', 'delete', 'patch', 'head', 'options', '*'].includes(verb)) throw new CliError(`invalid verb: '${verb}' for nonResourceURL`)
      for (const url of urls) if (url !== '*' && !url.startsWith('/')) throw new CliError('nonResourceURL should start with /')
    } else if (flags.list('resource').length === 0) throw new CliError('one of resource or nonResourceURL must be specified')
    if (flags.list('resource').length > 0) rules.push(...(await resourceRules(context)))
    if (urls.length > 0) rules.push({ verbs, nonResourceURLs: urls })
    await createMade(context, { object: { ...head, rules } as never, namespaced: false, failure: 'failed to create clusterrole' })
  },
}

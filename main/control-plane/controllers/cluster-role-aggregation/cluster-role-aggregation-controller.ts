import { defineController } from '../../../api/client/controller.ts'
import type { ClusterRole, PolicyRule } from '../../../api/generated/types.ts'
import { clusterRoleKind } from '../../../api/kinds/rbac/cluster-role.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'

/** Fills cluster roles that say so with the rules of others. Follows pkg/controller/clusterroleaggregation. */
export const clusterRoleAggregationController = defineController({
  name: 'clusterrole-aggregation-controller',
  noun: 'clusterrole',
  workers: 5,
  setUp({ client, informers }, queue) {
    const roles = informers.of(clusterRoleKind)
    const concern = (): void => {
      for (const role of roles.list()) if (role.aggregationRule) queue.add(role.metadata.name)
    }
    roles.onChange({ added: concern, updated: concern, deleted: concern })
    return async (name) => {
      const role = roles.get(undefined, name)
      if (!role?.aggregationRule) return undefined
      const rules = aggregatedRules(role, roles.list())
      if (semanticEqual(role.rules, rules)) return undefined
      const applied = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules }
      await client.patch(clusterRoleKind, name, undefined, 'apply', applied, { fieldManager: 'clusterrole-aggregation-controller', force: true })
      return undefined
    }
  },
})

/** The rules of all that the selectors choose, by name of the role, each rule once. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const rules: PolicyRule[] = []
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const chosen = all.filter((each) => each.metadata.name !== role.metadata.name && matchesSelector(cachedSelectorOf(selector), each.metadata.labels))
    for (const each of chosen.sort((a, b) => compareBytes(a.metadata.name, b.metadata.name))) {
      for (const rule of each.rules ?? []) if (!rules.some((known) => semanticEqual(known, rule))) rules.push(rule)
    }
  }
  return rules
}

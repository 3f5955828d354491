import { describe, expect, it } from 'vitest'
import type { ClusterRole, PolicyRule } from '../../../api/generated/types.ts'
import { clusterRoleKind } from '../../../api/kinds/rbac/cluster-role.ts'
import { controllerBench } from '../testing/controller-bench.ts'
import { clusterRoleAggregationController } from './cluster-role-aggregation-controller.ts'

const rule = (resource: string): PolicyRule => ({ apiGroups: [''], resources: [resource], verbs: ['get'] })
const role = (name: string, labels: Record<string, string>, rules: PolicyRule[], selects?: Record<string, string>): ClusterRole => ({
  apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels }, rules, ...(selects ? { aggregationRule: { clusterRoleSelectors: [{ matchLabels: selects }] } } : {}),
})

describe('cluster role aggregation', () => {
  it('gathers the rules of chosen roles, each once, and follows them', async () => {
    const b = await controllerBench([clusterRoleAggregationController])
    b.api.seed(clusterRoleKind, role('edit', { to: 'edit' }, [], { to: 'edit' }))
    b.api.seed(clusterRoleKind, role('z', { to: 'edit' }, [rule('pods')]))
    b.api.seed(clusterRoleKind, role('a', { to: 'edit' }, [rule('services'), rule('pods')]))
    b.api.seed(clusterRoleKind, role('other', { to: 'view' }, [rule('nodes')]))
    await b.settle()
    const rules = (): string[] => b.api.peek(clusterRoleKind, undefined, 'edit')!.rules!.map((each) => each.resources![0]!)
    expect(rules()).toEqual(['services', 'pods'])
    b.api.remove(clusterRoleKind, undefined, 'a')
    await b.settle()
    expect(rules()).toEqual(['pods'])
  })
})

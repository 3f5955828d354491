/** The flow schemas and priority levels that every server keeps, whatever is done to them. Follows Kubernetes 1.36. */
import type { FlowSchemaSpec, NonResourcePolicyRule, PriorityLevelConfigurationSpec, ResourcePolicyRule } from '../../generated/types.ts'

/** Every verb on every resource anywhere. */
export const allResources: ResourcePolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }
/** Every verb on every other path. */
export const allPaths: NonResourcePolicyRule = { verbs: ['*'], nonResourceURLs: ['*'] }

/** By name. Shared: may not be changed. */
export const mandatoryFlowSchemas: Readonly<Record<string, FlowSchemaSpec>> = {
  exempt: {
    matchingPrecedence: 1,
    priorityLevelConfiguration: { name: 'exempt' },
    rules: [{ subjects: [{ kind: 'Group', group: { name: 'system:masters' } }], resourceRules: [allResources], nonResourceRules: [allPaths] }],
  },
  'catch-all': {
    matchingPrecedence: 10_000,
    priorityLevelConfiguration: { name: 'catch-all' },
    distinguisherMethod: { type: 'ByUser' },
    rules: [{
      subjects: [{ kind: 'Group', group: { name: 'system:unauthenticated' } }, { kind: 'Group', group: { name: 'system:authenticated' } }],
      resourceRules: [allResources],
      nonResourceRules: [allPaths],
    }],
  },
}

/** By name. Shared: may not be changed. */
export const mandatoryPriorityLevels: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  'catch-all': { type: 'Limited', limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } } },
}

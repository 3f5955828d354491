/** What holds as long as the cluster's own objects say nothing else: upstream's mandatory level and schema objects. */
import type { FlowSchema, PriorityLevelConfiguration, ResourcePolicyRule } from '../../../api/generated/types.ts'

const everyResource: ResourcePolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }
const everyPath = { verbs: ['*'], nonResourceURLs: ['*'] }
const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'

function schema(name: string, precedence: number, groups: readonly string[], distinguisher?: string): FlowSchema {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: { name },
    spec: {
      priorityLevelConfiguration: { name },
      matchingPrecedence: precedence,
      ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
      rules: [{ subjects: groups.map((group) => ({ kind: 'Group', group: { name: group } })), resourceRules: [everyResource], nonResourceRules: [everyPath] }],
    },
  }
}

export const mandatorySchemas: readonly FlowSchema[] = [schema('exempt', 1, ['system:masters']), schema('catch-all', 10_000, ['system:unauthenticated', 'system:authenticated'], 'ByUser')]

export const mandatoryLevels: readonly PriorityLevelConfiguration[] = [
  { apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name: 'exempt' }, spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } } },
  { apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name: 'catch-all' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } } } },
]

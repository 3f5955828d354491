/** The flow schemas and priority levels of a new cluster. Made on each call, so that importing costs nothing; the caller owns what
 *  it gets. Follows Kubernetes 1.36. */
import type { FlowcontrolSubject, FlowSchema, FlowSchemaSpec, PolicyRulesWithSubjects, PriorityLevelConfiguration, PriorityLevelConfigurationSpec, ResourcePolicyRule } from '../../generated/types.ts'
import { cloneJson } from '../../machinery/json-value.ts'
import { allPaths, allResources, mandatoryFlowSchemas, mandatoryPriorityLevels } from './mandatory.ts'

/** `"true"`: the server puts the spec back when it differs. `"false"`: it leaves it alone. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec'

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'

export interface FlowControlObjects {
  /** Kept as they are, whatever their annotation says. */
  readonly mandatory: { readonly schemas: readonly FlowSchema[]; readonly levels: readonly PriorityLevelConfiguration[] }
  /** Made when they are missing, and kept as long as nobody takes them over. */
  readonly suggested: { readonly schemas: readonly FlowSchema[]; readonly levels: readonly PriorityLevelConfiguration[] }
}

export function flowControlObjects(): FlowControlObjects {
  return {
    mandatory: {
      schemas: Object.entries(mandatoryFlowSchemas).map(([name, spec]) => flowSchema(name, spec)),
      levels: Object.entries(mandatoryPriorityLevels).map(([name, spec]) => priorityLevel(name, spec)),
    },
    suggested: { schemas: suggestedSchemas(), levels: suggestedLevels() },
  }
}

function flowSchema(name: string, spec: FlowSchemaSpec): FlowSchema {
  return { apiVersion, kind: 'FlowSchema', metadata: { name, annotations: { [autoUpdateAnnotation]: 'true' } }, spec: cloneJson(spec as never) as FlowSchemaSpec }
}

function priorityLevel(name: string, spec: PriorityLevelConfigurationSpec): PriorityLevelConfiguration {
  return { apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name, annotations: { [autoUpdateAnnotation]: 'true' } }, spec: cloneJson(spec as never) as PriorityLevelConfigurationSpec }
}

/** Name, shares, percentage that may be lent, queues and cards in a hand. */
const limitedLevels: readonly (readonly [string, number, number, number, number])[] = [
  ['system', 30, 33, 64, 6],
  ['node-high', 40, 25, 64, 6],
  ['leader-election', 10, 0, 16, 4],
  ['workload-high', 40, 50, 128, 6],
  ['workload-low', 100, 90, 128, 6],
  ['global-default', 20, 50, 128, 6],
]

function suggestedLevels(): PriorityLevelConfiguration[] {
  return limitedLevels.map(([name, nominalConcurrencyShares, lendablePercent, queues, handSize]) => priorityLevel(name, {
    type: 'Limited',
    limited: { nominalConcurrencyShares, lendablePercent, limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } } },
  }))
}

const groups = (...names: string[]): FlowcontrolSubject[] => names.map((name) => ({ kind: 'Group', group: { name } }))
const users = (...names: string[]): FlowcontrolSubject[] => names.map((name) => ({ kind: 'User', user: { name } }))
const accounts = (...names: string[]): FlowcontrolSubject[] => names.map((name) => ({ kind: 'ServiceAccount', serviceAccount: { name, namespace: 'kube-system' } }))

const everything = (subjects: FlowcontrolSubject[]): PolicyRulesWithSubjects => ({ subjects, resourceRules: [allResources], nonResourceRules: [allPaths] })
const anywhere = (apiGroup: string, resources: string[], verbs: string[] = ['get', 'create', 'update']): ResourcePolicyRule => ({ verbs, apiGroups: [apiGroup], resources, namespaces: ['*'] })
const leases = anywhere('coordination.k8s.io', ['leases'])
const anybody = groups('system:unauthenticated', 'system:authenticated')
const controllerManager = 'system:kube-controller-manager'
const scheduler = 'system:kube-scheduler'

/** Name, level, precedence, what tells flows apart, and whose requests for what. */
const schemas: readonly (readonly [string, string, number, 'ByUser' | 'ByNamespace' | '', PolicyRulesWithSubjects])[] = [
  ['system-nodes', 'system', 500, 'ByUser', everything(groups('system:nodes'))],
  ['system-node-high', 'node-high', 400, 'ByUser', {
    subjects: groups('system:nodes'),
    resourceRules: [{ ...anywhere('', ['nodes', 'nodes/status'], ['*']), clusterScope: true }, anywhere('coordination.k8s.io', ['leases'], ['*'])],
  }],
  ['probes', 'exempt', 2, '', { subjects: anybody, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] }],
  ['system-leader-election', 'leader-election', 100, 'ByUser', { subjects: [...users(controllerManager, scheduler), ...accounts('*')], resourceRules: [leases] }],
  ['workload-leader-election', 'leader-election', 200, 'ByUser', { subjects: accounts('*'), resourceRules: [anywhere('', ['endpoints', 'configmaps']), leases] }],
  ['endpoint-controller', 'workload-high', 150, 'ByUser', {
    subjects: [...users(controllerManager), ...accounts('endpoint-controller', 'endpointslicemirroring-controller')],
    resourceRules: [anywhere('', ['endpoints'])],
  }],
  ['kube-controller-manager', 'workload-high', 800, 'ByNamespace', everything(users(controllerManager))],
  ['kube-scheduler', 'workload-high', 800, 'ByNamespace', everything(users(scheduler))],
  ['kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', everything(accounts('*'))],
  ['service-accounts', 'workload-low', 9000, 'ByUser', everything(groups('system:serviceaccounts'))],
  ['global-default', 'global-default', 9900, 'ByUser', everything(anybody)],
]

function suggestedSchemas(): FlowSchema[] {
  return schemas.map(([name, level, matchingPrecedence, distinguisher, rule]) => flowSchema(name, {
    matchingPrecedence,
    priorityLevelConfiguration: { name: level },
    ...(distinguisher === '' ? {} : { distinguisherMethod: { type: distinguisher } }),
    rules: [rule],
  }))
}

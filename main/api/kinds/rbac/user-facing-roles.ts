/** cluster-admin, admin, edit and view, and the roles that the last three are put together from. */
import type { ClusterRole, PolicyRule } from '../../generated/types.ts'
import { canonicalJson } from '../../machinery/hash.ts'
import { clusterRole, read, readWrite, rule, urlRule, write } from './policy-rule.ts'

const aggregateTo = (role: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' })

const workloads = 'statefulsets,statefulsets/scale,daemonsets,deployments,deployments/scale,replicasets,replicasets/scale'
const oldWorkloads = 'daemonsets,deployments,deployments/scale,ingresses,replicasets,replicasets/scale,replicationcontrollers/scale,networkpolicies'

function viewRules(): PolicyRule[] {
  return [
    rule(read, '', 'pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,configmaps'),
    rule(read, '', 'limitranges,resourcequotas,bindings,events,pods/status,resourcequotas/status,namespaces/status,replicationcontrollers/status,pods/log'),
    rule(read, '', 'namespaces'),
    rule(read, 'discovery.k8s.io', 'endpointslices'),
    rule(read, 'apps', `controllerrevisions,${workloads},statefulsets/status,daemonsets/status,deployments/status,replicasets/status`),
    rule(read, 'autoscaling', 'horizontalpodautoscalers,horizontalpodautoscalers/status'),
    rule(read, 'batch', 'jobs,cronjobs,cronjobs/status,jobs/status'),
    rule(read, 'extensions', `${oldWorkloads},daemonsets/status,deployments/status,ingresses/status,replicasets/status`),
    rule(read, 'policy', 'poddisruptionbudgets,poddisruptionbudgets/status'),
    rule(read, 'networking.k8s.io', 'networkpolicies,ingresses,ingresses/status'),
    rule(read, 'resource.k8s.io', 'resourceclaims,resourceclaims/status,resourceclaimtemplates'),
  ]
}

function editRules(): PolicyRule[] {
  return [
    rule(read, '', 'pods/attach,pods/proxy,pods/exec,pods/portforward,secrets,services/proxy'),
    rule('impersonate', '', 'serviceaccounts'),
    rule(write, '', 'pods,pods/attach,pods/proxy,pods/exec,pods/portforward'),
    rule('create', '', 'pods/eviction'),
    rule(write, '', 'replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/proxy,persistentvolumeclaims,configmaps,secrets,events'),
    rule('create', '', 'serviceaccounts/token'),
    rule(write, 'apps', `${workloads},deployments/rollback`),
    rule(write, 'autoscaling', 'horizontalpodautoscalers'),
    rule(write, 'batch', 'jobs,cronjobs'),
    rule(write, 'extensions', `${oldWorkloads},deployments/rollback`),
    rule(write, 'policy', 'poddisruptionbudgets'),
    rule(write, 'networking.k8s.io', 'networkpolicies,ingresses'),
    rule(readWrite, 'coordination.k8s.io', 'leases'),
    rule(write, 'resource.k8s.io', 'resourceclaims,resourceclaimtemplates'),
  ]
}

function adminRules(): PolicyRule[] {
  return [rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews'), rule(readWrite, 'rbac.authorization.k8s.io', 'roles,rolebindings')]
}

function aggregate(name: string, parts: readonly PolicyRule[], labels?: { [key: string]: string }): ClusterRole {
  return { ...clusterRole(name, distinct(parts), labels), aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(name) }] } }
}

/** Each rule once, as the aggregation controller keeps them. */
function distinct(rules: readonly PolicyRule[]): PolicyRule[] {
  const byText = new Map(rules.map((one) => [canonicalJson(one), one]))
  return [...byText.values()]
}

export function userFacingRoles(): ClusterRole[] {
  // What the aggregation controller would make of the labels: the parts in the order of their roles' names.
  const view = viewRules()
  const edit = [...editRules(), ...view]
  const admin = [...edit, ...adminRules()]
  return [
    clusterRole('cluster-admin', [rule('*', '*', '*'), urlRule('*', '*')]),
    aggregate('admin', admin),
    aggregate('edit', edit, aggregateTo('admin')),
    aggregate('view', view, aggregateTo('edit')),
    clusterRole('system:aggregate-to-admin', adminRules(), aggregateTo('admin')),
    clusterRole('system:aggregate-to-edit', editRules(), aggregateTo('edit')),
    clusterRole('system:aggregate-to-view', viewRules(), aggregateTo('view')),
  ]
}

/** What each controller may do under its own service account in kube-system. */
import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '../../generated/types.ts'
import { account, clusterRole, clusterRoleBinding, eventsRule, read, rule } from './policy-rule.ts'

const prefix = 'system:controller:'
const both = 'apps,extensions'
const storage = 'storage.k8s.io'
const batch = 'batch'
const networking = 'networking.k8s.io'
const certificates = 'certificates.k8s.io'
const anyScale = '*/scale'
const devices = 'resource.k8s.io'
const kubelet = 'kubernetes.io/kube-apiserver-client-kubelet'

/** Rules by the controller's service account. */
function rulesByController(): { readonly [controller: string]: readonly PolicyRule[] } {
  const events = eventsRule()
  return {
    'attachdetach-controller': [
      rule('list,watch', '', 'persistentvolumes,persistentvolumeclaims'),
      rule(read, '', 'nodes'),
      rule('patch,update', '', 'nodes/status'),
      rule('list,watch', '', 'pods'),
      events,
      rule('get,create,delete,list,watch', storage, 'volumeattachments'),
      rule(read, storage, 'csidrivers'),
      rule(read, storage, 'csinodes'),
    ],
    'clusterrole-aggregation-controller': [rule('escalate,get,list,watch,update,patch', 'rbac.authorization.k8s.io', 'clusterroles')],
    'cronjob-controller': [
      rule('get,list,watch,update', batch, 'cronjobs'),
      rule('get,list,watch,create,update,delete,patch', batch, 'jobs'),
      rule('update', batch, 'cronjobs/status'),
      rule('update', batch, 'cronjobs/finalizers'),
      rule('list,watch,delete', '', 'pods'),
      events,
    ],
    'daemon-set-controller': [
      rule(read, both, 'daemonsets'),
      rule('update', both, 'daemonsets/status'),
      rule('update', both, 'daemonsets/finalizers'),
      rule('list,watch', '', 'nodes'),
      rule('list,watch,create,delete,patch', '', 'pods'),
      rule('create', '', 'pods/binding'),
      rule('get,list,watch,create,delete,update,patch', 'apps', 'controllerrevisions'),
      events,
    ],
    'deployment-controller': [
      rule('get,list,watch,update', both, 'deployments'),
      rule('update', both, 'deployments/status'),
      rule('update', both, 'deployments/finalizers'),
      rule('get,list,watch,create,update,patch,delete', both, 'replicasets'),
      rule('get,list,watch,update', '', 'pods'),
      events,
    ],
    'device-taint-eviction-controller': [
      rule('get,list,watch,delete', '', 'pods'),
      rule('update,patch', '', 'pods/status'),
      rule(read, devices, 'resourceclaims'),
      rule(read, devices, 'resourceslices'),
      rule(read, devices, 'deviceclasses'),
      events,
    ],
    'disruption-controller': [
      rule(read, both, 'deployments'),
      rule(read, both, 'replicasets'),
      rule(read, '', 'replicationcontrollers'),
      rule(read, 'policy', 'poddisruptionbudgets'),
      rule(read, 'apps', 'statefulsets'),
      rule('update', 'policy', 'poddisruptionbudgets/status'),
      rule('patch,update', '', 'pods/status'),
      rule('get', '*', anyScale),
      events,
    ],
    'endpoint-controller': [
      rule(read, '', 'services,pods'),
      rule('get,list,watch,create,update,delete', '', 'endpoints'),
      rule('create', '', 'endpoints/restricted'),
      events,
    ],
    'endpointslice-controller': [
      rule(read, '', 'services,pods,nodes'),
      rule('update', '', 'services/finalizers'),
      rule('get,list,watch,create,update,delete', 'discovery.k8s.io', 'endpointslices'),
      events,
    ],
    'endpointslicemirroring-controller': [
      rule(read, '', 'services,endpoints'),
      rule('update', '', 'services/finalizers'),
      rule('update', '', 'endpoints/finalizers'),
      rule('get,list,watch,create,update,delete', 'discovery.k8s.io', 'endpointslices'),
      events,
    ],
    'expand-controller': [
      rule('get,list,watch,update,patch', '', 'persistentvolumes'),
      rule('update,patch', '', 'persistentvolumeclaims/status'),
      rule(read, '', 'persistentvolumeclaims'),
      events,
    ],
    'ephemeral-volume-controller': [rule(read, '', 'pods'), rule('update', '', 'pods/finalizers'), rule('get,list,watch,create', '', 'persistentvolumeclaims'), events],
    'generic-garbage-collector': [rule('get,list,watch,patch,update,delete', '*', '*'), events],
    'horizontal-pod-autoscaler': [
      rule(read, 'autoscaling', 'horizontalpodautoscalers'),
      rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
      rule('get,update', '*', anyScale),
      rule('list,watch', '', 'pods'),
      rule('list,watch', 'metrics.k8s.io', 'pods'),
      rule(read, 'custom.metrics.k8s.io', '*'),
      rule(read, 'external.metrics.k8s.io', '*'),
      events,
    ],
    'job-controller': [
      rule('get,list,watch,update,patch', batch, 'jobs'),
      rule('update', batch, 'jobs/status'),
      rule('update', batch, 'jobs/finalizers'),
      rule('list,watch,create,delete,patch', '', 'pods'),
      events,
    ],
    'namespace-controller': [rule('get,list,watch,delete', '', 'namespaces'), rule('update', '', 'namespaces/finalize,namespaces/status'), rule('get,list,watch,delete,deletecollection', '*', '*')],
    'node-controller': [
      rule('get,list,watch,update,delete,patch', '', 'nodes'),
      rule('patch,update', '', 'nodes/status'),
      rule('patch,update', '', 'pods/status'),
      rule('list,watch,get,delete', '', 'pods'),
      events,
    ],
    'persistent-volume-binder': [
      rule('get,list,watch,update,create,delete', '', 'persistentvolumes'),
      rule('update', '', 'persistentvolumes/status'),
      rule('get,list,watch,update', '', 'persistentvolumeclaims'),
      rule('update', '', 'persistentvolumeclaims/status'),
      rule('list,watch,get,create,delete', '', 'pods'),
      rule(read, storage, 'storageclasses'),
      rule('list,watch', '', 'nodes'),
      events,
      rule('watch', '', 'events'),
    ],
    'pod-garbage-collector': [rule('list,watch,delete', '', 'pods'), rule(read, '', 'nodes'), rule('patch', '', 'pods/status')],
    'replicaset-controller': [
      rule('get,list,watch,update', both, 'replicasets'),
      rule('update', both, 'replicasets/status'),
      rule('update', both, 'replicasets/finalizers'),
      rule('list,watch,patch,create,delete', '', 'pods'),
      events,
    ],
    'replication-controller': [
      rule('get,list,watch,update', '', 'replicationcontrollers'),
      rule('update', '', 'replicationcontrollers/status'),
      rule('update', '', 'replicationcontrollers/finalizers'),
      rule('list,watch,patch,create,delete', '', 'pods'),
      events,
    ],
    'resource-claim-controller': [
      rule(read, '', 'pods'),
      rule('update', '', 'pods/finalizers'),
      rule('get,list,watch,create,delete', devices, 'resourceclaims'),
      rule('update,patch', devices, 'resourceclaims,resourceclaims/status'),
      rule('update,patch', '', 'pods/status'),
      events,
      rule('update,patch', devices, 'resourceclaims/binding'),
    ],
    'resourcequota-controller': [rule('list,watch', '*', '*'), rule('update', '', 'resourcequotas/status'), events],
    'route-controller': [rule('list,watch', '', 'nodes'), rule('patch', '', 'nodes/status'), events],
    'selinux-warning-controller': [events, rule(read, '', 'persistentvolumes'), rule(read, '', 'persistentvolumeclaims'), rule(read, '', 'pods'), rule(read, storage, 'csidrivers')],
    'service-account-controller': [rule('create', '', 'serviceaccounts'), events],
    'service-controller': [rule(read, '', 'services'), rule('patch,update', '', 'services/status'), rule('list,watch', '', 'nodes'), events],
    'service-cidrs-controller': [
      rule('get,list,watch,patch,update', networking, 'servicecidrs'),
      rule('patch,update', networking, 'servicecidrs/finalizers'),
      rule('patch,update', networking, 'servicecidrs/status'),
      rule(read, networking, 'ipaddresses'),
      events,
    ],
    'statefulset-controller': [
      rule('list,watch', '', 'pods'),
      rule(read, 'apps', 'statefulsets'),
      rule('update', 'apps', 'statefulsets/status'),
      rule('update', 'apps', 'statefulsets/finalizers'),
      rule('get,create,delete,update,patch', '', 'pods'),
      rule('get,create,delete,update,patch,list,watch', 'apps', 'controllerrevisions'),
      rule('get,create,list,watch', '', 'persistentvolumeclaims'),
      rule('update,delete', '', 'persistentvolumeclaims'),
      rule('update', '', 'pods/finalizers'),
      events,
    ],
    'ttl-controller': [rule('update,patch,list,watch', '', 'nodes'), events],
    'certificate-controller': [
      rule('get,list,watch,delete', certificates, 'certificatesigningrequests'),
      rule('update', certificates, 'certificatesigningrequests/status,certificatesigningrequests/approval'),
      rule('approve', certificates, 'signers', kubelet),
      rule('sign', certificates, 'signers', `kubernetes.io/legacy-unknown,kubernetes.io/kube-apiserver-client,${kubelet},kubernetes.io/kubelet-serving`),
      rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
      events,
    ],
    'pvc-protection-controller': [rule('get,list,watch,update', '', 'persistentvolumeclaims'), rule('update', '', 'persistentvolumeclaims/status'), rule(read, '', 'pods'), events],
    'pv-protection-controller': [rule('get,list,watch,update', '', 'persistentvolumes'), events],
    'volumeattributesclass-protection-controller': [rule(read, '', 'persistentvolumeclaims'), rule(read, '', 'persistentvolumes'), rule('get,list,watch,update', storage, 'volumeattributesclasses'), events],
    'ttl-after-finished-controller': [rule('get,list,watch,delete', batch, 'jobs'), events],
    'root-ca-cert-publisher': [rule('create,update', '', 'configmaps'), events],
    'validatingadmissionpolicy-status-controller': [
      rule(read, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
      rule('get,patch,update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
      events,
    ],
    'legacy-service-account-token-cleaner': [rule('get', '', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'), rule('patch,delete', '', 'secrets')],
  }
}

export function controllerClusterRoles(): ClusterRole[] {
  return Object.entries(rulesByController()).map(([name, rules]) => clusterRole(prefix + name, [...rules]))
}

export function controllerClusterRoleBindings(): ClusterRoleBinding[] {
  return Object.keys(rulesByController()).map((name) => clusterRoleBinding(prefix + name, prefix + name, [account('kube-system', name)]))
}

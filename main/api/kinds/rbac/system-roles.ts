/** The roles of Kubernetes' own components, and who has them by default. */
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../generated/types.ts'
import { account, clusterRole, clusterRoleBinding, eventsRule, group, read, role, roleBinding, rule, urlRule, user } from './policy-rule.ts'

const reviews: () => PolicyRule[] = () => [rule('create', 'authentication.k8s.io', 'tokenreviews'), rule('create', 'authorization.k8s.io', 'subjectaccessreviews')]
const csrs = 'certificatesigningrequests'
const certificates = 'certificates.k8s.io'
const devices = 'resource.k8s.io'

function approver(name: string, signer: string): ClusterRole {
  return clusterRole(`system:${certificates}:${name}`, [rule('approve', certificates, 'signers', signer)])
}

export function systemClusterRoles(): ClusterRole[] {
  return [
    clusterRole('system:discovery', [urlRule('get', '/livez,/readyz,/healthz,/version,/version/,/openapi,/openapi/*,/api,/api/*,/apis,/apis/*')]),
    clusterRole('system:monitoring', [urlRule('get', '/metrics,/metrics/slis,/livez,/readyz,/healthz,/livez/*,/readyz/*,/healthz/*')]),
    clusterRole('system:basic-user', [rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews,selfsubjectrulesreviews'), rule('create', 'authentication.k8s.io', 'selfsubjectreviews')]),
    clusterRole('system:public-info-viewer', [urlRule('get', '/livez,/readyz,/healthz,/version,/version/')]),
    clusterRole('system:heapster', [rule(read, '', 'events,pods,nodes,namespaces'), rule(read, 'extensions', 'deployments')]),
    clusterRole('system:node', nodeRules()),
    clusterRole('system:node-problem-detector', [rule('get', '', 'nodes'), rule('patch', '', 'nodes/status'), eventsRule()]),
    clusterRole('system:kubelet-api-admin', [rule(read, '', 'nodes'), rule('proxy', '', 'nodes'), rule('*', '', 'nodes/proxy,nodes/metrics,nodes/stats,nodes/log'), rule('*', '', 'nodes/configz,nodes/healthz,nodes/pods')]),
    clusterRole('system:node-bootstrapper', [rule('create,get,list,watch', certificates, csrs)]),
    clusterRole('system:auth-delegator', reviews()),
    clusterRole('system:kube-aggregator', [rule(read, '', 'services,endpoints')]),
    clusterRole('system:kube-controller-manager', controllerManagerRules()),
    clusterRole('system:kube-dns', [rule('list,watch', '', 'endpoints,services')]),
    clusterRole('system:persistent-volume-provisioner', [
      rule('get,list,watch,create,delete', '', 'persistentvolumes'),
      rule('get,list,watch,update', '', 'persistentvolumeclaims'),
      rule(read, 'storage.k8s.io', 'storageclasses'),
      rule('watch', '', 'events'),
      eventsRule(),
    ]),
    clusterRole(`system:${certificates}:${csrs}:nodeclient`, [rule('create', certificates, `${csrs}/nodeclient`)]),
    clusterRole(`system:${certificates}:${csrs}:selfnodeclient`, [rule('create', certificates, `${csrs}/selfnodeclient`)]),
    clusterRole('system:volume-scheduler', [
      rule('get,list,watch,update,patch', '', 'persistentvolumes'),
      rule(read, 'storage.k8s.io', 'storageclasses'),
      rule('get,list,watch,update,patch', '', 'persistentvolumeclaims'),
    ]),
    approver('legacy-unknown-approver', 'kubernetes.io/legacy-unknown'),
    approver('kubelet-serving-approver', 'kubernetes.io/kubelet-serving'),
    approver('kube-apiserver-client-approver', 'kubernetes.io/kube-apiserver-client'),
    approver('kube-apiserver-client-kubelet-approver', 'kubernetes.io/kube-apiserver-client-kubelet'),
    clusterRole('system:service-account-issuer-discovery', [urlRule('get', '/.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/')]),
    clusterRole('system:node-proxier', [rule('list,watch', '', 'services,endpoints'), rule(read, '', 'nodes'), eventsRule(), rule('list,watch', 'networking.k8s.io', 'servicecidrs'), rule('list,watch', 'discovery.k8s.io', 'endpointslices')]),
    clusterRole('system:kube-scheduler', schedulerRules()),
  ]
}

function controllerManagerRules(): PolicyRule[] {
  return [
    eventsRule(),
    rule('create', 'coordination.k8s.io', 'leases'),
    rule('get,update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
    rule('create', '', 'secrets,serviceaccounts'),
    rule('delete', '', 'secrets'),
    rule('get', '', 'configmaps,namespaces,secrets,serviceaccounts'),
    rule('update', '', 'secrets,serviceaccounts'),
    ...reviews(),
    // Shared informers watch everything; each controller writes under its own service account.
    rule('list,watch', '*', '*'),
    rule('create', '', 'serviceaccounts/token'),
  ]
}

function schedulerRules(): PolicyRule[] {
  return [
    eventsRule(),
    rule('create', 'coordination.k8s.io', 'leases'),
    rule('get,update', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
    rule(read, '', 'nodes'),
    rule('get,list,watch,delete', '', 'pods'),
    rule('create', '', 'pods/binding,bindings'),
    rule('patch,update', '', 'pods/status'),
    rule(read, '', 'replicationcontrollers,services'),
    rule(read, 'apps,extensions', 'replicasets'),
    rule(read, 'apps', 'statefulsets'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(read, '', 'persistentvolumeclaims,persistentvolumes'),
    ...reviews(),
    rule(read, 'storage.k8s.io', 'csinodes'),
    rule(read, 'storage.k8s.io', 'volumeattachments'),
    rule(read, '', 'namespaces'),
    rule(read, 'storage.k8s.io', 'csidrivers'),
    rule(read, 'storage.k8s.io', 'csistoragecapacities'),
    rule(read, devices, 'deviceclasses'),
    rule('get,list,watch,update,patch', devices, 'resourceclaims'),
    rule('get,list,watch,update,patch', devices, 'resourceclaims/status'),
    rule('get,list,watch,update,patch', '', 'pods/finalizers'),
    rule(read, devices, 'resourceslices'),
  ]
}

/** What a node may ask for. The node authorizer narrows most of it to what runs on the node. */
export function nodeRules(): PolicyRule[] {
  return [
    rule('create', 'authentication.k8s.io', 'tokenreviews'),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews,localsubjectaccessreviews'),
    rule(read, '', 'services'),
    rule('create,get,list,watch', '', 'nodes'),
    rule('update,patch', '', 'nodes/status'),
    rule('update,patch', '', 'nodes'),
    rule('create,update,patch', '', 'events'),
    rule(read, '', 'pods'),
    rule('create,delete', '', 'pods'),
    rule('update,patch', '', 'pods/status'),
    rule('create', '', 'pods/eviction'),
    rule(read, '', 'secrets,configmaps'),
    rule('get', '', 'persistentvolumeclaims,persistentvolumes'),
    rule('get', '', 'endpoints'),
    rule('create,get,list,watch', certificates, csrs),
    rule('get,create,update,patch,delete', 'coordination.k8s.io', 'leases'),
    rule('get', 'storage.k8s.io', 'volumeattachments'),
    rule('create', '', 'serviceaccounts/token'),
    rule('get,update,patch', '', 'persistentvolumeclaims/status'),
    rule(read, 'storage.k8s.io', 'csidrivers'),
    rule('get,create,update,patch,delete', 'storage.k8s.io', 'csinodes'),
    rule(read, 'node.k8s.io', 'runtimeclasses'),
    rule('get', devices, 'resourceclaims'),
    rule('deletecollection', devices, 'resourceslices'),
    rule('get', '', 'serviceaccounts'),
  ]
}

export function systemClusterRoleBindings(): ClusterRoleBinding[] {
  const authenticated = group('system:authenticated')
  return [
    clusterRoleBinding('cluster-admin', 'cluster-admin', [group('system:masters')]),
    clusterRoleBinding('system:monitoring', 'system:monitoring', [group('system:monitoring')]),
    clusterRoleBinding('system:discovery', 'system:discovery', [authenticated]),
    clusterRoleBinding('system:basic-user', 'system:basic-user', [authenticated]),
    clusterRoleBinding('system:public-info-viewer', 'system:public-info-viewer', [authenticated, group('system:unauthenticated')]),
    clusterRoleBinding('system:node-proxier', 'system:node-proxier', [user('system:kube-proxy')]),
    clusterRoleBinding('system:kube-controller-manager', 'system:kube-controller-manager', [user('system:kube-controller-manager')]),
    clusterRoleBinding('system:kube-dns', 'system:kube-dns', [account('kube-system', 'kube-dns')]),
    clusterRoleBinding('system:kube-scheduler', 'system:kube-scheduler', [user('system:kube-scheduler')]),
    clusterRoleBinding('system:volume-scheduler', 'system:volume-scheduler', [user('system:kube-scheduler')]),
    clusterRoleBinding('system:node', 'system:node', []),
    clusterRoleBinding('system:service-account-issuer-discovery', 'system:service-account-issuer-discovery', [group('system:serviceaccounts')]),
  ]
}

const system = 'kube-system'
const open = 'kube-public'

export function systemRoles(): Role[] {
  const locking = (name: string): Role => role(system, `system::leader-locking-${name}`, [rule('watch', '', 'configmaps'), rule('get,update', '', 'configmaps', name)])
  return [
    role(system, 'extension-apiserver-authentication-reader', [rule(read, '', 'configmaps', 'extension-apiserver-authentication')]),
    role(system, 'system:controller:bootstrap-signer', [rule(read, '', 'secrets')]),
    role(system, 'system:controller:cloud-provider', [rule('create,get,list,watch', '', 'configmaps')]),
    role(system, 'system:controller:token-cleaner', [rule('get,list,watch,delete', '', 'secrets'), eventsRule()]),
    locking('kube-controller-manager'),
    locking('kube-scheduler'),
    role(open, 'system:controller:bootstrap-signer', [rule(read, '', 'configmaps'), rule('update', '', 'configmaps', 'cluster-info'), eventsRule()]),
  ]
}

export function systemRoleBindings(): RoleBinding[] {
  const controllerManager = user('system:kube-controller-manager')
  const scheduler = user('system:kube-scheduler')
  return [
    roleBinding(system, 'system::extension-apiserver-authentication-reader', 'extension-apiserver-authentication-reader', [controllerManager, scheduler]),
    roleBinding(system, 'system::leader-locking-kube-controller-manager', 'system::leader-locking-kube-controller-manager', [controllerManager, account(system, 'kube-controller-manager')]),
    roleBinding(system, 'system::leader-locking-kube-scheduler', 'system::leader-locking-kube-scheduler', [scheduler, account(system, 'kube-scheduler')]),
    roleBinding(system, 'system:controller:bootstrap-signer', 'system:controller:bootstrap-signer', [account(system, 'bootstrap-signer')]),
    roleBinding(system, 'system:controller:cloud-provider', 'system:controller:cloud-provider', [account(system, 'cloud-provider')]),
    roleBinding(system, 'system:controller:token-cleaner', 'system:controller:token-cleaner', [account(system, 'token-cleaner')]),
    roleBinding(open, 'system:controller:bootstrap-signer', 'system:controller:bootstrap-signer', [account(system, 'bootstrap-signer')]),
  ]
}

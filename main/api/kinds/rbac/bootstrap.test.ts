/** The default policy against what Kubernetes 1.36 is known to write, one line a rule: `verbs groups resources [names]`. `R` is get, list and
 *  watch; `W` is create, update, patch, delete and deletecollection; `core` is the group without a name; `E` is the rule about events. */
import { describe, expect, it } from 'vitest'
import type { PolicyRule } from '../../generated/types.ts'
import { apiserverPolicy, kubeadmPolicy } from './bootstrap.ts'

const short: Readonly<Record<string, string>> = { R: 'get,list,watch', W: 'create,update,patch,delete,deletecollection' }
const sorted = (list: string): string[] => list.split(',').flatMap((word) => (short[word] ?? word).split(',')).sort()

function ruleOf(line: string): PolicyRule {
  if (line === 'E') return ruleOf('create,patch,update core,events.k8s.io events')
  const [verbs = '', groups = '', resources = '', names] = line.split(' ')
  if (groups.startsWith('/')) return { nonResourceURLs: sorted(groups), verbs: sorted(verbs) }
  return { apiGroups: groups.split(',').map((group) => (group === 'core' ? '' : group)).sort(), ...(names ? { resourceNames: sorted(names) } : {}), resources: sorted(resources), verbs: sorted(verbs) }
}

const controllers: Readonly<Record<string, string>> = {
  'attachdetach-controller': 'list,watch core persistentvolumes,persistentvolumeclaims|R core nodes|patch,update core nodes/status|list,watch core pods|E|create,delete,R storage.k8s.io volumeattachments|R storage.k8s.io csidrivers|R storage.k8s.io csinodes',
  'certificate-controller': 'delete,R certificates.k8s.io certificatesigningrequests|update certificates.k8s.io certificatesigningrequests/approval,certificatesigningrequests/status|approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet|sign certificates.k8s.io signers kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown|create authorization.k8s.io subjectaccessreviews|E',
  'clusterrole-aggregation-controller': 'escalate,R,patch,update rbac.authorization.k8s.io clusterroles',
  'cronjob-controller': 'R,update batch cronjobs|create,delete,R,patch,update batch jobs|update batch cronjobs/status|update batch cronjobs/finalizers|delete,list,watch core pods|E',
  'daemon-set-controller': 'R apps,extensions daemonsets|update apps,extensions daemonsets/status|update apps,extensions daemonsets/finalizers|list,watch core nodes|create,delete,list,patch,watch core pods|create core pods/binding|create,delete,R,patch,update apps controllerrevisions|E',
  'deployment-controller': 'R,update apps,extensions deployments|update apps,extensions deployments/status|update apps,extensions deployments/finalizers|create,delete,R,patch,update apps,extensions replicasets|R,update core pods|E',
  'device-taint-eviction-controller': 'delete,R core pods|patch,update core pods/status|R resource.k8s.io resourceclaims|R resource.k8s.io resourceslices|R resource.k8s.io deviceclasses|E',
  'disruption-controller': 'R apps,extensions deployments|R apps,extensions replicasets|R core replicationcontrollers|R policy poddisruptionbudgets|R apps statefulsets|update policy poddisruptionbudgets/status|patch,update core pods/status|get * */scale|E',
  'endpoint-controller': 'R core pods,services|create,delete,R,update core endpoints|create core endpoints/restricted|E',
  'endpointslice-controller': 'R core nodes,pods,services|update core services/finalizers|create,delete,R,update discovery.k8s.io endpointslices|E',
  'endpointslicemirroring-controller': 'R core endpoints,services|update core services/finalizers|update core endpoints/finalizers|create,delete,R,update discovery.k8s.io endpointslices|E',
  'ephemeral-volume-controller': 'R core pods|update core pods/finalizers|create,R core persistentvolumeclaims|E',
  'expand-controller': 'R,patch,update core persistentvolumes|patch,update core persistentvolumeclaims/status|R core persistentvolumeclaims|E',
  'generic-garbage-collector': 'delete,R,patch,update * *|E',
  'horizontal-pod-autoscaler': 'R autoscaling horizontalpodautoscalers|update autoscaling horizontalpodautoscalers/status|get,update * */scale|list,watch core pods|list,watch metrics.k8s.io pods|R custom.metrics.k8s.io *|R external.metrics.k8s.io *|E',
  'job-controller': 'R,patch,update batch jobs|update batch jobs/status|update batch jobs/finalizers|create,delete,list,patch,watch core pods|E',
  'legacy-service-account-token-cleaner': 'get core configmaps kube-apiserver-legacy-service-account-token-tracking|delete,patch core secrets',
  'namespace-controller': 'delete,R core namespaces|update core namespaces/finalize,namespaces/status|delete,deletecollection,R * *',
  'node-controller': 'delete,R,patch,update core nodes|patch,update core nodes/status|patch,update core pods/status|delete,R core pods|E',
  'persistent-volume-binder': 'create,delete,R,update core persistentvolumes|update core persistentvolumes/status|R,update core persistentvolumeclaims|update core persistentvolumeclaims/status|create,delete,R core pods|R storage.k8s.io storageclasses|list,watch core nodes|E|watch core events',
  'pod-garbage-collector': 'delete,list,watch core pods|R core nodes|patch core pods/status',
  'pv-protection-controller': 'R,update core persistentvolumes|E',
  'pvc-protection-controller': 'R,update core persistentvolumeclaims|update core persistentvolumeclaims/status|R core pods|E',
  'replicaset-controller': 'R,update apps,extensions replicasets|update apps,extensions replicasets/status|update apps,extensions replicasets/finalizers|create,delete,list,patch,watch core pods|E',
  'replication-controller': 'R,update core replicationcontrollers|update core replicationcontrollers/status|update core replicationcontrollers/finalizers|create,delete,list,patch,watch core pods|E',
  'resource-claim-controller': 'R core pods|update core pods/finalizers|create,delete,R resource.k8s.io resourceclaims|patch,update resource.k8s.io resourceclaims,resourceclaims/status|patch,update core pods/status|E|patch,update resource.k8s.io resourceclaims/binding',
  'resourcequota-controller': 'list,watch * *|update core resourcequotas/status|E',
  'root-ca-cert-publisher': 'create,update core configmaps|E',
  'route-controller': 'list,watch core nodes|patch core nodes/status|E',
  'selinux-warning-controller': 'E|R core persistentvolumes|R core persistentvolumeclaims|R core pods|R storage.k8s.io csidrivers',
  'service-account-controller': 'create core serviceaccounts|E',
  'service-cidrs-controller': 'R,patch,update networking.k8s.io servicecidrs|patch,update networking.k8s.io servicecidrs/finalizers|patch,update networking.k8s.io servicecidrs/status|R networking.k8s.io ipaddresses|E',
  'service-controller': 'R core services|patch,update core services/status|list,watch core nodes|E',
  'statefulset-controller': 'list,watch core pods|R apps statefulsets|update apps statefulsets/status|update apps statefulsets/finalizers|create,delete,get,patch,update core pods|create,delete,R,patch,update apps controllerrevisions|create,R core persistentvolumeclaims|delete,update core persistentvolumeclaims|update core pods/finalizers|E',
  'ttl-after-finished-controller': 'delete,R batch jobs|E',
  'ttl-controller': 'list,patch,update,watch core nodes|E',
  'validatingadmissionpolicy-status-controller': 'R admissionregistration.k8s.io validatingadmissionpolicies|get,patch,update admissionregistration.k8s.io validatingadmissionpolicies/status|E',
  'volumeattributesclass-protection-controller': 'R core persistentvolumeclaims|R core persistentvolumes|R,update storage.k8s.io volumeattributesclasses|E',
}

const csrs = 'system:certificates.k8s.io:certificatesigningrequests'
const approver = (signer: string): string => `approve certificates.k8s.io signers kubernetes.io/${signer}`
const reviews = 'create authentication.k8s.io tokenreviews|create authorization.k8s.io subjectaccessreviews'

const system: Readonly<Record<string, string>> = {
  'cluster-admin': '* * *|* *',
  'system:aggregate-to-admin': 'create authorization.k8s.io localsubjectaccessreviews|R,W rbac.authorization.k8s.io rolebindings,roles',
  'system:aggregate-to-edit':
    'R core pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy|impersonate core serviceaccounts|W core pods,pods/attach,pods/exec,pods/portforward,pods/proxy|create core pods/eviction|W core configmaps,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy|create core serviceaccounts/token|W apps daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale|W autoscaling horizontalpodautoscalers|W batch cronjobs,jobs|W extensions daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale|W policy poddisruptionbudgets|W networking.k8s.io ingresses,networkpolicies|R,W coordination.k8s.io leases|W resource.k8s.io resourceclaims,resourceclaimtemplates',
  'system:aggregate-to-view':
    'R core configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status|R core bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status|R core namespaces|R discovery.k8s.io endpointslices|R apps controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status|R autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status|R batch cronjobs,cronjobs/status,jobs,jobs/status|R extensions daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale|R policy poddisruptionbudgets,poddisruptionbudgets/status|R networking.k8s.io ingresses,ingresses/status,networkpolicies|R resource.k8s.io resourceclaims,resourceclaims/status,resourceclaimtemplates',
  'system:auth-delegator': reviews,
  'system:basic-user': 'create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews|create authentication.k8s.io selfsubjectreviews',
  [`${csrs}:nodeclient`]: 'create certificates.k8s.io certificatesigningrequests/nodeclient',
  [`${csrs}:selfnodeclient`]: 'create certificates.k8s.io certificatesigningrequests/selfnodeclient',
  'system:certificates.k8s.io:kube-apiserver-client-approver': approver('kube-apiserver-client'),
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': approver('kube-apiserver-client-kubelet'),
  'system:certificates.k8s.io:kubelet-serving-approver': approver('kubelet-serving'),
  'system:certificates.k8s.io:legacy-unknown-approver': approver('legacy-unknown'),
  'system:discovery': 'get /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/',
  'system:heapster': 'R core events,namespaces,nodes,pods|R extensions deployments',
  'system:kube-aggregator': 'R core endpoints,services',
  'system:kube-controller-manager': `E|create coordination.k8s.io leases|get,update coordination.k8s.io leases kube-controller-manager|create core secrets,serviceaccounts|delete core secrets|get core configmaps,namespaces,secrets,serviceaccounts|update core secrets,serviceaccounts|${reviews}|list,watch * *|create core serviceaccounts/token`,
  'system:kube-dns': 'list,watch core endpoints,services',
  'system:kube-scheduler': `E|create coordination.k8s.io leases|get,update coordination.k8s.io leases kube-scheduler|R core nodes|delete,R core pods|create core bindings,pods/binding|patch,update core pods/status|R core replicationcontrollers,services|R apps,extensions replicasets|R apps statefulsets|R policy poddisruptionbudgets|R core persistentvolumeclaims,persistentvolumes|${reviews}|R storage.k8s.io csinodes|R storage.k8s.io volumeattachments|R core namespaces|R storage.k8s.io csidrivers|R storage.k8s.io csistoragecapacities|R resource.k8s.io deviceclasses|R,patch,update resource.k8s.io resourceclaims|R,patch,update resource.k8s.io resourceclaims/status|R,patch,update core pods/finalizers|R resource.k8s.io resourceslices`,
  'system:kubelet-api-admin': 'R core nodes|proxy core nodes|* core nodes/log,nodes/metrics,nodes/proxy,nodes/stats|* core nodes/configz,nodes/healthz,nodes/pods',
  'system:monitoring': 'get /healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*',
  'system:node':
    'create authentication.k8s.io tokenreviews|create authorization.k8s.io localsubjectaccessreviews,subjectaccessreviews|R core services|create,R core nodes|patch,update core nodes/status|patch,update core nodes|create,patch,update core events|R core pods|create,delete core pods|patch,update core pods/status|create core pods/eviction|R core configmaps,secrets|get core persistentvolumeclaims,persistentvolumes|get core endpoints|create,R certificates.k8s.io certificatesigningrequests|create,delete,get,patch,update coordination.k8s.io leases|get storage.k8s.io volumeattachments|create core serviceaccounts/token|get,patch,update core persistentvolumeclaims/status|R storage.k8s.io csidrivers|create,delete,get,patch,update storage.k8s.io csinodes|R node.k8s.io runtimeclasses|get resource.k8s.io resourceclaims|deletecollection resource.k8s.io resourceslices|get core serviceaccounts',
  'system:node-bootstrapper': 'create,R certificates.k8s.io certificatesigningrequests',
  'system:node-problem-detector': 'get core nodes|patch core nodes/status|E',
  'system:node-proxier': 'list,watch core endpoints,services|R core nodes|E|list,watch networking.k8s.io servicecidrs|list,watch discovery.k8s.io endpointslices',
  'system:persistent-volume-provisioner': 'create,delete,R core persistentvolumes|R,update core persistentvolumeclaims|R storage.k8s.io storageclasses|watch core events|E',
  'system:public-info-viewer': 'get /healthz,/livez,/readyz,/version,/version/',
  'system:service-account-issuer-discovery': 'get /.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/',
  'system:volume-scheduler': 'R,patch,update core persistentvolumes|R storage.k8s.io storageclasses|R,patch,update core persistentvolumeclaims',
}

const rulesOf = (lines: string): PolicyRule[] => lines.split('|').map((line) => (line === '* *' ? { nonResourceURLs: ['*'], verbs: ['*'] } : ruleOf(line)))
const { clusterRoles, clusterRoleBindings } = apiserverPolicy()
const known = new Map(clusterRoles.map((role) => [role.metadata.name, role]))

describe('the default cluster roles', () => {
  it.each(Object.entries(system))('%s', (name, lines) => {
    expect(known.get(name)?.rules).toEqual(rulesOf(lines))
  })

  it.each(Object.entries(controllers))('of the %s', (name, lines) => {
    expect(known.get(`system:controller:${name}`)?.rules).toEqual(rulesOf(lines))
    expect(clusterRoleBindings.find(({ metadata }) => metadata.name === `system:controller:${name}`)).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `system:controller:${name}` },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }],
    })
  })

  it('are these and no others', () => {
    const wanted = [...Object.keys(system), ...Object.keys(controllers).map((name) => `system:controller:${name}`), 'admin', 'edit', 'view']
    expect([...known.keys()].sort()).toEqual(wanted.sort())
    for (const role of clusterRoles) expect(role.metadata).toMatchObject({ annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } })
  })

  it('are put together from parts: admin has edit, edit has view', () => {
    for (const [name, label] of [['admin', undefined], ['edit', 'admin'], ['view', 'edit']] as const) {
      expect(known.get(name)).toMatchObject({ aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true' } }] } })
      if (label) expect(known.get(name)!.metadata.labels).toMatchObject({ [`rbac.authorization.k8s.io/aggregate-to-${label}`]: 'true' })
      expect(known.get(name)!.rules).toEqual(expect.arrayContaining(rulesOf(system[`system:aggregate-to-${name}`]!)))
    }
  })
})

it('the default bindings', () => {
  const text = clusterRoleBindings.filter(({ metadata }) => !metadata.name.startsWith('system:controller:')).map(({ metadata, roleRef, subjects = [] }) => `${metadata.name} ${roleRef.name} ${subjects.map(({ kind, name, namespace }) => `${kind}:${namespace ? `${namespace}/` : ''}${name}`).join(',')}`)
  expect(text.sort()).toEqual([
    'cluster-admin cluster-admin Group:system:masters',
    'system:basic-user system:basic-user Group:system:authenticated',
    'system:discovery system:discovery Group:system:authenticated',
    'system:kube-controller-manager system:kube-controller-manager User:system:kube-controller-manager',
    'system:kube-dns system:kube-dns ServiceAccount:kube-system/kube-dns',
    'system:kube-scheduler system:kube-scheduler User:system:kube-scheduler',
    'system:monitoring system:monitoring Group:system:monitoring',
    'system:node system:node ',
    'system:node-proxier system:node-proxier User:system:kube-proxy',
    'system:public-info-viewer system:public-info-viewer Group:system:authenticated,Group:system:unauthenticated',
    'system:service-account-issuer-discovery system:service-account-issuer-discovery Group:system:serviceaccounts',
    'system:volume-scheduler system:volume-scheduler User:system:kube-scheduler',
  ])
})

it('nobody without a name reads more than kubeadm wants joining nodes to', () => {
  const { roleBindings } = kubeadmPolicy()
  const anonymous = roleBindings.filter(({ subjects }) => subjects?.some(({ name }) => name === 'system:anonymous' || name === 'system:unauthenticated'))
  expect(anonymous.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(['kube-public/kubeadm:bootstrap-signer-clusterinfo'])
})

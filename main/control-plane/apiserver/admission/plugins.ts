import type { CSIDriver, IngressClass, LimitRange, Namespace, Node, Pod, RuntimeClass, ServiceAccount, StorageClass } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { escalationCheck } from '../authz/escalation.ts'
import { adminAccessCheck, policyReferenceCheck } from '../authz/references.ts'
import type { Parts } from '../parts.ts'
import type { Store } from '../registry/store.ts'
import type { AdmissionPlugin } from './admission.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction, clusterTrustBundleAttest } from './certificates.ts'
import { defaultIngressClass } from './default-ingress-class.ts'
import { defaultStorageClass } from './default-storage-class.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts'
import { podSecurity } from './pod-security/pod-security.ts'
import { podTopologyLabels } from './pod-topology-labels.ts'
import { priorityAdmission } from './priority.ts'
import { resourceQuotaAdmission } from './resource-quota.ts'
import { runtimeClassAdmission } from './runtime-class.ts'
import { serviceAccountAdmission } from './service-account.ts'
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'

/** The plugins that this server has from its start: kubeadm's defaults, and NodeRestriction. `order.ts` says when each runs. */
export function admissionPlugins({ resources, process, authorization, own }: Pick<Parts, 'resources' | 'process' | 'authorization' | 'own'>): readonly AdmissionPlugin[] {
  const { authorizer, rbac } = authorization
  const namespaces = resources.storeOf('', 'namespaces').store
  const accounts = resources.storeOf('', 'serviceaccounts').store
  // Not every server has every kind.
  const storeOf = (group: string, plural: string): Store | undefined => resources.ofGroup(group, plural)?.stored?.store
  const named = <T>(group: string, plural: string, name: string, namespace = ''): T | undefined => storeOf(group, plural)?.cached(namespace, name) as T | undefined
  const all = <T>(group: string, plural: string, namespace?: string): T[] => {
    const objects: T[] = []
    storeOf(group, plural)?.cache.scan(namespace, (object) => objects.push(object as T) > 0)
    return objects
  }
  return [
    namespaceLifecycle({ cached: (name) => namespaces.cached('', name), read: (name) => found(namespaces, '', name) }),
    limitRanger((namespace) => all<LimitRange>('', 'limitranges', namespace)),
    serviceAccountAdmission({
      cached: (namespace, name) => accounts.cached(namespace, name) as ServiceAccount | undefined,
      read: (namespace, name) => accounts.get(namespace, name) as Promise<ServiceAccount>,
      suffix: (length) => process.random.suffix(length),
      pause: () => process.clock.sleep(100 + process.random.float() * 100),
    }),
    nodeRestriction({
      pod: (namespace, name) => named<Pod>('', 'pods', name, namespace),
      node: (name) => named<Node>('', 'nodes', name),
      driver: (name) => named<CSIDriver>('storage.k8s.io', 'csidrivers', name),
      authorizer,
    }),
    taintNodesByCondition,
    podSecurity({ namespace: (name) => namespaces.cached('', name) ?? found(namespaces, '', name), podsOf: (namespace) => all<Pod>('', 'pods', namespace) }),
    priorityAdmission(resources.storeOf('scheduling.k8s.io', 'priorityclasses').cache),
    defaultTolerationSeconds,
    defaultStorageClass(() => all<StorageClass>('storage.k8s.io', 'storageclasses')),
    storageObjectInUseProtection,
    persistentVolumeClaimResize((name) => named<StorageClass>('storage.k8s.io', 'storageclasses', name)),
    runtimeClassAdmission({
      cached: (name) => named<RuntimeClass>('node.k8s.io', 'runtimeclasses', name),
      read: async (name) => {
        const store = storeOf('node.k8s.io', 'runtimeclasses')
        return store && ((await found(store, '', name)) as RuntimeClass | undefined)
      },
    }),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    clusterTrustBundleAttest(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(() => all<IngressClass>('networking.k8s.io', 'ingressclasses')),
    podTopologyLabels((name) => named<Node>('', 'nodes', name)),
    resourceQuotaAdmission({ quotas: () => storeOf('', 'resourcequotas'), context: () => own.context(), now: () => process.clock.now() }),
    escalationCheck(rbac, authorizer),
    policyReferenceCheck(resources, authorizer),
    adminAccessCheck((name) => namespaces.cached('', name) as Namespace | undefined),
  ]
}

/** The newest object, read from etcd, or undefined when there is none. */
function found(store: Store, namespace: string, name: string): Promise<KubeObject | undefined> {
  return store.get(namespace, name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
}

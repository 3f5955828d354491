import type { Pod, ServiceAccount } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import type { Parts } from '../parts.ts'
import type { Store } from '../registry/store.ts'
import type { AdmissionPlugin } from './admission.ts'
import { escalationCheck } from '../authz/escalation.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { podSecurity } from './pod-security/pod-security.ts'
import { priorityAdmission } from './priority.ts'
import { serviceAccountAdmission } from './service-account.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'

/** The plugins that this server has from its start: kubeadm's defaults, and NodeRestriction. `order.ts` says when each runs. */
export function admissionPlugins({ resources, process, authorization }: Pick<Parts, 'resources' | 'process' | 'authorization'>): readonly AdmissionPlugin[] {
  const namespaces = resources.storeOf('', 'namespaces').store
  const accounts = resources.storeOf('', 'serviceaccounts').store
  const pods = resources.storeOf('', 'pods')
  return [
    namespaceLifecycle({ cached: (name) => namespaces.cached('', name), read: (name) => found(namespaces, '', name) }),
    serviceAccountAdmission({
      cached: (namespace, name) => accounts.cached(namespace, name) as ServiceAccount | undefined,
      read: (namespace, name) => accounts.get(namespace, name) as Promise<ServiceAccount>,
      suffix: (length) => process.random.suffix(length),
    }),
    nodeRestriction({ pod: (namespace, name) => pods.store.cached(namespace, name) as Pod | undefined }),
    taintNodesByCondition,
    podSecurity({
      namespace: (name) => namespaces.cached('', name) ?? found(namespaces, '', name),
      podsOf: (namespace) => {
        const all: Pod[] = []
        pods.cache.scan(namespace, (object) => all.push(object as Pod) > 0)
        return all
      },
    }),
    priorityAdmission(resources.storeOf('scheduling.k8s.io', 'priorityclasses').cache),
    defaultTolerationSeconds,
    escalationCheck(authorization.rbac, authorization.authorizer),
  ]
}

/** The newest object, read from etcd, or undefined when there is none. */
function found(store: Store, namespace: string, name: string): Promise<KubeObject | undefined> {
  return store.get(namespace, name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
}

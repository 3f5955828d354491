import type { KubeObject } from '../api/machinery/object.ts'
import type { ClientCertificate } from '../kernel/http.ts'

const name = 'kube-network-policies'
const group = 'rbac.authorization.k8s.io'

/** Who the pod network's agents are to the API server: services of their machines, beside the runtime, with a certificate of their own. */
export const policyAgentCertificate: ClientCertificate = { commonName: `system:${name}`, organizations: [] }

/** What the agents may see. */
export function networkPolicies(): KubeObject[] {
  return [
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [
        { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list', 'watch'] },
      ],
    },
    { apiVersion: `${group}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: group, kind: 'ClusterRole', name }, subjects: [{ kind: 'User', apiGroup: group, name: `system:${name}` }] },
  ] as object[] as KubeObject[]
}

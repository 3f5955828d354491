import type { KubeObject } from '../api/machinery/object.ts'

const namespace = 'kube-system'
const name = 'metrics-server'
const rbac = 'rbac.authorization.k8s.io'
const labels = { 'k8s-app': name }

/** metrics-server, as the components.yaml of its releases installs it. */
export function metricsAddon(): KubeObject[] {
  const subjects = [{ kind: 'ServiceAccount', name, namespace }]
  const aggregated = (role: string): Record<string, string> => ({ [`${rbac}/aggregate-to-${role}`]: 'true' })
  const binding = (kind: string, bound: string, role: string, roleKind: string): object => ({
    apiVersion: `${rbac}/v1`, kind, metadata: { name: bound, labels, ...(kind === 'RoleBinding' ? { namespace } : {}) }, roleRef: { apiGroup: rbac, kind: roleKind, name: role }, subjects,
  })
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } },
    {
      apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'system:aggregated-metrics-reader', labels: { ...labels, ...aggregated('admin'), ...aggregated('edit'), ...aggregated('view') } },
      rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'system:metrics-server', labels },
      rules: [{ apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] }, { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    },
    binding('RoleBinding', 'metrics-server-auth-reader', 'extension-apiserver-authentication-reader', 'Role'),
    binding('ClusterRoleBinding', 'metrics-server:system:auth-delegator', 'system:auth-delegator', 'ClusterRole'),
    binding('ClusterRoleBinding', 'system:metrics-server', 'system:metrics-server', 'ClusterRole'),
    {
      apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels },
      spec: { ports: [{ appProtocol: 'https', name: 'https', port: 443, protocol: 'TCP', targetPort: 'https' }], selector: labels },
    },
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels },
      spec: {
        selector: { matchLabels: labels },
        strategy: { rollingUpdate: { maxUnavailable: 0 } },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name,
                image: 'registry.k8s.io/metrics-server/metrics-server:v0.8.0',
                imagePullPolicy: 'IfNotPresent',
                args: ['--cert-dir=/tmp', '--secure-port=10250', '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname', '--kubelet-use-node-status-port', '--metric-resolution=15s'],
                ports: [{ containerPort: 10_250, name: 'https', protocol: 'TCP' }],
                livenessProbe: { failureThreshold: 3, httpGet: { path: '/livez', port: 'https', scheme: 'HTTPS' }, periodSeconds: 10 },
                readinessProbe: { failureThreshold: 3, httpGet: { path: '/readyz', port: 'https', scheme: 'HTTPS' }, initialDelaySeconds: 20, periodSeconds: 10 },
                resources: { requests: { cpu: '100m', memory: '200Mi' } },
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
                volumeMounts: [{ mountPath: '/tmp', name: 'tmp-dir' }],
              },
            ],
            nodeSelector: { 'kubernetes.io/os': 'linux' },
            priorityClassName: 'system-cluster-critical',
            serviceAccountName: name,
            volumes: [{ emptyDir: {}, name: 'tmp-dir' }],
          },
        },
      },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1beta1.metrics.k8s.io', labels },
      spec: { group: 'metrics.k8s.io', groupPriorityMinimum: 100, insecureSkipTLSVerify: true, service: { name, namespace }, version: 'v1beta1', versionPriority: 100 },
    },
  ] as KubeObject[]
}

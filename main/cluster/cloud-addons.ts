import type { KubeObject } from '../api/machinery/object.ts'

const systemNamespace = 'kube-system'
const manager = 'system:cloud-controller-manager'
const autoscaler = 'cluster-autoscaler'

/** What a provider's manifest brings for its cloud-controller-manager: the rights of the user that it is. */
export function cloudManagerAccess(): KubeObject[] {
  const rule = (apiGroups: string[], resources: string[], verbs: string[]): object => ({ apiGroups, resources, verbs })
  const rules = [
    rule(['', 'events.k8s.io'], ['events'], ['create', 'patch', 'update']),
    rule([''], ['nodes'], ['*']),
    rule([''], ['nodes/status'], ['patch', 'update']),
    rule([''], ['services'], ['get', 'list', 'patch', 'update', 'watch']),
    rule([''], ['services/status'], ['get', 'patch', 'update']),
    rule([''], ['serviceaccounts'], ['create', 'get', 'list', 'watch']),
    rule(['coordination.k8s.io'], ['leases'], ['create', 'get', 'list', 'update', 'watch']),
  ]
  return access(manager, rules, { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: manager })
}

function access(name: string, rules: readonly object[], subject: object): KubeObject[] {
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules } as KubeObject,
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [subject] } as KubeObject,
  ]
}

/** The cluster autoscaler as its providers' examples install it: a Deployment on the control plane with an account of its own. */
export function autoscalerAddon(groups: readonly { readonly name: string; readonly min: number; readonly max: number }[]): KubeObject[] {
  const labels = { app: autoscaler }
  const rule = (apiGroups: string[], resources: string[], verbs: string[]): object => ({ apiGroups, resources, verbs })
  const read = ['get', 'list', 'watch']
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: autoscaler, namespace: systemNamespace, labels } },
    ...access(
      autoscaler,
      [
        rule(['', 'events.k8s.io'], ['events'], ['create', 'patch', 'update']),
        rule([''], ['pods/eviction'], ['create']),
        rule([''], ['pods/status'], ['update', 'patch']),
        rule([''], ['nodes'], [...read, 'update', 'patch', 'delete']),
        rule([''], ['pods', 'namespaces', 'services', 'replicationcontrollers', 'persistentvolumeclaims', 'persistentvolumes'], read),
        rule(['apps'], ['daemonsets', 'replicasets', 'statefulsets'], read),
        rule(['batch'], ['jobs', 'cronjobs'], read),
        rule(['policy'], ['poddisruptionbudgets'], read),
        rule(['storage.k8s.io'], ['storageclasses', 'csinodes', 'csidrivers', 'csistoragecapacities'], read),
        rule(['coordination.k8s.io'], ['leases'], ['create', 'get', 'list', 'update', 'watch']),
        rule([''], ['configmaps'], ['create', 'get', 'update', 'list', 'watch']),
      ],
      { kind: 'ServiceAccount', name: autoscaler, namespace: systemNamespace },
    ),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: autoscaler, namespace: systemNamespace, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            priorityClassName: 'system-cluster-critical',
            serviceAccountName: autoscaler,
            hostNetwork: true,
            nodeSelector: { 'node-role.kubernetes.io/control-plane': '' },
            tolerations: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
            containers: [
              {
                name: autoscaler,
                image: `registry.k8s.io/autoscaling/${autoscaler}:v1.36.0`,
                imagePullPolicy: 'IfNotPresent',
                command: ['/cluster-autoscaler', '--cloud-provider=orrery', ...groups.map(({ name, min, max }) => `--nodes=${min}:${max}:${name}`), '--scale-down-delay-after-add=10m', '--scale-down-unneeded-time=10m', '--v=4'],
                resources: { requests: { cpu: '100m', memory: '100Mi' } },
                livenessProbe: { httpGet: { path: '/health-check', port: 8085 }, initialDelaySeconds: 30, periodSeconds: 30 },
              },
            ],
          },
        },
      },
    } as KubeObject,
  ]
}

import type { KubeObject } from '../api/machinery/object.ts'

export const storageNamespace = 'local-path-storage'
export const storageHelperImage = 'docker.io/kindest/local-path-helper:v20241212-8ac705d0'
const provisionerImage = 'docker.io/kindest/local-path-provisioner:v20250214-acbabc1a'
const accountName = 'local-path-provisioner-service-account'

/** The default storage class and its provisioner, as kind installs them: volumes are directories of the nodes. */
export function localStorage(): KubeObject[] {
  const labels = { app: 'local-path-provisioner' }
  const subjects = [{ kind: 'ServiceAccount', name: accountName, namespace: storageNamespace }]
  const rbac = 'rbac.authorization.k8s.io'
  const name = 'local-path-provisioner'
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: storageNamespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: accountName, namespace: storageNamespace } },
    {
      apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name: `${name}-role`, namespace: storageNamespace },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'] }],
    },
    {
      apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: `${name}-role` },
      rules: [
        { apiGroups: [''], resources: ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods', 'pods/log'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'] },
        { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
        { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
      ],
    },
    { apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: { name: `${name}-bind`, namespace: storageNamespace }, roleRef: { apiGroup: rbac, kind: 'Role', name: `${name}-role` }, subjects },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: `${name}-bind` }, roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: `${name}-role` }, subjects },
    {
      apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'rancher.io/local-path', volumeBindingMode: 'WaitForFirstConsumer', reclaimPolicy: 'Delete',
    },
    {
      apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'local-path-config', namespace: storageNamespace },
      data: {
        setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
        teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
      },
    },
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: storageNamespace, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            nodeSelector: { 'kubernetes.io/os': 'linux' },
            tolerations: [
              { key: 'node-role.kubernetes.io/control-plane', operator: 'Equal', effect: 'NoSchedule' },
              { key: 'node-role.kubernetes.io/master', operator: 'Equal', effect: 'NoSchedule' },
            ],
            serviceAccountName: accountName,
            containers: [
              {
                name,
                image: provisionerImage,
                imagePullPolicy: 'IfNotPresent',
                command: ['local-path-provisioner', '--debug', 'start', '--helper-image', storageHelperImage],
                volumeMounts: [{ name: 'config-volume', mountPath: '/etc/config/' }],
                env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }, { name: 'CONFIG_MOUNT_PATH', value: '/etc/config/' }],
              },
            ],
            volumes: [{ name: 'config-volume', configMap: { name: 'local-path-config' } }],
          },
        },
      },
    },
  ] as KubeObject[]
}

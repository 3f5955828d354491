import { groupVersionOf, identityOf, kindOf, type Resource } from './resource.ts'

const firstKinds = ['Namespace', 'ResourceQuota', 'StorageClass', 'CustomResourceDefinition', 'ServiceAccount', 'PodSecurityPolicy', 'Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding', 'ConfigMap', 'Secret', 'Endpoints', 'Service', 'LimitRange', 'PriorityClass', 'PersistentVolume', 'PersistentVolumeClaim', 'Deployment', 'StatefulSet', 'CronJob', 'PodDisruptionBudget']
const lastKinds = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']

/** kustomize's legacy order: what others need comes first, webhooks last, the rest by type, namespace and name. */
export function inLegacyOrder(resources: readonly Resource[]): Resource[] {
  return [...resources].sort((a, b) => rank(a) - rank(b) || compare(key(a), key(b)))
}

function rank({ object }: Resource): number {
  const kind = kindOf(object)
  const first = firstKinds.indexOf(kind)
  if (first >= 0) return first - firstKinds.length
  return lastKinds.indexOf(kind) + 1
}

function key({ object }: Resource): string {
  const { group, version } = groupVersionOf(object)
  const { name, namespace } = identityOf(object)
  return `${group || '~G'}_${version || '~V'}_${kindOf(object)}|${namespace || '~X'}|${name}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

import type { Pod } from '../../generated/types.ts'
import { conditionOf } from '../../machinery/conditions.ts'
import type { Health, Relation } from '../kind.ts'
import { podSummary } from './pod-columns.ts'

/** How a pod is doing, in plain words. */
export function podHealth(pod: Pod): Health {
  const { ready, total, status } = podSummary(pod)
  if (pod.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being stopped' }
  switch (pod.status?.phase) {
    case 'Succeeded':
      return { mark: 'completed', sentence: 'all its containers ended well' }
    case 'Failed':
      return { mark: 'failed', sentence: pod.status.message || `it failed: ${status}` }
    case 'Running':
      return runningHealth(ready, total, status)
    case 'Pending':
      return pendingHealth(pod, status)
    default:
      return { mark: 'unknown', sentence: 'nothing has been heard of it' }
  }
}

const failures = /(BackOff|Error|Err|Invalid|OOMKilled|CannotRun|Evicted|Signal|ExitCode)/

function runningHealth(ready: number, total: number, status: string): Health {
  if (ready === total) return { mark: 'running', sentence: total === 1 ? 'its container is ready' : `all ${total} containers are ready` }
  const sentence = `${ready} of ${total} containers are ready${status === 'Running' ? '' : `: ${status}`}`
  return { mark: failures.test(status) ? 'failed' : 'pending', sentence }
}

function pendingHealth(pod: Pod, status: string): Health {
  const scheduled = conditionOf(pod.status?.conditions, 'PodScheduled')
  if (!pod.spec?.nodeName) return { mark: 'pending', sentence: scheduled?.message || 'it waits for a node' }
  if (failures.test(status)) return { mark: 'failed', sentence: `it cannot start: ${status}` }
  return { mark: 'pending', sentence: status === 'Pending' || status === 'ContainerCreating' ? `it is being started on ${pod.spec.nodeName}` : status }
}

/** What a pod names: its node, account, volumes' and environment's sources. */
export function podRelations(pod: Pod): readonly Relation[] {
  const spec = pod.spec
  if (!spec) return []
  const namespace = pod.metadata.namespace
  const found = new Map<string, Relation>()
  const add = (role: string, kind: string, name: string | undefined, own = namespace): void => {
    if (name) found.set(`${kind}/${name}`, { role, group: '', kind, name, ...(own ? { namespace: own } : {}) })
  }
  if (spec.nodeName) found.set('Node', { role: 'node', group: '', kind: 'Node', name: spec.nodeName })
  add('service account', 'ServiceAccount', spec.serviceAccountName)
  for (const volume of spec.volumes ?? []) {
    add('volume', 'ConfigMap', volume.configMap?.name)
    add('volume', 'Secret', volume.secret?.secretName)
    add('volume', 'PersistentVolumeClaim', volume.persistentVolumeClaim?.claimName)
    for (const source of volume.projected?.sources ?? []) {
      add('volume', 'ConfigMap', source.configMap?.name)
      add('volume', 'Secret', source.secret?.name)
    }
  }
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    for (const source of container.envFrom ?? []) {
      add('environment', 'ConfigMap', source.configMapRef?.name)
      add('environment', 'Secret', source.secretRef?.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      add('environment', 'ConfigMap', valueFrom?.configMapKeyRef?.name)
      add('environment', 'Secret', valueFrom?.secretKeyRef?.name)
    }
  }
  for (const secret of spec.imagePullSecrets ?? []) add('pull secret', 'Secret', secret.name)
  return [...found.values()]
}

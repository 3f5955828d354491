import type { KubeObject } from '../../machinery/object.ts'
import type { Health } from '../kind.ts'

interface Condition {
  readonly type: string
  readonly status: string
  readonly message?: string
}

/** How a set of replicas is doing: `2 of 3 replicas are available`. */
export function replicasHealth(object: KubeObject & { status?: { conditions?: readonly Condition[] } }, desired: number, up: number, word: 'ready' | 'available'): Health {
  if (object.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being removed' }
  const failure = object.status?.conditions?.find((condition) => condition.type === 'ReplicaFailure' && condition.status === 'True')
  if (failure && up < desired) return { mark: 'failed', sentence: failure.message || 'pods cannot be created' }
  if (desired === 0) return { mark: 'completed', sentence: 'scaled to no replicas' }
  const sentence = `${up} of ${desired} ${desired === 1 ? 'replica is' : 'replicas are'} ${word}`
  return { mark: up >= desired ? 'running' : 'pending', sentence }
}

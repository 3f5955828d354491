import type { Node } from '../../generated/types.ts'
import { conditionOf } from '../../machinery/conditions.ts'
import type { Health } from '../kind.ts'

const pressures: { readonly [type: string]: string } = { MemoryPressure: 'memory', DiskPressure: 'disk space', PIDPressure: 'process ids' }

/** How a node is doing, in plain words. */
export function nodeHealth(node: Node): Health {
  if (node.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being removed' }
  const ready = conditionOf(node.status?.conditions, 'Ready')
  if (!ready) return { mark: 'pending', sentence: 'its kubelet has not reported yet' }
  if (ready.status === 'Unknown') return { mark: 'unknown', sentence: 'its kubelet has stopped reporting' }
  if (ready.status !== 'True') return { mark: 'failed', sentence: ready.message || 'it is not ready' }
  for (const type in pressures) {
    if (conditionOf(node.status?.conditions, type)?.status === 'True') return { mark: 'failed', sentence: `it is short of ${pressures[type]}` }
  }
  if (node.spec?.unschedulable) return { mark: 'running', sentence: 'it is ready, but takes no new pods' }
  return { mark: 'running', sentence: 'it is ready' }
}

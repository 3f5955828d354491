import type { QueueView } from '../controllers/controller-view.ts'
import type { EtcdView } from '../etcd/etcd-view.ts'
import { counted, countText } from '../format/number.ts'
import type { QueuesView } from '../scheduler/scheduler-views.ts'

/** Which of its topics says in short how a component does. */
export const factTopics: Readonly<Record<string, string>> = { etcd: 'etcd', 'kube-scheduler': 'queues', 'kube-controller-manager': 'controllers' }

/** Of which several run and one leads. */
export const electing: ReadonlySet<string> = new Set(['kube-scheduler', 'kube-controller-manager', 'cloud-controller-manager'])

/** A few numbers of a component for the map, from what it shows under its fact topic; '' when there is nothing to say. */
export function componentFacts(name: string, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (name === 'etcd') {
    const { revision, keys } = value as EtcdView
    return `revision ${countText(revision)} · ${counted(keys, 'key')}`
  }
  if (name === 'kube-scheduler') {
    const queues = value as QueuesView
    const waiting = queues.counts ? (queues.counts['active'] ?? 0) + (queues.counts['backoff'] ?? 0) : queues.active.length + queues.backoff.length
    const stuck = queues.counts?.['unschedulable'] ?? queues.unschedulable.length
    return `${countText(waiting)} waiting · ${countText(stuck)} unschedulable`
  }
  if (name === 'kube-controller-manager') {
    const queues = value as readonly QueueView[]
    if (!Array.isArray(queues)) return ''
    return `${counted(queues.length, 'loop')} · ${countText(queues.reduce((sum, queue) => sum + queue.depth + queue.processing, 0))} at work`
  }
  return ''
}

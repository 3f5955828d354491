import type { HealthMark } from '../../main/api/kinds/kind.ts'
import type { ApiObject } from '../api/object.ts'

export interface ContainerFact {
  readonly name: string
  readonly image: string
  readonly mark: HealthMark
  readonly sentence: string
  readonly restarts: number
}

interface ContainerStatus {
  readonly name: string
  readonly image?: string
  readonly ready?: boolean
  readonly restartCount?: number
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: object
    readonly terminated?: { readonly exitCode?: number; readonly reason?: string; readonly message?: string }
  }
}

/** How each container of a pod (or of anything with container statuses) is doing, init containers first. */
export function containerStatesOf(object: ApiObject): ContainerFact[] {
  const spec = object.spec as { initContainers?: readonly { name: string; image?: string }[]; containers?: readonly { name: string; image?: string }[] } | undefined
  const status = object.status as { initContainerStatuses?: readonly ContainerStatus[]; containerStatuses?: readonly ContainerStatus[] } | undefined
  const statuses = new Map([...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map((entry) => [entry.name, entry]))
  const declared = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  if (!Array.isArray(spec?.containers)) return []
  return declared.map((container) => {
    const known = statuses.get(container.name)
    return { name: container.name, image: container.image ?? '', restarts: known?.restartCount ?? 0, ...stateOf(known) }
  })
}

function stateOf(status: ContainerStatus | undefined): { mark: HealthMark; sentence: string } {
  const { waiting, running, terminated } = status?.state ?? {}
  if (running) return status?.ready ? { mark: 'running', sentence: 'Running and ready' } : { mark: 'pending', sentence: 'Running, not ready' }
  if (terminated) {
    const text = `${terminated.reason ?? 'Terminated'}, exit code ${terminated.exitCode ?? '?'}${terminated.message ? `: ${terminated.message}` : ''}`
    return { mark: terminated.exitCode === 0 ? 'completed' : 'failed', sentence: text }
  }
  if (waiting?.reason) {
    const bad = /BackOff|Err|Invalid|Failed/.test(waiting.reason)
    return { mark: bad ? 'failed' : 'pending', sentence: waiting.message ? `${waiting.reason}: ${waiting.message}` : waiting.reason }
  }
  return { mark: 'pending', sentence: 'Not created yet' }
}

/** A test for the pods that an object selects by labels; undefined for what selects none. */
export function selectedBy(object: ApiObject): ((pod: ApiObject) => boolean) | undefined {
  const selector = (object.spec as { selector?: unknown } | undefined)?.selector
  if (typeof selector !== 'object' || selector === null) return undefined
  const { matchLabels, matchExpressions, ...plain } = selector as { matchLabels?: Record<string, string>; matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[] }
  const wanted = Object.entries(matchLabels || matchExpressions ? (matchLabels ?? {}) : (plain as Record<string, string>))
  if (wanted.length === 0 && !matchExpressions?.length) return undefined
  return (pod) => {
    if ((pod.metadata.namespace ?? '') !== (object.metadata.namespace ?? '')) return false
    const labels = pod.metadata.labels ?? {}
    return wanted.every(([key, value]) => labels[key] === value) && (matchExpressions ?? []).every((expression) => meets(labels[expression.key], expression))
  }
}

function meets(value: string | undefined, expression: { readonly operator: string; readonly values?: readonly string[] }): boolean {
  switch (expression.operator) {
    case 'In':
      return value !== undefined && (expression.values ?? []).includes(value)
    case 'NotIn':
      return value === undefined || !(expression.values ?? []).includes(value)
    case 'Exists':
      return value !== undefined
    default:
      return value === undefined
  }
}

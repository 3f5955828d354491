import type { Pod, Service } from '../../../api/generated/types.ts'
import { formatSelector, selectorFromSet, selectorOf } from '../../../api/machinery/labels.ts'
import { isPodReady, podCondition } from '../../../api/machinery/pod.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { timeOr0 } from '../../../api/machinery/time.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import type { ApiResource } from '../resources/mapper.ts'
import { requestJson } from '../resources/requests.ts'
import { fetchTarget, type Info } from '../resources/visit.ts'

/** Reads what `POD` or `TYPE/NAME` names. */
export async function namedObject(context: CommandContext, word: string, type = 'pods'): Promise<Info> {
  const { factory } = context
  const parts = word.split('/')
  if (parts.length > 2) throw new CliError('arguments in resource/name form may not have more than one slash')
  if (parts.length === 2 && (parts[0] === '' || parts[1] === '')) throw new CliError('arguments in resource/name form must have a single resource and name')
  const resource = await factory.mapper().byName(parts.length === 2 ? parts[0]! : type)
  const namespace = resource.namespaced ? factory.namespace() : undefined
  const target = { resource, namespace, name: parts.at(-1)! }
  return { ...target, source: '', object: await fetchTarget(context, target) }
}

/** The pods that an object selects. `doing` begins the complaint about kinds that select none. */
export function podSelectorOf(object: KubeObject, resource: Pick<ApiResource, 'version'>, doing: string): string {
  const spec = (object as Partial<Service>).spec as { readonly selector?: object } | undefined
  switch (object.kind) {
    case 'ReplicationController':
      return formatSelector(selectorFromSet(spec?.selector as Record<string, string>))
    case 'ReplicaSet':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'Deployment':
    case 'Job':
      return formatSelector(selectorOf(spec?.selector))
    case 'Service':
      if (!spec?.selector || Object.keys(spec.selector).length === 0) throw new CliError(`${doing} *v1.Service: invalid service '${object.metadata.name}': Service is defined without a selector`)
      return formatSelector(selectorFromSet(spec.selector as Record<string, string>))
    default:
      throw new CliError(`${doing} *${resource.version}.${object.kind}: selector for *${resource.version}.${object.kind} not implemented`)
  }
}

export type PodOrder = (a: Pod, b: Pod) => number

/** Pods of a selector, the best first. Without any, waits for the first one until the time is over. */
export async function sortedPods(context: CommandContext, namespace: string, labelSelector: string, order: PodOrder, timeoutMs: number): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${encodeURIComponent(labelSelector)}`
  const until = context.environment.now() + timeoutMs
  for (;;) {
    const { items = [] } = await requestJson<{ items?: Pod[] }>(context, 'GET', path)
    if (items.length > 0) return items.map((pod) => ({ ...pod, apiVersion: 'v1', kind: 'Pod' })).sort(order)
    if (context.environment.now() >= until) throw new CliError('timed out waiting for the condition')
    await context.environment.sleep(200)
  }
}

/** The pod to attach to or to run a command in. */
export async function attachablePod(context: CommandContext, { object, resource, namespace }: Info, timeoutMs: number): Promise<Pod> {
  if (object.kind === 'Pod') return object as unknown as Pod
  const pods = await sortedPods(context, namespace ?? '', podSelectorOf(object, resource, 'cannot attach to'), byActivity, timeoutMs)
  return pods[0]!
}

const phaseOrder: Readonly<Record<string, number>> = { Running: 0, Unknown: 1, Pending: 2 }

/** The best pod to read logs of first: assigned, running, ready, longest ready, most restarted, oldest. */
export const byLogging: PodOrder = (a, b) =>
  placed(a) - placed(b) || phase(a) - phase(b) || ready(a) - ready(b) || compareReadyTime(a, b) || mostRestarts(b) - mostRestarts(a) || created(a) - created(b)

/** The best pod to attach to first: upstream's order for removal, from behind. */
export const byActivity: PodOrder = (a, b) =>
  placed(a) - placed(b) || phase(a) - phase(b) || ready(a) - ready(b) || deleting(a) - deleting(b) || compareReadyTime(a, b) || mostRestarts(a) - mostRestarts(b) || created(a) - created(b)

function placed(pod: Pod): number {
  return pod.spec?.nodeName ? 0 : 1
}

function phase(pod: Pod): number {
  return phaseOrder[pod.status?.phase ?? ''] ?? 0
}

function ready(pod: Pod): number {
  return isPodReady(pod) ? 0 : 1
}

function deleting(pod: Pod): number {
  return pod.metadata.deletionTimestamp ? 1 : 0
}

function compareReadyTime(a: Pod, b: Pod): number {
  return isPodReady(a) && isPodReady(b) ? readyTime(a) - readyTime(b) : 0
}

function readyTime(pod: Pod): number {
  return timeOr0(podCondition(pod, 'Ready')?.lastTransitionTime)
}

function created(pod: Pod): number {
  return timeOr0(pod.metadata.creationTimestamp)
}

function mostRestarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount))
}

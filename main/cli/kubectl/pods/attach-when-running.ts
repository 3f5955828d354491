import type { ContainerStatus, Pod } from '../../../api/generated/types.ts'
import { attachToPod, type AttachOptions } from '../commands/attach.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import { watchUntil } from '../resources/watch-until.ts'
import { readLog } from './log-stream.ts'

/** Waits for one pod until `judge` takes it; the pod as it was then. Throws when the time (ms, 0 = no limit) is over or the pod
 *  goes away. */
export async function waitForPod(context: CommandContext, namespace: string, name: string, timeoutMs: number, judge: (pod: Pod) => boolean): Promise<Pod> {
  const resource = await context.factory.mapper().byKind('v1', 'Pod')
  let last: Pod | undefined
  const came = await watchUntil(context, { resource, namespace, name }, timeoutMs, (object, type) => {
    if (!object) {
      if (type === 'DELETED') throw new CliError(`pods ${JSON.stringify(name)} not found`)
      return 'go on'
    }
    last = { ...(object as unknown as Pod), apiVersion: 'v1', kind: 'Pod' }
    return judge(last) ? 'done' : 'go on'
  })
  if (!came || !last) throw new CliError('timed out waiting for the condition')
  return last
}

/** The pod is over, or every container of it is ready: upstream's podRunningAndReady. */
export function isRunningOrOver({ status }: Pod): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true
  return status?.phase === 'Running' && (status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false)
}

export function isOver({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded'
}

/** The status of a container of whatever sort. */
export function containerStatus({ status }: Pod, name: string): ContainerStatus | undefined {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])].find((one) => one.name === name)
}

/** Attaches to a container; what is over, or cannot be attached to, is shown by its log instead. */
export async function attachOrShowLog(context: CommandContext, pod: Pod, over: boolean, options: AttachOptions): Promise<void> {
  if (!over) {
    try {
      return await attachToPod(context, pod, options)
    } catch (error) {
      if (error instanceof CliError && error.exitCode > 1) throw error
      if (!options.quiet) context.streams.err(`warning: couldn't attach to pod/${pod.metadata.name}, falling back to streaming logs: ${(error as Error).message}\n`)
    }
  }
  const container = options.container || pod.spec!.containers[0]!.name
  const query = new URLSearchParams({ container, follow: 'true' })
  await readLog(context, { path: `/api/v1/namespaces/${encodeURIComponent(pod.metadata.namespace ?? '')}/pods/${encodeURIComponent(pod.metadata.name)}/log?${query.toString()}`, prefix: '' }, new Set())
}

import type { ContainerStatus, Pod } from '../../api/generated/types.ts'
import { isRestartableInit } from './restart-policy.ts'

/** The phase that container statuses add up to (upstream's getPhase). `terminal`: the pod will run nothing again whatever
 *  its restart policy. `initialized`: the runtime has seen app containers, so lost init statuses do not hold it back. */
export function phaseOf(pod: Pod, statuses: readonly ContainerStatus[], terminal: boolean, initialized: boolean): string {
  const spec = pod.spec!
  const byName = new Map(statuses.map((status) => [status.name, status]))
  let pendingInit = 0
  let failedInit = 0
  let restartableInitRunning = 0
  for (const container of spec.initContainers ?? []) {
    const status = byName.get(container.name)
    if (isRestartableInit(container)) {
      if (!status) pendingInit++
      else if (status.state?.running) {
        if (!status.started) pendingInit++
        restartableInitRunning++
      } else if (status.state?.waiting && !status.lastState?.terminated) pendingInit++
      continue
    }
    if (!status) {
      pendingInit++
      continue
    }
    if (status.state?.running) pendingInit++
    else if (status.state?.terminated) {
      if (status.state.terminated.exitCode !== 0) failedInit++
    } else if (status.state?.waiting) {
      const last = status.lastState?.terminated
      if (last) {
        if (last.exitCode !== 0) failedInit++
      } else pendingInit++
    } else pendingInit++
  }

  let unknown = 0
  let running = 0
  let waiting = 0
  let stopped = 0
  let succeeded = 0
  for (const container of spec.containers) {
    const status = byName.get(container.name)
    if (!status) unknown++
    else if (status.state?.running) running++
    else if (status.state?.terminated) {
      stopped++
      if (status.state.terminated.exitCode === 0) succeeded++
    } else if (status.state?.waiting) {
      if (status.lastState?.terminated) stopped++
      else waiting++
    } else unknown++
  }

  if (failedInit > 0 && spec.restartPolicy === 'Never') return 'Failed'
  const anyInit = (spec.initContainers ?? []).some((container) => !isRestartableInit(container)) || (spec.initContainers?.length ?? 0) > 0
  if (anyInit && !initialized && (pendingInit > 0 || failedInit > 0)) {
    if (!(terminal && running === 0 && stopped > 0)) return 'Pending'
  }
  if (waiting > 0) return 'Pending'
  if (running > 0 && unknown === 0) return 'Running'
  if (running === 0 && stopped > 0 && unknown === 0) {
    if (terminal) return stopped === succeeded && failedInit === 0 ? 'Succeeded' : 'Failed'
    if (restartableInitRunning > 0 && stopped === succeeded) return 'Running'
    if (spec.restartPolicy === 'Always') return 'Running'
    if (stopped === succeeded) return 'Succeeded'
    return spec.restartPolicy === 'Never' ? 'Failed' : 'Running'
  }
  return 'Pending'
}

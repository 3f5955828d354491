import type { ContainerStatus as ApiContainerStatus } from '../../api/generated/types.ts'
import { newestContainer } from './pod-runtime.ts'
import { LogPrinter, logQuery, selectLines } from './log-query.ts'
import { findWorker, plain, type KubeletRequest } from './server-request.ts'

/** How long after a container's end its last lines may still come, ms. */
const lastLinesMs = 20

/** GET /containerLogs/{namespace}/{pod}/{container}. */
export function serveLogs({ exchange, segments, query, parts }: KubeletRequest): void {
  const { tools, registry } = parts
  const [namespace, podName, containerName] = segments
  if (!namespace) return plain(exchange, 400, '{"message": "Missing podNamespace."}')
  if (!podName) return plain(exchange, 400, '{"message": "Missing podID."}')
  if (!containerName) return plain(exchange, 400, '{"message": "Missing container name."}')
  const asked = logQuery(query, tools.process.clock.now())
  if (typeof asked === 'string') return plain(exchange, 400, '{"message": "Unable to decode query."}')
  const worker = findWorker(registry, namespace, podName)
  if (!worker) return plain(exchange, 404, `pod ${JSON.stringify(podName)} not found\n`)
  const spec = worker.pod.spec!
  if (![...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])].some((each) => each.name === containerName)) {
    return plain(exchange, 404, `container ${JSON.stringify(containerName)} not found in pod ${JSON.stringify(podName)}\n`)
  }
  const status = tools.status.get(worker.uid)
  const own = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])].find((each) => each.name === containerName)
  const found = containerForLogs(own, containerName, podName, asked.previous)
  if ('problem' in found) return plain(exchange, 400, found.problem)
  const runtime = tools.cache.known(worker.uid)
  const container = runtime.containers.find((each) => each.id === found.id)
  if (!container) return plain(exchange, 500, `failed to try resolving symlinks in path "": lstat: no such file or directory`)

  const path = container.config.logPath
  const lines = selectLines(tools.runtime.readLog(path), asked)
  const printer = new LogPrinter({ ...asked, since: undefined })
  const head = { status: 200, headers: { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' } }
  const running = newestContainer(runtime, containerName)?.id === container.id && container.state === 'running'
  if (!asked.follow) {
    exchange.respond({ ...head, body: joined(lines.flatMap((line) => printer.print(line) ?? [])) })
    return
  }
  exchange.open(head)
  const first = joined(lines.flatMap((line) => printer.print(line) ?? []))
  const send = (bytes: Uint8Array): void => exchange.send(bytes, { kind: 'log', label: `${podName}/${containerName}`, bytes: bytes.length })
  if (first.length > 0) send(first)
  if (!running || printer.full) return exchange.end()
  const follower = tools.runtime.followLog(path, (line) => {
    const bytes = printer.print(line)
    if (bytes) send(bytes)
    if (printer.full) finish()
  })
  const stopListening = tools.runtime.onEvent((event) => {
    if (event.containerId === container.id && (event.type === 'stopped' || event.type === 'deleted')) tools.process.clock.after(lastLinesMs, finish)
  })
  const release = (): void => {
    follower.cancel()
    stopListening()
  }
  const finish = (): void => {
    release()
    exchange.end()
  }
  exchange.onCancel(release)
}

/** Which container's log is meant, or why there is none (upstream's validateContainerLogStatus). */
export function containerForLogs(status: ApiContainerStatus | undefined, container: string, pod: string, previous: boolean): { readonly id: string } | { readonly problem: string } {
  const problem = (text: string): { problem: string } => ({ problem: text })
  const about = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod)}`
  if (!status) return problem(`${about} is not available`)
  const { state, lastState } = status
  const last = lastState?.terminated
  if (previous) return last?.containerID ? { id: bare(last.containerID) } : problem(`previous terminated ${about} not found`)
  if (state?.running) return { id: bare(status.containerID ?? '') }
  if (state?.terminated) {
    if (state.terminated.containerID) return { id: bare(state.terminated.containerID) }
    return last?.containerID ? { id: bare(last.containerID) } : problem(`${about} is terminated`)
  }
  if (last) return last.containerID ? { id: bare(last.containerID) } : problem(`${about} is terminated`)
  if (state?.waiting?.reason) {
    if (state.waiting.reason === 'ErrImagePull') return problem(`${about} is waiting to start: image can't be pulled`)
    if (state.waiting.reason === 'ImagePullBackOff') return problem(`${about} is waiting to start: trying and failing to pull image`)
    return problem(`${about} is waiting to start: ${state.waiting.reason}`)
  }
  return problem(`${about} is waiting to start - no logs yet`)
}

function bare(containerId: string): string {
  return containerId.slice(containerId.indexOf('://') + 3)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

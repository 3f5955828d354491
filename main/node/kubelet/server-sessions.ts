import type { StreamSession } from '../cri.ts'
import { newestContainer } from './pod-runtime.ts'
import { exitFrame, failureFrame, type StreamFrame } from './streams.ts'
import { findWorker, plain, type KubeletRequest } from './server-request.ts'

/** How long /run waits for a command. */
const runTimeoutMs = 60_000

interface Target {
  readonly containerId: string
  readonly name: string
}

/** `/{namespace}/{pod}/{container}` or `/{namespace}/{pod}/{uid}/{container}`. Answers the failure itself. */
function targetOf({ exchange, segments, parts }: KubeletRequest, missing = (container: string, _pod: string): string => `container not found (${JSON.stringify(container)})`): Target | undefined {
  const [namespace, podName] = segments
  const name = segments[segments.length - 1]
  if (segments.length < 3 || !name) {
    plain(exchange, 404, '404: Page Not Found')
    return undefined
  }
  const worker = findWorker(parts.registry, namespace, podName)
  if (!worker) {
    plain(exchange, 404, 'pod does not exist')
    return undefined
  }
  const container = newestContainer(parts.tools.cache.known(worker.uid), name)
  if (!container || container.state !== 'running') {
    plain(exchange, 500, missing(name, `${podName}_${namespace}`))
    return undefined
  }
  return { containerId: container.id, name }
}

function asked(query: URLSearchParams, ...names: readonly string[]): boolean {
  return names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''))
}

/** /exec: runs a command in a container and relays its streams. */
export function serveExec(request: KubeletRequest): void {
  const { query, exchange } = request
  const target = targetOf(request)
  if (!target) return
  const command = query.getAll('command')
  const options = { stdin: asked(query, 'input', 'stdin'), tty: asked(query, 'tty') }
  if (!options.stdin && !asked(query, 'output', 'stdout', 'error', 'stderr')) return plain(exchange, 400, 'you must specify at least 1 of stdin, stdout, stderr')
  relay(request, target, options, (runtime) => runtime.exec(target.containerId, command, options), 'executing command in')
}

/** /attach: joins the streams of a container's first process. */
export function serveAttach(request: KubeletRequest): void {
  const target = targetOf(request, (container, pod) => `container ${container} not found in pod ${pod}`)
  if (!target) return
  const { query } = request
  const options = { stdin: asked(query, 'input', 'stdin'), tty: asked(query, 'tty') }
  relay(request, target, options, (runtime) => runtime.attach(target.containerId, options), 'attaching to')
}

function relay(
  { exchange, parts, query }: KubeletRequest,
  target: Target,
  options: { readonly stdin: boolean; readonly tty: boolean },
  open: (runtime: KubeletRequest['parts']['tools']['runtime']) => Promise<StreamSession>,
  doing: string,
): void {
  const { tools } = parts
  const wantsStderr = asked(query, 'error', 'stderr')
  const send = (frame: StreamFrame, bytes = 0): void => exchange.send(frame, { kind: 'stream', label: `${target.name} ${frame.channel}`, bytes })
  let session: StreamSession | undefined
  let gone = false
  const early: StreamFrame[] = []
  const take = (frame: StreamFrame): void => {
    if (!session) {
      early.push(frame)
      return
    }
    if (frame.channel === 'stdin' && options.stdin) session.writeStdin(frame.bytes)
    else if (frame.channel === 'close' && options.stdin) session.closeStdin()
    else if (frame.channel === 'resize') session.resize(frame.size.width, frame.size.height)
  }
  exchange.open({ status: 101, headers: { connection: 'Upgrade', upgrade: 'v5.channel.k8s.io' } })
  exchange.onData((data) => take(data as StreamFrame))
  exchange.onCancel(() => {
    gone = true
    session?.close()
  })
  open(tools.runtime).then(
    (opened) => {
      session = opened
      if (gone) return opened.close()
      opened.onStdout((bytes) => send({ channel: 'stdout', bytes }, bytes.length))
      opened.onStderr((bytes) => {
        if (wantsStderr || !options.tty) send({ channel: 'stderr', bytes }, bytes.length)
      })
      opened.onExit((exitCode) => {
        send(exitFrame(exitCode))
        exchange.end()
      })
      for (const frame of early.splice(0)) take(frame)
    },
    (error: unknown) => {
      send(failureFrame(`error ${doing} container: ${error instanceof Error ? error.message : String(error)}`))
      exchange.end()
    },
  )
}

/** POST /run: runs a command and answers what it printed. */
export function serveRun(request: KubeletRequest): void {
  const target = targetOf(request)
  if (!target) return
  const { exchange, query, parts } = request
  const command = (query.get('cmd') ?? '').split(' ').filter((word) => word !== '')
  const decoder = new TextDecoder()
  parts.tools.runtime.execSync(target.containerId, command, runTimeoutMs).then(
    (result) => {
      const output = decoder.decode(result.stdout) + decoder.decode(result.stderr)
      if (result.exitCode === 0) plain(exchange, 200, output)
      else plain(exchange, 500, `command '${command.join(' ')}' exited with ${result.exitCode}: ${output}`)
    },
    (error: unknown) => plain(exchange, 500, error instanceof Error ? error.message : String(error)),
  )
}

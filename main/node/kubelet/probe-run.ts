import type { Container, Probe } from '../../api/generated/types.ts'
import { quote } from '../../api/machinery/go-text.ts'
import { formatDuration } from '../../api/machinery/time.ts'
import { DialError, type NetworkStack } from '../../kernel/network.ts'
import { HttpClient, HttpTimeout } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'
import { CriError, type ContainerRuntime } from '../cri.ts'
import { bodyText, httpGetFollowing, HttpGetError } from './http-get.ts'

/** What one run of a probe found. `errored`: the probe itself could not be run. */
export interface ProbeFinding {
  readonly outcome: 'success' | 'failure' | 'warning' | 'errored'
  readonly output: string
}

export interface ProbeTarget {
  readonly container: Container
  readonly containerId: string
  readonly podIp: string
}

export interface ProbeTools {
  readonly process: Process
  readonly runtime: ContainerRuntime
  /** From where HTTP, TCP and gRPC probes dial: the node's own network. */
  readonly stack: NetworkStack
}

const outputLengthMax = 10 * 1024

/** Runs a probe once. */
export async function runProbe(probe: Probe, target: ProbeTarget, tools: ProbeTools): Promise<ProbeFinding> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
  try {
    if (probe.exec) return await execProbe(probe.exec.command ?? [], target, timeoutMs, tools)
    if (probe.httpGet) {
      const port = portOf(probe.httpGet.port, target.container)
      const response = await httpGetFollowing(tools.process, tools.stack, probe.httpGet, target.podIp, port, { timeoutMs, userAgent: 'kube-probe/1.36' })
      if (response.status >= 300 && response.status < 400) return { outcome: 'warning', output: `Probe terminated redirects, Response body: ${bodyText(response.body)}` }
      if (response.status >= 200 && response.status < 300) return { outcome: 'success', output: bodyText(response.body) }
      return { outcome: 'failure', output: `HTTP probe failed with statuscode: ${response.status}` }
    }
    if (probe.tcpSocket) return await tcpProbe(probe.tcpSocket.host || target.podIp, portOf(probe.tcpSocket.port, target.container), timeoutMs, tools)
    if (probe.grpc) return await grpcProbe(target.podIp, probe.grpc.port, probe.grpc.service ?? '', timeoutMs, tools)
    return { outcome: 'errored', output: `missing probe handler for ${target.container.name}` }
  } catch (error) {
    if (error instanceof HttpGetError) return { outcome: 'failure', output: error.message }
    return { outcome: 'errored', output: error instanceof Error ? error.message : String(error) }
  }
}

async function execProbe(command: readonly string[], target: ProbeTarget, timeoutMs: number, tools: ProbeTools): Promise<ProbeFinding> {
  try {
    const result = await tools.runtime.execSync(target.containerId, command, timeoutMs)
    const decoder = new TextDecoder()
    const output = (decoder.decode(result.stdout) + decoder.decode(result.stderr)).slice(0, outputLengthMax)
    return { outcome: result.exitCode === 0 ? 'success' : 'failure', output }
  } catch (error) {
    if (error instanceof CriError && error.code === 'DeadlineExceeded') {
      return { outcome: 'failure', output: `command timed out: ${quote(command.join(' '))} timed out after ${formatDuration(timeoutMs)}` }
    }
    throw error
  }
}

async function tcpProbe(host: string, port: number, timeoutMs: number, tools: ProbeTools): Promise<ProbeFinding> {
  const { clock } = tools.process
  const dialing = tools.stack.dial({ address: host, port }, 'tcp', undefined, tools.process.name)
  return new Promise((resolve) => {
    const timer = clock.after(timeoutMs, () => {
      resolve({ outcome: 'failure', output: `dial tcp ${host}:${port}: i/o timeout` })
      void dialing.then((late) => late.close(), () => {})
    })
    dialing.then(
      (connection) => {
        timer.cancel()
        connection.close()
        resolve({ outcome: 'success', output: '' })
      },
      (error: unknown) => {
        timer.cancel()
        resolve({ outcome: error instanceof DialError ? 'failure' : 'errored', output: error instanceof Error ? error.message : String(error) })
      },
    )
  })
}

/** gRPC health checking over the simulated HTTP/2: POST /grpc.health.v1.Health/Check with `{service}`, answered by
 *  `{status: 'SERVING'}`. */
async function grpcProbe(host: string, port: number, service: string, timeoutMs: number, tools: ProbeTools): Promise<ProbeFinding> {
  const { process } = tools
  const scope = process.scope.child()
  try {
    const client = new HttpClient({ name: process.name, stack: tools.stack, clock: process.clock, scope, kernel: process.kernel }, { address: host, port })
    const response = await client.request({ method: 'POST', path: '/grpc.health.v1.Health/Check', headers: { 'content-type': 'application/grpc' }, body: { service } }, { kind: 'probe', timeoutMs })
    if (response.status !== 200) return { outcome: 'failure', output: 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health' }
    const status = (response.body as { status?: string } | undefined)?.status ?? 'UNKNOWN'
    return status === 'SERVING' ? { outcome: 'success', output: 'service healthy' } : { outcome: 'failure', output: `service unhealthy (responded with ${quote(status)})` }
  } catch (error) {
    if (error instanceof HttpTimeout || error instanceof DialError) {
      return { outcome: 'failure', output: `error: failed to connect service ${quote(`${host}:${port}`)} within ${formatDuration(timeoutMs)}: context deadline exceeded` }
    }
    throw error
  } finally {
    scope.close()
  }
}

/** A port number or the named port of the container. Throws upstream's text. */
export function portOf(port: number | string, container: Container): number {
  if (typeof port === 'number') {
    if (port > 0 && port < 65536) return port
    throw new Error(`invalid port number: ${port}`)
  }
  const named = container.ports?.find((each) => each.name === port)
  if (named) return named.containerPort
  const parsed = Number(port)
  if (Number.isInteger(parsed) && parsed > 0 && parsed < 65536) return parsed
  throw new Error(`couldn't find port: ${quote(port)} in container: ${quote(container.name)}`)
}

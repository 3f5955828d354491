import type { Pod } from '../../../api/generated/types.ts'
import { badRequest, internalError } from '../../../api/machinery/status-error.ts'
import type { ApiRequest } from '../handlers/request.ts'
import type { Parts } from '../parts.ts'
import type { Query } from '../request-info/query.ts'
import { bodyText, unreachable } from './kubelet-access.ts'
import { relay } from './relay.ts'
import { targetContainer } from './target-container.ts'

/** Which of a pod's two-way endpoints. */
export type SessionKind = 'exec' | 'attach' | 'portforward'

const upgradeRequired = 'Upgrade request required'

/** `pods/exec`, `pods/attach`, `pods/portforward`: connects the client's stream with the kubelet's. Frames pass as they are (see
 *  main/node/kubelet/streams.ts); the HTTPS edge turns them into channels of a WebSocket or SPDY streams. */
export function podSession({ resources, kubelets }: Parts, kind: SessionKind): (request: ApiRequest) => Promise<void> {
  const pods = resources.storeOf('', 'pods').store
  return async (request) => {
    const { info, exchange } = request
    const { headers } = exchange.request
    const pod = (await pods.get(info.namespace, info.name)) as Pod
    const path = kubeletPath(kind, pod, request)
    const node = pod.spec?.nodeName
    if (!node) throw badRequest(`pod ${info.name} does not have a host assigned`)
    if (!exchange.byReference && !/upgrade/i.test(headers['connection'] ?? '')) throw badRequest(upgradeRequired)
    const problem = kind === 'portforward' && speaksChannels(headers) ? portsProblem(info.query) : undefined
    if (problem !== undefined) return refuse(request, kind, 400, `${problem}\n`)
    const client = kubelets.clientFor(node)
    const stream = await client.stream({ method: 'POST', path, headers: {} }, { kind: 'stream' }).catch((error: unknown) => {
      throw unreachable('POST', kubelets.endpointOf(node), path, error)
    })
    const { response } = stream
    if (response.status >= 400) return refuse(request, kind, response.status, bodyText(response.body))
    request.open({ status: 101, headers: {} })
    exchange.onData((data) => stream.send(data))
    relay(request, stream, { kind: 'stream', label: kind })
  }
}

/** Whether a client wants its ports as channels of a WebSocket, not as SPDY streams inside it. */
function speaksChannels(headers: Readonly<Record<string, string>>): boolean {
  return /websocket/i.test(headers['upgrade'] ?? '') && !(headers['sec-websocket-protocol'] ?? '').includes('SPDY/3.1+')
}

/** What a kubelet says of the ports that such a client asks for. */
function portsProblem(query: Query): string | undefined {
  const ports = query.all('ports')
  if (ports.length === 0) return 'query parameter "port" is required'
  for (const text of ports) {
    // The API server reads them as 32-bit numbers and writes them anew.
    if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
    const port = Number(text)
    if (Math.abs(port) > 0x7fffffff) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
    if (port < 0) return `unable to parse ${JSON.stringify(String(port))} as a port: strconv.ParseUint: parsing ${JSON.stringify(String(port))}: invalid syntax`
    if (port > 65_535) return `unable to parse ${JSON.stringify(String(port))} as a port: strconv.ParseUint: parsing ${JSON.stringify(String(port))}: value out of range`
    if (port < 1) return `port ${JSON.stringify(String(port))} must be > 0`
  }
  return undefined
}

/** The kubelet would not: WebSocket clients hear it on the error channel, as upstream's translator does; others get its answer. */
function refuse(request: ApiRequest, kind: SessionKind, status: number, text: string): void {
  const { exchange } = request
  const spdy = /spdy/i.test(exchange.request.headers['upgrade'] ?? '')
  if (spdy || kind === 'portforward') {
    request.respond({ status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: new TextEncoder().encode(text) })
    return
  }
  request.open({ status: 101, headers: {} })
  exchange.send({ channel: 'error', status: internalError(`unable to upgrade connection: ${text.trim()}`).status }, { kind: 'stream', label: kind })
  request.end()
}

function kubeletPath(kind: SessionKind, pod: Pod, { info }: ApiRequest): string {
  const { query } = info
  if (kind === 'portforward') return `/portForward/${info.namespace}/${info.name}`
  const container = targetContainer(pod, query.get('container'))
  const parameters: string[] = []
  for (const [name, passed] of [['stdin', 'input'], ['stdout', 'output'], ['stderr', 'error'], ['tty', 'tty']] as const) {
    // Attach and exec show output unless told otherwise.
    const asked = query.has(name) ? query.flag(name) : name === 'stdout' || name === 'stderr'
    if (asked) parameters.push(`${passed}=1`)
  }
  const command = query.all('command')
  if (kind === 'exec') {
    if (command.length === 0) throw badRequest('you must specify at least 1 command')
    for (const word of command) parameters.push(`command=${encodeURIComponent(word)}`)
  }
  return `/${kind}/${info.namespace}/${info.name}/${container}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`
}

import type { HTTPGetAction } from '../../api/generated/types.ts'
import { DialError, type NetworkStack } from '../../kernel/network.ts'
import { HttpClient, HttpTimeout, type HttpResponse } from '../../kernel/http.ts'
import type { Process } from '../../kernel/machine.ts'

/** A request failed before an answer came; the text is that of Go's net/http. */
export class HttpGetError extends Error {}

/** One GET, as probes and lifecycle hooks make it, from `stack`. */
export async function httpGet(process: Process, stack: NetworkStack, action: HTTPGetAction, host: string, port: number, options: { readonly timeoutMs: number; readonly userAgent: string }): Promise<HttpResponse> {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const address = action.host || host
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`
  const url = `${scheme}://${address}:${port}${path}`
  const headers: Record<string, string> = { 'user-agent': options.userAgent, accept: '*/*', host: `${address}:${port}` }
  for (const header of action.httpHeaders ?? []) headers[header.name.toLowerCase()] = header.value
  const scope = process.scope.child()
  try {
    const client = new HttpClient({ name: process.name, stack, clock: process.clock, scope, kernel: process.kernel }, { address, port })
    return await client.request({ method: 'GET', path, headers }, { kind: 'probe', timeoutMs: options.timeoutMs })
  } catch (error) {
    if (error instanceof HttpTimeout) throw new HttpGetError(`Get ${JSON.stringify(url)}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)`)
    if (error instanceof DialError) throw new HttpGetError(`Get ${JSON.stringify(url)}: ${error.message}`)
    throw new HttpGetError(`Get ${JSON.stringify(url)}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    scope.close()
  }
}

const redirectsMax = 10

/** Like `httpGet`, following redirects that stay on the same host; others are answered as they are (upstream's redirect checker). */
export async function httpGetFollowing(process: Process, stack: NetworkStack, action: HTTPGetAction, host: string, port: number, options: { readonly timeoutMs: number; readonly userAgent: string }): Promise<HttpResponse> {
  let next = action
  let nextPort = port
  for (let redirects = 0; ; redirects++) {
    const response = await httpGet(process, stack, next, host, nextPort, options)
    const location = response.headers?.['location']
    if (response.status < 300 || response.status >= 400 || location === undefined) return response
    const from = `${(next.scheme ?? 'HTTP').toLowerCase()}://${next.host || host}:${nextPort}${next.path ?? '/'}`
    const target = new URL(location, from)
    if (target.hostname !== (action.host || host)) return response
    if (redirects + 1 >= redirectsMax) throw new HttpGetError(`Get ${JSON.stringify(location)}: stopped after ${redirectsMax} redirects`)
    const scheme = target.protocol === 'https:' ? 'HTTPS' : 'HTTP'
    nextPort = target.port === '' ? (scheme === 'HTTPS' ? 443 : 80) : Number(target.port)
    next = { ...action, scheme, path: `${target.pathname}${target.search}` }
  }
}

/** The text of a body that came as bytes or as an object. */
export function bodyText(body: HttpResponse['body']): string {
  if (body === undefined) return ''
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : JSON.stringify(body)
}

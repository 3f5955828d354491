import type { HttpHandler } from '../../../kernel/http.ts'
import type { ProcessContext } from './program.ts'
import { flagValue, goTime, textResponse } from './small-servers.ts'

/** agnhost grpc-health-checking: answers the gRPC health protocol on one port, and on another lets its answer be changed
 *  (/make-serving, /make-not-serving). --delay-unhealthy-sec makes it unhealthy by itself. */
export async function grpcHealthChecking(context: ProcessContext, words: readonly string[]): Promise<number> {
  const port = Number(flagValue(words, 'port') ?? 5000)
  const httpPort = Number(flagValue(words, 'http-port') ?? 8080)
  const service = flagValue(words, 'service') ?? ''
  const delaySeconds = Number(flagValue(words, 'delay-unhealthy-sec') ?? -1)
  let serving = true
  const health: HttpHandler = (exchange) => {
    const { method, path, body } = exchange.request
    if (method !== 'POST' || path !== '/grpc.health.v1.Health/Check') return exchange.respond(textResponse(415, ''))
    const asked = (body as { readonly service?: string } | undefined)?.service ?? ''
    if (asked !== '' && asked !== service) return exchange.respond({ status: 200, headers: { 'content-type': 'application/grpc', 'grpc-status': '5', 'grpc-message': 'unknown service' }, body: { status: 'SERVICE_UNKNOWN' } })
    exchange.respond({ status: 200, headers: { 'content-type': 'application/grpc', 'grpc-status': '0' }, body: { status: serving ? 'SERVING' : 'NOT_SERVING' } })
  }
  const control: HttpHandler = (exchange) => {
    const { path } = exchange.request
    if (path === '/make-not-serving') serving = false
    else if (path === '/make-serving') serving = true
    else return exchange.respond(textResponse(404, '404 page not found\n'))
    exchange.respond(textResponse(200, ''))
  }
  try {
    context.serveHttp(port, health)
    context.serveHttp(httpPort, control)
  } catch {
    await context.stderr.write(`${goTime(context)} failed to listen: listen tcp :${port}: bind: address already in use\n`)
    return 1
  }
  await context.stderr.write(`${goTime(context)} Http server starting to listen on :${httpPort}\n${goTime(context)} gRPC server starting to listen on :${port}\n`)
  if (delaySeconds >= 0) {
    void context.sleep(delaySeconds * 1000).then(() => {
      serving = false
    })
  }
  await context.untilSignal('TERM', 'INT')
  return 2
}

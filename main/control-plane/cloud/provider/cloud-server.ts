import type { HttpHandler, HttpRequest } from '../../../kernel/http.ts'
import type { Process } from '../../../kernel/machine.ts'
import { CloudError, type CloudOperation, type LoadBalancerRequest, type Route } from '../cloud-api.ts'
import type { CloudProvider } from './cloud-provider.ts'

interface Call {
  readonly operation: CloudOperation
  /** How long it takes on a good day. */
  readonly usualMs: number
  run(provider: CloudProvider): unknown
}

/** The provider's API over HTTP: `/v1/{instances,routes,load-balancers,node-groups}[/name]`. Things are done at the end of the time that
 *  they take; a request that is to fail fails before anything is done. */
export function cloudHandler(process: Process, provider: CloudProvider): HttpHandler {
  return (exchange) => {
    const answer = (status: number, body: object): void => exchange.respond({ status, headers: { 'content-type': 'application/json' }, body: exchange.byReference ? body : new TextEncoder().encode(JSON.stringify(body)) })
    const refuse = (error: CloudError): void => answer(error.status, { code: error.code, message: error.message.slice(error.code.length + 2) })
    const call = callOf(exchange.request)
    if (!call) return refuse(new CloudError(404, 'NoSuchOperation', `${exchange.request.method} ${exchange.request.path} is nothing that this cloud does`))
    const { trouble } = provider
    const affected = trouble.operations.length === 0 || trouble.operations.includes(call.operation)
    const fails = affected && process.random.chance(trouble.errorRate)
    process.clock.after(process.random.jitter(call.usualMs, 0.2) + (affected ? trouble.latencyMs : 0), () => {
      provider.called(call.operation, fails)
      if (fails) return refuse(new CloudError(503, 'InternalError', `${call.operation}: the service is unavailable, please try again later`))
      try {
        answer(200, (call.run(provider) ?? {}) as object)
      } catch (error) {
        if (!(error instanceof CloudError)) throw error
        refuse(error)
      }
    })
  }
}

const readMs = 20
const writeMs = 80
const balancerMs = 800

function callOf({ method, path, body }: HttpRequest): Call | undefined {
  const [version, noun, name, ...rest] = path.split('?')[0]!.split('/').filter((part) => part !== '')
  if (version !== 'v1' || rest.length > 0) return undefined
  switch (`${method} ${noun}${name === undefined ? '' : '/'}`) {
    case 'GET instances':
      return { operation: 'DescribeInstances', usualMs: readMs, run: (provider) => ({ items: provider.instances() }) }
    case 'GET instances/':
      return { operation: 'DescribeInstances', usualMs: readMs, run: (provider) => provider.instance(name!) }
    case 'DELETE instances/':
      return { operation: 'TerminateInstance', usualMs: writeMs, run: (provider) => provider.terminate(name!) }
    case 'GET routes':
      return { operation: 'DescribeRoutes', usualMs: readMs, run: (provider) => ({ items: provider.routes() }) }
    case 'PUT routes/':
      return { operation: 'PutRoute', usualMs: writeMs, run: (provider) => provider.putRoute({ ...valueOf<Route>(body), name: name! }) }
    case 'DELETE routes/':
      return { operation: 'DeleteRoute', usualMs: writeMs, run: (provider) => provider.deleteRoute(name!) }
    case 'GET load-balancers':
      return { operation: 'DescribeLoadBalancers', usualMs: readMs, run: (provider) => ({ items: provider.loadBalancers() }) }
    case 'GET load-balancers/':
      return { operation: 'DescribeLoadBalancers', usualMs: readMs, run: (provider) => provider.loadBalancer(name!) }
    case 'PUT load-balancers/':
      return { operation: 'PutLoadBalancer', usualMs: balancerMs, run: (provider) => provider.putLoadBalancer(name!, valueOf<LoadBalancerRequest>(body)) }
    case 'DELETE load-balancers/':
      return { operation: 'DeleteLoadBalancer', usualMs: writeMs, run: (provider) => provider.deleteLoadBalancer(name!) }
    case 'GET node-groups':
      return { operation: 'DescribeNodeGroups', usualMs: readMs, run: (provider) => ({ items: provider.nodeGroups() }) }
    case 'PUT node-groups/':
      return { operation: 'ResizeNodeGroup', usualMs: writeMs, run: (provider) => provider.resize(name!, valueOf<{ target: number }>(body).target) }
    default:
      return undefined
  }
}

function valueOf<T>(body: HttpRequest['body']): T {
  if (body === undefined) throw new CloudError(400, 'InvalidRequest', 'a body is wanted')
  if (!(body instanceof Uint8Array)) return body as T
  try {
    return JSON.parse(new TextDecoder().decode(body)) as T
  } catch {
    throw new CloudError(400, 'InvalidRequest', 'the body is no JSON')
  }
}

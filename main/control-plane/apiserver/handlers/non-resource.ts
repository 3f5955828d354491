/** Paths that name no resource. */
import { Discovery } from '../discovery/discovery.ts'
import { serveDiscovery } from '../discovery/serve.ts'
import { healthChecks } from '../health/checks.ts'
import { flowDump } from '../flowcontrol/dumps.ts'
import { HealthChecks, respondText } from '../health/health.ts'
import { versionInfo } from '../health/version.ts'
import { serveFlagz, serveStatusz } from '../health/z-pages.ts'
import { metricsContentType, metricsPage, slisPage } from '../metrics/metrics.ts'
import { OpenApi } from '../openapi/openapi.ts'
import type { Parts } from '../parts.ts'
import { methodNotAllowed } from '../pipeline.ts'
import { respondWith } from './answer.ts'
import type { ApiHandler, ApiRequest } from './request.ts'

const reading = new Set(['GET', 'HEAD'])
const flowDebug = '/debug/api_priority_and_fairness/'

export function nonResourceHandler(parts: Parts): ApiHandler {
  const { resources, settings, feed, process, flow } = parts
  const discovery = new Discovery(resources, parts.aggregation?.discovery)
  const openApi = new OpenApi(resources, parts.aggregation)
  const checks = new HealthChecks(healthChecks({ process, resources, feed, etcd: settings.etcd, isReady: parts.isReady, isStopping: parts.isStopping }))
  const json = (request: ApiRequest, object: object, contentType = 'application/json'): void => {
    const { exchange, info } = request
    const pretty = contentType === 'application/json' && info.path === '/version'
    if (exchange.byReference) return respondWith(request, 200, { encoding: 'reference', pretty: false }, object)
    respondText(request, 200, pretty ? JSON.stringify(object, null, 2) : JSON.stringify(object), contentType)
  }
  const issuer = {
    issuer: settings.issuer,
    jwks_uri: `https://${settings.advertisedAddress}:${settings.port}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  }
  return (request) => {
    const { info, exchange } = request
    const { path } = info
    const health = reading.has(exchange.request.method) && checks.serve(request)
    if (health) return health
    const answered = (): false | void | Promise<void> => {
      if (path === '/' || path === '') return json(request, { paths: pathsOf(discovery, checks) })
      if (path === '/version' || path === '/version/') return json(request, versionInfo)
      if (path === '/metrics') return respondText(request, 200, metricsPage(parts), metricsContentType)
      if (path === '/metrics/slis') return respondText(request, 200, slisPage(checks), metricsContentType)
      if (path === '/statusz') return serveStatusz(request, process)
      if (path === '/flagz') return serveFlagz(request, settings.flags ?? [])
      if (flow && path.startsWith(flowDebug)) {
        const dump = flowDump(flow, path.slice(flowDebug.length), info.query.get('includeRequestDetails') !== '')
        return dump === undefined ? false : respondText(request, 200, dump)
      }
      if (path === '/.well-known/openid-configuration') return json(request, issuer)
      if (path === '/openid/v1/jwks') return json(request, { keys: settings.tokens.publicKeys() }, 'application/jwk-set+json')
      if (serveDiscovery(request, discovery, `${settings.advertisedAddress}:${settings.port}`)) return
      return openApi.serve(request)
    }
    if (!reading.has(exchange.request.method)) {
      if (isKnown(path, discovery)) throw methodNotAllowed()
      return notFoundPage(request)
    }
    const outcome = answered()
    if (outcome === false) notFoundPage(request)
    else return outcome
  }
}

function isKnown(path: string, discovery: Discovery): boolean {
  if (['/', '/version', '/metrics', '/livez', '/readyz', '/healthz', '/statusz', '/flagz', '/api', '/apis', '/openapi/v2', '/openapi/v3'].includes(path)) return true
  return discovery.groups().some(({ group, versions }) => versions.some((version) => path === (group === '' ? `/api/${version}` : `/apis/${group}/${version}`)) || path === `/apis/${group}`)
}

/** What the root lists. */
function pathsOf(discovery: Discovery, { checks }: HealthChecks): string[] {
  const paths = ['/.well-known/openid-configuration', '/api', '/apis', '/apis/']
  for (const { group, versions } of discovery.groups()) {
    if (group === '') paths.push(...versions.map((version) => `/api/${version}`))
    else paths.push(`/apis/${group}`, ...versions.map((version) => `/apis/${group}/${version}`))
  }
  for (const endpoint of ['healthz', 'livez', 'readyz'] as const) paths.push(`/${endpoint}`, ...checks.filter(({ endpoints }) => endpoints.includes(endpoint)).map(({ name }) => `/${endpoint}/${name}`))
  paths.push('/flagz', '/metrics', '/metrics/slis', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/openid/v1/jwks', '/statusz', '/version')
  return paths.sort()
}

const notFoundPage = (request: ApiRequest): void => respondText(request, 404, '404 page not found\n')

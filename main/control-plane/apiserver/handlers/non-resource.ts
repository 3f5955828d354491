/** Paths that name no resource. */
import { Discovery } from '../discovery/discovery.ts'
import { serveDiscovery } from '../discovery/serve.ts'
import { healthChecks } from '../health/checks.ts'
import { respondText, serveHealth } from '../health/health.ts'
import { versionInfo } from '../health/version.ts'
import { metricsContentType, metricsPage } from '../metrics/metrics.ts'
import { OpenApi } from '../openapi/openapi.ts'
import type { Parts } from '../parts.ts'
import { methodNotAllowed } from '../pipeline.ts'
import { respondWith } from './answer.ts'
import type { ApiHandler, ApiRequest } from './request.ts'

const reading = new Set(['GET', 'HEAD'])

export function nonResourceHandler(parts: Parts): ApiHandler {
  const { resources, settings, feed } = parts
  const discovery = new Discovery(resources)
  const openApi = new OpenApi(resources)
  const checks = healthChecks({ feed, etcd: settings.etcd, isReady: parts.isReady, isDraining: parts.isDraining })
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
    const health = serveHealth(request, checks)
    if (health) return health
    const answered = (): false | void | Promise<void> => {
      if (path === '/' || path === '') return json(request, { paths: pathsOf(discovery, checks.map(({ name }) => name)) })
      if (path === '/version' || path === '/version/') return json(request, versionInfo)
      if (path === '/metrics') return respondText(request, 200, metricsPage(parts), metricsContentType)
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
  if (['/', '/version', '/metrics', '/api', '/apis', '/openapi/v2', '/openapi/v3'].includes(path)) return true
  return discovery.groups().some(({ group, versions }) => versions.some((version) => path === (group === '' ? `/api/${version}` : `/apis/${group}/${version}`)) || path === `/apis/${group}`)
}

/** What the root lists. */
function pathsOf(discovery: Discovery, checks: readonly string[]): string[] {
  const paths = ['/.well-known/openid-configuration', '/api', '/apis', '/apis/']
  for (const { group, versions } of discovery.groups()) {
    if (group === '') paths.push(...versions.map((version) => `/api/${version}`))
    else paths.push(`/apis/${group}`, ...versions.map((version) => `/apis/${group}/${version}`))
  }
  for (const endpoint of ['healthz', 'livez', 'readyz']) paths.push(`/${endpoint}`, ...checks.map((name) => `/${endpoint}/${name}`))
  paths.push('/metrics', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/openid/v1/jwks', '/version')
  return paths.sort()
}

const notFoundPage = (request: ApiRequest): void => respondText(request, 404, '404 page not found\n')

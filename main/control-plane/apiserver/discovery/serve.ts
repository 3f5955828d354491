import { parseAccept } from '../negotiation/accept.ts'
import { encodeBody } from '../negotiation/encode.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import type { ApiRequest } from '../handlers/request.ts'
import { baseHeaders, respondWith } from '../handlers/answer.ts'
import type { Discovery } from './discovery.ts'

/** Answers `/api`, `/apis` and what lies directly below; false for any other path. */
export function serveDiscovery(request: ApiRequest, discovery: Discovery, serverAddress: string): boolean {
  const { info } = request
  const segments = info.path.split('/').filter((segment) => segment !== '')
  const [first, second, third, ...more] = segments
  if (more.length > 0 || (first !== 'api' && first !== 'apis')) return false
  const core = first === 'api'
  if (second === undefined) {
    const version = aggregatedVersion(request.exchange.request.headers['accept'])
    if (version) return serveAggregated(request, discovery, core, version)
    return serveObject(request, core ? discovery.coreVersions(serverAddress) : discovery.groupList())
  }
  if (core) return third === undefined && serveObject(request, discovery.resourceList('', second))
  return serveObject(request, third === undefined ? discovery.group(second) : discovery.resourceList(second, third))
}

function serveObject(request: ApiRequest, object: object | undefined): boolean {
  if (!object) return false
  const { exchange, info } = request
  const headers = { ...exchange.request.headers, accept: plainAccept(exchange.request.headers['accept']) }
  respondWith(request, 200, negotiateOutput(headers, info.query, { byReference: exchange.byReference, transforms: [] }), object)
  return true
}

/** Accept without the clauses for aggregated discovery. */
function plainAccept(accept = ''): string {
  return accept.split(',').filter((clause) => !clause.includes('as=APIGroupDiscoveryList')).join(',')
}

/** The aggregated version that the client prefers over the old documents, if any. */
function aggregatedVersion(accept = ''): 'v2' | 'v2beta1' | undefined {
  if (!accept.includes('as=APIGroupDiscoveryList')) return undefined
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    if (parameters['as'] === undefined && ((type === 'application' && subtype === 'json') || subtype === '*')) return undefined
    if (type !== 'application' || subtype !== 'json' || parameters['g'] !== 'apidiscovery.k8s.io' || parameters['as'] !== 'APIGroupDiscoveryList') continue
    if (parameters['v'] === 'v2' || parameters['v'] === 'v2beta1') return parameters['v']
  }
  return undefined
}

function serveAggregated(request: ApiRequest, discovery: Discovery, core: boolean, version: 'v2' | 'v2beta1'): true {
  const { exchange } = request
  const document = discovery.aggregated(core, version)
  const tag = `"${discovery.tagOf(document)}"`
  const headers = { ...baseHeaders(request), vary: 'Accept', etag: tag, 'cache-control': 'public' }
  if (exchange.request.headers['if-none-match'] === tag) {
    request.respond({ status: 304, headers })
    return true
  }
  const { body } = encodeBody(document, { encoding: exchange.byReference ? 'reference' : 'json', pretty: false })
  request.respond({ status: 200, headers: { ...headers, 'content-type': `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList` }, body })
  return true
}

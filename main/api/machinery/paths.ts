/** URL paths of the API: built from and parsed into group, version, namespace, resource, name, subresource. */

export interface ResourcePath {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  readonly subresource?: string | undefined
}

/** `/api/v1` or `/apis/<group>/<version>`. */
export function groupVersionPath(group: string, version: string): string {
  return group ? `/apis/${group}/${version}` : `/api/${version}`
}

/** `/apis/apps/v1/namespaces/default/deployments/web/scale`; segments are escaped. */
export function resourcePath(path: ResourcePath): string {
  let text = groupVersionPath(path.group, path.version)
  if (path.namespace) text += `/namespaces/${encodeURIComponent(path.namespace)}`
  text += `/${path.resource}`
  if (path.name) text += `/${encodeURIComponent(path.name)}`
  if (path.subresource) text += `/${path.subresource}`
  return text
}

export interface RequestPath extends ResourcePath {
  /** What follows the subresource: `/proxy/metrics` -> `metrics`. */
  readonly rest?: string | undefined
  /** The deprecated `/watch/` prefix was there. */
  readonly watchPrefix: boolean
}

/** The resource a path addresses, or undefined for a path that addresses none (`/apis`, `/healthz`, `/api/v1`).
 *  Follows upstream's RequestInfo: under `namespaces/<name>`, a second segment is a namespaced resource unless it is a
 *  subresource of the namespace itself. */
export function parseResourcePath(path: string): RequestPath | undefined {
  const segments = path.split('/').filter((segment) => segment !== '').map(decodeSegment)
  let at = 0
  let group = ''
  if (segments[0] === 'api') at = 1
  else if (segments[0] === 'apis') {
    group = segments[1] ?? ''
    at = 2
  } else return undefined
  const version = segments[at++]
  if (!version || (segments[0] === 'apis' && !group)) return undefined
  const watchPrefix = segments[at] === 'watch' && segments.length > at + 1
  if (watchPrefix) at++
  let rest = segments.slice(at)
  if (rest.length === 0) return undefined
  let namespace: string | undefined
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1] as string
    if (rest.length > 2 && !namespaceSubresources.has(rest[2] as string)) rest = rest.slice(2)
  }
  const [resource, name, subresource, ...more] = rest as [string, string?, string?, ...string[]]
  return { group, version, resource, namespace, name, subresource, rest: more.length > 0 ? more.join('/') : undefined, watchPrefix }
}

const namespaceSubresources = new Set(['status', 'finalize'])

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

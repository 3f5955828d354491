/** What a request is about, read from its method and path as upstream's RequestInfo does. */
import { Query } from './query.ts'

export interface RequestInfo {
  /** Whether the path names a resource; `/healthz`, `/apis`, `/api/v1` do not. */
  readonly isResource: boolean
  /** get, list, watch, create, update, patch, delete, deletecollection; for other paths the method in lower case. */
  readonly verb: string
  /** Without the query. */
  readonly path: string
  /** `api` or `apis`; '' for other paths. */
  readonly prefix: string
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** The segments after the resource: name, subresource, and what follows it. */
  readonly parts: readonly string[]
  readonly query: Query
}

const verbs: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
const namespaceSubresources = new Set(['status', 'finalize'])
const legacyVerbs = new Set(['proxy', 'watch'])

/** Parses method and path (with query). A path that cannot be unescaped is taken as it is. */
export function requestInfoOf(method: string, target: string): RequestInfo {
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  const query = new Query(question < 0 ? '' : target.slice(question + 1))
  const nonResource: RequestInfo = {
    isResource: false, verb: method.toLowerCase(), path, prefix: '', group: '', version: '', namespace: '', resource: '', subresource: '', name: '', parts: [], query,
  }
  const segments = splitPath(path)
  if (segments.length < 3) return nonResource
  const prefix = segments[0] as string
  if (prefix !== 'api' && prefix !== 'apis') return nonResource
  let at = 1
  let group = ''
  if (prefix === 'apis') {
    if (segments.length < 4) return nonResource
    group = segments[at++] as string
  }
  const version = segments[at++] as string
  let verb: string
  if (legacyVerbs.has(segments[at] as string)) {
    if (segments.length < at + 2) return { ...nonResource, prefix, group, version }
    verb = segments[at++] as string
  } else verb = verbs[method] ?? ''
  let parts = segments.slice(at)
  let namespace = ''
  if (parts[0] === 'namespaces') {
    if (parts.length > 1) {
      namespace = parts[1] as string
      // One segment more that is no subresource of the namespace itself is a resource inside it.
      if (parts.length > 2 && !namespaceSubresources.has(parts[2] as string)) parts = parts.slice(2)
    }
  }
  let name = parts[1] ?? ''
  if (name === '' && verb === 'get') {
    verb = query.flag('watch') ? 'watch' : 'list'
    name = exactNameOf(query.get('fieldSelector')) ?? ''
  } else if (name === '' && verb === 'delete') verb = 'deletecollection'
  else if (name === '' && verb === 'watch') name = exactNameOf(query.get('fieldSelector')) ?? ''
  return {
    isResource: true, verb, path, prefix, group, version, namespace, resource: parts[0] ?? '',
    subresource: parts.length >= 3 && verb !== 'proxy' ? (parts[2] as string) : '',
    name, parts: parts.slice(1), query,
  }
}

/** The path's segments, unescaped; '' for the root. */
export function splitPath(path: string): string[] {
  let from = 0
  let to = path.length
  while (from < to && path.charCodeAt(from) === 47) from++
  while (to > from && path.charCodeAt(to - 1) === 47) to--
  if (from === to) return []
  const inner = path.slice(from, to)
  const segments = inner.split('/')
  return inner.includes('%') ? segments.map(unescapeSegment) : segments
}

function unescapeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** The name in `metadata.name=x` when the selector demands exactly one. */
function exactNameOf(selector: string): string | undefined {
  for (const term of selector === '' ? [] : selector.split(',')) {
    const match = /^metadata\.name==?([^!=\\]+)$/.exec(term.trim())
    if (match) return match[1]
  }
  return undefined
}

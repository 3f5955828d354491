/** Kubernetes' URL library. */
import { quote } from '../../machinery/go-text.ts'
import { boolType, listType, mapType, opaqueType, stringType } from '../types.ts'
import { ArrayList, EntryMap, EvaluationError, Opaque } from '../values.ts'
import type { CelValue } from '../values.ts'
import { global, member } from './overload.ts'
import type { Library } from './overload.ts'

export const urlType = opaqueType('kubernetes.URL')

interface Parts {
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string
}

export class UrlValue extends Opaque {
  readonly type = urlType
  readonly parts: Parts
  readonly text: string

  constructor(text: string, parts: Parts) {
    super()
    this.text = text
    this.parts = parts
  }

  equals(other: Opaque): boolean {
    return other instanceof UrlValue && other.text === this.text
  }
}

/** Go's url.ParseRequestURI: an absolute URI or an absolute path, without a fragment of its own. */
export function parseUrl(text: string): Parts | EvaluationError {
  const fail = (problem: string): EvaluationError => new EvaluationError(`URL parse error during conversion from string: parse ${quote(text)}: ${problem}`)
  if (text === '') return fail('empty url')
  if (/[\x00-\x1f\x7f]/.test(text)) return fail('net/url: invalid control character in URL')
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1] ?? ''
  if (scheme === '' && text.startsWith(':')) return fail('missing protocol scheme')
  const rest = scheme === '' ? text : text.slice(scheme.length + 1)
  if (!rest.startsWith('/')) return fail('invalid URI for request')
  const question = rest.indexOf('?')
  const before = question < 0 ? rest : rest.slice(0, question)
  const query = question < 0 ? '' : rest.slice(question + 1)
  let host = ''
  let path = before
  if (before.startsWith('//') && (scheme !== '' || !before.startsWith('///'))) {
    const slash = before.indexOf('/', 2)
    const authority = slash < 0 ? before.slice(2) : before.slice(2, slash)
    host = authority.slice(authority.lastIndexOf('@') + 1)
    path = slash < 0 ? '' : before.slice(slash)
    if (/[\s<>"]/.test(host)) return fail(`invalid character ${quote(/[\s<>"]/.exec(host)![0])} in host name`)
    const port = /:([^:\]]*)$/.exec(host.startsWith('[') ? host.slice(host.indexOf(']') + 1) : host)?.[1]
    if (port !== undefined && !/^\d*$/.test(port)) return fail(`invalid port ${quote(`:${port}`)} after host`)
  }
  const escape = /%(?![0-9a-fA-F]{2})/.exec(path)
  if (escape) return fail(`invalid URL escape ${quote(path.slice(escape.index, escape.index + 3))}`)
  return { scheme: scheme.toLowerCase(), host, path, query }
}

function escapedPath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@%!'()*[\]]/gu, (character) => [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''))
}

function queryOf(query: string): CelValue {
  const values = new Map<string, string[]>()
  for (const piece of query.split('&')) {
    if (piece === '' || piece.includes(';')) continue
    const equals = piece.indexOf('=')
    try {
      const decode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))
      const name = decode(equals < 0 ? piece : piece.slice(0, equals))
      const value = equals < 0 ? '' : decode(piece.slice(equals + 1))
      const known = values.get(name)
      if (known) known.push(value)
      else values.set(name, [value])
    } catch {
      continue
    }
  }
  return new EntryMap([...values].map(([name, list]) => [name, new ArrayList(list)] as const))
}

function hostname(host: string): string {
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']') < 0 ? undefined : host.indexOf(']'))
  const colon = host.lastIndexOf(':')
  return colon < 0 ? host : host.slice(0, colon)
}

function portOf(host: string): string {
  const rest = host.startsWith('[') ? host.slice(host.indexOf(']') + 1) : host
  const colon = rest.lastIndexOf(':')
  return colon < 0 ? '' : rest.slice(colon + 1)
}

export function urlLibrary(): Library {
  const part = (name: string, id: string, run: (parts: Parts) => CelValue): ReturnType<typeof member> => member(name, id, [urlType], stringType, ({ parts }: UrlValue) => run(parts))
  return {
    types: [urlType],
    overloads: [
      global('url', 'string_to_url', [stringType], urlType, (text: string) => {
        const parts = parseUrl(text)
        return parts instanceof EvaluationError ? parts : new UrlValue(text, parts)
      }),
      global('isURL', 'is_url_string', [stringType], boolType, (text: string) => !(parseUrl(text) instanceof EvaluationError)),
      part('getScheme', 'url_get_scheme', ({ scheme }) => scheme),
      part('getHost', 'url_get_host', ({ host }) => host),
      part('getHostname', 'url_get_hostname', ({ host }) => hostname(host)),
      part('getPort', 'url_get_port', ({ host }) => portOf(host)),
      part('getEscapedPath', 'url_get_escaped_path', ({ path }) => escapedPath(path)),
      member('getQuery', 'url_get_query', [urlType], mapType(stringType, listType(stringType)), ({ parts }: UrlValue) => queryOf(parts.query)),
    ],
  }
}

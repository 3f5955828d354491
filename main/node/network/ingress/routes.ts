import type { Ingress, IngressBackend, IngressClass, IngressServiceBackend } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'

export const rewriteAnnotation = 'nginx.ingress.kubernetes.io/rewrite-target'
export const regexAnnotation = 'nginx.ingress.kubernetes.io/use-regex'
const classAnnotation = 'kubernetes.io/ingress.class'

/** Where requests of a host and path go. */
export interface IngressRoute {
  readonly namespace: string
  readonly ingress: string
  readonly path: string
  readonly kind: 'exact' | 'prefix' | 'text' | 'regex'
  readonly backend: IngressServiceBackend | undefined
  readonly pattern?: RegExp
  /** What the path becomes, `$1` being what a regular expression caught. */
  readonly rewrite?: string
}

/** Routes by host; `''` is every other host. Those of a host are in the order in which nginx tries them. */
export type IngressTable = ReadonlyMap<string, readonly IngressRoute[]>

/** Whether an Ingress is for the controller: by its class, the old annotation, or for having none where such are watched. */
export function isMine(ingress: Ingress, classes: readonly IngressClass[], controller: string, className: string, withoutClass: boolean): boolean {
  const annotated = ingress.metadata.annotations?.[classAnnotation]
  if (annotated !== undefined) return annotated === className
  const named = ingress.spec?.ingressClassName
  if (named === undefined) return withoutClass
  return classes.some((each) => each.metadata.name === named && each.spec?.controller === controller)
}

/** The table of all the controller's Ingresses. As ingress-nginx: the oldest Ingress wins where two name the same host and path; an Ingress'
 *  default backend serves its hosts where no path of theirs does, and without rules every request that nobody else serves. Pure. */
export function routeTable(ingresses: readonly Ingress[]): IngressTable {
  const table = new Map<string, Map<string, IngressRoute>>()
  const put = (host: string, route: IngressRoute): void => {
    let routes = table.get(host)
    if (!routes) table.set(host, (routes = new Map()))
    const key = `${route.kind === 'exact' ? '=' : ''}${route.path}`
    if (!routes.has(key)) routes.set(key, route)
  }
  const age = (ingress: Ingress): string => `${ingress.metadata.creationTimestamp ?? ''} ${ingress.metadata.namespace}/${ingress.metadata.name}`
  const oldestFirst = [...ingresses].sort((a, b) => compareBytes(age(a), age(b)))
  for (const ingress of oldestFirst) {
    const { annotations = {}, namespace = '', name } = ingress.metadata
    const rewrite = annotations[rewriteAnnotation]
    const regular = annotations[regexAnnotation] === 'true' || (rewrite !== undefined && /\$\d/.test(rewrite))
    for (const rule of ingress.spec?.rules ?? []) {
      for (const { path = '/', pathType, backend } of rule.http?.paths ?? []) {
        const kind = pathType === 'Exact' ? 'exact' : regular && pathType === 'ImplementationSpecific' ? 'regex' : pathType === 'Prefix' ? 'prefix' : 'text'
        put(rule.host ?? '', { namespace, ingress: name, path: path === '' ? '/' : path, kind, backend: backend.service, ...(kind === 'regex' ? { pattern: patternOf(path) } : {}), ...(rewrite === undefined ? {} : { rewrite }) })
      }
    }
  }
  for (const ingress of oldestFirst) {
    const fallback: IngressBackend | undefined = ingress.spec?.defaultBackend
    if (!fallback) continue
    const hosts = new Set((ingress.spec?.rules ?? []).map((rule) => rule.host ?? ''))
    for (const host of hosts.size > 0 ? hosts : ['']) put(host, { namespace: ingress.metadata.namespace ?? '', ingress: ingress.metadata.name, path: '/', kind: 'prefix', backend: fallback.service })
  }
  return new Map([...table].map(([host, routes]) => [host, [...routes.values()].sort(byPrecedence)]))
}

/** A path that is no regular expression stands for itself. */
function patternOf(path: string): RegExp {
  try {
    return new RegExp(`^${path}`, 'i')
  } catch {
    return new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'i')
  }
}

function byPrecedence(a: IngressRoute, b: IngressRoute): number {
  return Number(b.kind === 'exact') - Number(a.kind === 'exact') || b.path.length - a.path.length
}

/** The route of a request: of the host itself, else of a wildcard for its first label, else of no host. Undefined: nobody's. */
export function routeOf(table: IngressTable, host: string, path: string): IngressRoute | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, '')
  const routes = table.get(name) ?? table.get(`*${name.slice(name.indexOf('.') >>> 0)}`) ?? table.get('')
  return routes?.find((route) => serves(route, path))
}

function serves({ kind, path, pattern }: IngressRoute, asked: string): boolean {
  switch (kind) {
    case 'exact':
      return asked === path
    case 'text':
      return asked.startsWith(path)
    case 'regex':
      return pattern!.test(asked)
    case 'prefix': {
      const prefix = path.endsWith('/') ? path.slice(0, -1) : path
      return asked === prefix || asked.startsWith(`${prefix}/`)
    }
  }
}

/** The path that the backend is asked for; `path` without its query. */
export function rewritten(route: IngressRoute, path: string): string {
  const { rewrite, pattern } = route
  if (rewrite === undefined) return path
  const caught = pattern?.exec(path)
  return rewrite.replace(/\$(\d)/g, (_, index: string) => caught?.[Number(index)] ?? '')
}

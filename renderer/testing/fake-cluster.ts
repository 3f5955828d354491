import type { WatchEvent } from '../../preload/contract/watch-event.ts'
import type { Kind } from '../../main/api/kinds/kind.ts'
import { builtInKinds } from '../../main/api/kinds/registry.ts'

/** An API server of a few lines for tests and screenshots of the window: it keeps objects, lists, watches, prints Tables by the kinds'
 *  own columns, and answers discovery. No defaults, no validation, no components. Never part of the app. */
export interface FakeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Record<string, unknown> & { readonly name: string; readonly namespace?: string; readonly uid: string; readonly resourceVersion: string }
  readonly [field: string]: unknown
}

export type NewObject = Record<string, unknown> & { apiVersion: string; kind: string; metadata: Record<string, unknown> & { name: string; namespace?: string } }

interface Watcher {
  readonly kind: Kind
  readonly query: URLSearchParams
  readonly namespace: string
  readonly table: boolean
  readonly emit: (events: readonly WatchEvent[]) => void
}

export interface FakeAnswer {
  readonly status: number
  readonly body: unknown
}

export class FakeCluster {
  now: number
  revision = 1_000
  readonly #objects = new Map<Kind, Map<string, FakeObject>>()
  readonly #watchers = new Set<Watcher>()
  #nextUid = 1

  constructor(now: number) {
    this.now = now
  }

  put(object: NewObject): FakeObject {
    const kind = this.#kindOf(object)
    const objects = this.#of(kind)
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`
    const before = objects.get(key)
    this.revision++
    const stored: FakeObject = {
      ...object,
      metadata: { creationTimestamp: new Date(this.now).toISOString().replace(/\.\d+Z/, 'Z'), uid: before?.metadata.uid ?? `uid-${this.#nextUid++}`, ...object.metadata, resourceVersion: String(this.revision) },
    }
    objects.set(key, stored)
    this.#tell(kind, before ? 'MODIFIED' : 'ADDED', stored)
    return stored
  }

  remove(group: string, kindName: string, namespace: string, name: string): boolean {
    const kind = builtInKinds.find((candidate) => candidate.group === group && candidate.kind === kindName)!
    const key = `${namespace}/${name}`
    const object = this.#of(kind).get(key)
    if (!object) return false
    this.#of(kind).delete(key)
    this.revision++
    this.#tell(kind, 'DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: String(this.revision) } })
    return true
  }

  list(group: string, kindName: string): readonly FakeObject[] {
    const kind = builtInKinds.find((candidate) => candidate.group === group && candidate.kind === kindName)!
    return [...this.#of(kind).values()]
  }

  request(method: string, path: string, accept: string, body?: unknown): FakeAnswer {
    if (path === '/api' || path === '/apis') return { status: 200, body: discovery(path === '/api') }
    const target = parsePath(path)
    if (!target) return failure(404, 'NotFound', 'the server could not find the requested resource')
    const { kind, namespace, name, query } = target
    if (!name) {
      const items = this.#select(kind, namespace, query)
      return { status: 200, body: accept.includes('as=Table') ? this.#table(kind, items) : { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata: { resourceVersion: String(this.revision) }, items } }
    }
    const object = this.#of(kind).get(`${namespace}/${name}`)
    if (!object) return failure(404, 'NotFound', `${kind.plural} "${name}" not found`)
    if (method === 'GET') return { status: 200, body: object }
    if (method === 'DELETE') {
      this.remove(kind.group, kind.kind, namespace, name)
      return { status: 200, body: { kind: 'Status', status: 'Success' } }
    }
    const next = body as NewObject
    const version = next.metadata['resourceVersion']
    if (version && version !== object.metadata.resourceVersion) {
      return failure(409, 'Conflict', `Operation cannot be fulfilled on ${kind.plural} "${name}": the object has been modified; please apply your changes to the latest version and try again`)
    }
    return { status: 200, body: this.put(next) }
  }

  watch(path: string, accept: string, emit: (events: readonly WatchEvent[]) => void): (() => void) | undefined {
    const target = parsePath(path)
    if (!target) return undefined
    const watcher: Watcher = { kind: target.kind, query: target.query, namespace: target.namespace, table: accept.includes('as=Table'), emit }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #tell(kind: Kind, type: WatchEvent['type'], object: FakeObject): void {
    for (const watcher of this.#watchers) {
      if (watcher.kind !== kind || !selects(object, watcher.namespace, watcher.query)) continue
      watcher.emit([{ type, object: watcher.table ? this.#table(kind, [object]) : object }])
    }
  }

  #select(kind: Kind, namespace: string, query: URLSearchParams): FakeObject[] {
    return [...this.#of(kind).values()].filter((object) => selects(object, namespace, query))
  }

  #table(kind: Kind, items: readonly FakeObject[]) {
    const columns = kind.columns.length > 0 ? kind.columns : undefined
    return {
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: String(this.revision) },
      columnDefinitions: columns?.map(({ name, type, format, description, priority }) => ({ name, type, format: format ?? '', description, priority })) ?? [{ name: 'Name', type: 'string', priority: 0 }],
      rows: items.map((object) => ({ cells: columns?.map((column) => column.cell(object as never, this.now)) ?? [object.metadata.name], object })),
    }
  }

  #of(kind: Kind): Map<string, FakeObject> {
    let objects = this.#objects.get(kind)
    if (!objects) this.#objects.set(kind, (objects = new Map()))
    return objects
  }

  #kindOf(object: { readonly apiVersion: string; readonly kind: string }): Kind {
    const kind = builtInKinds.find((candidate) => candidate.kind === object.kind && apiVersionOf(candidate) === object.apiVersion)
    if (!kind) throw new Error(`the fake cluster has no kind ${object.apiVersion} ${object.kind}`)
    return kind
  }
}

function apiVersionOf(kind: Kind): string {
  return kind.group ? `${kind.group}/${kind.version}` : kind.version
}

function failure(code: number, reason: string, message: string): FakeAnswer {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code } }
}

function parsePath(path: string): { readonly kind: Kind; readonly namespace: string; readonly name: string; readonly query: URLSearchParams } | undefined {
  const url = new URL(path, 'http://fake')
  const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
  const group = parts[0] === 'api' ? '' : parts[1]!
  let rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  let namespace = ''
  if (rest[0] === 'namespaces' && rest.length > 2) {
    namespace = rest[1]!
    rest = rest.slice(2)
  }
  const kind = builtInKinds.find((candidate) => candidate.group === group && candidate.plural === rest[0])
  return kind && { kind, namespace, name: rest[1] ?? '', query: url.searchParams }
}

function selects(object: FakeObject, namespace: string, query: URLSearchParams): boolean {
  if (namespace && object.metadata.namespace !== namespace) return false
  return (query.get('fieldSelector') ?? '')
    .split(',')
    .filter(Boolean)
    .every((term) => {
      const [path = '', value] = term.split('=')
      return String(path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object) ?? '') === value
    })
}

function discovery(core: boolean) {
  const groups = [...new Set(builtInKinds.map((kind) => kind.group))].filter((group) => (group === '') === core)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    items: groups.map((group) => ({
      metadata: { name: group },
      versions: [...new Set(builtInKinds.filter((kind) => kind.group === group).map((kind) => kind.version))].map((version) => ({
        version,
        resources: builtInKinds
          .filter((kind) => kind.group === group && kind.version === version)
          .map((kind) => ({
            resource: kind.plural,
            responseKind: { group, version, kind: kind.kind },
            scope: kind.namespaced ? 'Namespaced' : 'Cluster',
            singularResource: kind.singular,
            shortNames: kind.shortNames,
            verbs: kind.verbs,
            subresources: kind.subresources.map((subresource) => ({ subresource: subresource.type === 'named' ? subresource.name : subresource.type })),
          })),
      })),
    })),
  }
}

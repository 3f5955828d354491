import type { HttpRequest, HttpResponse, HttpStream, HttpTransport, RequestOptions } from '../../kernel/http.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'
import type { KubeList, KubeObject, WatchEvent } from '../machinery/object.ts'
import { genericServerResponse, StatusError } from '../machinery/status-error.ts'
import type { Status } from '../generated/types.ts'
import type { ApiClient, DeleteOptions, ListOptions, PatchType, WatchHandle, WriteOptions } from './contract.ts'
import { decodeBody, WatchDecoder } from './wire.ts'

export interface RestClientOptions {
  /** As upstream spells it: `kube-controller-manager/v1.36.1 (linux/amd64) kubernetes/…/replicaset-controller`. */
  readonly userAgent?: string
  /** Ms until a request fails; the transport's own default when absent. */
  readonly timeoutMs?: number
  /** Sent with every request: a bearer token, impersonation. */
  readonly headers?: Readonly<Record<string, string>>
}

const patchTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

/** Where the objects of a kind live: `/apis/apps/v1/namespaces/default/deployments/web/status`. */
export function pathOf(kind: Pick<Kind, 'group' | 'version' | 'plural' | 'namespaced'>, namespace?: string, name?: string, subresource?: string): string {
  let path = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  if (kind.namespaced && namespace) path += `/namespaces/${namespace}`
  path += `/${kind.plural}`
  if (name !== undefined && name !== '') path += `/${name}`
  return subresource ? `${path}/${subresource}` : path
}

/** A client over any transport. Objects travel by reference where the transport can; bytes are parsed as JSON.
 *  An answer of 400 and above is thrown as the StatusError in its body, or as client-go's generic error without one. */
export function restClient(transport: HttpTransport, options: RestClientOptions = {}): ApiClient {
  return new RestClient(transport, options)
}

class RestClient implements ApiClient {
  readonly #transport: HttpTransport
  readonly #headers: Readonly<Record<string, string>>
  readonly #timeoutMs: number | undefined

  constructor(transport: HttpTransport, options: RestClientOptions) {
    this.#transport = transport
    this.#timeoutMs = options.timeoutMs
    this.#headers = { accept: 'application/json', ...(options.userAgent ? { 'user-agent': options.userAgent } : {}), ...options.headers }
  }

  async get<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T> {
    return (await this.#call(kind, 'GET', pathOf(kind, namespace, name), undefined, name)) as T
  }

  async list<T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}): Promise<KubeList<T>> {
    const list = (await this.#call(kind, 'GET', pathOf(kind, options.namespace) + query(listQuery(options)))) as KubeList<T>
    return withItemKinds(kind, list)
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata
    const path = pathOf(kind, namespace, options.subresource ? name : undefined, options.subresource)
    return (await this.#call(kind, 'POST', path + query(writeQuery(options)), object, '', options.traffic)) as T
  }

  async update<T extends KubeObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata
    return (await this.#call(kind, 'PUT', pathOf(kind, namespace, name, options.subresource) + query(writeQuery(options)), object, name, options.traffic)) as T
  }

  async patch<T extends KubeObject>(kind: Kind<T>, name: string, namespace: string | undefined, type: PatchType, patch: unknown, options: WriteOptions & { readonly force?: boolean } = {}): Promise<T> {
    const path = pathOf(kind, namespace, name, options.subresource) + query([...writeQuery(options), ['force', options.force ? 'true' : undefined]])
    return (await this.#call(kind, 'PATCH', path, patch as object, name, options.traffic, patchTypes[type])) as T
  }

  async delete(kind: Kind, name: string, namespace?: string, options: DeleteOptions = {}): Promise<void> {
    await this.#call(kind, 'DELETE', pathOf(kind, namespace, name), deleteBody(options), name)
  }

  async deleteCollection(kind: Kind, options: ListOptions & DeleteOptions = {}): Promise<void> {
    await this.#call(kind, 'DELETE', pathOf(kind, options.namespace) + query(listQuery(options)), deleteBody(options))
  }

  async createSubresource<R = unknown>(kind: Kind, name: string, namespace: string | undefined, subresource: string, body: object): Promise<R> {
    return (await this.#call(kind, 'POST', pathOf(kind, namespace, name, subresource), body, name)) as R
  }

  watch<T extends KubeObject>(kind: Kind<T>, options: ListOptions & { readonly allowBookmarks?: boolean; readonly timeoutSeconds?: number }, onEvents: (events: readonly WatchEvent<T>[]) => void, onEnd: (error?: Error) => void): WatchHandle {
    const path = pathOf(kind, options.namespace) + query([
      ...listQuery(options),
      ['watch', 'true'],
      ['allowWatchBookmarks', options.allowBookmarks ? 'true' : undefined],
      ['timeoutSeconds', options.timeoutSeconds === undefined ? undefined : String(options.timeoutSeconds)],
    ])
    let open: HttpStream | undefined
    let ended = false
    const end = (error?: Error): void => {
      if (ended) return
      ended = true
      onEnd(error)
    }
    const decoder = new WatchDecoder<T>(kind)
    const deliver = (data: unknown): void => {
      if (ended) return
      const events = decoder.decode(data)
      const failed = events.findIndex((event) => event.type === 'ERROR')
      const good = failed < 0 ? events : events.slice(0, failed)
      if (good.length > 0) onEvents(good)
      if (failed < 0) return
      end(new StatusError(events[failed]!.object as unknown as Status))
      open?.cancel()
    }
    this.#transport.stream({ method: 'GET', path, headers: this.#headers }, { kind: 'watch' }).then(
      (stream) => {
        if (ended) return stream.cancel()
        open = stream
        if (stream.response.status >= 400) return end(errorOf(stream.response, 'GET', kind, ''))
        stream.onData(deliver)
        stream.onEnd(end)
      },
      (error: unknown) => end(asError(error)),
    )
    return {
      cancel: () => {
        ended = true
        open?.cancel()
      },
    }
  }

  async raw(method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<HttpResponse> {
    const response = await this.#transport.request(this.#request(method, path, body, headers), this.#options())
    return response.status >= 400 ? response : { ...response, body: decodeBody(response) as object }
  }

  rawStream(method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpStream> {
    return this.#transport.stream(this.#request(method, path, undefined, headers))
  }

  async #call(kind: Kind, method: string, path: string, body?: object, name = '', traffic?: RequestOptions['kind'], contentType = 'application/json'): Promise<unknown> {
    const request = this.#request(method, path, body, body ? { 'content-type': contentType } : {})
    const response = await this.#transport.request(request, this.#options(traffic))
    if (response.status >= 400) throw errorOf(response, method, kind, name)
    return decodeBody(response)
  }

  #options(kind?: RequestOptions['kind']): RequestOptions | undefined {
    if (this.#timeoutMs === undefined && kind === undefined) return undefined
    return { ...(this.#timeoutMs === undefined ? {} : { timeoutMs: this.#timeoutMs }), ...(kind === undefined ? {} : { kind }) }
  }

  #request(method: string, path: string, body: object | undefined, more: Readonly<Record<string, string>>): HttpRequest {
    const headers = { ...this.#headers, ...more }
    return body === undefined ? { method, path, headers } : { method, path, headers, body }
  }
}

type QueryPairs = readonly (readonly [string, string | undefined])[]

function listQuery(options: ListOptions): QueryPairs {
  return [
    ['labelSelector', options.labelSelector || undefined],
    ['fieldSelector', options.fieldSelector || undefined],
    ['limit', options.limit ? String(options.limit) : undefined],
    ['continue', options.continue || undefined],
    ['resourceVersion', options.resourceVersion],
  ]
}

function writeQuery(options: WriteOptions): QueryPairs {
  return [['fieldManager', options.fieldManager], ['dryRun', options.dryRun ? 'All' : undefined]]
}

function query(pairs: QueryPairs): string {
  let text = ''
  for (const [name, value] of pairs) {
    if (value !== undefined) text += `${text === '' ? '?' : '&'}${name}=${encodeURIComponent(value)}`
  }
  return text
}

function deleteBody(options: DeleteOptions): object {
  const { gracePeriodSeconds, propagationPolicy, preconditions } = options
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
  }
}

/** Lists of built-in kinds may come without kind and apiVersion on their items, as upstream's do. */
function withItemKinds<T extends KubeObject>(kind: Kind<T>, list: KubeList<T>): KubeList<T> {
  const items = list.items ?? []
  if (items.length === 0) return { ...list, items }
  if (items[0]!.kind) return list
  const apiVersion = apiVersionOf(kind)
  return { ...list, items: items.map((item) => ({ ...item, apiVersion, kind: kind.kind })) }
}

/** The error that an unsuccessful answer carries. */
export function errorOf(response: HttpResponse, method: string, kind: Pick<Kind, 'group' | 'plural'>, name: string): StatusError {
  const retryAfterSeconds = Number(response.headers['retry-after'] ?? 0)
  let body: unknown
  try {
    body = decodeBody(response)
  } catch {
    body = undefined
  }
  if (typeof body === 'object' && body !== null && (body as Status).kind === 'Status') {
    const status = body as Status
    return new StatusError(status.code === undefined ? { ...status, code: response.status } : status)
  }
  const text = response.body instanceof Uint8Array ? new TextDecoder().decode(response.body).slice(0, 2048) : 'unknown'
  return genericServerResponse(response.status, method, { group: kind.group, resource: kind.plural }, name, text.trim(), retryAfterSeconds, true)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

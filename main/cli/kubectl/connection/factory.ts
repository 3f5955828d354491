import type { HttpRequest, HttpResponse, HttpTransport } from '../../../kernel/http.ts'
import { restClient } from '../../../api/client/rest-client.ts'
import type { ApiClient } from '../../../api/client/contract.ts'
import type { Streams } from '../../streams.ts'
import type { KubeConfig, ServerAccess } from '../config/kubeconfig.ts'
import { CliError } from '../cli-error.ts'
import type { FlagValues } from '../flags.ts'
import { ResourceMapper } from '../resources/mapper.ts'
import type { WebSocketConnection } from './web-socket.ts'

/** What only the entry point can make: files, sockets. */
export interface Connector {
  /** A name for this run of kubectl, sent with each of its requests; absent: none is sent. */
  readonly session?: string
  access(flags: FlagValues): ServerAccess
  transport(access: ServerAccess): HttpTransport
  /** Opens a WebSocket with one of the subprotocols. Throws StatusError when the server refuses. */
  webSocket?(access: ServerAccess, path: string, protocols: readonly string[], headers: Readonly<Record<string, string>>): Promise<WebSocketConnection>
  /** The merged kubeconfig. */
  config(flags: FlagValues): KubeConfig
  /** The file that changes are written to: the first one named. */
  configPath(flags: FlagValues): string
  changeConfig(flags: FlagValues, change: (file: KubeConfig) => KubeConfig): Promise<void>
  readFile(path: string): Promise<Uint8Array>
  /** The same at once, for templates. Throws an Error with Go's words: `open x: no such file or directory`. */
  readFileNow(path: string): Uint8Array
  /** Files that a path names: itself, or those of a folder. Throws CliError when there is none. */
  listFiles(path: string, recursive: boolean): Promise<string[]>
  /** What stands at a path; undefined for nothing. */
  kindOfPath(path: string): 'file' | 'folder' | undefined
  /** A file, or the plain files of a folder in byte order; undefined when there is neither. */
  plainFiles(path: string): Promise<{ readonly folder: boolean; readonly paths: readonly string[] } | undefined>
}

/** Hands out what needs the kubeconfig or the server, each made when first asked for. */
export class Factory {
  readonly connector: Connector
  readonly #flags: FlagValues
  readonly #streams: Streams
  #access: ServerAccess | undefined
  #transport: HttpTransport | undefined
  #client: ApiClient | undefined
  #mapper: ResourceMapper | undefined
  #warned = new Set<string>()
  readonly #command: string
  /** Warnings printed so far, for --warnings-as-errors. */
  warningCount = 0

  /** `command` is what is run, as `kubectl create deployment`. */
  constructor(flags: FlagValues, streams: Streams, connector: Connector, command = '') {
    this.#command = command
    this.#flags = flags
    this.#streams = streams
    this.connector = connector
  }

  access(): ServerAccess {
    return (this.#access ??= this.connector.access(this.#flags))
  }

  /** --namespace, or the context's, or `default`. */
  namespace(): string {
    return this.#flags.text('namespace') || this.access().namespace
  }

  namespaceIsExplicit(): boolean {
    return this.#flags.changed('namespace')
  }

  transport(): HttpTransport {
    return (this.#transport ??= this.#watchWarnings(this.connector.transport(this.access())))
  }

  /** A WebSocket as the user whom --as names, if any. */
  webSocket(path: string, protocols: readonly string[]): Promise<WebSocketConnection> {
    if (!this.connector.webSocket) throw new CliError('this kubectl cannot open streams')
    return this.connector.webSocket(this.access(), path, protocols, this.impersonation())
  }

  client(): ApiClient {
    return (this.#client ??= restClient(this.transport(), { userAgent: 'kubectl/v1.36.1 (orrery)', headers: this.impersonation() }))
  }

  /** Headers that name the user whom --as asks to be. */
  impersonation(): Record<string, string> {
    const headers: Record<string, string> = {}
    const user = this.#flags.text('as')
    if (user) headers['impersonate-user'] = user
    const uid = this.#flags.text('as-uid')
    if (uid) headers['impersonate-uid'] = uid
    // Several values of one header are kept apart by line ends.
    const groups = this.#flags.list('as-group')
    if (groups.length > 0) headers['impersonate-group'] = groups.join('\n')
    for (const extra of this.#flags.list('as-user-extra')) {
      const at = extra.indexOf('=')
      if (at < 0) continue
      const name = `impersonate-extra-${encodeURIComponent(extra.slice(0, at))}`.toLowerCase()
      headers[name] = headers[name] === undefined ? extra.slice(at + 1) : `${headers[name]}\n${extra.slice(at + 1)}`
    }
    return headers
  }

  mapper(): ResourceMapper {
    return (this.#mapper ??= new ResourceMapper(this.client()))
  }

  #watchWarnings(transport: HttpTransport): HttpTransport {
    const note = <R extends { headers: HttpResponse['headers'] }>(response: R): R => {
      for (const line of (response.headers.warning ?? '').split('\n')) {
        const text = /^299 \S+ "(.*)"$/.exec(line)?.[1]
        if (!text || this.#warned.has(text)) continue
        this.#warned.add(text)
        this.warningCount++
        this.#streams.err(`Warning: ${text.replaceAll('\\"', '"').replaceAll('\\\\', '\\')}\n`)
      }
      return response
    }
    const named = this.#named()
    return {
      request: async (request, options) => note(await transport.request(named(request), options)),
      stream: async (request, options) => {
        const stream = await transport.stream(named(request), options)
        note(stream.response)
        return stream
      },
    }
  }

  /** Adds the headers that say which command a request belongs to, as kubectl has since 1.22. */
  #named(): (request: HttpRequest) => HttpRequest {
    const { session } = this.connector
    if (session === undefined || this.#command === '') return (request) => request
    const headers = { 'kubectl-command': this.#command, 'kubectl-session': session }
    return (request) => ({ ...request, headers: { ...request.headers, ...headers } })
  }
}

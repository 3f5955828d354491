import type { Clock } from '../../kernel/clock.ts'
import type { Journal } from '../../kernel/journal.ts'
import type { Random } from '../../kernel/random.ts'
import type { Kind } from '../kinds/kind.ts'
import type { KubeObject, WatchEvent } from '../machinery/object.ts'
import { isExpired } from '../machinery/status-error.ts'
import { Backoff } from './backoff.ts'
import type { ApiClient, ListOptions, WatchHandle } from './contract.ts'

/** What informers and recorders stand on; a Process is one. */
export interface ClientHost {
  readonly clock: Clock
  readonly random: Random
  readonly journal: Journal
  readonly scope: { readonly closed: boolean; onClose(end: () => void): () => void }
}

/** Where a reflector puts what it hears. */
export interface ReflectorStore<T> {
  replace(items: readonly T[], resourceVersion: string): void
  apply(events: readonly WatchEvent<T>[]): void
}

/** client-go's minimum; each watch asks for one to two times that. */
const watchTimeoutMinSeconds = 300

/** Keeps a store equal to a kind on the server: lists, then watches from the list's resource version; an orderly end or a
 *  lost wire resumes from the newest version seen, 410 Gone lists again. Failures back off as client-go's reflector does
 *  (800 ms doubling to 30 s, each stretched by up to its own length). Not followed: streaming lists. */
export class Reflector<T extends KubeObject> {
  readonly #host: ClientHost
  readonly #client: ApiClient
  readonly #kind: Kind<T>
  readonly #options: ListOptions
  readonly #store: ReflectorStore<T>
  readonly #backoff: Backoff
  #resourceVersion = '0'
  #watch: WatchHandle | undefined
  #watchStartedAt = 0
  #heard = false
  #stopped = false

  constructor(host: ClientHost, client: ApiClient, kind: Kind<T>, options: ListOptions, store: ReflectorStore<T>) {
    this.#host = host
    this.#client = client
    this.#kind = kind
    this.#options = options
    this.#store = store
    this.#backoff = new Backoff(host, { baseMs: 800, maxMs: 30_000, factor: 2, jitter: 1, resetMs: 120_000 })
  }

  get resourceVersion(): string {
    return this.#resourceVersion
  }

  start(): void {
    void this.#list()
  }

  stop(): void {
    this.#stopped = true
    this.#watch?.cancel()
  }

  async #list(): Promise<void> {
    if (this.#over()) return
    try {
      const list = await this.#client.list(this.#kind, { ...this.#options, resourceVersion: this.#resourceVersion })
      if (this.#over()) return
      this.#resourceVersion = list.metadata.resourceVersion ?? ''
      this.#store.replace(list.items, this.#resourceVersion)
      this.#watchOn()
    } catch (error) {
      // A version that the server no longer has: ask for the newest, whatever it is.
      if (isExpired(error) && this.#resourceVersion !== '') {
        this.#resourceVersion = ''
        return this.#list()
      }
      this.#failed(error, `failed to list ${this.#name()}`)
      this.#host.clock.after(this.#backoff.nextMs(), () => void this.#list())
    }
  }

  #watchOn(): void {
    if (this.#over()) return
    this.#watchStartedAt = this.#host.clock.now()
    this.#heard = false
    const timeoutSeconds = Math.floor(watchTimeoutMinSeconds * (1 + this.#host.random.float()))
    this.#watch = this.#client.watch(
      this.#kind,
      { ...this.#options, resourceVersion: this.#resourceVersion, allowBookmarks: true, timeoutSeconds },
      (events) => this.#received(events),
      (error) => this.#ended(error),
    )
  }

  #received(events: readonly WatchEvent<T>[]): void {
    if (this.#over() || events.length === 0) return
    this.#heard = true
    this.#resourceVersion = events[events.length - 1]!.object.metadata.resourceVersion ?? this.#resourceVersion
    this.#store.apply(events)
  }

  #ended(error: Error | undefined): void {
    if (this.#over()) return
    this.#watch = undefined
    if (isExpired(error)) {
      this.#host.journal.info('Warning: watch ended with error', { kind: this.#kind.kind, err: error })
      this.#host.clock.after(this.#backoff.nextMs(), () => void this.#list())
      return
    }
    const short = !this.#heard && this.#host.clock.now() - this.#watchStartedAt < 1000
    if (!error && !short) return this.#watchOn()
    if (error) this.#failed(error, `failed to watch ${this.#name()}`)
    this.#host.clock.after(this.#backoff.nextMs(), () => this.#watchOn())
  }

  #failed(error: unknown, what: string): void {
    if (this.#over()) return
    this.#host.journal.error('Failed to watch', { err: `${what}: ${error instanceof Error ? error.message : String(error)}`, type: this.#name() })
  }

  #name(): string {
    return `*${this.#kind.version}.${this.#kind.kind}`
  }

  #over(): boolean {
    return this.#stopped || this.#host.scope.closed
  }
}

import type { BridgeError } from '../../preload/contract/bridge.ts'
import type { WatchEvent } from '../../preload/contract/watch-event.ts'
import { bridge } from '../bridge/bridge.ts'
import { ApiError, readJson } from './client.ts'

/** Where a reflector sends what it reads. `List` is the list's (or Table's) body. */
export interface ReflectorSink<List> {
  replace(list: List): void
  apply(events: readonly WatchEvent[]): void
  /** `live` while the watch runs; `stale` while it tries to come back. */
  state(state: 'loading' | 'live' | 'stale', error?: Error): void
}

const retryFirstMs = 400
const retryLongestMs = 8_000

/** Keeps a sink equal to what the server has under a path: list, watch from there, list again after 410 Expired, and try again when
 *  the server cannot be reached. The answer stops it. */
export function reflect<List extends { readonly metadata?: { readonly resourceVersion?: string } }>(path: string, query: string, accept: string | undefined, sink: ReflectorSink<List>): () => void {
  let stopped = false
  let stopWatch: (() => void) | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryMs = retryFirstMs
  let generation = 0

  const later = (run: () => void): void => {
    clearTimeout(timer)
    timer = setTimeout(run, retryMs)
    retryMs = Math.min(retryMs * 2, retryLongestMs)
  }

  const list = async (): Promise<void> => {
    const mine = ++generation
    try {
      const body = await readJson<List>(`${path}${query ? `?${query}` : ''}`, accept)
      if (stopped || mine !== generation) return
      sink.replace(body)
      sink.state('live')
      watch(body.metadata?.resourceVersion ?? '')
    } catch (error) {
      if (stopped || mine !== generation) return
      sink.state('stale', error as Error)
      if (!(error instanceof ApiError) || error.code >= 500 || error.code === 429) later(() => void list())
    }
  }

  const watch = (from: string): void => {
    let version = from
    const separator = query ? `${query}&` : ''
    const watchPath = `${path}?${separator}watch=true&allowWatchBookmarks=true&resourceVersion=${version}`
    const onEvents = (events: readonly WatchEvent[]): void => {
      retryMs = retryFirstMs
      const changes: WatchEvent[] = []
      for (const event of events) {
        const next = versionOf(event.object)
        if (next) version = next
        if (event.type !== 'BOOKMARK' && event.type !== 'ERROR') changes.push(event)
      }
      if (changes.length > 0) sink.apply(changes)
    }
    const onEnd = (error?: BridgeError): void => {
      if (stopped) return
      if (!error) return later(() => watch(version))
      sink.state('stale', error)
      later(() => void list())
    }
    stopWatch = bridge().listen('api.watch', accept ? { path: watchPath, accept } : { path: watchPath }, onEvents, onEnd)
  }

  sink.state('loading')
  const leave = bridge().onState((state) => {
    clearTimeout(timer)
    generation++
    if (state === 'open') {
      stopWatch?.()
      retryMs = retryFirstMs
      void list()
    } else {
      sink.state('stale')
    }
  })

  return () => {
    stopped = true
    clearTimeout(timer)
    leave()
    stopWatch?.()
  }
}

function versionOf(object: unknown): string | undefined {
  const value = object as { metadata?: { resourceVersion?: string }; rows?: readonly { object?: { metadata?: { resourceVersion?: string } } }[] }
  return value.metadata?.resourceVersion || value.rows?.[0]?.object?.metadata?.resourceVersion
}

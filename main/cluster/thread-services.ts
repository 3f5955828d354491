import { BridgeError } from '../../preload/contract/bridge.ts'
import type { ApiCalls, ApiRequest, ApiResponse, ApiStreams } from '../../preload/contract/api.ts'
import type { EtcdCalls, EtcdHistory, EtcdRange } from '../../preload/contract/etcd.ts'
import type { FaultCalls } from '../../preload/contract/faults.ts'
import type { ObserveCalls, ObserveStreams } from '../../preload/contract/observe.ts'
import type { PacketCalls } from '../../preload/contract/packet.ts'
import type { ArgumentOf, EventOf, ResultOf } from '../../preload/contract/services.ts'
import type { TimeCalls, TimeState, TimeStreams } from '../../preload/contract/time.ts'
import type { WatchEvent } from '../../preload/contract/watch-event.ts'
import type { HttpResponse } from '../kernel/http.ts'
import type { Cluster } from './cluster.ts'
import { rangeOfPrefix } from './etcd-from-outside.ts'
import { tracePacket } from './followed-packets.ts'
import { versionsOf } from './key-history.ts'

type ThreadCalls = ApiCalls & EtcdCalls & ObserveCalls & TimeCalls & FaultCalls & PacketCalls
type ThreadStreams = ApiStreams & ObserveStreams & TimeStreams

/** The part of the window's contract that is answered where the cluster lives. */
export interface ThreadServices {
  readonly calls: { readonly [N in keyof ThreadCalls]: (argument: ArgumentOf<ThreadCalls[N]>) => Promise<ResultOf<ThreadCalls[N]>> | ResultOf<ThreadCalls[N]> }
  readonly streams: {
    readonly [N in keyof ThreadStreams]: (argument: ArgumentOf<ThreadStreams[N]>, emit: (event: EventOf<ThreadStreams[N]>) => void, end: (error?: unknown) => void) => () => void
  }
}

export function threadServices(cluster: Cluster): ThreadServices {
  const { observer, pacer } = cluster
  return {
    calls: {
      'api.request': (request) => sendOnce(cluster, request),
      'etcd.range': (range) => readEtcd(cluster, range),
      'etcd.history': (wanted) => readHistory(cluster, wanted),
      'observe.rootOf': ({ spanId }) => ({ rootId: observer.traces.rootOf(spanId) }),
      'packet.trace': (request) => tracePacket(cluster, request),
      'time.pause': () => (pacer.pause(), cluster.timeState()),
      'time.resume': () => (pacer.resume(), cluster.timeState()),
      'time.step': async (step) => {
        if (pacer.state !== 'paused') throw new BridgeError({ code: 'invalid', message: 'the clock runs: pause it before stepping' })
        if ('events' in step) await cluster.stepEvents(bounded(step.events, 1, 100_000))
        else await cluster.stepDuration(bounded(step.durationMs, 0, 86_400_000))
        return cluster.timeState()
      },
      'time.setSpeed': ({ speed }) => {
        pacer.setSpeed(speed === 0 ? Infinity : bounded(speed, Number.MIN_VALUE, 1_000))
        return cluster.timeState()
      },
      'faults.powerOff': ({ machine }) => (cluster.fault({ type: 'powerOff', machine }), null),
      'faults.powerOn': ({ machine }) => (cluster.fault({ type: 'powerOn', machine }), null),
      'faults.partition': ({ a, b }) => (cluster.fault({ type: 'partition', a, b }), null),
      'faults.heal': ({ a, b }) => (cluster.fault({ type: 'heal', a, b }), null),
      'faults.terminateInstance': ({ instance }) => (cluster.fault({ type: 'terminateInstance', instance }), null),
      'faults.cloudTrouble': ({ latencyMs, errorRate }) => (cluster.fault({ type: 'cloudTrouble', trouble: { latencyMs: bounded(latencyMs, 0, 600_000), errorRate: bounded(errorRate, 0, 1), operations: [] } }), null),
      'faults.kill': ({ processId }) => (cluster.fault({ type: 'kill', processId }), null),
    },
    streams: {
      'api.watch': ({ path, accept }, emit, end) => watch(cluster, path, accept, emit, end),
      'api.stream': ({ path }, emit, end) => stream(cluster, path, emit, end),
      'observe.machinery': (_, emit) => observer.listenMachinery(emit),
      'observe.messages': (_, emit) => observer.messages.listen(emit),
      'observe.topic': ({ processId, topic }, emit, end) => observer.listenTopic(processId, topic, emit, end),
      'observe.journal': ({ processId, tail }, emit, end) => observer.listenJournal(processId, bounded(tail, 0, 2_000), emit, end),
      'observe.traces': ({ limit, userOnly }, emit) => observer.listenTraces(bounded(limit, 1, 400), userOnly, emit),
      'observe.trace': ({ rootId }, emit) => observer.listenTrace(rootId, emit),
      'time.state': (_, emit) => listenTime(cluster, emit),
    },
  }
}

const etcdValueBytesMax = 256 * 1024

/** Asks etcd as `etcdctl get --prefix` on the control-plane node would. */
function readEtcd(cluster: Cluster, { prefix, limit, values }: { prefix: string; limit: number; values?: boolean }): Promise<EtcdRange> {
  if (typeof prefix !== 'string') throw new BridgeError({ code: 'invalid', message: 'a prefix is wanted' })
  const count = bounded(limit, 1, values ? 100 : 10_000)
  return new Promise((resolve, reject) => {
    cluster.gateway.enter('etcd-range', { prefix, limit: count }, () => {
      rangeOfPrefix(cluster, prefix, count).then(
        (response) =>
          resolve({
            revision: response.header.revision,
            count: response.count,
            keys: response.kvs.map(({ key, createRevision, modRevision, version, lease, value }) => ({
              key,
              createRevision,
              modRevision,
              version,
              lease: lease.toString(16),
              valueBytes: value.length,
              ...(values ? { value: new TextDecoder().decode(value.subarray(0, etcdValueBytesMax)) } : {}),
            })),
          }),
        (error: unknown) => reject(new BridgeError({ code: 'unavailable', message: error instanceof Error ? error.message : String(error) })),
      )
    })
  })
}

/** Asks etcd as `etcdctl get --rev` on the control-plane node would, and the observer who wrote what was found. */
function readHistory(cluster: Cluster, { key, limit, atRevision = 0 }: ArgumentOf<EtcdCalls['etcd.history']>): Promise<EtcdHistory> {
  if (typeof key !== 'string' || key === '') throw new BridgeError({ code: 'invalid', message: 'a key is wanted' })
  const wanted = { key, limit: bounded(limit, 1, 100), atRevision: bounded(atRevision, 0, Number.MAX_SAFE_INTEGER) }
  return new Promise((resolve, reject) => {
    cluster.gateway.enter('etcd-history', wanted, () => {
      versionsOf(cluster, key, wanted.limit, wanted.atRevision).then(
        ({ revision, versions, end }) =>
          resolve({
            revision,
            end,
            versions: versions.map(({ modRevision, version, value }) => {
              const write = cluster.observer.writes.of(key, modRevision)
              return { modRevision, version, valueBytes: value.length, value: new TextDecoder().decode(value.subarray(0, etcdValueBytesMax)), ...(write && { write }) }
            }),
          }),
        (error: unknown) => reject(new BridgeError({ code: 'unavailable', message: error instanceof Error ? error.message : String(error) })),
      )
    })
  })
}

/** Twice a second while it runs: what a clock face needs. */
const clockPeriodMs = 500

function listenTime(cluster: Cluster, emit: (state: TimeState) => void): () => void {
  const tell = (): void => emit(cluster.timeState())
  const timer = setInterval(() => {
    if (cluster.pacer.state === 'running') tell()
  }, clockPeriodMs)
  const forget = cluster.onTimeChange(tell)
  tell()
  return () => {
    clearInterval(timer)
    forget()
  }
}

function sendOnce(cluster: Cluster, request: ApiRequest): Promise<ApiResponse> {
  checkPath(request.path)
  return new Promise((resolve) => {
    let head: HttpResponse | undefined
    let rest = ''
    cluster.gateway.send(
      { method: request.method, path: request.path, headers: lowerCased(request.headers), ...(request.body === undefined ? {} : { body: new TextEncoder().encode(request.body) }) },
      {
        onHead: (response) => {
          head = response
        },
        onData: (data) => {
          rest += textOf(data)
        },
        onEnd: () => resolve({ status: head?.status ?? 503, headers: head?.headers ?? {}, body: textOf(head?.body) + rest }),
      },
    )
  })
}

function watch(cluster: Cluster, path: string, accept: string | undefined, emit: (events: readonly WatchEvent[]) => void, end: (error?: unknown) => void): () => void {
  checkPath(path)
  let failed = false
  return cluster.gateway.send(
    { method: 'GET', path, headers: accept ? { accept } : {} },
    {
      onHead: (response) => {
        if (response.status < 400) return
        failed = true
        end(statusFailure(response))
      },
      onData: (data) => {
        const events = data as readonly WatchEvent[]
        const error = events.find((event) => event.type === 'ERROR')
        emit(error ? events.slice(0, events.indexOf(error)) : events)
        if (error && !failed) {
          failed = true
          end(statusFailure({ status: 500, headers: {}, body: error.object }))
        }
      },
      onEnd: () => failed || end(),
    },
  )
}

function stream(cluster: Cluster, path: string, emit: (text: string) => void, end: (error?: unknown) => void): () => void {
  checkPath(path)
  let failed = false
  return cluster.gateway.send(
    { method: 'GET', path, headers: {} },
    {
      onHead: (response) => {
        failed = response.status >= 400
        if (failed) end(statusFailure(response))
        else if (response.body !== undefined) emit(textOf(response.body))
      },
      onData: (data) => emit(textOf(data)),
      onEnd: () => failed || end(),
    },
  )
}

function statusFailure(response: HttpResponse): BridgeError {
  const text = textOf(response.body)
  let status: { code?: number; reason?: string; message?: string } = { code: response.status, message: text }
  try {
    status = JSON.parse(text) as typeof status
  } catch {
    // The server answered plain text.
  }
  return new BridgeError({ code: 'unavailable', message: status.message ?? `the server answered ${response.status}`, status })
}

function textOf(data: unknown): string {
  if (data === undefined || data === null) return ''
  if (typeof data === 'string') return data
  return data instanceof Uint8Array ? new TextDecoder().decode(data) : JSON.stringify(data)
}

function lowerCased(headers: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]))
}

function checkPath(path: unknown): asserts path is string {
  if (typeof path !== 'string' || !path.startsWith('/')) throw new BridgeError({ code: 'invalid', message: 'a path begins with /' })
}

function bounded(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) throw new BridgeError({ code: 'invalid', message: `a number from ${min} to ${max} is wanted, not ${JSON.stringify(value)}` })
  return value
}

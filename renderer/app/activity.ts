import { defineStore } from 'pinia'
import { onScopeDispose, shallowRef } from 'vue'
import { coalesce } from '../api/shared.ts'
import type { MessageBatch, MessageFlow, PathEnd } from '../../preload/contract/observe.ts'
import { useEvents } from '../bridge/stream.ts'
import { requestText, writtenKeyText } from '../format/request.ts'
import { nameEnds } from './name-ends.ts'
import { trafficGroup, type TrafficGroup } from '../cluster-map/traffic.ts'

/** How many seconds of traffic each end remembers. */
export const activitySeconds = 40

/** Messages per second of wall time, oldest first; the last is the running second. */
export type ActivityHistory = readonly number[]

/** `process@machine`, `pod:namespace/name`, or `outside`. */
export function endKey(end: PathEnd): string {
  if (end.pod) return `pod:${end.pod}`
  return end.machine ? `${end.process}@${end.machine}` : 'outside'
}

/** What an end was asked (API server, etcd) or asked for itself (a control loop), worth a line. */
export interface RecentRequest {
  readonly key: number
  readonly text: string
  readonly group: TrafficGroup
  readonly user: boolean
}

const recentMax = 8
const recentEveryMs = 350

/** What crosses the wires: hands batches on to whoever draws them, and keeps a short history for each end. */
export const useActivity = defineStore('activity', () => {
  const listeners = new Set<(batch: MessageBatch) => void>()
  const histories = new Map<string, number[]>()
  const tick = shallowRef(0)
  const recent = shallowRef<ReadonlyMap<string, readonly RecentRequest[]>>(new Map())
  let quietSeconds = 0
  let requestKey = 0
  const requests = new Map<string, readonly RecentRequest[]>()

  const remember = (flow: MessageFlow): void => {
    const group = trafficGroup(flow.kind)
    if (flow.to.process === 'etcd') return note(endKey(flow.to), writtenKeyText(flow.label), group, flow.user)
    if (flow.to.process !== 'kube-apiserver' || !/^[A-Z]+ \//.test(flow.label) || (flow.kind !== 'write' && flow.kind !== 'read')) return
    const text = requestText(flow.label)
    note(endKey(flow.to), text, group, flow.user)
    if (flow.kind === 'write' && flow.from.machine !== '') note(endKey(flow.from), text, group, flow.user)
  }
  const note = (end: string, text: string, group: TrafficGroup, user: boolean): void => {
    const before = requests.get(end) ?? []
    if (text === '' || before[0]?.text === text) return
    requests.set(end, [{ key: requestKey++, text, group, user }, ...before].slice(0, recentMax))
    showRequests.ask()
  }
  const showRequests = coalesce(recentEveryMs, () => (recent.value = new Map(requests)))

  useEvents('observe.messages', () => null, (sent) => {
    const batch: MessageBatch = { ...sent, flows: sent.flows.map(nameEnds) }
    quietSeconds = 0
    for (const flow of batch.flows) {
      add(endKey(flow.from), flow.count)
      add(endKey(flow.to), flow.count)
      remember(flow)
    }
    for (const listener of listeners) listener(batch)
  })

  const add = (key: string, count: number): void => {
    let history = histories.get(key)
    if (!history) histories.set(key, (history = new Array<number>(activitySeconds).fill(0)))
    history[activitySeconds - 1]! += count
  }

  const timer = setInterval(() => {
    if (quietSeconds > activitySeconds) return
    quietSeconds++
    for (const [key, history] of histories) {
      history.shift()
      history.push(0)
      if (quietSeconds > activitySeconds || (key.startsWith('pod:') && history.every((count) => count === 0))) histories.delete(key)
    }
    tick.value++
  }, 1_000)
  onScopeDispose(() => clearInterval(timer))

  return {
    /** The newest requests of an end (`process@machine`), newest first; heartbeats and watch traffic left out. */
    recent: (key: string): readonly RecentRequest[] => recent.value.get(key) ?? [],
    /** Reactive: grows once a second while there is something to tell. */
    tick,
    history: (key: string): ActivityHistory => {
      void tick.value
      return histories.get(key)?.slice() ?? []
    },
    /** Messages per second over the last few whole seconds. */
    rate: (key: string): number => {
      void tick.value
      const history = histories.get(key)
      if (!history) return 0
      const recent = history.slice(-6, -1)
      return recent.reduce((sum, count) => sum + count, 0) / recent.length
    },
    onBatch: (listener: (batch: MessageBatch) => void): (() => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
})

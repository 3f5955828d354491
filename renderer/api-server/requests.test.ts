import { expect, it } from 'vitest'
import { filterRequests, isHeartbeat, latency, requestRate, type LoggedRequest } from './requests.ts'

const request = (change: Partial<LoggedRequest>): LoggedRequest => ({ id: 1, method: 'GET', path: '/api/v1/pods', verb: 'list', resource: 'pods', subresource: '', agent: 'kubectl', source: '', startedAt: 0, user: 'kubernetes-admin', code: 200, durationMs: 4, ...change })
const all = { text: '', heartbeats: true, watches: true, peopleOnly: false }

it('hides what nobody asked for, and shows it on demand', () => {
  const log = [request({ id: 1 }), request({ id: 2, resource: 'leases', verb: 'update' }), request({ id: 3, verb: 'watch' }), request({ id: 4, user: 'system:kube-scheduler' }), request({ id: 5, path: '/healthz', resource: '' })]
  const ids = (change: object): number[] => filterRequests(log, { ...all, ...change }).map((entry) => entry.id)
  expect(ids({})).toEqual([1, 2, 3, 4, 5])
  expect(ids({ heartbeats: false, watches: false })).toEqual([1, 4])
  expect(ids({ peopleOnly: true, heartbeats: false, watches: false })).toEqual([1])
  expect(ids({ text: 'SCHEDULER' })).toEqual([4])
  expect(isHeartbeat(log[1]!)).toBe(true)
})

it('measures rate and latency over what it has', () => {
  const log = Array.from({ length: 100 }, (_, index) => request({ startedAt: 90_000 + index * 100, durationMs: index }))
  expect(requestRate(log, 100_000)).toBeCloseTo(10)
  expect(requestRate([], 5)).toBe(0)
  expect(latency(log, 0.5)).toBe(50)
  expect(latency(log, 0.99)).toBe(99)
  expect(latency([request({ verb: 'watch', durationMs: 60_000 })], 0.5)).toBe(0)
})

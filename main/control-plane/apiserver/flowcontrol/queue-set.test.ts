import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noHand, QueueSet } from './queue-set.ts'
import type { QueuedRequest, WorkEstimate } from './queue-set.ts'
import { limitsOf, SeatDemand, shareSeats } from './seats.ts'
import { dealHand, flowHash } from './shuffle-shard.ts'

const work = (initialSeats = 1, finalSeats = 0, additionalLatencyMs = 0): WorkEstimate => ({ initialSeats, finalSeats, additionalLatencyMs })

describe('a hand', () => {
  it('holds distinct queues, the same for the same flow', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 8 }), (schema, flow, deck, size) => {
        const hand = dealHand(flowHash(schema, flow), deck, size)
        expect(new Set(hand).size).toBe(Math.min(deck, size))
        expect(hand.every((card) => card >= 0 && card < deck)).toBe(true)
        expect(dealHand(flowHash(schema, flow), deck, size)).toEqual(hand)
      }),
    )
  })

  it('is spread over all queues', () => {
    const seen = new Array<number>(64).fill(0)
    for (let user = 0; user < 2_000; user++) for (const card of dealHand(flowHash('service-accounts', `system:serviceaccount:ns:${user}`), 64, 6)) seen[card]!++
    const mean = (2_000 * 6) / 64
    expect(Math.min(...seen)).toBeGreaterThan(mean * 0.7)
    expect(Math.max(...seen)).toBeLessThan(mean * 1.3)
  })
})

describe('a set without queues', () => {
  it('rejects what finds no seat', () => {
    const set = new QueueSet({ name: 'catch-all', queues: 0, queueLengthMax: 0, handSize: 0 }, 2, () => {})
    const first = set.enter(work(), 'catch-all', 'a', noHand, 0, 0) as QueuedRequest
    expect(set.enter(work(), 'catch-all', 'b', noHand, 0, 0)).toMatchObject({ state: 'executing' })
    expect(set.enter(work(), 'catch-all', 'c', noHand, 0, 0)).toBe('concurrency-limit')
    set.finish(first, 5)
    expect(set.enter(work(), 'catch-all', 'c', noHand, 5, 0)).toMatchObject({ state: 'executing' })
    expect(set.counts).toMatchObject({ dispatched: 3, rejected: 1 })
  })

  it('holds the seats of a write for its watchers', () => {
    const set = new QueueSet({ name: 'x', queues: 0, queueLengthMax: 0, handSize: 0 }, 2, () => {})
    const write = set.enter(work(1, 2, 5), 'x', '', noHand, 0, 0) as QueuedRequest
    expect(set.finish(write, 1)).toBe(5)
    expect(set.seatsInUse).toBe(2)
    set.release(write, 6)
    expect(set.isIdle).toBe(true)
  })
})

describe('a set with queues', () => {
  const queued = (limit: number, queues = 8, queueLengthMax = 50) => {
    const ran: string[] = []
    const set = new QueueSet({ name: 'x', queues, queueLengthMax, handSize: 1 }, limit, (request) => ran.push(request.about as string))
    return { set, ran }
  }

  it('is fair to a flow that asks little beside one that asks much', () => {
    const { set, ran } = queued(1)
    let running = set.enter(work(), 's', 'greedy', () => [0], 0, 'greedy') as QueuedRequest
    const waiting: QueuedRequest[] = []
    for (let index = 0; index < 20; index++) waiting.push(set.enter(work(), 's', 'greedy', () => [0], 0, 'greedy') as QueuedRequest)
    for (let index = 0; index < 3; index++) waiting.push(set.enter(work(), 's', 'modest', () => [1], 0, 'modest') as QueuedRequest)
    for (let now = 10; ran.length < 8; now += 10) {
      set.finish(running, now)
      running = waiting.find((request) => request.state === 'executing')!
    }
    expect(ran.slice(0, 8).filter((name) => name === 'modest')).toHaveLength(3)
  })

  it('turns away when the queue is full, and lets go who gives up', () => {
    const { set, ran } = queued(1, 4, 2)
    const first = set.enter(work(), 's', 'a', () => [0], 0, 'first') as QueuedRequest
    const second = set.enter(work(), 's', 'a', () => [0], 0, 'second') as QueuedRequest
    set.enter(work(), 's', 'a', () => [0], 0, 'third')
    expect(set.enter(work(), 's', 'a', () => [0], 0, 'fourth')).toBe('queue-full')
    set.abandon(second, 'time-out', 5)
    set.finish(first, 10)
    expect(ran).toEqual(['third'])
    expect(set.counts).toMatchObject({ timedOut: 1, rejected: 2 })
  })

  it('runs what is wider than the whole level alone', () => {
    const { set, ran } = queued(2)
    const first = set.enter(work(), 's', 'a', () => [0], 0, 'first') as QueuedRequest
    const wide = set.enter(work(5), 's', 'b', () => [1], 0, 'wide') as QueuedRequest
    expect(wide.state).toBe('waiting')
    set.finish(first, 1)
    expect(ran).toEqual(['wide'])
    expect(set.enter(work(), 's', 'a', () => [0], 1, 'next')).toMatchObject({ state: 'waiting' })
    set.finish(wide, 2)
    expect(ran).toEqual(['wide', 'next'])
  })

  it('never lends more seats than it has, and forgets nobody', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ queue: fc.integer({ min: 0, max: 3 }), seats: fc.integer({ min: 1, max: 3 }), latency: fc.integer({ min: 0, max: 3 }), end: fc.integer({ min: 0, max: 5 }) }), { maxLength: 80 }), fc.integer({ min: 3, max: 6 }), (steps, limit) => {
        const all: QueuedRequest[] = []
        const set = new QueueSet({ name: 'x', queues: 4, queueLengthMax: 5, handSize: 1 }, limit, () => {})
        let now = 0
        const finishOne = (index: number): boolean => {
          const executing = all.filter(({ state }) => state === 'executing' || state === 'finishing')
          const request = executing[index % Math.max(executing.length, 1)]
          if (!request) return false
          if (request.state === 'executing') set.finish(request, now)
          else set.release(request, now)
          return true
        }
        for (const { queue, seats, latency, end } of steps) {
          now += 1
          const found = set.enter(work(seats, latency > 0 ? 1 : 0, latency), 's', String(queue), () => [queue], now, 0)
          if (typeof found !== 'string') all.push(found)
          if (end < 3) finishOne(end)
          if (end === 5) {
            const waiting = all.find(({ state }) => state === 'waiting')
            if (waiting) set.abandon(waiting, 'cancelled', now)
          }
          expect(set.seatsInUse).toBeLessThanOrEqual(limit)
          expect(set.waiting).toBe(all.filter(({ state }) => state === 'waiting').length)
          expect(set.executing).toBe(all.filter(({ state }) => state === 'executing').length)
        }
        for (let rest = 0; finishOne(0); rest++) expect(rest).toBeLessThan(1_000)
        expect(set.isIdle).toBe(true)
        expect(set.seatDemand).toBe(0)
      }),
    )
  })
})

describe('seats', () => {
  it('are shared as a new cluster shares them', () => {
    const level = (shares: number, lendablePercent: number) => ({ shares, lendablePercent, borrowingPercent: undefined, exempt: false })
    const [system, nodeHigh, leader, high, low, global, catchAll] = limitsOf([level(30, 33), level(40, 25), level(10, 0), level(40, 50), level(100, 90), level(20, 50), level(5, 0)], 600)
    expect([system, nodeHigh, leader, high, low, global, catchAll].map((limits) => limits!.nominal)).toEqual([74, 98, 25, 98, 245, 49, 13])
    expect(low).toEqual({ nominal: 245, lower: 24, upper: 600 })
  })

  it('go to who wants them, within bounds, all of them and no more', () => {
    const demand = fc.record({ lower: fc.integer({ min: 0, max: 50 }), upper: fc.integer({ min: 50, max: 600 }), target: fc.double({ min: 0.01, max: 900, noNaN: true }) })
    fc.assert(
      fc.property(fc.array(demand, { minLength: 1, maxLength: 9 }), (demands) => {
        const { seats } = shareSeats(600, demands)
        seats.forEach((count, index) => {
          expect(count).toBeGreaterThanOrEqual(demands[index]!.lower)
          expect(count).toBeLessThanOrEqual(demands[index]!.upper)
        })
        const sum = seats.reduce((all, count) => all + count, 0)
        if (demands.reduce((all, { upper }) => all + upper, 0) > 600) expect(sum).toBeCloseTo(600, 3)
      }),
    )
  })

  it('are wanted as much as they were lately', () => {
    const demand = new SeatDemand(0)
    demand.set(100, 0)
    demand.settle(10_000)
    expect(demand.smoothed).toBeCloseTo(100)
    demand.set(0, 10_000)
    demand.settle(20_000)
    expect(demand.smoothed).toBeCloseTo(97.7)
  })
})

import { describe, expect, it } from 'vitest'
import { DroppedRequests } from './dropped-requests.ts'

const start = Date.UTC(2026, 0, 5, 9)

/** What clients hear in each second, when that many requests are dropped in it. */
function heard(counts: readonly number[]): number[] {
  const dropped = new DroppedRequests()
  return counts.map((count, second) => {
    for (let turn = 0; turn < count; turn++) dropped.add(start + second * 1000 + turn)
    return dropped.retryAfterSeconds
  })
}

describe('dropped requests', () => {
  it.each([
    ['a few ask for a second', [1, 1, 1, 1], [1, 1, 1, 1]],
    ['many double it, not before the last doubling is over', [10, 10, 10, 10, 10, 10, 10], [1, 2, 2, 4, 4, 4, 4]],
    ['it goes no higher than 32', Array.from({ length: 70 }, () => 200), expect.arrayContaining([32])],
    ['few let it sink by one each second', [10, 10, 10, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 2, 4, 4, 4, 4, 4, 4, 3, 2, 2, 2]],
  ] as const)('%s', (_name, counts, expected) => {
    const seconds = heard(counts)
    expect(seconds).toEqual(expected)
    expect(Math.max(...seconds)).toBeLessThanOrEqual(32)
  })
})

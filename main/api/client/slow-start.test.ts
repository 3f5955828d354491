import { describe, expect, it } from 'vitest'
import { Expectations } from './expectations.ts'
import { slowStart } from './slow-start.ts'
import { testBench } from './testing/test-process.ts'

describe('slow start', () => {
  it('goes in batches of 1, 2, 4 …', async () => {
    let running = 0
    const batches: number[] = []
    const result = await slowStart(10, 1, async () => {
      running++
      await Promise.resolve()
      if (running > 0) batches.push(running)
      running = 0
    })
    expect(result).toEqual({ successes: 10, skipped: 0, error: undefined })
    expect(batches).toEqual([1, 2, 4, 3])
  })

  it('stops after the batch in which one fails', async () => {
    let calls = 0
    const result = await slowStart(100, 1, async (index) => {
      calls++
      if (index === 2) throw new Error('no')
    })
    expect(calls).toBe(3)
    expect(result).toMatchObject({ successes: 2, skipped: 97, error: new Error('no') })
  })

  it('does nothing when nothing is to be done', async () => {
    expect(await slowStart(0, 1, async () => { throw new Error('called') })).toEqual({ successes: 0, skipped: 0, error: undefined })
  })
})

describe('expectations', () => {
  it('hold until what was expected is seen, or for five minutes', async () => {
    const { kernel, process } = testBench()
    const expectations = new Expectations(process.clock)
    expect(expectations.satisfied('a')).toBe(true)
    expectations.expectCreations('a', 2)
    expectations.creationObserved('a')
    expect(expectations.satisfied('a')).toBe(false)
    expectations.creationObserved('a')
    expect(expectations.satisfied('a')).toBe(true)
    expectations.expectDeletions('a', ['x', 'y'])
    expectations.deletionObserved('a', 'x')
    expectations.deletionObserved('a', 'x')
    expect(expectations.satisfied('a')).toBe(false)
    await kernel.runFor(5 * 60_000 + 1)
    expect(expectations.satisfied('a')).toBe(true)
  })
})

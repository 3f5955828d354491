import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Clock } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import { EventNames } from './event-reference.ts'

it('names events by nanoseconds that only rise', () => {
  const times = fc.array(fc.integer({ min: 0, max: 3 }).map((step) => step / 2), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 42 }), times, fc.nat(999_999), (start, steps, offset) => {
      let now = start
      const names = new EventNames({ clock: { now: () => now } as Clock, random: { below: () => offset } as unknown as Random })
      let last = 0n
      for (const step of steps) {
        now += step
        const wanted = BigInt(Math.floor(now)) * 1_000_000n + BigInt(offset)
        last = wanted > last ? wanted : last + 1n
        expect(BigInt(`0x${names.next('pod').slice('pod.'.length)}`)).toBe(last)
      }
    }),
  )
})

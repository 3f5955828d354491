import { describe, expect, it } from 'vitest'
import { isTimeZone, parseCronSchedule } from './cron-schedule.ts'

const next = (schedule: string, after: string, zone?: string): string | undefined => {
  const at = parseCronSchedule(schedule, zone).next(Date.parse(after))
  return at === undefined ? undefined : new Date(at).toISOString().slice(0, 16)
}

describe('cron schedules', () => {
  it.each<[string, string, string | undefined, string?]>([
    ['* * * * *', '2026-01-01T00:00:30Z', '2026-01-01T00:01'],
    ['* * * * *', '2026-01-01T00:01:00Z', '2026-01-01T00:02'],
    ['*/15 * * * *', '2026-01-01T00:16:00Z', '2026-01-01T00:30'],
    ['5-59/20 * * * *', '2026-01-01T00:26:00Z', '2026-01-01T00:45'],
    ['10/25 * * * *', '2026-01-01T00:36:00Z', '2026-01-01T01:10'],
    ['0 9-17 * * mon-fri', '2026-01-02T17:30:00Z', '2026-01-05T09:00'],
    ['@hourly', '2026-01-01T23:10:00Z', '2026-01-02T00:00'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00'],
    ['@monthly', '2026-01-15T00:00:00Z', '2026-02-01T00:00'],
    ['@every 90s', '2026-01-01T00:00:00Z', '2026-01-01T00:01'],
    ['0 0 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T00:00'],
    ['0 0 31 2 *', '2026-01-01T00:00:00Z', undefined],
    // With both days restricted either will do; with a star in one both must hold.
    ['0 0 13 * 5', '2026-01-03T00:00:00Z', '2026-01-09T00:00'],
    ['0 0 */2 * 5', '2026-01-03T00:00:00Z', '2026-01-05T00:00'],
    ['30 2 * * *', '2026-06-01T00:00:00Z', '2026-06-01T00:30', 'Europe/Berlin'],
    // 2:30 does not exist on the day on which clocks go forward, and comes twice when they go back.
    ['30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-30T00:30', 'Europe/Berlin'],
    ['30 2 * * *', '2026-10-25T00:30:00Z', '2026-10-25T01:30', 'Europe/Berlin'],
    ['0 0 * * *', '2026-01-01T00:00:00Z', '2026-01-01T18:30', 'Asia/Kolkata'],
    ['TZ=America/New_York 0 12 * * *', '2026-01-01T00:00:00Z', '2026-01-01T17:00'],
  ])('%s after %s is %s', (schedule, after, expected, zone) => {
    expect(next(schedule, after, zone)).toBe(expected)
  })

  it.each([
    ['', 'empty spec string'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-2 * * * *', 'beginning of range (5) beyond end of range (2): 5-2'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
    ['@often', 'unrecognized descriptor: @often'],
    ['TZ=Mars/Base 0 * * * *', 'provided bad location Mars/Base: unknown time zone Mars/Base'],
  ])('%j is refused', (schedule, message) => {
    expect(() => parseCronSchedule(schedule)).toThrow(message)
  })

  it('know the names of time zones', () => {
    expect(['UTC', 'Europe/Berlin', 'Mars/Base', '+02:00'].map(isTimeZone)).toEqual([true, true, false, false])
  })
})

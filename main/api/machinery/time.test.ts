import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ageOf, formatDuration, formatMicroTime, formatTime, humanDuration, parseDuration, parseTime, shortHumanDuration } from './time.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

describe('times', () => {
  it('are whole seconds, or six decimals', () => {
    expect(formatTime(1767225600999)).toBe('2026-01-01T00:00:00Z')
    expect(formatMicroTime(1767225600123.456)).toBe('2026-01-01T00:00:00.123456Z')
    expect(formatTime(-1)).toBe('1969-12-31T23:59:59Z')
  })

  it.each<[string, number | undefined]>([
    ['2026-01-01T00:00:00Z', 1767225600000], ['2026-01-01T02:00:00+02:00', 1767225600000], ['2025-12-31T19:30:00.25-04:30', 1767225600250], ['2026-02-30T00:00:00Z', undefined], ['2026-01-01', undefined], ['', undefined],
  ])('%s is %s', (text, ms) => {
    expect(parseTime(text)).toBe(ms)
  })

  it('survive the round trip', () => {
    fc.assert(fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (seconds) => {
      expect(parseTime(formatTime(seconds * 1000))).toBe(seconds * 1000)
    }))
  })
})

describe('durations', () => {
  it.each<[string, number]>([['1h2m3.5s', hour + 2 * minute + 3500], ['300ms', 300], ['-1.5h', -1.5 * hour], ['0', 0], ['1us', 0.001]])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '1', 'h', '1x', '1h-2m'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  it.each<[number, string]>([[0, '0s'], [hour, '1h0m0s'], [90 * second, '1m30s'], [1500, '1.5s'], [0.5, '500µs'], [100, '100ms'], [-minute, '-1m0s'], [0.000001, '1ns']])('%d is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it('survive the round trip', () => {
    fc.assert(fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 3)
    }))
  })
})

describe('ages', () => {
  it.each<[number, string, string]>([
    [-2 * second, '<invalid>', '<invalid>'], [-second, '0s', '0s'], [0, '0s', '0s'], [59 * second, '59s', '59s'], [119 * second, '119s', '1m'], [2 * minute, '2m', '2m'], [9 * minute + 59 * second, '9m59s', '9m'], [10 * minute + second, '10m', '10m'],
    [179 * minute, '179m', '2h'], [3 * hour, '3h', '3h'], [7 * hour + 59 * minute, '7h59m', '7h'], [8 * hour + minute, '8h', '8h'], [47 * hour, '47h', '1d'], [2 * day, '2d', '2d'], [7 * day + 23 * hour, '7d23h', '7d'],
    [8 * day + hour, '8d', '8d'], [2 * 365 * day - hour, '729d', '1y'], [2 * 365 * day, '2y', '2y'], [3 * 365 * day + day, '3y1d', '3y'], [9 * 365 * day, '9y', '9y'],
  ])('%d ms', (ms, human, short) => {
    expect([humanDuration(ms), shortHumanDuration(ms)]).toEqual([human, short])
  })

  it('of nothing are unknown', () => {
    expect(ageOf(undefined, 0)).toBe('<unknown>')
    expect(ageOf('1970-01-01T00:00:00Z', 5000)).toBe('5s')
  })
})

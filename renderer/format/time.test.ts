import { expect, it } from 'vitest'
import { ageText, clockText, durationText, elapsedText } from './time.ts'

it.each([
  [0, '0s'], [119_000, '119s'], [120_000, '2m'], [125_000, '2m5s'], [11 * 60_000, '11m'], [179 * 60_000, '179m'], [180 * 60_000, '3h'], [8 * 3_600_000, '8h'],
  [49 * 3_600_000, '2d1h'], [30 * 86_400_000, '30d'], [800 * 86_400_000, '2y70d'], [-500, '0s'], [-5_000, '<invalid>'],
])('an age of %d ms reads %s, as kubectl has it', (age, text) => expect(ageText(age)).toBe(text))

it.each([
  [0, '0 ms'], [0.34, '340 µs'], [12.41, '12.4 ms'], [340, '340 ms'], [3_204, '3.20 s'], [125_000, '2m05s'], [7_500_000, '2h05m'],
])('a length of %d ms reads %s', (length, text) => expect(durationText(length)).toBe(text))

it('tells the time of day with as many digits as asked', () => {
  const at = Date.parse('2027-03-01T09:04:05.678Z')
  expect(clockText(at)).toBe('09:04:05')
  expect(clockText(at, 3)).toBe('09:04:05.678')
  expect(elapsedText(2 * 86_400_000 + 4 * 3_600_000 + 11 * 60_000 + 9_000)).toBe('2d 04:11:09')
})

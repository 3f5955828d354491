import { describe, expect, it } from 'vitest'
import { InputLog } from './input-log.ts'

const input = (index: number, body: string) => ({ index, time: index, label: 'x', data: { method: 'POST', headers: { a: 'b' }, body } })

describe('InputLog', () => {
  it('keeps everything while it is small', () => {
    const log = new InputLog(10, 1_000)
    for (let index = 0; index < 10; index++) log.record(input(index, 'x'))
    expect(log.recorded).toHaveLength(10)
    expect(log.truncated).toBe(false)
  })

  it('keeps the newest when there are many', () => {
    const log = new InputLog(10, 1_000)
    for (let index = 0; index < 12; index++) log.record(input(index, 'x'))
    expect(log.truncated).toBe(true)
    expect(log.recorded.at(-1)!.index).toBe(11)
    expect(log.recorded.length).toBeLessThanOrEqual(10)
  })

  it('keeps the newest when they are large, however large one is', () => {
    const log = new InputLog(1_000, 10_000)
    for (let index = 0; index < 50; index++) {
      log.record(input(index, 'x'.repeat(900)))
      expect(log.recorded.reduce((sum, { data }) => sum + (data as { body: string }).body.length, 0)).toBeLessThanOrEqual(10_000)
    }
    expect(log.truncated).toBe(true)
    expect(log.recorded.at(-1)!.index).toBe(49)
    log.record(input(50, 'x'.repeat(50_000)))
    expect(log.recorded).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import type { Host } from './host.ts'
import { nodeHost } from './host.node.ts'
import { Kernel } from './kernel.ts'
import { Pacer } from './pacer.ts'

/** A wall clock in the test's hand. */
function lab(): { kernel: Kernel; pacer: Pacer; advanceWall: (ms: number) => Promise<void> } {
  let wall = 1_000
  let wake: (() => void) | undefined
  let wakeAt = Infinity
  const host: Host = {
    turns: nodeHost.turns,
    wallNow: () => wall,
    wallWait(delayMs, fn) {
      wake = fn
      wakeAt = wall + delayMs
      return () => {
        wake = undefined
      }
    },
  }
  const kernel = new Kernel({ host, seed: 1, epoch: 0 })
  const pacer = new Pacer(kernel, host)
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
  return {
    kernel,
    pacer,
    async advanceWall(ms) {
      const until = wall + ms
      await settle()
      while (wake && wakeAt <= until) {
        wall = Math.max(wall, wakeAt)
        const due = wake
        wake = undefined
        due()
        await settle()
      }
      wall = until
      await settle()
    },
  }
}

function ticking(kernel: Kernel): () => number {
  let ticks = 0
  const tick = (): void => {
    ticks++
    kernel.schedule(100, tick)
  }
  kernel.schedule(100, tick)
  return () => ticks
}

describe('pacer', () => {
  test('lets virtual time follow the wall, at its speed', async () => {
    const { kernel, pacer, advanceWall } = lab()
    const ticks = ticking(kernel)
    pacer.resume()
    await advanceWall(1_000)
    expect(ticks()).toBe(10)
    pacer.setSpeed(5)
    await advanceWall(1_000)
    expect(ticks()).toBe(60)
  })

  test('catches up flat out when the run is behind', async () => {
    const { kernel, pacer, advanceWall } = lab()
    const ticks = ticking(kernel)
    pacer.resume(30_000)
    await advanceWall(0)
    expect(ticks()).toBe(300)
  })

  test('stands still while paused, except for steps', async () => {
    const { kernel, pacer, advanceWall } = lab()
    const ticks = ticking(kernel)
    await advanceWall(5_000)
    expect(ticks()).toBe(0)
    await pacer.step(3)
    expect(ticks()).toBe(3)
    await pacer.stepTo(kernel.now() + 250)
    expect(ticks()).toBe(5)
  })

  test('an input wakes it, stamped with the time that the wall stands for', async () => {
    const { kernel, pacer, advanceWall } = lab()
    pacer.resume()
    await advanceWall(700)
    let at = -1
    kernel.input('test', null, () => {
      at = kernel.now()
    }, pacer.stamp())
    await advanceWall(0)
    expect(at).toBe(700)
  })

  test('answers within a millisecond or two do not wait for a timer', async () => {
    const { kernel, pacer, advanceWall } = lab()
    pacer.resume()
    await advanceWall(10)
    let answered = false
    kernel.input('ask', null, () => kernel.schedule(0.4, () => kernel.schedule(0.9, () => (answered = true))), pacer.stamp())
    await advanceWall(0)
    expect(answered).toBe(true)
  })

  test('refuses speeds that are none', () => {
    expect(() => lab().pacer.setSpeed(0)).toThrow('speed has to be above 0')
  })
})

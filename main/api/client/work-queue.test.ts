import { describe, expect, it } from 'vitest'
import { testBench } from './testing/test-process.ts'
import { WorkQueue } from './work-queue.ts'

function setUp(options: Partial<ConstructorParameters<typeof WorkQueue>[1]> = {}) {
  const bench = testBench()
  return { ...bench, queue: new WorkQueue(bench.process, { name: 'test', ...options }) }
}

describe('the work queue', () => {
  it('folds adds of a waiting key into one', async () => {
    const { kernel, queue } = setUp()
    const done: string[] = []
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
    queue.run(1, async (key) => void done.push(key))
    queue.add('b')
    await kernel.runFor(1)
    expect(done).toEqual(['a', 'b'])
    expect(queue.metrics()).toMatchObject({ depth: 0, adds: 2, workDuration: { count: 2 } })
  })

  it('never works on a key twice at once, and works again on one added meanwhile', async () => {
    const { kernel, process, queue } = setUp()
    const log: string[] = []
    queue.run(3, async (key) => {
      log.push(`${key} in`)
      await process.clock.sleep(10)
      log.push(`${key} out`)
    })
    queue.add('a')
    await kernel.runFor(5)
    queue.add('a')
    queue.add('a')
    queue.add('b')
    await kernel.runFor(100)
    expect(log).toEqual(['a in', 'b in', 'a out', 'a in', 'b out', 'a out'])
    expect(queue.idle).toBe(true)
  })

  it('backs off exponentially per key up to the limit, and forgets', async () => {
    const { kernel, queue } = setUp({ maxDelayMs: 30 })
    const times: number[] = []
    queue.run(1, async (key) => {
      times.push(kernel.now())
      if (times.length < 6) queue.addRateLimited(key)
      else queue.forget(key)
    })
    queue.add('a')
    await kernel.runFor(1_000)
    expect(times.slice(1).map((time, index) => time - times[index]!)).toEqual([5, 10, 20, 30, 30])
    expect(queue.retriesOf('a')).toBe(0)
  })

  it('holds everything back when the bucket is empty', async () => {
    const { kernel, queue } = setUp({ perSecond: 10, burst: 2 })
    const times: number[] = []
    queue.run(5, async () => void times.push(kernel.now()))
    const start = kernel.now()
    for (const key of ['a', 'b', 'c', 'd']) queue.addRateLimited(key)
    await kernel.runFor(1_000)
    expect(times.map((time) => Math.round(time - start))).toEqual([5, 5, 100, 200])
  })

  it('keeps the earliest of several delayed adds', async () => {
    const { kernel, queue } = setUp()
    const times: number[] = []
    const start = kernel.now()
    queue.run(1, async () => void times.push(kernel.now() - start))
    queue.addAfter('a', 50)
    queue.addAfter('a', 20)
    queue.addAfter('a', 80)
    await kernel.runFor(1_000)
    expect(times).toEqual([20])
  })

  it('hands the cause of the add to the worker, also of a key that had to wait', async () => {
    const { kernel, process, queue } = setUp()
    const causes = new Map<string, number>()
    const wanted = new Map<string, number>()
    queue.run(1, async (key) => {
      causes.set(key, kernel.trace.current)
      await process.clock.sleep(1)
    })
    for (const key of ['a', 'b', 'c']) {
      kernel.schedule(0, () => {
        wanted.set(key, process.span(`add ${key}`).id)
        queue.add(key)
      })
    }
    await kernel.runFor(100)
    expect([...wanted.values()].every((id) => id > 0)).toBe(true)
    expect(causes).toEqual(wanted)
  })

  it('does nothing more once its process is gone', async () => {
    const { kernel, machine, queue } = setUp()
    const done: string[] = []
    queue.run(1, async (key) => void done.push(key))
    queue.add('a')
    queue.addAfter('b', 5)
    machine.process('test')!.crash()
    queue.add('c')
    await kernel.runFor(100)
    expect(done).toEqual([])
  })
})

import { effectScope, nextTick, ref } from 'vue'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { BridgeError, type Bridge } from '../../preload/contract/bridge.ts'
import { useBridge } from './bridge.ts'
import { useLatest } from './stream.ts'

interface Listening {
  readonly argument: unknown
  readonly emit: (event: unknown) => void
  readonly end: (error?: BridgeError) => void
  stopped: boolean
}

function scripted() {
  const streams: Listening[] = []
  let tell: (state: 'open' | 'closed') => void = () => {}
  useBridge({
    call: () => new Promise(() => {}),
    listen: (_: string, argument: unknown, emit: (event: unknown) => void, end: (error?: BridgeError) => void) => {
      const stream: Listening = { argument, emit, end, stopped: false }
      streams.push(stream)
      return () => (stream.stopped = true)
    },
    onState: (handler: (state: 'open' | 'closed') => void) => {
      tell = handler
      handler('open')
      return () => {}
    },
  } as unknown as Bridge)
  return { streams, tell: (state: 'open' | 'closed') => tell(state) }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('follows its argument, and pauses without one', async () => {
  const { streams } = scripted()
  const topic = ref<string | undefined>('queues')
  const scope = effectScope()
  const { value } = scope.run(() => useLatest('observe.topic', () => (topic.value === undefined ? undefined : { processId: 'p', topic: topic.value })))!
  streams[0]!.emit({ time: 1, value: 'a' })
  expect(value.value).toEqual({ time: 1, value: 'a' })
  topic.value = 'decisions'
  await nextTick()
  expect(streams[0]!.stopped).toBe(true)
  expect(value.value).toBeUndefined()
  topic.value = undefined
  await nextTick()
  expect(streams[1]!.stopped).toBe(true)
  expect(streams).toHaveLength(2)
  scope.stop()
})

it('listens again when a restarted lab is back, not when the answer was no', async () => {
  const { streams } = scripted()
  const scope = effectScope()
  const { value, ended } = scope.run(() => useLatest('lab.state', () => null))!
  streams[0]!.emit('before')
  streams[0]!.end(new BridgeError({ code: 'unavailable', message: 'the lab is stopping' }))
  expect(value.value).toBe('before')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(streams).toHaveLength(2)
  streams[1]!.end(new BridgeError({ code: 'not-found', message: 'no such thing' }))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(streams).toHaveLength(2)
  expect((ended.value as BridgeError).code).toBe('not-found')
  scope.stop()
})

it('listens again when the port reopens, keeping what it knew', async () => {
  const { streams, tell } = scripted()
  const scope = effectScope()
  const { value } = scope.run(() => useLatest('time.state', () => null))!
  streams[0]!.emit('noon')
  tell('closed')
  await nextTick()
  expect(value.value).toBe('noon')
  tell('open')
  await nextTick()
  expect(streams).toHaveLength(2)
  scope.stop()
  expect(streams[1]!.stopped).toBe(true)
})

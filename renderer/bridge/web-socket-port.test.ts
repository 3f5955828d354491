import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { bridgeUrl } from './open-port.ts'
import { webSocketPort } from './web-socket-port.ts'

class FakeSocket extends EventTarget {
  static readonly OPEN = 1
  static made: FakeSocket[] = []
  readyState = 0
  readonly sent: string[] = []
  readonly url: string
  constructor(url: string) {
    super()
    this.url = url
    FakeSocket.made.push(this)
  }
  send(text: string): void {
    this.sent.push(text)
  }
  open(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }
  drop(): void {
    this.readyState = 3
    this.dispatchEvent(new Event('close'))
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.made = []
  vi.stubGlobal('WebSocket', FakeSocket)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const frame = (id: number) => ({ type: 'unlisten', id }) as const

it('keeps frames until it is open, drops them while it is down, and comes back', () => {
  const states: string[] = []
  const port = webSocketPort('ws://lab/bridge')
  port.onState((state) => states.push(state))
  port.send(frame(1))
  FakeSocket.made[0]!.open()
  expect(FakeSocket.made[0]!.sent).toEqual([JSON.stringify(frame(1))])
  FakeSocket.made[0]!.drop()
  port.send(frame(2))
  vi.advanceTimersByTime(600)
  FakeSocket.made[1]!.open()
  port.send(frame(3))
  expect(FakeSocket.made[1]!.sent).toEqual([JSON.stringify(frame(3))])
  expect(states).toEqual(['connecting', 'open', 'closed', 'open'])
})

it('waits longer each time it fails', () => {
  webSocketPort('ws://lab/bridge')
  FakeSocket.made[0]!.drop()
  vi.advanceTimersByTime(500)
  FakeSocket.made[1]!.drop()
  vi.advanceTimersByTime(900)
  expect(FakeSocket.made).toHaveLength(2)
  vi.advanceTimersByTime(200)
  expect(FakeSocket.made).toHaveLength(3)
})

it('finds the bridge beside the page, with the page’s token', () => {
  expect(bridgeUrl({ protocol: 'http:', host: '127.0.0.1:4000', search: '?token=a%20b' })).toBe('ws://127.0.0.1:4000/bridge?token=a%20b')
})

import type { FramePort, LabFrame, PortState, WindowFrame } from '../../preload/contract/frames.ts'

const firstRetryMs = 500
const longestRetryMs = 8_000

/** A port over a WebSocket that comes back by itself when the server does. What is sent while it is down is dropped: the bridge
 *  has already failed its calls, and the window asks anew when the port opens. */
export function webSocketPort(url: string): FramePort {
  let onFrame: (frame: LabFrame) => void = () => {}
  let onState: (state: PortState) => void = () => {}
  let state: PortState = 'connecting'
  let socket: WebSocket
  let waiting: WindowFrame[] = []
  let retryMs = firstRetryMs

  const become = (next: PortState): void => {
    if (state === next) return
    state = next
    onState(next)
  }

  const connect = (): void => {
    socket = new WebSocket(url)
    socket.addEventListener('open', () => {
      retryMs = firstRetryMs
      const frames = waiting
      waiting = []
      for (const frame of frames) socket.send(JSON.stringify(frame))
      become('open')
    })
    socket.addEventListener('message', (message) => onFrame(JSON.parse(String(message.data)) as LabFrame))
    socket.addEventListener('close', () => {
      waiting = []
      become('closed')
      setTimeout(connect, retryMs)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    })
  }
  connect()

  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame))
      else if (state === 'connecting') waiting.push(frame)
    },
    onFrame(handler) {
      onFrame = handler
    },
    onState(handler) {
      onState = handler
      handler(state)
    },
  }
}

import { describe, expect, it } from 'vitest'
import { BridgeError, bridgeOver } from './bridge.ts'
import type { FramePort, LabFrame, PortState } from './frames.ts'
import { serveWindow } from './serve.ts'
import type { LabServices } from './services.ts'

function connect(services: { calls?: object; streams?: object }) {
  let toWindow: (frame: LabFrame) => void = () => {}
  let tellState: (state: PortState) => void = () => {}
  const served = serveWindow({ calls: services.calls ?? {}, streams: services.streams ?? {} } as LabServices, (frame) => toWindow(JSON.parse(JSON.stringify(frame)) as LabFrame))
  const port: FramePort = {
    send: (frame) => served.receive(JSON.parse(JSON.stringify(frame))),
    onFrame: (handler) => (toWindow = handler),
    onState: (handler) => (tellState = handler),
  }
  return { bridge: bridgeOver(port), served, disconnect: () => tellState('closed') }
}

describe('call', () => {
  it('answers what the service answers', async () => {
    const { bridge } = connect({ calls: { 'time.pause': () => ({ now: 5, paused: true }) } })
    expect(await bridge.call('time.pause', null)).toEqual({ now: 5, paused: true })
  })

  it('rejects with the chosen failure, and with internal for anything else', async () => {
    const { bridge } = connect({
      calls: {
        'faults.kill': () => {
          throw new BridgeError({ code: 'not-found', message: 'no process x@y' })
        },
        'faults.powerOn': async () => {
          throw new Error('burnt')
        },
      },
    })
    await expect(bridge.call('faults.kill', { processId: 'x@y' })).rejects.toMatchObject({ code: 'not-found', message: 'no process x@y' })
    await expect(bridge.call('faults.powerOn', { machine: 'y' })).rejects.toMatchObject({ code: 'internal', message: 'burnt' })
    await expect(bridge.call('toString' as 'time.pause', null)).rejects.toMatchObject({ code: 'unsupported' })
  })
})

describe('listen', () => {
  it('delivers events in order, also those emitted before the service returned, and releases on unlisten', () => {
    const released: string[] = []
    let emitLater: (event: unknown) => void = () => {}
    const { bridge } = connect({
      streams: {
        'api.stream': (argument: { path: string }, emit: (event: unknown) => void) => {
          emit('first')
          emitLater = emit
          return () => released.push(argument.path)
        },
      },
    })
    const seen: string[] = []
    const stop = bridge.listen('api.stream', { path: '/log' }, (chunk) => seen.push(chunk))
    emitLater('second')
    stop()
    stop()
    emitLater('third')
    expect(seen).toEqual(['first', 'second'])
    expect(released).toEqual(['/log'])
  })

  it('ends once, releasing even when the end came before the service returned', () => {
    let releases = 0
    const { bridge } = connect({
      streams: {
        'api.watch': (_: unknown, __: unknown, end: (error?: unknown) => void) => {
          end(new BridgeError({ code: 'unavailable', message: 'gone', status: { code: 410 } }))
          end()
          return () => releases++
        },
      },
    })
    const ends: (number | undefined)[] = []
    bridge.listen('api.watch', { path: '/api/v1/pods?watch=true' }, () => {}, (error) => ends.push(error?.status?.code))
    expect(ends).toEqual([410])
    expect(releases).toBe(1)
  })

  it('fails open calls and ends streams when the connection is lost', async () => {
    const { bridge, disconnect } = connect({ calls: { 'time.pause': () => new Promise(() => {}) }, streams: { 'lab.state': () => () => {} } })
    const ended: string[] = []
    bridge.listen('lab.state', null, () => {}, (error) => ended.push(error?.code ?? 'none'))
    const call = bridge.call('time.pause', null)
    disconnect()
    await expect(call).rejects.toMatchObject({ code: 'disconnected' })
    expect(ended).toEqual(['disconnected'])
  })
})

it('ignores what is no frame, and releases everything when the window goes away', () => {
  let released = 0
  const { bridge, served } = connect({ streams: { 'lab.state': () => () => released++ } })
  for (const nonsense of [null, 3, 'x', {}, { type: 'call' }, { type: 'listen', id: 1.5, name: 'lab.state' }]) served.receive(nonsense)
  bridge.listen('lab.state', null, () => {})
  served.close()
  expect(released).toBe(1)
})

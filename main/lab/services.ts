import { BridgeError, type Bridge } from '../../preload/contract/bridge.ts'
import type { ArgumentOf, CallName, Calls, EventOf, LabServices, ResultOf, StreamName, Streams } from '../../preload/contract/services.ts'
import { LabUsageError, type Lab } from './lab.ts'
import type { SettingsFile } from './settings-file.ts'
import type { Terminals } from './terminals.ts'

/** What differs between the two shells. */
export interface ShellFacts {
  openExternal(url: string): Promise<void>
}

/** The lab's side of the window's contract: what the cluster's thread answers is passed on to it, the rest is answered here. */
export function labServices(lab: Lab, terminals: Terminals, settings: SettingsFile, shell: ShellFacts): LabServices {
  const thread = (): Bridge => {
    if (!lab.bridge) throw new BridgeError({ code: 'unavailable', message: `the lab is ${lab.state.phase}` })
    return lab.bridge
  }
  const relayCall = <N extends CallName>(name: N) => (argument: ArgumentOf<Calls[N]>): Promise<ResultOf<Calls[N]>> => thread().call(name, argument)
  const relayStream =
    <N extends StreamName>(name: N) =>
    (argument: ArgumentOf<Streams[N]>, emit: (event: EventOf<Streams[N]>) => void, end: (error?: unknown) => void): (() => void) =>
      thread().listen(name, argument, emit, end)
  const again = async (restart: () => Promise<unknown>): Promise<typeof lab.state> => {
    try {
      await restart()
    } catch (error) {
      throw new BridgeError({ code: error instanceof LabUsageError ? 'invalid' : 'unavailable', message: (error as Error).message })
    }
    return lab.state
  }
  return {
    calls: {
      'api.request': relayCall('api.request'),
      'etcd.range': relayCall('etcd.range'),
      'etcd.history': relayCall('etcd.history'),
      'observe.rootOf': relayCall('observe.rootOf'),
      'packet.trace': relayCall('packet.trace'),
      'time.pause': relayCall('time.pause'),
      'time.resume': relayCall('time.resume'),
      'time.step': relayCall('time.step'),
      'time.setSpeed': relayCall('time.setSpeed'),
      'faults.powerOff': relayCall('faults.powerOff'),
      'faults.powerOn': relayCall('faults.powerOn'),
      'faults.partition': relayCall('faults.partition'),
      'faults.heal': relayCall('faults.heal'),
      'faults.kill': relayCall('faults.kill'),
      'faults.terminateInstance': relayCall('faults.terminateInstance'),
      'faults.cloudTrouble': relayCall('faults.cloudTrouble'),
      'terminal.open': ({ target, columns, rows }) => terminals.open(target, columns, rows),
      'terminal.list': () => terminals.list(),
      'terminal.write': ({ id, data }) => (terminals.write(id, data), null),
      'terminal.resize': ({ id, columns, rows }) => (terminals.resize(id, columns, rows), null),
      'terminal.close': ({ id }) => (terminals.close(id), null),
      'lab.restart': () => again(() => lab.restart()),
      'lab.reset': () => again(() => lab.reset()),
      'lab.openExternal': async ({ url }) => {
        if (!/^https?:\/\//.test(url)) throw new BridgeError({ code: 'invalid', message: 'only http and https pages are opened' })
        await shell.openExternal(url)
        return null
      },
      'settings.set': (changes) => settings.set(changes),
    },
    streams: {
      'api.watch': relayStream('api.watch'),
      'api.stream': relayStream('api.stream'),
      'observe.machinery': relayStream('observe.machinery'),
      'observe.messages': relayStream('observe.messages'),
      'observe.topic': relayStream('observe.topic'),
      'observe.journal': relayStream('observe.journal'),
      'observe.traces': relayStream('observe.traces'),
      'observe.trace': relayStream('observe.trace'),
      'time.state': relayStream('time.state'),
      'terminal.output': ({ id }, emit, end) => terminals.listen(id, emit, end),
      'lab.state': (_, emit) => {
        emit(lab.state)
        return lab.onChange(emit)
      },
      'settings.state': (_, emit) => {
        emit(settings.get())
        return settings.onChange(emit)
      },
    },
  }
}

import type { ApiCalls, ApiStreams } from './api.ts'
import type { EtcdCalls } from './etcd.ts'
import type { FaultCalls } from './faults.ts'
import type { LabCalls, LabStreams } from './lab.ts'
import type { ObserveCalls, ObserveStreams } from './observe.ts'
import type { PacketCalls } from './packet.ts'
import type { SettingsCalls, SettingsStreams } from './settings.ts'
import type { TerminalCalls, TerminalStreams } from './terminal.ts'
import type { TimeCalls, TimeStreams } from './time.ts'

/** Every call by name: what it takes and what it promises. */
export interface Calls extends ApiCalls, EtcdCalls, ObserveCalls, TimeCalls, TerminalCalls, LabCalls, SettingsCalls, FaultCalls, PacketCalls {}

/** Every stream by name: what it takes and what its events are. */
export interface Streams extends ApiStreams, ObserveStreams, TimeStreams, TerminalStreams, LabStreams, SettingsStreams {}

export type CallName = keyof Calls
export type StreamName = keyof Streams
export type ArgumentOf<T> = T extends { readonly argument: infer A } ? A : never
export type ResultOf<T> = T extends { readonly result: infer R } ? R : never
export type EventOf<T> = T extends { readonly event: infer E } ? E : never

type CallHandler<N extends CallName> = (argument: ArgumentOf<Calls[N]>) => Promise<ResultOf<Calls[N]>> | ResultOf<Calls[N]>

/** What the lab implements: one function for each call, one for each stream. `emit` and `end` may be called at any time, also
 *  before the function returns; the returned function is called once when the window stops listening or goes away. A lab that
 *  leaves out an optional call fails it with `unsupported`, which the window shows as such. */
export type LabServices = {
  readonly calls: { readonly [N in Exclude<CallName, keyof EtcdCalls>]: CallHandler<N> } & { readonly [N in keyof EtcdCalls]?: CallHandler<N> }
  readonly streams: {
    readonly [N in StreamName]: (
      argument: ArgumentOf<Streams[N]>,
      emit: (event: EventOf<Streams[N]>) => void,
      end: (error?: unknown) => void,
    ) => () => void
  }
}

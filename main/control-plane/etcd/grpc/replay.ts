import type { EtcdMaintenance } from '../callers.ts'
import type { EtcdClient } from '../client.ts'
import { runCall, WatchStream, type EtcdInput } from './edge-calls.ts'

/** Does recorded calls again, with nobody to hear the answers. */
export function replayEtcd(client: () => (EtcdClient & EtcdMaintenance) | undefined): (input: EtcdInput) => void {
  const streams = new Map<number, WatchStream>()
  return (input) => {
    const to = client()
    if (!to) return
    if (input.type === 'call') runCall(to, input.method, bytesOf(input.request)).catch(() => {})
    else if (input.type === 'watch') {
      const stream = streams.get(input.stream) ?? new WatchStream(to, () => {}, () => {})
      streams.set(input.stream, stream)
      stream.receive(bytesOf(input.request))
    } else {
      streams.get(input.stream)?.end()
      streams.delete(input.stream)
    }
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

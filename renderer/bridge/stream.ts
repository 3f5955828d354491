import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { BridgeError } from '../../preload/contract/bridge.ts'
import type { ArgumentOf, EventOf, StreamName, Streams } from '../../preload/contract/services.ts'
import { bridge } from './bridge.ts'

/** Listens until the calling component or store is disposed of, and again whenever the port reopens or the argument changes
 *  (`undefined`: not now). */
export function useEvents<N extends StreamName>(
  name: N,
  argument: () => ArgumentOf<Streams[N]> | undefined,
  onEvent: (event: EventOf<Streams[N]>) => void,
  options: { readonly onStart?: () => void; readonly onEnd?: (error?: BridgeError) => void } = {},
): void {
  let stop: (() => void) | undefined
  const open = ref(false)
  const leave = bridge().onState((state) => (open.value = state === 'open'))
  watch(
    [() => JSON.stringify(argument()), open],
    ([text, isOpen]) => {
      stop?.()
      stop = undefined
      options.onStart?.()
      if (text === undefined || !isOpen) return
      stop = bridge().listen(name, JSON.parse(text) as ArgumentOf<Streams[N]>, onEvent, options.onEnd)
    },
    { immediate: true, flush: 'sync' },
  )
  onScopeDispose(() => {
    leave()
    stop?.()
  })
}

export interface Latest<T> {
  /** The newest event, kept while the port is closed. */
  readonly value: Readonly<ShallowRef<T | undefined>>
  /** Why the stream ended, if it did. */
  readonly ended: Readonly<Ref<BridgeError | true | undefined>>
}

/** The newest event of a stream of states. */
export function useLatest<N extends StreamName>(name: N, argument: () => ArgumentOf<Streams[N]> | undefined): Latest<EventOf<Streams[N]>> {
  const value = shallowRef<EventOf<Streams[N]>>()
  const ended = shallowRef<BridgeError | true>()
  let asked = ''
  useEvents(name, argument, (event) => (value.value = event), {
    onStart: () => {
      ended.value = undefined
      const next = JSON.stringify(argument()) ?? ''
      if (next !== asked) value.value = undefined
      asked = next
    },
    onEnd: (error) => (ended.value = error ?? true),
  })
  return { value, ended }
}

import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { BridgeError } from '../../preload/contract/bridge.ts'
import type { ArgumentOf, EventOf, StreamName, Streams } from '../../preload/contract/services.ts'
import { bridge } from './bridge.ts'

const retryMs = 700

/** The lab is away for a moment (it restarts), rather than having answered no. */
function isPassing(error: BridgeError): boolean {
  return (error.code === 'unavailable' || error.code === 'disconnected') && (error.status?.code ?? 500) >= 500
}

/** Listens until the calling component or store is disposed of, and again whenever the port reopens, a restarted lab is back, or the argument changes
 *  (`undefined`: not now). */
export function useEvents<N extends StreamName>(
  name: N,
  argument: () => ArgumentOf<Streams[N]> | undefined,
  onEvent: (event: EventOf<Streams[N]>) => void,
  options: { readonly onStart?: () => void; readonly onEnd?: (error?: BridgeError) => void } = {},
): void {
  let stop: (() => void) | undefined
  const open = ref(false)
  const attempt = ref(0)
  let timer: ReturnType<typeof setTimeout> | undefined
  const ended = (error?: BridgeError): void => {
    stop = undefined
    options.onEnd?.(error)
    if (error && isPassing(error)) timer = setTimeout(() => attempt.value++, retryMs)
  }
  const leave = bridge().onState((state) => (open.value = state === 'open'))
  watch(
    [() => JSON.stringify(argument()), open, attempt],
    ([text, isOpen]) => {
      clearTimeout(timer)
      stop?.()
      stop = undefined
      options.onStart?.()
      if (text === undefined || !isOpen) return
      stop = bridge().listen(name, JSON.parse(text) as ArgumentOf<Streams[N]>, onEvent, ended)
    },
    { immediate: true, flush: 'sync' },
  )
  onScopeDispose(() => {
    leave()
    clearTimeout(timer)
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

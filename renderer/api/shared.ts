import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import type { Bridge } from '../../preload/contract/bridge.ts'
import { bridge } from '../bridge/bridge.ts'

/** Something live that several parts of the window look at. */
export interface Live {
  stop(): void
}

const lingerMs = 4_000

/** Keeps one live thing per key for all who ask, and a little longer, so that going back and forth between views costs nothing. */
export class SharedLive<T extends Live> {
  readonly #make: (key: string) => T
  readonly #entries = new Map<string, { readonly value: T; readonly over: Bridge; users: number; timer?: ReturnType<typeof setTimeout> }>()

  constructor(make: (key: string) => T) {
    this.#make = make
  }

  /** Takes part in the thing under `key` until `release`. */
  take(key: string): { readonly value: T; readonly release: () => void } {
    let entry = this.#entries.get(key)
    if (entry?.over !== bridge()) this.#entries.set(key, (entry = { value: this.#make(key), over: bridge(), users: 0 }))
    const held = entry
    held.users++
    clearTimeout(held.timer)
    let released = false
    return {
      value: held.value,
      release: () => {
        if (released) return
        released = true
        if (--held.users > 0) return
        held.timer = setTimeout(() => {
          held.value.stop()
          if (this.#entries.get(key) === held) this.#entries.delete(key)
        }, lingerMs)
      },
    }
  }

  /** Follows a key that may change or be absent, until the calling scope ends. */
  use(key: () => string | undefined): Readonly<ShallowRef<T | undefined>> {
    const value = shallowRef<T>()
    let release: (() => void) | undefined
    watch(
      key,
      (next) => {
        const before = release
        const taken = next === undefined ? undefined : this.take(next)
        value.value = taken?.value
        release = taken?.release
        before?.()
      },
      { immediate: true, flush: 'sync' },
    )
    onScopeDispose(() => release?.())
    return value
  }
}

/** Calls `run` soon, at most once per `periodMs`, however often it is asked. */
export function coalesce(periodMs: number, run: () => void): { ask(): void; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = -Infinity
  return {
    ask() {
      if (timer !== undefined) return
      const wait = Math.max(0, last + periodMs - performance.now())
      timer = setTimeout(() => {
        timer = undefined
        last = performance.now()
        run()
      }, wait)
    },
    cancel() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

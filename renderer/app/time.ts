import { defineStore } from 'pinia'
import { computed, onScopeDispose, ref, watch } from 'vue'
import type { TimeState } from '../../preload/contract/time.ts'
import { call } from '../bridge/bridge.ts'
import { useLatest } from '../bridge/stream.ts'
import { useToasts } from './toasts.ts'

/** The speeds that the bar offers; 0 is as fast as it can. */
export const speeds: readonly number[] = [0.1, 0.25, 0.5, 1, 2, 5, 10, 60, 0]

export function speedText(speed: number): string {
  return speed === 0 ? 'max' : `${speed}×`
}

const tickMs = 200

/** The lab's clock, carried on between the lab's own messages so that it runs smoothly. */
export const useTime = defineStore('time', () => {
  const toasts = useToasts()
  const { value: state } = useLatest('time.state', () => null)
  const now = ref(0)
  const speed = computed(() => state.value?.speed ?? 1)
  const paused = computed(() => state.value?.paused ?? false)
  let receivedAt = 0
  let plainNow = 0
  watch(now, (next) => (plainNow = next), { flush: 'sync' })

  watch(
    state,
    (next) => {
      if (!next) return
      receivedAt = performance.now()
      now.value = next.now
    },
    { flush: 'sync' },
  )
  const timer = setInterval(() => {
    const last = state.value
    if (!last || last.paused || last.speed === 0 || document.hidden) return
    now.value = last.now + Math.min(performance.now() - receivedAt, 2_000) * last.speed
  }, tickMs)
  onScopeDispose(() => clearInterval(timer))

  const ask = (what: Promise<TimeState>): Promise<void> => what.then(() => {}, (error: Error) => toasts.failure('The clock did not obey', error))

  return {
    state,
    /** Virtual ms; about five updates a second. */
    now,
    /** The same without becoming a reason to render again. */
    moment: (): number => plainNow,
    epoch: computed(() => state.value?.epoch ?? 0),
    speed,
    paused,
    known: computed(() => state.value !== undefined),
    behindMs: computed(() => state.value?.behindMs ?? 0),
    toggle: () => ask(paused.value ? call('time.resume', null) : call('time.pause', null)),
    /** Pauses first when the clock runs. */
    step: async (by: { events: number } | { durationMs: number }) => {
      if (!paused.value) await ask(call('time.pause', null))
      await ask(call('time.step', by))
    },
    setSpeed: (next: number) => ask(call('time.setSpeed', { speed: next })),
    /** To the next slower (-1) or faster (1) speed on offer. */
    shift: (by: number) => {
      const index = speeds.indexOf(speed.value)
      const next = speeds[Math.min(speeds.length - 1, Math.max(0, (index < 0 ? speeds.indexOf(1) : index) + by))]
      return next === undefined ? Promise.resolve() : ask(call('time.setSpeed', { speed: next }))
    },
  }
})

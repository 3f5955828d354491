import { defineStore } from 'pinia'
import { computed, ref, watch, watchEffect } from 'vue'
import type { Settings } from '../../preload/contract/settings.ts'
import { call } from '../bridge/bridge.ts'
import { useLatest } from '../bridge/stream.ts'

const saveAfterMs = 400

/** What the user chose, applied to the page. Changes show at once and are kept by the lab a moment later. */
export const useSettings = defineStore('settings', () => {
  const { value: kept } = useLatest('settings.state', () => null)
  const changes = ref<{ [K in keyof Settings]: Settings[K] | null }>({})
  const all = computed<Settings>(() => ({ ...kept.value, ...(changes.value as Settings) }))
  const systemDark = useMedia('(prefers-color-scheme: dark)')
  const systemReduced = useMedia('(prefers-reduced-motion: reduce)')
  let timer: ReturnType<typeof setTimeout> | undefined

  const set = (change: { [K in keyof Settings]: Settings[K] | null }): void => {
    changes.value = { ...changes.value, ...change }
    clearTimeout(timer)
    timer = setTimeout(() => {
      const sent = changes.value
      call('settings.set', sent).then(
        () => {
          if (changes.value === sent) changes.value = {}
        },
        () => {},
      )
    }, saveAfterMs)
  }

  const theme = computed<'dark' | 'light'>(() => {
    const chosen = all.value.theme
    return chosen === 'dark' || chosen === 'light' ? chosen : systemDark.value ? 'dark' : 'light'
  })
  const reducedMotion = computed(() => (all.value.motion === 'full' ? false : all.value.motion === 'reduced' || systemReduced.value))
  watchEffect(() => {
    document.documentElement.dataset['theme'] = theme.value
    document.documentElement.dataset['motion'] = reducedMotion.value ? 'reduced' : 'full'
  })

  /** A panel's size or openness, remembered. */
  const layout = <T extends number | boolean | string>(key: string, initial: T) => {
    const value = ref(initial) as { value: T }
    watch(
      () => kept.value?.layout?.[key],
      (known) => {
        if (typeof known === typeof initial && changes.value.layout?.[key] === undefined) value.value = known as T
      },
      { immediate: true },
    )
    return computed<T>({
      get: () => value.value,
      set: (next) => {
        value.value = next
        set({ layout: { ...kept.value?.layout, ...changes.value.layout, [key]: next } })
      },
    })
  }

  return {
    all,
    theme,
    reducedMotion,
    set,
    railOpen: layout<boolean>('railOpen', true),
    inspectorWidth: layout<number>('inspectorWidth', 372),
    terminalOpen: layout<boolean>('terminalOpen', true),
    terminalHeight: layout<number>('terminalHeight', 228),
  }
})

function useMedia(query: string) {
  const media = window.matchMedia(query)
  const matches = ref(media.matches)
  media.addEventListener('change', (event) => (matches.value = event.matches))
  return matches
}

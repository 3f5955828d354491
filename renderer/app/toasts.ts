import { defineStore } from 'pinia'
import { ref } from 'vue'

export interface Toast {
  readonly id: number
  readonly tone: 'failure' | 'note'
  readonly title: string
  readonly detail: string
}

const shownMs = { failure: 12_000, note: 4_000 } as const
const shownMax = 4

/** Short messages at the window's edge. Failures stay longer; none takes the focus. */
export const useToasts = defineStore('toasts', () => {
  const toasts = ref<readonly Toast[]>([])
  let nextId = 1

  const dismiss = (id: number): void => {
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
  }
  const show = (tone: Toast['tone'], title: string, detail: string): void => {
    const same = toasts.value.find((toast) => toast.title === title && toast.detail === detail)
    if (same) return
    const toast: Toast = { id: nextId++, tone, title, detail }
    toasts.value = [...toasts.value.slice(1 - shownMax), toast]
    setTimeout(() => dismiss(toast.id), shownMs[tone])
  }

  return {
    toasts,
    dismiss,
    note: (title: string, detail = '') => show('note', title, detail),
    failure: (title: string, error: unknown) => show('failure', title, error instanceof Error ? error.message : String(error)),
  }
})

import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { TerminalSession, TerminalTarget } from '../../preload/contract/terminal.ts'
import { call } from '../bridge/bridge.ts'
import { useSettings } from './settings.ts'
import { useToasts } from './toasts.ts'

/** The open terminals, as tabs. Sessions live in the lab; a window that comes back finds them again. */
export const useTerminals = defineStore('terminals', () => {
  const settings = useSettings()
  const toasts = useToasts()
  const sessions = ref<readonly TerminalSession[]>([])
  const activeId = ref('')
  const exited = ref<ReadonlySet<string>>(new Set())
  /** Grows each time the terminal asks for the keyboard. */
  const focusRequests = ref(0)
  let size = { columns: 100, rows: 14 }

  const focus = (): void => {
    settings.terminalOpen = true
    focusRequests.value++
  }

  const open = async (target: TerminalTarget): Promise<TerminalSession | undefined> => {
    try {
      const session = await call('terminal.open', { target, ...size })
      sessions.value = [...sessions.value.filter((other) => other.id !== session.id), session]
      activeId.value = session.id
      return session
    } catch (error) {
      toasts.failure('No terminal could be opened', error)
      return undefined
    }
  }

  const close = async (id: string): Promise<void> => {
    const index = sessions.value.findIndex((session) => session.id === id)
    sessions.value = sessions.value.filter((session) => session.id !== id)
    if (activeId.value === id) activeId.value = (sessions.value[index] ?? sessions.value[index - 1])?.id ?? ''
    await call('terminal.close', { id }).catch(() => {})
  }

  return {
    sessions,
    activeId,
    exited,
    focusRequests,
    focus,
    open,
    close,
    /** Finds the lab's sessions again; opens a shell when there is none. */
    restore: async (): Promise<void> => {
      sessions.value = await call('terminal.list', null).catch(() => [])
      if (sessions.value.length === 0) await open({ kind: 'shell' })
      else if (!sessions.value.some((session) => session.id === activeId.value)) activeId.value = sessions.value[0]!.id
    },
    markExited: (id: string) => (exited.value = new Set([...exited.value, id])),
    setSize: (columns: number, rows: number) => (size = { columns, rows }),
    /** Opens a session of its own and shows it. */
    openAndFocus: async (target: TerminalTarget): Promise<void> => {
      focus()
      await open(target)
    },
    /** Types a command into the user's shell without pressing Enter: the person reads it, then runs it. */
    type: async (command: string): Promise<void> => {
      const isShell = (session: TerminalSession): boolean => session.target.kind === 'shell' && !exited.value.has(session.id)
      const shell = sessions.value.find((session) => session.id === activeId.value && isShell(session)) ?? sessions.value.find(isShell) ?? (await open({ kind: 'shell' }))
      if (!shell) return
      activeId.value = shell.id
      focus()
      await call('terminal.write', { id: shell.id, data: command }).catch((error: unknown) => toasts.failure('The terminal did not take the command', error))
    },
  }
})

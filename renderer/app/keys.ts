import { onScopeDispose } from 'vue'

/** A key with its modifiers, as `mod+k`, `shift+?` or `j`; `mod` is Command on a Mac and Control elsewhere. */
export interface Shortcut {
  readonly keys: string
  readonly says: string
  readonly group: 'Everywhere' | 'Time' | 'Go to' | 'Tables and map' | 'Inspector and terminal'
  readonly run: () => void
  /** Works while typing, too. */
  readonly always?: boolean
}

export const isMac = /mac/i.test(navigator.platform)

/** The key of an event in the notation of `Shortcut.keys`. */
export function keyOf(event: KeyboardEvent): string {
  const mod = isMac ? event.metaKey : event.ctrlKey
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  return `${mod ? 'mod+' : ''}${event.altKey ? 'alt+' : ''}${key}`
}

/** How a person reads a shortcut on this platform. */
export function keyText(keys: string): readonly string[] {
  const names: Readonly<Record<string, string>> = { mod: isMac ? '⌘' : 'Ctrl', alt: isMac ? '⌥' : 'Alt', shift: isMac ? '⇧' : 'Shift', Enter: isMac ? '↩' : 'Enter', ArrowRight: '→', ArrowLeft: '←', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', ' ': 'Space', '`': '`' }
  return keys.split(' then ').flatMap((chord, index) => [...(index > 0 ? ['then'] : []), ...(chord === ' ' ? ['Space'] : chord === '+' ? ['+'] : chord.split('+').map((part) => names[part] ?? part.toUpperCase()))])
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  return !!element && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || !!element.closest('.xterm, .cm-editor'))
}

const chordMs = 900

/** Runs shortcuts, one or two keys long (`g then m`), until the calling scope ends. */
export function useShortcuts(shortcuts: () => readonly Shortcut[]): void {
  let first = ''
  let firstAt = 0
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) return
    const key = keyOf(event)
    const typing = isTyping(event.target)
    const chord = first && performance.now() - firstAt < chordMs ? `${first} then ${key}` : key
    first = ''
    const available = shortcuts().filter((shortcut) => shortcut.always || !typing)
    const match = available.find((shortcut) => shortcut.keys === chord)
    if (match) {
      event.preventDefault()
      match.run()
    } else if (available.some((shortcut) => shortcut.keys.startsWith(`${key} then `))) {
      first = key
      firstAt = performance.now()
    }
  }
  window.addEventListener('keydown', onKey)
  onScopeDispose(() => window.removeEventListener('keydown', onKey))
}

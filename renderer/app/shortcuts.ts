import { ref } from 'vue'
import { isMac, type Shortcut } from './keys.ts'
import { useNavigation } from './navigation.ts'
import { useSettings } from './settings.ts'
import { useTerminals } from './terminals.ts'
import { useTime } from './time.ts'
import { views } from './views.ts'

/** Which overlay is open. */
export const overlay = ref<'palette' | 'shortcuts'>()

/** Everything that a key does anywhere in the window. Tables, the map and the editor have arrow keys of their own. */
export function windowShortcuts(): readonly Shortcut[] {
  const navigation = useNavigation()
  const settings = useSettings()
  const terminals = useTerminals()
  const time = useTime()
  return [
    { keys: 'mod+k', says: 'Command palette', group: 'Everywhere', always: true, run: () => (overlay.value = overlay.value === 'palette' ? undefined : 'palette') },
    { keys: '?', says: 'This list', group: 'Everywhere', run: () => (overlay.value = 'shortcuts') },
    { keys: '[', says: 'Fold or unfold the rail', group: 'Everywhere', run: () => (settings.railOpen = !settings.railOpen) },
    { keys: ' ', says: 'Pause or resume', group: 'Time', run: () => void time.toggle() },
    { keys: '.', says: 'Step 100 ms', group: 'Time', run: () => void time.step({ durationMs: 100 }) },
    { keys: '>', says: 'Step one event', group: 'Time', run: () => void time.step({ events: 1 }) },
    { keys: '-', says: 'Slower', group: 'Time', run: () => void time.shift(-1) },
    { keys: '+', says: 'Faster', group: 'Time', run: () => void time.shift(1) },
    ...views.map((view): Shortcut => ({ keys: `g then ${view.key}`, says: view.title, group: 'Go to', run: () => navigation.go(view.name) })),
    { keys: 'mod+j', says: 'Show or hide the terminal', group: 'Inspector and terminal', always: true, run: () => (settings.terminalOpen ? (settings.terminalOpen = false) : terminals.focus()) },
    { keys: '`', says: 'To the terminal', group: 'Inspector and terminal', run: () => terminals.focus() },
    { keys: 'Escape', says: 'Close the inspector', group: 'Inspector and terminal', run: () => navigation.clear() },
    { keys: 'alt+ArrowLeft', says: 'Back in the inspector', group: 'Inspector and terminal', run: () => navigation.back() },
    { keys: 'alt+ArrowRight', says: 'Forward in the inspector', group: 'Inspector and terminal', run: () => navigation.forward() },
  ]
}

/** Keys that the parts have for themselves, for the list. */
export const localKeys: readonly { readonly keys: string; readonly says: string; readonly group: Shortcut['group'] }[] = [
  { keys: 'ArrowDown', says: 'Next row, or the thing below on the map', group: 'Tables and map' },
  { keys: 'ArrowUp', says: 'Row before, or the thing above on the map', group: 'Tables and map' },
  { keys: 'Enter', says: 'Open in the inspector', group: 'Tables and map' },
  { keys: '/', says: 'Search in the table', group: 'Tables and map' },
  { keys: isMac ? 'mod+f' : 'mod+shift+f', says: 'Search in the terminal', group: 'Inspector and terminal' },
  { keys: 'mod+s', says: 'Apply the edited YAML', group: 'Inspector and terminal' },
]

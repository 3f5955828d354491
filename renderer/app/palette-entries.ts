import { Boxes, Power, RefreshCw, SquareTerminal, SunMoon, Timer } from '@lucide/vue'
import { computed, type Component, type ComputedRef } from 'vue'
import type { HealthMark } from '../../main/api/kinds/kind.ts'
import { resourceName, useDiscovery } from '../api/discovery.ts'
import { referenceTo, type ApiObject } from '../api/object.ts'
import { call } from '../bridge/bridge.ts'
import { useCluster } from './cluster.ts'
import { useLab } from './lab.ts'
import { useNavigation } from './navigation.ts'
import { useSettings } from './settings.ts'
import { windowShortcuts } from './shortcuts.ts'
import { useTerminals } from './terminals.ts'
import { speeds, speedText, useTime } from './time.ts'
import { useToasts } from './toasts.ts'
import { views } from './views.ts'

export interface PaletteEntry {
  readonly id: string
  readonly title: string
  readonly hint: string
  readonly icon?: Component
  readonly mark?: HealthMark
  /** The title came from the cluster. */
  readonly fact?: boolean
  readonly keys?: string
  readonly run: () => void
}

/** How well an entry answers to `query`: 0 not at all; views and commands stand before objects when nothing was typed. */
export function matches(query: string, entry: Pick<PaletteEntry, 'title' | 'hint' | 'fact'>): number {
  const base = entry.fact ? 1 : 2
  if (query === '') return base
  const title = entry.title.toLowerCase()
  let score = 0
  for (const word of query.toLowerCase().split(/\s+/)) {
    if (title === word) score += 50
    else if (title.startsWith(word)) score += 20
    else if (title.includes(word)) score += 10
    else if (entry.hint.toLowerCase().includes(word)) score += 4
    else return 0
  }
  return score + base
}

/** Everything the palette can do now: views, kinds, nodes, pods, clock, theme, terminals. */
export function usePaletteEntries(): ComputedRef<readonly PaletteEntry[]> {
  const navigation = useNavigation()
  const discovery = useDiscovery()
  const cluster = useCluster()
  const settings = useSettings()
  const terminals = useTerminals()
  const time = useTime()
  const lab = useLab()
  const toasts = useToasts()
  const shortcuts = windowShortcuts()

  const object = (item: ApiObject): PaletteEntry => ({
    id: `object ${item.kind} ${item.metadata.namespace ?? ''}/${item.metadata.name}`,
    title: item.metadata.name,
    hint: `${item.kind}${item.metadata.namespace ? ` in ${item.metadata.namespace}` : ''}`,
    mark: cluster.health(item).mark,
    fact: true,
    run: () => navigation.selectObject(referenceTo(item)),
  })
  const ask = (what: string, promise: Promise<unknown>): void => void promise.catch((error: unknown) => toasts.failure(what, error))

  return computed(() => [
    ...views.map((view): PaletteEntry => ({ id: `view ${view.name}`, title: view.title, hint: 'view', icon: view.icon, keys: `g then ${view.key}`, run: () => navigation.go(view.name) })),
    ...shortcuts
      .filter((shortcut) => shortcut.group === 'Time' || shortcut.keys === 'mod+j' || shortcut.keys === '?')
      .map((shortcut): PaletteEntry => ({ id: `key ${shortcut.keys}`, title: shortcut.says, hint: shortcut.group === 'Time' ? 'time' : '', icon: shortcut.group === 'Time' ? Timer : SquareTerminal, keys: shortcut.keys, run: shortcut.run })),
    ...speeds.map((speed): PaletteEntry => ({ id: `speed ${speed}`, title: `Speed ${speedText(speed)}`, hint: 'time', icon: Timer, run: () => void time.setSpeed(speed) })),
    { id: 'theme', title: settings.theme === 'dark' ? 'Light theme' : 'Dark theme', hint: 'appearance', icon: SunMoon, run: () => settings.set({ theme: settings.theme === 'dark' ? 'light' : 'dark' }) },
    { id: 'shell', title: 'New shell', hint: 'terminal', icon: SquareTerminal, run: () => void terminals.openAndFocus({ kind: 'shell' }) },
    ...lab.machines.map((machine): PaletteEntry => ({ id: `ssh ${machine.name}`, title: `Log in to ${machine.name}`, hint: 'terminal', icon: SquareTerminal, run: () => void terminals.openAndFocus({ kind: 'node', machine: machine.name }) })),
    ...lab.machines.map((machine): PaletteEntry =>
      machine.poweredOn
        ? { id: `power ${machine.name}`, title: `Power off ${machine.name}`, hint: 'fault', icon: Power, run: () => ask(`${machine.name} was not powered off`, call('faults.powerOff', { machine: machine.name })) }
        : { id: `power ${machine.name}`, title: `Power on ${machine.name}`, hint: 'fault', icon: Power, run: () => ask(`${machine.name} was not powered on`, call('faults.powerOn', { machine: machine.name })) },
    ),
    { id: 'restart', title: 'Restart the lab', hint: 'lab', icon: RefreshCw, run: () => ask('The lab did not restart', call('lab.restart', null)) },
    ...discovery.listable.map((resource): PaletteEntry => ({
      id: `kind ${resourceName(resource)}`,
      title: resourceName(resource),
      hint: `${resource.kind} objects${resource.shortNames.length ? ` · ${resource.shortNames.join(', ')}` : ''}`,
      icon: Boxes,
      fact: true,
      run: () => navigation.go('objects', resourceName(resource)),
    })),
    ...cluster.nodes.map(object),
    ...cluster.pods.map(object),
  ])
}

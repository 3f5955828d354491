import { afterEach, describe, expect, it } from 'vitest'
import { settle, show, withLab } from '../testing/mount.ts'
import { keyOf, keyText } from './keys.ts'
import { hashOf, placeOf, useNavigation } from './navigation.ts'
import { matches } from './palette-entries.ts'
import { useSettings } from './settings.ts'
import { useTerminals } from './terminals.ts'
import { speedText, useTime } from './time.ts'
import { useToasts } from './toasts.ts'
import TopBar from './TopBar.vue'

afterEach(() => (document.body.innerHTML = ''))

describe('places', () => {
  it('survive the address', () => {
    for (const place of [{ view: 'objects', path: ['deployments.apps'] }, { view: 'nodes', path: ['worker-1', 'runtime'] }, { view: 'network', path: ['a b', 'c/d'] }] as const) expect(placeOf(hashOf(place))).toEqual(place)
  })
  it('fall back to the map', () => {
    for (const hash of ['', '#/', '#/nothing/here', '#/%E0%A4%A']) expect(placeOf(hash)).toEqual({ view: 'map', path: [] })
  })
})

it('remembers what was inspected, back and forth', () => {
  withLab()
  const navigation = useNavigation()
  const pod = (name: string) => ({ group: '', kind: 'Pod', namespace: 'default', name })
  navigation.selectObject(pod('a'))
  navigation.selectObject(pod('a'))
  navigation.selectObject(pod('b'))
  navigation.selectProcess('etcd@controlplane')
  navigation.back()
  navigation.back()
  expect(navigation.isSelected(pod('a'))).toBe(true)
  expect(navigation.canGoBack).toBe(false)
  navigation.forward()
  navigation.selectObject(pod('c'))
  expect(navigation.canGoForward).toBe(false)
  navigation.clear()
  expect(navigation.selection).toBeUndefined()
})

describe('the palette', () => {
  const entry = { title: 'nginx-deployment-1', hint: 'Pod in default', fact: true }
  it('finds by any words, the title first', () => {
    expect(matches('pod ngi', entry)).toBeGreaterThan(0)
    expect(matches('redis', entry)).toBe(0)
    expect(matches('nginx', entry)).toBeGreaterThan(matches('pod', entry))
    expect(matches('', { title: 'Cluster map', hint: 'view' })).toBeGreaterThan(matches('', entry))
  })
})

it('reads keys as people write them', () => {
  expect(keyOf(new KeyboardEvent('keydown', { key: 'K', ctrlKey: true }))).toBe('mod+k')
  expect(keyText('mod+k')).toEqual(['Ctrl', 'K'])
  expect(keyText('+')).toEqual(['+'])
  expect(keyText('g then m')).toEqual(['G', 'then', 'M'])
})

describe('the clock', () => {
  it('pauses before it steps, and moves between the speeds on offer', async () => {
    withLab()
    const time = useTime()
    await settle(20)
    const before = time.now
    await time.step({ durationMs: 100 })
    await settle(20)
    expect(time.paused).toBe(true)
    expect(time.now).toBe(before + 100)
    await time.shift(1)
    await settle(20)
    expect(speedText(time.speed)).toBe('2×')
    await time.setSpeed(0)
    await settle(20)
    expect(speedText(time.speed)).toBe('max')
    await time.shift(1)
    await settle(20)
    expect(time.speed).toBe(0)
  })
})

it('types a command without running it, in a shell that it opens when there is none', async () => {
  const lab = withLab()
  const terminals = useTerminals()
  await terminals.type('kubectl get pods')
  expect(terminals.sessions).toHaveLength(1)
  expect(lab.asked).toContain('type kubectl get pods')
  await terminals.close(terminals.activeId)
  expect(terminals.activeId).toBe('')
})

it('keeps settings: at once in the window, then in the lab', async () => {
  withLab()
  const settings = useSettings()
  await settle(20)
  settings.set({ theme: 'light' })
  expect(settings.theme).toBe('light')
  await settle(20)
  expect(document.documentElement.dataset['theme']).toBe('light')
  settings.terminalHeight = 300
  await settle(600)
  expect(settings.all.layout).toEqual({ terminalHeight: 300 })
  expect(settings.theme).toBe('light')
})

it('says each failure once', () => {
  withLab()
  const toasts = useToasts()
  toasts.failure('No', new Error('reason'))
  toasts.failure('No', new Error('reason'))
  expect(toasts.toasts).toMatchObject([{ tone: 'failure', detail: 'reason' }])
})

it('shows the nodes’ health and the lab in the bar', async () => {
  withLab('broken')
  const bar = show(TopBar)
  await settle()
  expect(bar.find('.health').text()).toContain('3/4')
  expect(bar.find('.health').attributes('aria-label')).toBe('3 of 4 nodes are Ready')
  expect(bar.find('.lab').text()).toContain('standard')
  await bar.find('button[aria-label=Pause]').trigger('click')
  await settle(30)
  expect(bar.find('button[aria-label=Resume]').exists()).toBe(true)
  bar.unmount()
})

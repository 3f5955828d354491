import { afterEach, beforeEach, expect, it } from 'vitest'
import { ensureEntry, enterAt, moveFocus } from './spatial-focus.ts'

const places: Readonly<Record<string, readonly [number, number]>> = { api: [200, 50], etcd: [20, 50], scheduler: [400, 40], worker1: [30, 300], worker2: [210, 300] }
let root: HTMLElement
const item = (name: string): HTMLElement => root.querySelector(`#${name}`)!

beforeEach(() => {
  root = document.createElement('div')
  for (const [name, [x, y]] of Object.entries(places)) {
    const button = document.createElement('button')
    button.id = name
    button.tabIndex = -1
    button.dataset['mapItem'] = ''
    button.getBoundingClientRect = () => new DOMRect(x, y, 60, 30)
    root.append(button)
  }
  document.body.append(root)
})
afterEach(() => root.remove())

it.each([
  ['api', 'ArrowLeft', 'etcd'], ['api', 'ArrowRight', 'scheduler'], ['api', 'ArrowDown', 'worker2'], ['worker1', 'ArrowUp', 'etcd'], ['etcd', 'ArrowLeft', 'etcd'],
])('from %s, %s goes to %s', (from, key, to) => {
  item(from).focus()
  expect(moveFocus(root, key)).toBe(true)
  expect(document.activeElement?.id).toBe(to)
})

it('leaves other keys, and a focus elsewhere, alone', () => {
  item('api').focus()
  expect(moveFocus(root, 'Enter')).toBe(false)
  item('api').blur()
  expect(moveFocus(root, 'ArrowLeft')).toBe(false)
})

it('lets Tab reach exactly one thing', () => {
  ensureEntry(root)
  enterAt(root, item('worker1'))
  ensureEntry(root)
  expect([...root.querySelectorAll('[tabindex="0"]')].map((element) => element.id)).toEqual(['worker1'])
})

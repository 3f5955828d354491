import { afterEach, expect, it } from 'vitest'
import { settle, show, withLab } from '../testing/mount.ts'
import Controllers from './Controllers.vue'
import { liveliest } from './controller-view.ts'

afterEach(() => (document.body.innerHTML = ''))

it('finds the loop that ran last, then most; none when none ran', () => {
  const loop = (topic: string, runs: number, lastRunAt: number) => ({ topic, runs, lastRunAt })
  expect(liveliest([loop('a', 0, -1), loop('b', 9, 5), loop('c', 2, 7), loop('d', 3, 7)])).toBe('d')
  expect(liveliest([loop('a', 0, -1)])).toBeUndefined()
})

it('shows one loop before anybody chose', async () => {
  withLab()
  const view = show(Controllers)
  await settle()
  expect(view.findAll('button.row.chosen')).toHaveLength(1)
  view.unmount()
})

import { expect, it } from 'vitest'
import type { SpanView } from '../../preload/contract/observe.ts'
import { processOf, rangeOf, spanRows, ticks } from './span-tree.ts'

const span = (id: number, parent: number, start: number, end?: number): SpanView => ({ id, parent, name: `s${id}`, where: 'kubelet@worker-1', start, attributes: {}, ...(end !== undefined && { end }) })

it('puts each span before what it set off, siblings by time', () => {
  const rows = spanRows([span(1, 0, 0, 9), span(4, 1, 5, 6), span(2, 1, 1, 3), span(3, 2, 2, 3)], new Set())
  expect(rows.map((row) => [row.span.id, row.depth])).toEqual([[1, 0], [2, 1], [3, 2], [4, 1]])
})

it('hides what is folded', () => {
  expect(spanRows([span(1, 0, 0), span(2, 1, 1), span(3, 2, 2)], new Set([2])).map((row) => row.span.id)).toEqual([1, 2])
})

it('shows spans whose parent was forgotten, and survives a span that names itself', () => {
  expect(spanRows([span(7, 6, 1), span(8, 8, 2)], new Set()).map((row) => row.depth)).toEqual([0, 0])
})

it('spans the time from the first start to the last end, also while something runs', () => {
  expect(rangeOf([span(1, 0, 10), span(2, 1, 12, 20)])).toEqual({ from: 10, to: 20 })
  expect(rangeOf([span(1, 0, 10)]).to).toBeGreaterThan(10)
  expect(rangeOf([])).toEqual({ from: 0, to: 1 })
})

it('marks round moments', () => {
  expect(ticks({ from: 100, to: 1_900 }, 6)).toEqual([0, 500, 1_000, 1_500])
  expect(processOf('etcd@controlplane')).toBe('etcd')
})

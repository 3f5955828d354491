import { expect, it } from 'vitest'
import type { TableColumn, TableRow } from '../api/table.ts'
import { matchesRow, tableColumns, type TableView } from './table-columns.ts'

const column = (name: string, priority = 0, type = 'string'): TableColumn => ({ name, type, priority })
const row: TableRow = { cells: ['web', '1/1', '5s', 'worker-1'], object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', labels: { tier: 'front' }, creationTimestamp: '2027-03-01T09:00:00Z' } } }
const columns = [column('Name'), column('Ready'), column('Age'), column('Node', 1)]
const view = (change: Partial<TableView> = {}): TableView => ({ namespaced: false, wide: false, now: () => Date.parse('2027-03-01T09:01:30Z'), health: () => ({ mark: 'running', sentence: '' }), ...change })

it('shows wide columns and the namespace only when asked', () => {
  const titles = (change: Partial<TableView>): string[] => tableColumns(columns, view(change)).map((entry) => entry.title)
  expect(titles({})).toEqual(['Name', 'Ready', 'Age'])
  expect(titles({ wide: true, namespaced: true })).toEqual(['Name', 'Namespace', 'Ready', 'Age', 'Node'])
})

it('lets ages go on, and prints cells as of now where the kind can', () => {
  const [, ready, age] = tableColumns(columns, view({ print: (name) => (name === 'Ready' ? '0/1' : undefined) }))
  expect(age!.text(row)).toBe('90s')
  expect(ready!.text(row)).toBe('0/1')
  expect(tableColumns(columns, view())[1]!.text(row)).toBe('1/1')
})

it('gives the room that is left to the name, else to the last column', () => {
  expect(tableColumns(columns, view()).map((entry) => entry.grows === true)).toEqual([true, false, false])
  expect(tableColumns([column('Last Seen'), column('Message')], view()).map((entry) => entry.grows === true)).toEqual([false, true])
})

it('finds rows by cells, namespace and labels', () => {
  for (const text of ['web', 'shop', 'tier=front', 'worker']) expect(matchesRow(row, text)).toBe(true)
  expect(matchesRow(row, 'redis')).toBe(false)
})

import { nextTick } from 'vue'
import { describe, expect, it } from 'vitest'
import { show } from '../testing/mount.ts'
import { columnWidths, gridTemplate, sorted, type DataColumn } from './data-table.ts'
import DataTable from './DataTable.vue'

interface Row {
  readonly name: string
  readonly count: number
}
const columns: readonly DataColumn<Row>[] = [
  { title: 'Name', text: (row) => row.name, grows: true },
  { title: 'Count', text: (row) => String(row.count), sort: (row) => row.count },
]
const rows: Row[] = [
  { name: 'pod-10', count: 2 },
  { name: 'pod-9', count: 10 },
  { name: 'pod-1', count: 2 },
]

describe('sorting', () => {
  it('keeps the given order until asked, and of equal rows always', () => {
    expect(sorted(rows, columns, undefined)).toBe(rows)
    expect(sorted(rows, columns, { column: 1, descending: false }).map((row) => row.name)).toEqual(['pod-10', 'pod-1', 'pod-9'])
    expect(sorted(rows, columns, { column: 1, descending: true }).map((row) => row.name)).toEqual(['pod-9', 'pod-10', 'pod-1'])
  })

  it('reads numbers inside of names', () => {
    expect(sorted(rows, columns, { column: 0, descending: false }).map((row) => row.name)).toEqual(['pod-1', 'pod-9', 'pod-10'])
  })
})

it('makes columns wider, never narrower', () => {
  const before = columnWidths(rows, columns, [])
  expect(columnWidths([{ name: 'x', count: 1 }], columns, before)).toEqual(before)
  expect(columnWidths([{ name: 'a-much-longer-name', count: 1 }], columns, before)[0]).toBeGreaterThan(before[0]!)
})

describe('the widths of columns', () => {
  const three: readonly DataColumn<Row>[] = [columns[1]!, { ...columns[0]!, grows: true }, { title: 'User', text: () => '' }]
  it('are what the text needs while there is room', () => {
    expect(gridTemplate(three, [8, 60, 40], 200).template).toBe('8ch minmax(60ch, 1fr) 40ch')
  })
  it('take from the widest first, less from the one that grows', () => {
    expect(gridTemplate(three, [8, 60, 40], 62).template).toMatch(/^8ch minmax\((33\.9|34)ch, 1fr\) (19\.9|20)ch$/)
  })
  it('keep their least, and scroll below it', () => {
    expect(gridTemplate(three, [8, 60, 40], 12)).toEqual({ template: '8ch minmax(18ch, 1fr) 9ch', minWidth: 'calc(35ch + 56px)' })
  })
})

describe('the table', () => {
  const many = Array.from({ length: 5_000 }, (_, index): Row => ({ name: `pod-${index}`, count: index }))
  const options = { props: { label: 'Pods', columns, rows: many, rowKey: (row: Row) => row.name } as Record<string, unknown> }

  it('draws only what is in sight and says how many there are', () => {
    const table = show(DataTable as never, options)
    expect(table.findAll('[role=row]').length).toBeLessThan(80)
    expect(table.find('[role=grid]').attributes('aria-rowcount')).toBe('5001')
    table.unmount()
  })

  it('is walked with arrows and opened with Enter', async () => {
    const table = show(DataTable as never, options)
    await table.find('[role=grid]').trigger('keydown', { key: 'ArrowDown' })
    await table.find('[role=grid]').trigger('keydown', { key: 'ArrowDown' })
    await table.find('[role=grid]').trigger('keydown', { key: 'Enter' })
    expect(table.emitted('choose')).toEqual([[many[1]]])
    table.unmount()
  })

  it('sorts by a click on a heading and goes back to the given order at the third', async () => {
    const table = show(DataTable as never, { props: { ...options.props, rows } })
    const names = (): string[] => table.findAll('[role=rowgroup] [role=row]').map((row) => row.find('[role=gridcell]').text())
    const heading = table.findAll('[role=columnheader] button')[1]!
    await heading.trigger('click')
    expect(names()).toEqual(['pod-10', 'pod-1', 'pod-9'])
    await heading.trigger('click')
    await heading.trigger('click')
    await nextTick()
    expect(names()).toEqual(['pod-10', 'pod-9', 'pod-1'])
    table.unmount()
  })
})

import type { Health } from '../../main/api/kinds/kind.ts'
import type { TableColumn, TableRow } from '../api/table.ts'
import type { DataColumn } from '../design/data-table.ts'
import { ageSince } from '../format/time.ts'

export interface TableView {
  /** Shows the namespace as a column of its own. */
  readonly namespaced: boolean
  readonly wide: boolean
  readonly now: () => number
  /** Prints a cell as of now, where the kind is known; else the server's cell is shown as it was sent. */
  readonly print?: ((column: string, row: TableRow, now: number) => unknown) | undefined
  readonly health: (row: TableRow) => Health
}

/** The server's columns as the window's: the first carries the object's mark, ages go on ticking. */
export function tableColumns(columns: readonly TableColumn[], view: TableView): DataColumn<TableRow>[] {
  const shown = columns.map((column, index) => ({ column, index })).filter(({ column }) => view.wide || column.priority === 0)
  const named = shown.findIndex(({ column }) => column.name === 'Name')
  const growing = named < 0 ? shown.length - 1 : named
  const result = shown.map(({ column, index }, position): DataColumn<TableRow> => {
    const base = { title: column.name, ...(column.description && { hint: column.description }) }
    const created = (row: TableRow): string | undefined => row.object.metadata.creationTimestamp
    if (column.name === 'Age') {
      return { ...base, text: (row) => ageSince(created(row), view.now()) || String(row.cells[index] ?? ''), sort: (row) => -Date.parse(created(row) ?? '') || 0, align: 'right' }
    }
    const numeric = column.type === 'integer' || column.type === 'number'
    return {
      ...base,
      text: (row) => cellText(view.print?.(column.name, row, view.now()) ?? row.cells[index]),
      ...(numeric && { sort: (row: TableRow) => Number(row.cells[index]), align: 'right' as const }),
      ...(position === 0 && { mark: (row: TableRow) => view.health(row).mark }),
      ...(position === growing && { grows: true }),
      ...(column.name === 'Status' && { tone: (row: TableRow) => (view.health(row).mark === 'failed' ? 'failed' : undefined) }),
    }
  })
  if (!view.namespaced) return result
  return [...result.slice(0, 1), { title: 'Namespace', text: (row) => row.object.metadata.namespace ?? '', tone: () => 'quiet' }, ...result.slice(1)]
}

export function cellText(cell: unknown): string {
  return cell === null || cell === undefined ? '' : typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
}

/** Whether a row has the (lower-case) text in a cell, its namespace or a label. */
export function matchesRow(row: TableRow, text: string): boolean {
  if (row.object.metadata.namespace?.toLowerCase().includes(text)) return true
  if (row.cells.some((cell) => cellText(cell).toLowerCase().includes(text))) return true
  return Object.entries(row.object.metadata.labels ?? {}).some(([key, value]) => `${key}=${value}`.toLowerCase().includes(text))
}

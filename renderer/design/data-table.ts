import type { HealthMark } from '../../main/api/kinds/kind.ts'

/** A column of a DataTable: how a row's cell reads, and, where that is not how it sorts, by what. */
export interface DataColumn<T> {
  readonly title: string
  readonly hint?: string
  readonly text: (row: T) => string
  readonly sort?: (row: T) => string | number
  readonly align?: 'right'
  /** Takes what room is left. */
  readonly grows?: boolean
  /** Never wider than so many characters. */
  readonly widest?: number
  /** Words, not facts from the cluster. */
  readonly words?: boolean
  readonly mark?: (row: T) => HealthMark | undefined
  readonly tone?: (row: T) => 'failed' | 'quiet' | undefined
}

export interface Sorting {
  readonly column: number
  readonly descending: boolean
}

/** Rows in the wanted order; equal rows keep theirs. */
export function sorted<T>(rows: readonly T[], columns: readonly DataColumn<T>[], sorting: Sorting | undefined): readonly T[] {
  const column = sorting && columns[sorting.column]
  if (!column) return rows
  const value = column.sort ?? column.text
  const sign = sorting.descending ? -1 : 1
  return rows
    .map((row, index) => ({ row, index, value: value(row) }))
    .sort((a, b) => sign * compare(a.value, b.value) || a.index - b.index)
    .map((entry) => entry.row)
}

const collator = new Intl.Collator('en', { numeric: true })

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b))
}

const widestCharacters = 46

/** A grid template that gives columns what their text needs, lets a growing one take the rest, and squeezes them when there is
 *  little room; with the width below which the table scrolls. */
export function gridTemplate<T>(columns: readonly DataColumn<T>[], widths: readonly number[]): { readonly template: string; readonly minWidth: string } {
  let least = 0
  const tracks = columns.map((column, index) => {
    const width = widths[index] ?? 10
    const min = Math.min(width, column.grows ? 18 : 17)
    least += min
    return `minmax(${min}ch, ${column.grows ? '1fr' : `${width}ch`})`
  })
  return { template: tracks.join(' '), minWidth: `calc(${least}ch + ${(columns.length - 1) * gapPx + 24}px)` }
}

/** Between columns, as the style sheet has it. */
const gapPx = 16

/** How many characters wide each column has to be for these rows; never narrower than `before`, so that nothing jumps. */
export function columnWidths<T>(rows: readonly T[], columns: readonly DataColumn<T>[], before: readonly number[]): number[] {
  return columns.map((column, index) => {
    let widest = Math.max(column.title.length + 1, before[index] ?? 0)
    for (const row of rows) {
      const length = column.text(row).length + (column.mark ? 3 : 0)
      if (length > widest) widest = length
    }
    return Math.min(widest, column.widest ?? widestCharacters)
  })
}

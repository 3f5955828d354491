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
/** Of a column that takes what room is left. */
const widestGrowing = 120
/** However little room there is, so much of each column stays. */
const leastCharacters = 9
const leastGrowing = 18

/** A grid template that gives columns what their text needs and lets a growing one take the rest. With less room than that the
 *  widest columns give way first, a growing one less than the others; `minWidth` is where the table scrolls instead. `room` is the width of a row in
 *  characters, 0 when it is not known yet. */
export function gridTemplate<T>(columns: readonly DataColumn<T>[], widths: readonly number[], room = 0): { readonly template: string; readonly minWidth: string } {
  const wanted = columns.map((_, index) => widths[index] ?? 10)
  const least = columns.map((column, index) => Math.min(wanted[index]!, column.grows ? leastGrowing : leastCharacters))
  const given = room > 0 ? sharedOut(wanted, least, columns.map((column) => (column.grows ? growingWeight : 1)), room) : wanted
  const tracks = columns.map((column, index) => (column.grows ? `minmax(${round(Math.min(given[index]!, wanted[index]!))}ch, 1fr)` : `${round(given[index]!)}ch`))
  const sum = least.reduce((all, width) => all + width, 0)
  return { template: tracks.join(' '), minWidth: `calc(${sum}ch + ${gapsOf(columns.length)}px)` }
}

/** Between columns, as the style sheet has it. */
const gapPx = 16

/** What of a table's width is not for its columns' text, px. */
export function gapsOf(columns: number): number {
  return (columns - 1) * gapPx + 24
}

/** What grows is what a row is about: it gives way later than the rest. */
const growingWeight = 1.7

/** The wanted widths, the widest of them cut to one common width (times their weight) so that all fit; none below its least. */
function sharedOut(wanted: readonly number[], least: readonly number[], weights: readonly number[], room: number): readonly number[] {
  const cutTo = (most: number): number[] => wanted.map((width, index) => Math.max(least[index]!, Math.min(width, most * weights[index]!)))
  const sumOf = (widths: readonly number[]): number => widths.reduce((all, width) => all + width, 0)
  if (sumOf(wanted) <= room) return wanted
  let low = 0
  let high = Math.max(...wanted)
  for (let step = 0; step < 20; step++) {
    const middle = (low + high) / 2
    if (sumOf(cutTo(middle)) <= room) low = middle
    else high = middle
  }
  return cutTo(low)
}

function round(width: number): number {
  return Math.floor(width * 10) / 10
}

/** How many characters wide each column has to be for these rows; never narrower than `before`, so that nothing jumps. */
export function columnWidths<T>(rows: readonly T[], columns: readonly DataColumn<T>[], before: readonly number[]): number[] {
  return columns.map((column, index) => {
    let widest = Math.max(column.title.length + 1, before[index] ?? 0)
    for (const row of rows) {
      const length = column.text(row).length + (column.mark ? 3 : 0)
      if (length > widest) widest = length
    }
    return Math.min(widest, column.widest ?? (column.grows ? widestGrowing : widestCharacters))
  })
}

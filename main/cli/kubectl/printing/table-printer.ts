import type { Table } from '../../../api/machinery/table.ts'
import { shortHumanDuration } from '../../../api/machinery/time.ts'
import { TabWriter } from './tab-writer.ts'

export interface TablePrintOptions {
  readonly wide: boolean
  readonly noHeaders: boolean
  readonly showLabels: boolean
  readonly labelColumns: readonly string[]
  readonly withNamespace: boolean
  /** Prefix of names, `pod/`, when several types are printed. */
  readonly namePrefix?: string
}

interface RowMetadata {
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly creationTimestamp?: string
}

/** Prints the server's Table as kubectl does; rows of one call are aligned together. */
export class TablePrinter {
  readonly #options: TablePrintOptions
  readonly #writer = new TabWriter()
  #columns: NonNullable<Table['columnDefinitions']> = []
  #headerPrinted = false

  constructor(options: TablePrintOptions) {
    this.#options = options
  }

  /** Text of a Table's rows, under a header if none was printed yet (watches print it once). */
  print(table: Table): string {
    const { wide, noHeaders, showLabels, labelColumns, withNamespace, namePrefix } = this.#options
    if (table.columnDefinitions?.length) this.#columns = table.columnDefinitions
    const shown = this.#columns.flatMap((column, index) => (wide || column.priority === 0 ? [index] : []))
    if (!noHeaders && !this.#headerPrinted) {
      const header = shown.map((index) => this.#columns[index]!.name.toUpperCase())
      this.#writer.row([...(withNamespace ? ['NAMESPACE'] : []), ...header, ...labelColumns.map(labelHeader), ...(showLabels ? ['LABELS'] : [])])
      this.#headerPrinted = true
    }
    for (const row of table.rows) {
      const metadata = ((row.object as { metadata?: RowMetadata } | undefined)?.metadata ?? {}) as RowMetadata
      const cells = shown.map((index) => cellText(row.cells[index], index === 0 ? namePrefix : undefined))
      const labels = metadata.labels ?? {}
      this.#writer.row([
        ...(withNamespace ? [metadata.namespace ?? ''] : []),
        ...cells,
        ...labelColumns.map((name) => labels[name] ?? ''),
        ...(showLabels ? [labelsText(labels)] : []),
      ])
    }
    return this.#writer.flush()
  }
}

function cellText(cell: unknown, prefix: string | undefined): string {
  const text = cell === null || cell === undefined ? '<none>' : String(cell)
  const line = text.split('\n')[0]!
  return (prefix ?? '') + (line.length < text.length ? `${line}...` : line)
}

function labelHeader(name: string): string {
  return (name.split('/').at(-1) ?? name).toUpperCase()
}

export function labelsText(labels: Readonly<Record<string, string>>): string {
  const keys = Object.keys(labels).sort()
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels[key]}`).join(',')
}

/** An age as the server's columns give it, for what the client prints itself. */
export function ageText(timestamp: string | undefined, now: number): string {
  return timestamp ? shortHumanDuration(now - Date.parse(timestamp)) : '<unknown>'
}

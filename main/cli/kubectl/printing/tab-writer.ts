/** Aligns cells as Go's tabwriter does for kubectl: columns as wide as their widest cell plus three spaces, the last cell of a
 *  line unpadded. Widths are counted in characters. */
export class TabWriter {
  readonly #padding: number
  readonly #minWidth: number
  #lines: (readonly string[])[] = []

  constructor(options: { readonly minWidth?: number; readonly padding?: number } = {}) {
    this.#minWidth = options.minWidth ?? 6
    this.#padding = options.padding ?? 3
  }

  row(cells: readonly string[]): void {
    this.#lines.push(cells)
  }

  /** The aligned lines so far, each ended; forgets them. */
  flush(): string {
    const lines = this.#lines
    this.#lines = []
    return align(lines, this.#minWidth, this.#padding)
  }
}

/** A column is a run of consecutive lines that have a cell there which is not their last: as text/tabwriter defines it. */
export function align(lines: readonly (readonly string[])[], minWidth: number, padding: number): string {
  const widths: number[][] = lines.map((cells) => new Array<number>(cells.length).fill(0))
  const deepest = Math.max(0, ...lines.map((cells) => cells.length))
  for (let column = 0; column < deepest; column++) {
    let start = 0
    while (start < lines.length) {
      if (lines[start]!.length - 1 <= column) {
        start++
        continue
      }
      let end = start
      let width = 0
      while (end < lines.length && lines[end]!.length - 1 > column) {
        const length = characters(lines[end]![column]!)
        if (length > 0) width = Math.max(width, length + padding)
        end++
      }
      width = Math.max(width, minWidth)
      for (let index = start; index < end; index++) widths[index]![column] = width
      start = end
    }
  }
  return lines.map((cells, index) => `${cells.map((cell, column) => (column < cells.length - 1 ? cell + ' '.repeat(Math.max(0, widths[index]![column]! - characters(cell))) : cell)).join('')}\n`).join('')
}

function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

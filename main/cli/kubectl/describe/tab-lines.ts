/** Text with tabs as Go's text/tabwriter lays it out with (minwidth 0, padding 2): a column is a run of consecutive lines
 *  that have a tab-terminated cell there; even an empty column keeps its padding. */
export const TabLines = {
  /** The text aligned; an unfinished last line stays unfinished. */
  align(text: string): string {
    if (text === '') return ''
    const lines = text.split('\n').map((line) => line.split('\t'))
    const widths: number[][] = lines.map((cells) => new Array<number>(cells.length).fill(0))
    const deepest = Math.max(...lines.map((cells) => cells.length))
    for (let column = 0; column < deepest - 1; column++) {
      let start = 0
      while (start < lines.length) {
        let end = start
        let width = 0
        while (end < lines.length && lines[end]!.length - 1 > column) {
          width = Math.max(width, characters(lines[end]![column]!) + 2)
          end++
        }
        for (let index = start; index < end; index++) widths[index]![column] = width
        start = end + 1
      }
    }
    return lines.map((cells, index) => cells.map((cell, column) => (column < cells.length - 1 ? cell + ' '.repeat(widths[index]![column]! - characters(cell)) : cell)).join('')).join('\n')
  },
} as const

function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

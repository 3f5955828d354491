import type { Terminal } from '../../processes/terminal.ts'
import type { ProcessContext } from '../program.ts'

/** The whole of a terminal as a program draws it: rows are sent only when they differ from what stands there. */
export class Screen {
  readonly #context: ProcessContext
  readonly #terminal: Terminal
  #shown: string[] = []

  constructor(context: ProcessContext, terminal: Terminal) {
    this.#context = context
    this.#terminal = terminal
  }

  get columns(): number {
    return this.#terminal.columns
  }

  get rows(): number {
    return this.#terminal.rows
  }

  /** Takes the keyboard raw and switches to the alternate screen. */
  async open(): Promise<void> {
    this.#terminal.raw = true
    this.#shown = []
    await this.#write('\x1b[?1049h\x1b[H\x1b[2J')
  }

  /** Gives the terminal back as it was. */
  async close(): Promise<void> {
    await this.#write(`\x1b[${this.rows};1H\x1b[K\x1b[?1049l`)
    this.#terminal.raw = false
  }

  /** Forgets what stands there: everything is drawn anew. */
  async clear(): Promise<void> {
    this.#shown = []
    await this.#write('\x1b[H\x1b[2J')
  }

  /** Draws rows (with their own escape sequences, no wider than the terminal) and puts the cursor, both from 0. */
  async draw(rows: readonly string[], cursorRow: number, cursorColumn: number): Promise<void> {
    let text = ''
    for (let row = 0; row < this.rows; row++) {
      const wanted = rows[row] ?? ''
      if (this.#shown[row] === wanted) continue
      if (this.#shown[row] === undefined && wanted === '') {
        this.#shown[row] = wanted
        continue
      }
      text += `\x1b[${row + 1};1H${wanted}\x1b[K`
      this.#shown[row] = wanted
    }
    this.#shown.length = Math.min(this.#shown.length, this.rows)
    await this.#write(`${text}\x1b[${cursorRow + 1};${cursorColumn + 1}H`)
  }

  async #write(text: string): Promise<void> {
    const room = this.#terminal.file.write(new TextEncoder().encode(text))
    if (room) await room
    const pause = this.#context.work(0.02 + text.length / 20_000)
    if (pause) await pause
  }
}

const tabWidth = 8

/** How far right a line's character stands when tabs are as wide as they look. */
export function columnOf(line: string, index: number): number {
  let column = 0
  for (let at = 0; at < index && at < line.length; at++) column += widthOf(line[at]!, column)
  return column
}

function widthOf(char: string, column: number): number {
  if (char === '\t') return tabWidth - (column % tabWidth)
  return char < ' ' || char === '\x7f' ? 2 : 1
}

/** A line as it looks: tabs as blanks, control characters as `^X`. */
export function visible(line: string): string {
  if (!/[\x00-\x1f\x7f]/.test(line)) return line
  let text = ''
  for (const char of line) {
    if (char === '\t') text += ' '.repeat(tabWidth - (text.length % tabWidth))
    else if (char < ' ') text += `^${String.fromCharCode(char.charCodeAt(0) + 64)}`
    else text += char === '\x7f' ? '^?' : char
  }
  return text
}

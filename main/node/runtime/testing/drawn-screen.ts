/** What stands on a terminal after what was written to it: enough of its escape sequences for programs that draw a screen. */
export class DrawnScreen {
  readonly columns: number
  readonly rows: number
  row = 0
  column = 0
  #cells: string[][]
  #main: string[][] | undefined
  #rest = ''

  constructor(columns = 80, rows = 24) {
    this.columns = columns
    this.rows = rows
    this.#cells = this.#blank()
  }

  /** Rows without the blanks at their ends. */
  get lines(): string[] {
    return this.#cells.map((row) => row.join('').trimEnd())
  }

  /** Whether a program has taken the whole screen. */
  get isAlternate(): boolean {
    return this.#main !== undefined
  }

  write(text: string): void {
    const all = this.#rest + text
    this.#rest = ''
    for (const [token] of all.matchAll(/\x1b\[[?0-9;]*[A-Za-z]|\x1b(?:\[[?0-9;]*)?$|[\s\S]/g)) {
      if (token.startsWith('\x1b')) {
        if (/[A-Za-z]$/.test(token)) this.#control(token)
        else this.#rest = token
      } else if (token === '\r') this.column = 0
      else if (token === '\n') this.#lineFeed()
      else if (token === '\b') this.column = Math.max(0, this.column - 1)
      else {
        if (this.column === this.columns) {
          this.column = 0
          this.#lineFeed()
        }
        this.#cells[this.row]![this.column++] = token
      }
    }
  }

  #control(sequence: string): void {
    const final = sequence.at(-1)
    const numbers = sequence.slice(2, -1).split(';').map(Number)
    if (final === 'H') {
      this.row = Math.min(this.rows, numbers[0] || 1) - 1
      this.column = Math.min(this.columns, numbers[1] || 1) - 1
    } else if (final === 'K') this.#cells[this.row]!.fill(' ', this.column)
    else if (final === 'J') this.#cells = this.#blank()
    else if (final === 'D') this.column = Math.max(0, this.column - (numbers[0] || 1))
    else if (final === 'C') this.column = Math.min(this.columns - 1, this.column + (numbers[0] || 1))
    else if (sequence === '\x1b[?1049h') {
      this.#main = this.#cells
      this.#cells = this.#blank()
    } else if (sequence === '\x1b[?1049l') {
      this.#cells = this.#main ?? this.#cells
      this.#main = undefined
    }
  }

  #lineFeed(): void {
    if (this.row < this.rows - 1) this.row++
    else {
      this.#cells.shift()
      this.#cells.push(Array.from({ length: this.columns }, () => ' '))
    }
  }

  #blank(): string[][] {
    return Array.from({ length: this.rows }, () => Array.from({ length: this.columns }, () => ' '))
  }
}

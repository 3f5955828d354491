import { FileError } from '../../files/file-error.ts'
import type { ProcessContext } from '../program.ts'

const undoMax = 200

export interface Position {
  readonly row: number
  readonly column: number
}

interface Snapshot {
  readonly lines: readonly string[]
  readonly row: number
  readonly column: number
}

/** The text of an editor: lines, a cursor, and what was before each change. There is always at least one line. */
export class TextBuffer {
  lines: string[] = ['']
  row = 0
  column = 0
  /** Whether it differs from what was last read or written. */
  modified = false
  /** Whether the last line ends with a line end, as those of text files do. */
  endsWithNewline = true
  #undo: Snapshot[] = []
  #redo: Snapshot[] = []

  get line(): string {
    return this.lines[this.row]!
  }

  set line(text: string) {
    this.lines[this.row] = text
  }

  get text(): string {
    return this.lines.length === 1 && this.lines[0] === '' ? '' : this.lines.join('\n') + (this.endsWithNewline ? '\n' : '')
  }

  /** Replaces everything, as from a file. */
  set text(text: string) {
    this.endsWithNewline = text === '' || text.endsWith('\n')
    this.lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
    this.row = this.column = 0
    this.modified = false
    this.#undo = []
    this.#redo = []
  }

  /** To be called before a change: what is now can then be had back. */
  checkpoint(): void {
    this.#undo.push(this.#now())
    if (this.#undo.length > undoMax) this.#undo.shift()
    this.#redo = []
    this.modified = true
  }

  undo(): boolean {
    return this.#restore(this.#undo, this.#redo)
  }

  redo(): boolean {
    return this.#restore(this.#redo, this.#undo)
  }

  #now(): Snapshot {
    return { lines: [...this.lines], row: this.row, column: this.column }
  }

  #restore(from: Snapshot[], to: Snapshot[]): boolean {
    const before = from.pop()
    if (!before) return false
    to.push(this.#now())
    this.lines = [...before.lines]
    this.row = before.row
    this.column = before.column
    this.modified = true
    return true
  }

  /** Keeps the cursor inside the text; `beyond` lets it stand after a line's last character. */
  clamp(beyond: boolean): void {
    this.row = Math.max(0, Math.min(this.row, this.lines.length - 1))
    this.column = Math.max(0, Math.min(this.column, this.line.length - (beyond ? 0 : 1)))
  }

  insert(text: string): void {
    const parts = text.split('\n')
    const after = this.line.slice(this.column)
    this.line = this.line.slice(0, this.column) + parts[0]!
    if (parts.length === 1) {
      this.column = this.line.length
      this.line += after
      return
    }
    const last = parts.length - 1
    this.lines.splice(this.row + 1, 0, ...parts.slice(1, last), parts[last]! + after)
    this.row += last
    this.column = parts[last]!.length
  }

  /** Takes the characters between two positions (the second excluded) and answers them. */
  cut(from: Position, to: Position): string {
    const text = this.slice(from, to)
    this.lines.splice(from.row, to.row - from.row + 1, this.lines[from.row]!.slice(0, from.column) + this.lines[to.row]!.slice(to.column))
    this.row = from.row
    this.column = from.column
    return text
  }

  slice(from: Position, to: Position): string {
    if (from.row === to.row) return this.lines[from.row]!.slice(from.column, to.column)
    return [this.lines[from.row]!.slice(from.column), ...this.lines.slice(from.row + 1, to.row), this.lines[to.row]!.slice(0, to.column)].join('\n')
  }

  /** Takes whole lines; one empty line stays when none is left. */
  cutLines(first: number, last: number): string[] {
    const taken = this.lines.splice(first, last - first + 1)
    if (this.lines.length === 0) this.lines = ['']
    this.row = Math.min(first, this.lines.length - 1)
    return taken
  }
}

/** Reads a file into a buffer. Answers false when there is none yet. Throws FileError. */
export function loadFile(context: ProcessContext, buffer: TextBuffer, path: string): boolean {
  const inode = context.files.find(context.path(path))
  if (!inode) {
    buffer.text = ''
    return false
  }
  if (inode.kind === 'directory') throw new FileError('EISDIR', path)
  buffer.text = context.files.readText(context.path(path))
  return true
}

import type { Position, TextBuffer } from './text-buffer.ts'

/** Where a motion leads, and what an operator takes on the way. */
export interface Motion {
  readonly to: Position
  /** An operator takes whole lines. */
  readonly lines?: boolean
  /** An operator takes the character at the end too. */
  readonly inclusive?: boolean
  /** Where an operator starts, when that is not the cursor: text objects. */
  readonly from?: Position
}

type CharKind = 'blank' | 'word' | 'other'

const kindOf = (char: string | undefined, big: boolean): CharKind => (char === undefined || /\s/.test(char) ? 'blank' : big || /\w/.test(char) ? 'word' : 'other')

const firstNonBlank = (line: string): number => Math.max(0, line.search(/\S/) < 0 ? line.length - 1 : line.search(/\S/))

/** The motions that need nothing but the text: undefined for keys that are none, or cannot be made here. */
export function motionOf(buffer: TextBuffer, key: string, count: number, given: boolean): Motion | undefined {
  const { row, column, lines, line } = buffer
  const last = lines.length - 1
  const onRow = (to: number): Motion | undefined => (to < 0 || to > last ? undefined : { to: { row: to, column }, lines: true })
  switch (key) {
    case 'h':
    case 'Left':
    case 'Backspace':
      return column === 0 ? undefined : { to: { row, column: Math.max(0, column - count) } }
    case 'l':
    case 'Right':
    case ' ':
      return { to: { row, column: Math.min(line.length, column + count) } }
    case 'j':
    case 'Down':
    case '\x0e':
      return onRow(Math.min(last, row + count) === row ? -1 : Math.min(last, row + count))
    case 'k':
    case 'Up':
    case '\x10':
      return onRow(Math.max(0, row - count) === row ? -1 : Math.max(0, row - count))
    case '+':
    case 'Enter': {
      const to = Math.min(last, row + count)
      return { to: { row: to, column: firstNonBlank(lines[to]!) }, lines: true }
    }
    case '-': {
      const to = Math.max(0, row - count)
      return { to: { row: to, column: firstNonBlank(lines[to]!) }, lines: true }
    }
    case '0':
    case 'Home':
      return { to: { row, column: 0 } }
    case '^':
    case '_':
      return { to: { row, column: firstNonBlank(line) } }
    case '$':
    case 'End': {
      const to = Math.min(last, row + count - 1)
      return { to: { row: to, column: Math.max(0, lines[to]!.length - 1) }, inclusive: lines[to]! !== '' }
    }
    case 'G': {
      const to = given ? Math.min(last, count - 1) : last
      return { to: { row: to, column: firstNonBlank(lines[to]!) }, lines: true }
    }
    case 'w':
    case 'W':
      return { to: repeat(count, { row, column }, (at) => wordForward(lines, at, key === 'W')) }
    case 'b':
    case 'B':
      return { to: repeat(count, { row, column }, (at) => wordBack(lines, at, key === 'B')) }
    case 'e':
    case 'E':
      return { to: repeat(count, { row, column }, (at) => wordEnd(lines, at, key === 'E')), inclusive: true }
    case '{':
    case '}': {
      const step = key === '}' ? 1 : -1
      let to = row
      for (let times = 0; times < count; times++) {
        while (lines[to] === '') to += step
        while (to > 0 && to < last && lines[to] !== '') to += step
      }
      to = Math.max(0, Math.min(last, to))
      return { to: { row: to, column: to === last && step > 0 ? Math.max(0, lines[to]!.length - 1) : 0 } }
    }
    case '%':
      return matching(lines, row, column)
    default:
      return undefined
  }
}

function repeat(count: number, from: Position, step: (at: Position) => Position): Position {
  let at = from
  for (let times = 0; times < count; times++) at = step(at)
  return at
}

function wordForward(lines: readonly string[], { row, column }: Position, big: boolean): Position {
  let line = lines[row]!
  const kind = kindOf(line[column], big)
  while (column < line.length && kind !== 'blank' && kindOf(line[column], big) === kind) column++
  for (;;) {
    while (column < line.length && kindOf(line[column], big) === 'blank') column++
    if (column < line.length) return { row, column }
    if (row === lines.length - 1) return { row, column: line.length }
    line = lines[++row]!
    column = 0
    if (line === '') return { row, column }
  }
}

function wordBack(lines: readonly string[], { row, column }: Position, big: boolean): Position {
  for (;;) {
    column--
    while (column >= 0 && kindOf(lines[row]![column], big) === 'blank') column--
    if (column >= 0) break
    if (row === 0) return { row: 0, column: 0 }
    column = lines[--row]!.length
    if (column === 0) return { row, column }
  }
  const kind = kindOf(lines[row]![column], big)
  while (column > 0 && kindOf(lines[row]![column - 1], big) === kind) column--
  return { row, column }
}

export function wordEnd(lines: readonly string[], { row, column }: Position, big: boolean): Position {
  column++
  for (;;) {
    const line = lines[row]!
    while (column < line.length && kindOf(line[column], big) === 'blank') column++
    if (column < line.length) {
      const kind = kindOf(line[column], big)
      while (column + 1 < line.length && kindOf(line[column + 1], big) === kind) column++
      return { row, column }
    }
    if (row === lines.length - 1) return { row, column: Math.max(0, line.length - 1) }
    row++
    column = 0
  }
}

const pairs = '()[]{}'

function matching(lines: readonly string[], row: number, column: number): Motion | undefined {
  const rest = lines[row]!.slice(column).search(/[()[\]{}]/)
  if (rest < 0) return undefined
  column += rest
  const char = lines[row]![column]!
  const at = pairs.indexOf(char)
  const other = pairs[at ^ 1]!
  const step = at % 2 === 0 ? 1 : -1
  let depth = 0
  for (;;) {
    const here = lines[row]![column]
    if (here === char) depth++
    else if (here === other && --depth === 0) return { to: { row, column }, inclusive: true }
    column += step
    while (column < 0 || column >= lines[row]!.length) {
      row += step
      if (row < 0 || row >= lines.length) return undefined
      column = step > 0 ? 0 : lines[row]!.length - 1
      if (lines[row]!.length > 0) break
    }
  }
}

/** `f`, `F`, `t`, `T` and what `;` and `,` make of them. */
export function findInLine(buffer: TextBuffer, key: string, char: string, count: number): Motion | undefined {
  const { row, line } = buffer
  const forward = key === 'f' || key === 't'
  let at = buffer.column
  for (let times = 0; times < count; times++) {
    at = forward ? line.indexOf(char, at + 1) : at === 0 ? -1 : line.lastIndexOf(char, at - 1)
    if (at < 0) return undefined
  }
  if (key === 't') at--
  if (key === 'T') at++
  return { to: { row, column: at }, inclusive: forward }
}

/** `iw`, `aw`, `i"`, `a(` and their like. */
export function textObject(buffer: TextBuffer, around: boolean, key: string): Motion | undefined {
  const { row, line, column } = buffer
  if (key === 'w' || key === 'W') {
    const big = key === 'W'
    const kind = kindOf(line[column], big)
    let start = column
    let end = column
    while (start > 0 && kindOf(line[start - 1], big) === kind) start--
    while (end + 1 < line.length && kindOf(line[end + 1], big) === kind) end++
    if (around) while (end + 1 < line.length && kindOf(line[end + 1], big) === 'blank') end++
    return { from: { row, column: start }, to: { row, column: end }, inclusive: true }
  }
  if ('"\'`'.includes(key)) {
    let start = line.lastIndexOf(key, column)
    if (start === column) start = (line.slice(0, column).split(key).length - 1) % 2 === 1 ? line.lastIndexOf(key, column - 1) : column
    if (start < 0) start = line.indexOf(key, column)
    const end = start < 0 ? -1 : line.indexOf(key, start + 1)
    if (end < 0) return undefined
    return around ? { from: { row, column: start }, to: { row, column: end }, inclusive: true } : { from: { row, column: start + 1 }, to: { row, column: end } }
  }
  const at = pairs.indexOf({ b: '(', B: '{' }[key] ?? key)
  if (at < 0) return undefined
  const [open, close] = [pairs[at & ~1]!, pairs[at | 1]!]
  let start: Position | undefined
  for (let depth = 0, r = row, c = column; r >= 0; ) {
    const here = buffer.lines[r]![c]
    if (here === close && !(r === row && c === column)) depth++
    else if (here === open && depth-- === 0) {
      start = { row: r, column: c }
      break
    }
    if (--c < 0 && --r >= 0) c = buffer.lines[r]!.length - 1
  }
  const end = start && matching(buffer.lines, start.row, start.column)
  if (!start || !end) return undefined
  return around ? { from: start, to: end.to, inclusive: true } : { from: { row: start.row, column: start.column + 1 }, to: end.to }
}

import { FileError } from '../../files/file-error.ts'
import type { ProcessContext, Program } from '../program.ts'
import { complain, nameOf } from '../text-input.ts'
import { runChild, filterThrough } from './child-shell.ts'
import { ExError, runEx, shifted, type ExTarget } from './ex-commands.ts'
import { Keyboard } from './keyboard.ts'
import { findInLine, motionOf, textObject, wordEnd, type Motion } from './motions.ts'
import { columnOf, Screen, visible } from './screen.ts'
import { loadFile, TextBuffer, type Position } from './text-buffer.ts'
import { search, viPattern } from './vi-search.ts'

type Mode = 'normal' | 'insert' | 'replace' | 'visual' | 'visual-line'

/** vi (and vim, view): a screen of its own, modes, motions, operators, registers' simplest form, undo, search and ex
 *  commands. Not modelled: windows, macros, named registers, folds, colours, block selection, wrapped lines. */
export const vi: Program = async (context) => {
  const terminal = context.terminal
  const words = context.argv.slice(1)
  if (words[0] === '--version' || words[0] === '-h' || words[0] === '--help') {
    await context.stdout.write('VIM - Vi IMproved 9.0 (2022 Jun 28)\n')
    return 0
  }
  if (!terminal || !context.descriptors[0]?.terminal) {
    await complain(context, 'input is not from a terminal')
    return 1
  }
  const editor = new Vi(context, new Keyboard(terminal, context), new Screen(context, terminal))
  return editor.run(words)
}

class Vi implements ExTarget {
  readonly buffer = new TextBuffer()
  readonly options = new Map<string, boolean | number>([['tabstop', 8], ['shiftwidth', 8]])
  readonly marks = new Map<string, number>()
  file = ''
  readOnly = false
  lastPattern = ''
  highlight = false
  register = { text: '', lines: false }
  message = ''
  readonly #context: ProcessContext
  readonly #keys: Keyboard
  readonly #screen: Screen
  #mode: Mode = 'normal'
  #top = 0
  #left = 0
  /** The column that going up and down tries to keep. */
  #wanted = 0
  #anchor: Position = { row: 0, column: 0 }
  #searchForward = true
  #find: { readonly key: string; readonly char: string } | undefined
  /** The keys of the last change, for `.`; and those of the command being typed. */
  #lastChange: string[] = []
  #typed: string[] = []
  #repeating = false
  #exit: number | undefined
  #command: { readonly prompt: string; text: string } | undefined
  #gone = false

  constructor(context: ProcessContext, keys: Keyboard, screen: Screen) {
    this.#context = context
    this.#keys = keys
    this.#screen = screen
  }

  async run(words: readonly string[]): Promise<number> {
    const commands: string[] = []
    let file = ''
    for (let at = 0; at < words.length; at++) {
      const word = words[at]!
      if (word === '-R') this.readOnly = true
      else if (word === '-c') commands.push(words[++at] ?? '')
      else if (word.startsWith('+')) commands.push(word.slice(1) === '' ? '$' : word.slice(1))
      else if (!word.startsWith('-')) file ||= word
    }
    if (nameOf(this.#context) === 'view') this.readOnly = true
    await this.#screen.open()
    this.#context.onSignal('WINCH', () => void this.#screen.clear().then(() => this.#draw()))
    if (file !== '') this.load(file)
    for (const command of commands) await this.#ex(command)
    while (this.#exit === undefined && !this.#gone) {
      if (!this.#keys.waiting) await this.#draw()
      const key = await this.#next()
      if (key === undefined) break
      this.message = ''
      await this.#key(key)
    }
    await this.#screen.close()
    return this.#exit ?? 1
  }

  // What ex commands ask for.

  read(path: string): string {
    return this.#context.files.readText(this.#context.path(path))
  }

  write(path: string, text: string): void {
    this.#context.files.write(this.#context.path(path), text)
  }

  exists(path: string): boolean {
    return this.#context.files.exists(this.#context.path(path))
  }

  load(path: string): void {
    this.file = path
    try {
      const there = loadFile(this.#context, this.buffer, path)
      const bytes = there ? this.#context.files.read(this.#context.path(path)).length : 0
      this.message = there ? `"${path}" ${this.readOnly ? '[readonly] ' : ''}${this.buffer.endsWithNewline ? '' : '[noeol] '}${bytes === 0 ? 0 : this.buffer.lines.length}L, ${bytes}B` : `"${path}" [New]`
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      this.buffer.text = ''
      this.message = error.code === 'EISDIR' ? `"${path}" is a directory` : `"${path}" [${error.message}]`
    }
  }

  quit(code: number): void {
    this.#exit = code
  }

  async shell(command: string): Promise<void> {
    await this.#screen.close()
    await runChild(this.#context, command)
    await this.#context.stdout.write('\nPress ENTER or type command to continue')
    const terminal = this.#context.terminal!
    terminal.raw = true
    await this.#keys.next()
    await this.#screen.open()
  }

  filter(command: string, input: string): Promise<string> {
    return filterThrough(this.#context, command, input)
  }

  /** The next key, kept for `.`. */
  async #next(): Promise<string | undefined> {
    const key = await this.#keys.next()
    if (key === undefined) this.#gone = true
    else if (!this.#repeating) this.#typed.push(key)
    return key
  }

  async #key(key: string): Promise<void> {
    if (this.#inserting()) return this.#insertKey(key)
    this.#typed = [key]
    const changes = await this.#runCommand(key)
    if (changes && !this.#repeating && !this.#inserting()) this.#lastChange = [...this.#typed]
    this.buffer.clamp(this.#inserting())
  }

  #inserting(): boolean {
    return this.#mode === 'insert' || this.#mode === 'replace'
  }

  /** One command in normal or visual mode. Answers whether `.` repeats it. */
  async #runCommand(first: string): Promise<boolean> {
    let key: string | undefined = first
    let digits = ''
    if (key === '"') {
      await this.#next()
      key = await this.#next()
    }
    while (key !== undefined && (/[1-9]/.test(key) || (key === '0' && digits !== ''))) {
      digits += key
      key = await this.#next()
    }
    if (key === undefined) return false
    const count = digits === '' ? 1 : Number(digits)
    const visual = this.#mode === 'visual' || this.#mode === 'visual-line'
    if (visual && (await this.#visualKey(key))) return 'dxcypJ<>~'.includes(key)
    const motion = await this.#motion(key, count, digits !== '')
    if (motion) {
      this.#go(motion, key)
      return false
    }
    if ('dcy<>'.includes(key) && key.length === 1) return this.#operator(key, count)
    return this.#action(key, count)
  }

  #go(motion: Motion, key: string): void {
    const { buffer } = this
    const vertical = ['j', 'k', 'Up', 'Down', '\x0e', '\x10', '\x06', '\x02', '\x04', '\x15', 'PageUp', 'PageDown'].includes(key)
    buffer.row = motion.to.row
    buffer.column = vertical ? this.#wanted : motion.to.column
    if (motion.from && this.#mode !== 'normal') this.#anchor = motion.from
    buffer.clamp(false)
    if (!vertical) this.#wanted = key === '$' || key === 'End' ? Infinity : buffer.column
  }

  async #motion(key: string, count: number, given: boolean): Promise<Motion | undefined> {
    const { buffer } = this
    const page = Math.max(1, this.#screen.rows - 3)
    const half = Math.max(1, Math.floor((this.#screen.rows - 1) / 2))
    const to = (row: number): Motion => {
      const inside = Math.max(0, Math.min(buffer.lines.length - 1, row))
      return { to: { row: inside, column: Math.max(0, buffer.lines[inside]!.search(/\S/)) }, lines: true }
    }
    switch (key) {
      case '\x06':
      case 'PageDown':
        this.#top = Math.min(buffer.lines.length - 1, this.#top + page * count)
        return to(Math.max(buffer.row, this.#top))
      case '\x02':
      case 'PageUp':
        this.#top = Math.max(0, this.#top - page * count)
        return to(Math.min(buffer.row, this.#top + this.#screen.rows - 2))
      case '\x04':
        return to(buffer.row + half)
      case '\x15':
        return to(buffer.row - half)
      case 'H':
        return to(this.#top + count - 1)
      case 'M':
        return to(this.#top + Math.floor((Math.min(this.#screen.rows - 1, buffer.lines.length - this.#top) - 1) / 2))
      case 'L':
        return to(Math.min(buffer.lines.length, this.#top + this.#screen.rows - 1) - count)
      case 'g': {
        const second = await this.#next()
        if (second === 'g') return to(given ? count - 1 : 0)
        if (second === '_') return { to: { row: buffer.row, column: Math.max(0, buffer.line.trimEnd().length - 1) }, inclusive: true }
        return undefined
      }
      case 'f':
      case 'F':
      case 't':
      case 'T': {
        const char = await this.#next()
        if (char === undefined || char.length > 1) return undefined
        this.#find = { key, char }
        return findInLine(buffer, key, char, count) ?? this.#stay()
      }
      case ';':
      case ',': {
        if (!this.#find) return this.#stay()
        const turned = { f: 'F', F: 'f', t: 'T', T: 't' }[this.#find.key as 'f']!
        return findInLine(buffer, key === ';' ? this.#find.key : turned, this.#find.char, count) ?? this.#stay()
      }
      case "'":
      case '`': {
        const row = this.marks.get((await this.#next()) ?? '')
        if (row !== undefined) return to(row)
        this.message = 'E20: Mark not set'
        return this.#stay()
      }
      case '/':
      case '?': {
        const text = await this.#readCommand(key)
        if (text === undefined) return this.#stay()
        this.#searchForward = key === '/'
        if (text !== '') this.lastPattern = text.replace(new RegExp(`(^|[^\\\\])\\${key}.*$`), '$1')
        return this.#search(this.#searchForward)
      }
      case 'n':
      case 'N':
        return this.#search(key === 'n' ? this.#searchForward : !this.#searchForward)
      case '*':
      case '#': {
        const from = buffer.line.slice(buffer.column).search(/\w/)
        if (from < 0) return this.#stay()
        let start = buffer.column + from
        while (start > 0 && /\w/.test(buffer.line[start - 1]!)) start--
        this.lastPattern = `\\<${/^\w+/.exec(buffer.line.slice(start))![0]}\\>`
        this.#searchForward = key === '*'
        return this.#search(this.#searchForward)
      }
      default:
        return motionOf(buffer, key, count, given)
    }
  }

  #stay(): Motion {
    return { to: { row: this.buffer.row, column: this.buffer.column } }
  }

  #search(forward: boolean): Motion {
    if (this.lastPattern === '') {
      this.message = 'E35: No previous regular expression'
      return this.#stay()
    }
    try {
      const found = search(this.buffer, viPattern(this.lastPattern, { ignoreCase: this.options.get('ignorecase') === true }), forward)
      if (!found) {
        this.message = `E486: Pattern not found: ${this.lastPattern}`
        return this.#stay()
      }
      this.message = found.wrapped ? (forward ? 'search hit BOTTOM, continuing at TOP' : 'search hit TOP, continuing at BOTTOM') : `${forward ? '/' : '?'}${this.lastPattern}`
      return { to: found.at }
    } catch {
      this.message = `E383: Invalid search string: ${this.lastPattern}`
      return this.#stay()
    }
  }

  /** `d`, `c`, `y`, `<`, `>` and what they work on. */
  async #operator(operator: string, count: number): Promise<boolean> {
    const { buffer } = this
    let key = await this.#next()
    let digits = ''
    while (key !== undefined && (/[1-9]/.test(key) || (key === '0' && digits !== ''))) {
      digits += key
      key = await this.#next()
    }
    if (key === undefined || key === 'Escape') return false
    const times = count * (digits === '' ? 1 : Number(digits))
    if (key === operator) {
      const last = buffer.row + times - 1
      if (last >= buffer.lines.length && operator !== '<' && operator !== '>') return this.#applyLines(operator, buffer.row, buffer.lines.length - 1)
      return this.#applyLines(operator, buffer.row, Math.min(last, buffer.lines.length - 1))
    }
    if (key === 'i' || key === 'a') {
      const object = textObject(buffer, key === 'a', (await this.#next()) ?? '')
      if (!object) return false
      return this.#applyMotion(operator, object)
    }
    // `cw` leaves the blanks after the word alone.
    const changesWord = operator === 'c' && (key === 'w' || key === 'W') && /\S/.test(buffer.line[buffer.column] ?? ' ')
    const motion = changesWord ? this.#wordsEnd(times, key === 'W') : await this.#motion(key, times, digits !== '' || count > 1)
    if (!motion) return false
    // `dw` on the last word of a line does not join it with the next.
    if ((key === 'w' || key === 'W') && motion.to.row > buffer.row && times === 1) return this.#applyMotion(operator, { to: { row: buffer.row, column: buffer.line.length } })
    return this.#applyMotion(operator, motion)
  }

  /** The end of the word under the cursor, or of one after it. */
  #wordsEnd(count: number, big: boolean): Motion {
    let to: Position = { row: this.buffer.row, column: this.buffer.column - 1 }
    for (let time = 0; time < count; time++) to = wordEnd(this.buffer.lines, to, big)
    return { to, inclusive: true }
  }

  #applyMotion(operator: string, motion: Motion): boolean {
    const { buffer } = this
    const here = motion.from ?? { row: buffer.row, column: buffer.column }
    if (motion.lines) return this.#applyLines(operator, Math.min(here.row, motion.to.row), Math.max(here.row, motion.to.row))
    const before = motion.to.row < here.row || (motion.to.row === here.row && motion.to.column < here.column)
    const [from, end] = before ? [motion.to, here] : [here, motion.to]
    const to = motion.inclusive ? { row: end.row, column: end.column + 1 } : end
    if (operator === '<' || operator === '>') return this.#applyLines(operator, from.row, to.row)
    this.register = { text: buffer.slice(from, to), lines: false }
    if (operator === 'y') {
      buffer.row = from.row
      buffer.column = from.column
      return false
    }
    buffer.checkpoint()
    buffer.cut(from, to)
    if (operator === 'c') this.#enterInsert()
    return true
  }

  #applyLines(operator: string, first: number, last: number): boolean {
    const { buffer } = this
    const count = last - first + 1
    if (operator === '<' || operator === '>') {
      buffer.checkpoint()
      for (let row = first; row <= last; row++) buffer.lines[row] = shifted(this, buffer.lines[row]!, operator === '>')
      buffer.row = first
      buffer.column = Math.max(0, buffer.line.search(/\S/))
      if (count > 2) this.message = `${count} lines ${operator}ed 1 time`
      return true
    }
    this.register = { text: buffer.lines.slice(first, last + 1).join('\n'), lines: true }
    if (operator === 'y') {
      buffer.row = first
      if (count > 2) this.message = `${count} lines yanked`
      return false
    }
    buffer.checkpoint()
    if (operator === 'c') {
      const indent = /^\s*/.exec(buffer.lines[first]!)![0]
      buffer.lines.splice(first, count, this.options.get('autoindent') ? indent : '')
      buffer.row = first
      buffer.column = buffer.line.length
      this.#enterInsert()
      return true
    }
    buffer.cutLines(first, last)
    buffer.column = Math.max(0, buffer.line.search(/\S/))
    this.#wanted = buffer.column
    if (count > 2) this.message = buffer.lines.length === 1 && buffer.lines[0] === '' ? '--No lines in buffer--' : `${count} fewer lines`
    return true
  }

  async #visualKey(key: string): Promise<boolean> {
    const { buffer } = this
    const whole = this.#mode === 'visual-line'
    const leave = (): void => {
      this.#mode = 'normal'
    }
    const [from, to] = this.#selection()
    switch (key) {
      case 'Escape':
      case '\x03':
        leave()
        return true
      case 'v':
      case 'V':
        if ((key === 'V') === whole) leave()
        else this.#mode = key === 'V' ? 'visual-line' : 'visual'
        return true
      case 'o': {
        const anchor = this.#anchor
        this.#anchor = { row: buffer.row, column: buffer.column }
        buffer.row = anchor.row
        buffer.column = anchor.column
        return true
      }
      case 'i':
      case 'a': {
        const object = textObject(buffer, key === 'a', (await this.#next()) ?? '')
        if (object?.from) {
          this.#anchor = object.from
          buffer.row = object.to.row
          buffer.column = object.inclusive ? object.to.column : object.to.column - 1
        }
        return true
      }
      case 'd':
      case 'x':
      case 'Delete':
      case 'c':
      case 's':
      case 'y':
      case '>':
      case '<': {
        const operator = key === 'x' || key === 'Delete' ? 'd' : key === 's' ? 'c' : key
        leave()
        if (whole) this.#applyLines(operator, from.row, to.row)
        else this.#applyMotion(operator, { from, to, inclusive: true })
        return true
      }
      case 'J':
        leave()
        buffer.row = from.row
        this.#join(Math.max(1, to.row - from.row))
        return true
      case '~':
      case 'u':
      case 'U': {
        leave()
        buffer.checkpoint()
        const end = whole ? { row: to.row, column: buffer.lines[to.row]!.length } : { row: to.row, column: to.column + 1 }
        const start = whole ? { row: from.row, column: 0 } : from
        const text = buffer.cut(start, end)
        buffer.insert(key === 'u' ? text.toLowerCase() : key === 'U' ? text.toUpperCase() : turned(text))
        buffer.row = start.row
        buffer.column = start.column
        return true
      }
      case 'p': {
        const kept = this.register
        leave()
        if (whole) this.#applyLines('d', from.row, to.row)
        else this.#applyMotion('d', { from, to, inclusive: true })
        this.register = kept
        this.#put('P', 1)
        return true
      }
      case ':': {
        this.marks.set('<', from.row)
        this.marks.set('>', to.row)
        leave()
        const text = await this.#readCommand(':', "'<,'>")
        if (text !== undefined) await this.#ex(text)
        return true
      }
      default:
        return false
    }
  }

  #selection(): readonly [Position, Position] {
    const here = { row: this.buffer.row, column: this.buffer.column }
    const first = this.#anchor.row < here.row || (this.#anchor.row === here.row && this.#anchor.column <= here.column)
    return first ? [this.#anchor, here] : [here, this.#anchor]
  }

  /** Everything that is neither a motion nor an operator. */
  async #action(key: string, count: number): Promise<boolean> {
    const { buffer } = this
    const at = (row: number, column: number): void => {
      buffer.row = row
      buffer.column = column
    }
    switch (key) {
      case 'i':
      case 'Insert':
        buffer.checkpoint()
        this.#enterInsert(count)
        return true
      case 'I':
        buffer.checkpoint()
        buffer.column = Math.max(0, buffer.line.search(/\S|$/))
        this.#enterInsert(count)
        return true
      case 'a':
        buffer.checkpoint()
        buffer.column = Math.min(buffer.line.length, buffer.column + 1)
        this.#enterInsert(count)
        return true
      case 'A':
        buffer.checkpoint()
        buffer.column = buffer.line.length
        this.#enterInsert(count)
        return true
      case 'o':
      case 'O': {
        buffer.checkpoint()
        const indent = this.options.get('autoindent') ? /^\s*/.exec(buffer.line)![0] : ''
        const row = buffer.row + (key === 'o' ? 1 : 0)
        buffer.lines.splice(row, 0, indent)
        at(row, indent.length)
        this.#enterInsert()
        return true
      }
      case 'x':
      case 'Delete':
        if (buffer.line === '') return false
        return this.#applyMotion('d', { to: { row: buffer.row, column: Math.min(buffer.line.length, buffer.column + count) } })
      case 'X':
        if (buffer.column === 0) return false
        return this.#applyMotion('d', { to: { row: buffer.row, column: Math.max(0, buffer.column - count) } })
      case 'D':
        return this.#applyMotion('d', { to: { row: buffer.row, column: buffer.line.length } })
      case 'C':
        return this.#applyMotion('c', { to: { row: buffer.row, column: buffer.line.length } })
      case 's':
        return this.#applyMotion('c', { to: { row: buffer.row, column: Math.min(buffer.line.length, buffer.column + count) } })
      case 'S':
        return this.#applyLines('c', buffer.row, Math.min(buffer.lines.length - 1, buffer.row + count - 1))
      case 'Y':
        return this.#applyLines('y', buffer.row, Math.min(buffer.lines.length - 1, buffer.row + count - 1))
      case 'r': {
        const char = await this.#next()
        if (char === undefined || char === 'Escape' || buffer.column + count > buffer.line.length) return false
        buffer.checkpoint()
        if (char === 'Enter') {
          buffer.cut({ row: buffer.row, column: buffer.column }, { row: buffer.row, column: buffer.column + 1 })
          buffer.insert('\n')
        } else {
          buffer.line = buffer.line.slice(0, buffer.column) + char.repeat(count) + buffer.line.slice(buffer.column + count)
          buffer.column += count - 1
        }
        return true
      }
      case 'R':
        buffer.checkpoint()
        this.#enterInsert()
        this.#mode = 'replace'
        return true
      case '~': {
        if (buffer.line === '') return false
        buffer.checkpoint()
        const end = Math.min(buffer.line.length, buffer.column + count)
        buffer.line = buffer.line.slice(0, buffer.column) + turned(buffer.line.slice(buffer.column, end)) + buffer.line.slice(end)
        buffer.column = end
        return true
      }
      case 'J':
        this.#join(Math.max(1, count - 1))
        return true
      case 'p':
      case 'P':
        this.#put(key, count)
        return true
      case 'u':
        if (!buffer.undo()) this.message = 'Already at oldest change'
        return false
      case '\x12':
        if (!buffer.redo()) this.message = 'Already at newest change'
        return false
      case '.':
        await this.#repeat()
        return false
      case 'v':
      case 'V':
        this.#anchor = { row: buffer.row, column: buffer.column }
        this.#mode = key === 'V' ? 'visual-line' : 'visual'
        return false
      case 'm': {
        const name = await this.#next()
        if (name !== undefined) this.marks.set(name, buffer.row)
        return false
      }
      case 'z': {
        const where = await this.#next()
        const height = this.#screen.rows - 1
        if (where === 'z' || where === '.') this.#top = Math.max(0, buffer.row - Math.floor(height / 2))
        else if (where === 't' || where === 'Enter') this.#top = buffer.row
        else if (where === 'b' || where === '-') this.#top = Math.max(0, buffer.row - height + 1)
        return false
      }
      case 'Z': {
        const second = await this.#next()
        if (second === 'Z') await this.#ex('x')
        else if (second === 'Q') this.quit(0)
        return false
      }
      case ':': {
        const text = await this.#readCommand(':')
        if (text !== undefined) await this.#ex(text)
        return false
      }
      case '\x05':
        this.#top = Math.min(buffer.lines.length - 1, this.#top + count)
        buffer.row = Math.max(buffer.row, this.#top)
        return false
      case '\x19':
        this.#top = Math.max(0, this.#top - count)
        buffer.row = Math.min(buffer.row, this.#top + this.#screen.rows - 2)
        return false
      case '\x0c':
        await this.#screen.clear()
        return false
      case '\x07':
        await this.#ex('f')
        return false
      case '\x03':
        this.message = buffer.modified ? 'Type  :qa!  and press <Enter> to abandon all changes and exit Vim' : 'Type  :qa  and press <Enter> to exit Vim'
        return false
      default:
        return false
    }
  }

  async #repeat(): Promise<void> {
    if (this.#lastChange.length === 0) return
    const change = [...this.#lastChange]
    this.#keys.unread(change)
    this.#repeating = true
    // One command, and what was typed in insert mode after it.
    await this.#key((await this.#keys.next())!)
    while (this.#inserting()) {
      const key = await this.#keys.next()
      if (key === undefined) break
      await this.#key(key)
    }
    this.#repeating = false
  }

  #join(times: number): void {
    const { buffer } = this
    if (buffer.row === buffer.lines.length - 1) return
    buffer.checkpoint()
    for (let time = 0; time < times && buffer.row < buffer.lines.length - 1; time++) {
      const next = buffer.lines[buffer.row + 1]!.trimStart()
      const line = buffer.line.trimEnd()
      buffer.column = line.length
      buffer.lines.splice(buffer.row, 2, next === '' || next.startsWith(')') || line === '' ? line + next : `${line} ${next}`)
    }
  }

  #put(key: string, count: number): void {
    const { buffer, register } = this
    if (register.text === '' && !register.lines) return
    buffer.checkpoint()
    if (register.lines) {
      const lines = Array.from({ length: count }, () => register.text.split('\n')).flat()
      const row = key === 'p' ? buffer.row + 1 : buffer.row
      buffer.lines.splice(row, 0, ...lines)
      buffer.row = row
      buffer.column = Math.max(0, buffer.line.search(/\S/))
      if (lines.length > 2) this.message = `${lines.length} more lines`
      return
    }
    if (key === 'p' && buffer.line !== '') buffer.column++
    const { row, column } = buffer
    buffer.insert(register.text.repeat(count))
    if (register.text.includes('\n')) {
      buffer.row = row
      buffer.column = column
    } else buffer.column--
  }

  #insertTimes = 1
  #inserted = ''

  #enterInsert(times = 1): void {
    this.#mode = 'insert'
    this.#insertTimes = times
    this.#inserted = ''
  }

  async #insertKey(key: string): Promise<void> {
    const { buffer } = this
    const put = (text: string): void => {
      this.#inserted += text
      if (this.#mode === 'replace' && text !== '\n') buffer.line = buffer.line.slice(0, buffer.column) + buffer.line.slice(buffer.column + text.length)
      buffer.insert(text)
    }
    switch (key) {
      case 'Escape':
      case '\x03':
        for (let time = 1; time < this.#insertTimes; time++) buffer.insert(this.#inserted)
        this.#mode = 'normal'
        buffer.column = Math.max(0, buffer.column - 1)
        buffer.clamp(false)
        this.#wanted = buffer.column
        if (!this.#repeating) this.#lastChange = [...this.#typed]
        return
      case 'Enter':
        put(`\n${this.options.get('autoindent') && !this.options.get('paste') ? /^\s*/.exec(buffer.line)![0] : ''}`)
        return
      case '\t': {
        const width = Number(this.options.get('softtabstop') || this.options.get('tabstop') || 8)
        put(this.options.get('expandtab') ? ' '.repeat(width - (columnOf(buffer.line, buffer.column) % width)) : '\t')
        return
      }
      case 'Backspace':
        this.#inserted = this.#inserted.slice(0, -1)
        if (buffer.column > 0) buffer.cut({ row: buffer.row, column: buffer.column - 1 }, { row: buffer.row, column: buffer.column })
        else if (buffer.row > 0) buffer.cut({ row: buffer.row - 1, column: buffer.lines[buffer.row - 1]!.length }, { row: buffer.row, column: 0 })
        return
      case 'Delete':
        if (buffer.column < buffer.line.length) buffer.cut({ row: buffer.row, column: buffer.column }, { row: buffer.row, column: buffer.column + 1 })
        else if (buffer.row < buffer.lines.length - 1) buffer.cut({ row: buffer.row, column: buffer.column }, { row: buffer.row + 1, column: 0 })
        return
      case '\x17':
      case '\x15': {
        const before = buffer.line.slice(0, buffer.column)
        const kept = key === '\x15' ? '' : before.replace(/(?:\w+|[^\w\s]+|)\s*$/, '')
        buffer.cut({ row: buffer.row, column: kept.length }, { row: buffer.row, column: buffer.column })
        return
      }
      case '\x16': {
        const next = await this.#next()
        if (next !== undefined) put(next === 'Enter' ? '\r' : next === 'Escape' ? '\x1b' : next)
        return
      }
      default:
        if (key.length > 1 && !/^[\ud800-\udbff]/.test(key)) {
          const motion = motionOf(buffer, key, 1, false)
          if (!motion) return
          buffer.row = motion.to.row
          buffer.column = key === 'End' ? buffer.line.length : motion.to.column
          buffer.clamp(true)
        } else if (key >= ' ') put(key)
    }
  }

  /** A line at the bottom: an ex command or a pattern. Undefined when it was given up. */
  async #readCommand(prompt: string, text = ''): Promise<string | undefined> {
    this.#command = { prompt, text }
    for (;;) {
      if (!this.#keys.waiting) await this.#draw()
      const key = await this.#next()
      if (key === 'Enter') break
      if (key === undefined || key === 'Escape' || key === '\x03' || (key === 'Backspace' && this.#command.text === '')) {
        this.#command = undefined
        return undefined
      }
      if (key === 'Backspace') this.#command.text = this.#command.text.slice(0, -1)
      else if (key === '\x15') this.#command.text = ''
      else if (key === '\x17') this.#command.text = this.#command.text.replace(/\S*\s*$/, '')
      else if (key.length === 1 && (key >= ' ' || key === '\t')) this.#command.text += key
    }
    const typed = this.#command.text
    this.#command = undefined
    return typed
  }

  async #ex(text: string): Promise<void> {
    try {
      for (const command of /^\s*[\d,%.$']*(?:s\W|g\W|v\W|!)/.test(text) ? [text] : text.split('|')) await runEx(this, command)
    } catch (error) {
      if (!(error instanceof ExError) && !(error instanceof SyntaxError)) throw error
      this.message = error instanceof ExError ? error.message : `E486: Pattern not found`
    }
    this.buffer.clamp(false)
  }

  async #draw(): Promise<void> {
    const { buffer } = this
    const height = Math.max(1, this.#screen.rows - 1)
    const gutter = this.options.get('number') ? Math.max(3, String(buffer.lines.length).length) + 1 : 0
    const width = Math.max(1, this.#screen.columns - gutter)
    if (buffer.row < this.#top || buffer.row >= this.#top + height) {
      const far = buffer.row < this.#top - height || buffer.row > this.#top + 2 * height
      this.#top = far ? Math.max(0, Math.min(buffer.lines.length - height, buffer.row - Math.floor(height / 2))) : buffer.row < this.#top ? buffer.row : buffer.row - height + 1
    }
    const column = columnOf(buffer.line, buffer.column)
    if (column < this.#left || column >= this.#left + width) this.#left = Math.max(0, column - Math.floor(width / 2))
    if (column < width && this.#left < width / 2) this.#left = 0
    const visual = this.#mode === 'visual' || this.#mode === 'visual-line'
    const [from, to] = visual ? this.#selection() : [undefined, undefined]
    const rows: string[] = []
    for (let row = this.#top; row < this.#top + height; row++) {
      const line = buffer.lines[row]
      if (line === undefined) {
        rows.push('~')
        continue
      }
      const number = gutter > 0 ? `${String(row + 1).padStart(gutter - 1)} ` : ''
      let text = visible(line).slice(this.#left, this.#left + width)
      if (from && to && row >= from.row && row <= to.row) {
        const start = this.#mode === 'visual-line' || row > from.row ? 0 : columnOf(line, from.column) - this.#left
        const end = this.#mode === 'visual-line' || row < to.row ? Math.max(1, text.length) : columnOf(line, to.column + 1) - this.#left
        const shown = text === '' ? ' ' : text
        text = `${shown.slice(0, Math.max(0, start))}\x1b[7m${shown.slice(Math.max(0, start), Math.max(0, end))}\x1b[m${shown.slice(Math.max(0, end))}`
      }
      rows.push(number + text)
    }
    if (this.#command) {
      const { prompt, text } = this.#command
      rows.push((prompt + text).slice(-this.#screen.columns + 1))
      return this.#screen.draw(rows, this.#screen.rows - 1, Math.min(prompt.length + text.length, this.#screen.columns - 1))
    }
    const mode = { normal: '', insert: '-- INSERT --', replace: '-- REPLACE --', visual: '-- VISUAL --', 'visual-line': '-- VISUAL LINE --' }[this.#mode]
    const said = (this.message || mode).slice(0, this.#screen.columns - 1)
    const shown = buffer.lines.length <= height ? 'All' : this.#top === 0 ? 'Top' : this.#top + height >= buffer.lines.length ? 'Bot' : `${Math.floor((this.#top * 100) / (buffer.lines.length - height))}%`
    const ruler = `${buffer.row + 1},${buffer.line === '' ? '0-1' : buffer.column + 1}`.padEnd(14) + shown
    rows.push(said.length + ruler.length + 2 > this.#screen.columns ? said : `${said.padEnd(this.#screen.columns - 18)}${ruler}`)
    await this.#screen.draw(rows, buffer.row - this.#top, gutter + column - this.#left)
  }
}

function turned(text: string): string {
  return [...text].map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase())).join('')
}

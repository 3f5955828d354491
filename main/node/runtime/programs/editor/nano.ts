import { FileError } from '../../files/file-error.ts'
import type { ProcessContext, Program } from '../program.ts'
import { Keyboard } from './keyboard.ts'
import { motionOf } from './motions.ts'
import { columnOf, Screen, visible } from './screen.ts'
import { loadFile, TextBuffer } from './text-buffer.ts'

const version = '7.2'

/** nano: the text as it stands, two lines of shortcuts below. Not modelled: several files, spelling, its file browser. */
export const nano: Program = async (context) => {
  const terminal = context.terminal
  const words = context.argv.slice(1)
  if (words[0] === '--version' || words[0] === '-V') {
    await context.stdout.write(` GNU nano, version ${version}\n`)
    return 0
  }
  if (!terminal || !context.descriptors[0]?.terminal) {
    await context.stderr.write('Standard input is not a terminal\n')
    return 1
  }
  return new Nano(context, new Keyboard(terminal, context), new Screen(context, terminal)).run(words)
}

class Nano {
  readonly #buffer = new TextBuffer()
  readonly #context: ProcessContext
  readonly #keys: Keyboard
  readonly #screen: Screen
  #file = ''
  #message = ''
  #top = 0
  #left = 0
  #wanted = 0
  #cut: string[] = []
  #cutting = false
  #pattern = ''
  #question: { readonly prompt: string; readonly text: string; readonly keys: readonly string[] } | undefined
  #over = false

  constructor(context: ProcessContext, keys: Keyboard, screen: Screen) {
    this.#context = context
    this.#keys = keys
    this.#screen = screen
  }

  async run(words: readonly string[]): Promise<number> {
    const at = words.find((word) => /^\+\d+/.test(word))
    this.#file = words.find((word) => !word.startsWith('-') && !word.startsWith('+')) ?? ''
    await this.#screen.open()
    this.#context.onSignal('WINCH', () => void this.#screen.clear().then(() => this.#draw()))
    if (this.#file !== '') this.#open()
    if (at) this.#buffer.row = Number(/\d+/.exec(at)![0]) - 1
    this.#buffer.clamp(true)
    while (!this.#over) {
      if (!this.#keys.waiting) await this.#draw()
      const key = await this.#keys.next()
      if (key === undefined) break
      this.#message = ''
      await this.#key(key)
    }
    await this.#screen.close()
    return 0
  }

  #open(): void {
    try {
      const there = loadFile(this.#context, this.#buffer, this.#file)
      const count = this.#buffer.text === '' ? 0 : this.#buffer.lines.length
      this.#message = there ? `Read ${count} line${count === 1 ? '' : 's'}` : 'New File'
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      this.#message = error.code === 'EISDIR' ? `"${this.#file}" is a directory` : `Error reading ${this.#file}: ${error.message}`
      this.#file = ''
    }
  }

  async #key(key: string): Promise<void> {
    const buffer = this.#buffer
    const wasCutting = this.#cutting
    this.#cutting = key === '\x0b'
    const page = Math.max(1, this.#screen.rows - 5)
    const change = (act: () => void): void => {
      buffer.checkpoint()
      act()
      this.#wanted = buffer.column
    }
    switch (key) {
      case '\x18':
        return this.#leave()
      case '\x0f':
        await this.#writeOut()
        return
      case '\x13':
        if (this.#file === '') await this.#writeOut()
        else this.#save(this.#file)
        return
      case '\x0b':
        return change(() => {
          if (!wasCutting) this.#cut = []
          if (buffer.row < buffer.lines.length - 1 || buffer.line !== '') this.#cut.push(...buffer.cutLines(buffer.row, buffer.row))
          buffer.column = 0
        })
      case '\x15':
        return change(() => {
          buffer.lines.splice(buffer.row, 0, ...this.#cut)
          buffer.row += this.#cut.length
          buffer.column = 0
        })
      case '\x17':
        return this.#whereIs()
      case '\x1c':
        return this.#replace()
      case '\x1f':
        return this.#goTo()
      case '\x03': {
        const total = buffer.lines.length
        this.#message = `line ${buffer.row + 1}/${total} (${Math.round(((buffer.row + 1) * 100) / total)}%), col ${buffer.column + 1}/${buffer.line.length + 1}`
        return
      }
      case 'Escape': {
        const next = await this.#keys.next()
        if (next === 'u' || next === 'U') this.#message = buffer.undo() ? 'Undid change' : 'Nothing to undo'
        else if (next === 'e' || next === 'E') this.#message = buffer.redo() ? 'Redid change' : 'Nothing to redo'
        else if (next === '\\' || next === '|') buffer.row = buffer.column = 0
        else if (next === '/' || next === '?') {
          buffer.row = buffer.lines.length - 1
          buffer.column = buffer.line.length
        } else if (next === 'w' || next === 'W') this.#find()
        return
      }
      case '\x0c':
        await this.#screen.clear()
        return
      case 'Enter':
        return change(() => buffer.insert('\n'))
      case 'Backspace':
        if (buffer.column > 0) change(() => buffer.cut({ row: buffer.row, column: buffer.column - 1 }, { row: buffer.row, column: buffer.column }))
        else if (buffer.row > 0) change(() => buffer.cut({ row: buffer.row - 1, column: buffer.lines[buffer.row - 1]!.length }, { row: buffer.row, column: 0 }))
        return
      case 'Delete':
      case '\x04':
        if (buffer.column < buffer.line.length) change(() => buffer.cut({ row: buffer.row, column: buffer.column }, { row: buffer.row, column: buffer.column + 1 }))
        else if (buffer.row < buffer.lines.length - 1) change(() => buffer.cut({ row: buffer.row, column: buffer.column }, { row: buffer.row + 1, column: 0 }))
        return
      case '\x01':
        buffer.column = 0
        break
      case '\x05':
        buffer.column = buffer.line.length
        break
      case '\x19':
      case 'PageUp':
        buffer.row = Math.max(0, buffer.row - page)
        buffer.column = 0
        break
      case '\x16':
      case 'PageDown':
        buffer.row = Math.min(buffer.lines.length - 1, buffer.row + page)
        buffer.column = 0
        break
      default: {
        const named = { '\x06': 'Right', '\x02': 'Left', '\x10': 'Up', '\x0e': 'Down' }[key] ?? key
        if (named.length === 1 || /^[\ud800-\udbff]/.test(named)) {
          if (named >= ' ' || named === '\t') {
            change(() => buffer.insert(named))
          }
          return
        }
        this.#move(named)
        return
      }
    }
    this.#wanted = buffer.column
  }

  #move(key: string): void {
    const buffer = this.#buffer
    if (key === 'Right' && buffer.column === buffer.line.length && buffer.row < buffer.lines.length - 1) {
      buffer.row++
      buffer.column = 0
    } else if (key === 'Left' && buffer.column === 0 && buffer.row > 0) {
      buffer.row--
      buffer.column = buffer.line.length
    } else {
      const motion = motionOf(buffer, key, 1, false)
      if (!motion) return
      buffer.row = motion.to.row
      buffer.column = key === 'End' ? buffer.line.length : motion.lines ? this.#wanted : motion.to.column
      buffer.clamp(true)
      if (motion.lines) return
    }
    this.#wanted = buffer.column
  }

  async #leave(): Promise<void> {
    if (this.#buffer.modified) {
      const answer = await this.#ask('Save modified buffer? ', '', [' Y Yes', ' N No           ^C Cancel'], /[ynYN]/)
      if (answer === undefined) {
        this.#message = 'Cancelled'
        return
      }
      if (answer.toLowerCase() === 'y' && !(await this.#writeOut())) return
    }
    this.#over = true
  }

  async #writeOut(): Promise<boolean> {
    const path = await this.#ask('File Name to Write: ', this.#file, ['^G Help', '^C Cancel'])
    if (path === undefined || path === '') {
      this.#message = 'Cancelled'
      return false
    }
    if (path !== this.#file && this.#context.files.exists(this.#context.path(path))) {
      const answer = await this.#ask(`File "${path}" exists; OVERWRITE? `, '', [' Y Yes', ' N No           ^C Cancel'], /[ynYN]/)
      if (answer?.toLowerCase() !== 'y') {
        this.#message = 'Cancelled'
        return false
      }
    }
    return this.#save(path)
  }

  #save(path: string): boolean {
    try {
      this.#context.files.write(this.#context.path(path), this.#buffer.text)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      this.#message = `Error writing ${path}: ${error.message}`
      return false
    }
    this.#file = path
    this.#buffer.modified = false
    const count = this.#buffer.text === '' ? 0 : this.#buffer.lines.length
    this.#message = `Wrote ${count} line${count === 1 ? '' : 's'}`
    return true
  }

  async #whereIs(): Promise<void> {
    const wanted = await this.#ask(`Search${this.#pattern === '' ? '' : ` [${this.#pattern}]`}: `, '', ['^G Help', '^C Cancel'])
    if (wanted === undefined) {
      this.#message = 'Cancelled'
      return
    }
    if (wanted !== '') this.#pattern = wanted
    this.#find()
  }

  #find(): boolean {
    if (this.#pattern === '') return false
    const buffer = this.#buffer
    const wanted = this.#pattern.toLowerCase()
    for (let step = 0; step <= buffer.lines.length; step++) {
      const row = (buffer.row + step) % buffer.lines.length
      const column = buffer.lines[row]!.toLowerCase().indexOf(wanted, step === 0 ? buffer.column + 1 : 0)
      if (column < 0) continue
      if (row < buffer.row || step === buffer.lines.length) this.#message = 'Search Wrapped'
      buffer.row = row
      buffer.column = column
      return true
    }
    this.#message = `"${this.#pattern}" not found`
    return false
  }

  async #replace(): Promise<void> {
    const wanted = await this.#ask('Search (to replace): ', '', ['^G Help', '^C Cancel'])
    if (wanted === undefined || wanted === '') return
    const by = await this.#ask('Replace with: ', '', ['^G Help', '^C Cancel'])
    if (by === undefined) return
    const buffer = this.#buffer
    const count = buffer.lines.reduce((sum, line) => sum + line.split(wanted).length - 1, 0)
    if (count > 0) {
      buffer.checkpoint()
      buffer.lines = buffer.lines.map((line) => line.replaceAll(wanted, () => by))
    }
    buffer.clamp(true)
    this.#message = count === 0 ? `"${wanted}" not found` : `Replaced ${count} occurrence${count === 1 ? '' : 's'}`
  }

  async #goTo(): Promise<void> {
    const [row, column] = ((await this.#ask('Enter line number, column number: ', '', ['^G Help', '^C Cancel'])) ?? '').split(',').map(Number)
    if (!row) return
    this.#buffer.row = row - 1
    this.#buffer.column = (column || 1) - 1
    this.#buffer.clamp(true)
  }

  /** Asks in the line above the shortcuts. With `one`, a single matching key is the answer. Undefined: given up. */
  async #ask(prompt: string, text: string, keys: readonly string[], one?: RegExp): Promise<string | undefined> {
    let typed = text
    try {
      for (;;) {
        this.#question = { prompt, text: typed, keys }
        if (!this.#keys.waiting) await this.#draw()
        const key = await this.#keys.next()
        if (key === undefined || key === '\x03') return undefined
        if (one) {
          if (key.length === 1 && one.test(key)) return key
        } else if (key === 'Enter') return typed
        else if (key === 'Backspace') typed = typed.slice(0, -1)
        else if (key === '\x15' || key === '\x0b') typed = ''
        else if (key.length === 1 && key >= ' ') typed += key
      }
    } finally {
      this.#question = undefined
    }
  }

  async #draw(): Promise<void> {
    const buffer = this.#buffer
    const { columns, rows: total } = this.#screen
    const height = Math.max(1, total - 4)
    if (buffer.row < this.#top || buffer.row >= this.#top + height) this.#top = Math.max(0, buffer.row - Math.floor(height / 2))
    const column = columnOf(buffer.line, buffer.column)
    this.#left = column < columns - 1 ? 0 : Math.floor(column / (columns - 8)) * (columns - 8)
    const name = this.#file === '' ? 'New Buffer' : this.#file
    const title = `  GNU nano ${version}`
    const head = title + name.padStart(Math.max(name.length + 1, Math.floor((columns + name.length) / 2) - title.length))
    const state = buffer.modified ? 'Modified' : ''
    const rows = [`\x1b[7m${head.slice(0, columns - 10).padEnd(columns - state.length - 2)}${state}  \x1b[m`]
    for (let row = this.#top; row < this.#top + height; row++) {
      const from = row === buffer.row ? this.#left : 0
      rows.push(visible(buffer.lines[row] ?? '').slice(from, from + columns))
    }
    const question = this.#question
    if (question) rows.push(`\x1b[7m${(question.prompt + question.text).slice(0, columns - 1).padEnd(columns)}\x1b[m`)
    else if (this.#message === '') rows.push('')
    else {
      const said = `[ ${this.#message} ]`
      rows.push(`${' '.repeat(Math.max(0, Math.floor((columns - said.length) / 2)))}\x1b[7m${said}\x1b[m`)
    }
    const shortcuts = question ? [question.keys, []] : [['^G Help', '^O Write Out', '^W Where Is', '^K Cut', '^C Location'], ['^X Exit', '^S Save', '^\\ Replace', '^U Paste', '^_ Go To Line']]
    for (const line of shortcuts) rows.push(line.map((each) => `\x1b[7m${each.slice(0, 2)}\x1b[m${each.slice(2).padEnd(14)}`).join(''))
    if (question) return this.#screen.draw(rows, total - 3, Math.min(columns - 1, question.prompt.length + question.text.length))
    return this.#screen.draw(rows, buffer.row - this.#top + 1, column - this.#left)
  }
}

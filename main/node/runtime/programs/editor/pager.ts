import { FileError } from '../../files/file-error.ts'
import { posixPattern } from '../posix-pattern.ts'
import type { ProcessContext, Program } from '../program.ts'
import { complain, nameOf, openInput, readText } from '../text-input.ts'
import { cat } from '../cat.ts'
import { isPiped } from './child-shell.ts'
import { Keyboard } from './keyboard.ts'
import { Screen, visible } from './screen.ts'

/** less and more: a text a screenful at a time. Without a terminal to write to they copy, as cat does. A pipe is read to its
 *  end first. Not modelled: marks, tags, several files at once (they follow each other), `F`. */
export const pager: Program = async (context) => {
  const name = nameOf(context)
  const { terminal } = context
  const words = context.argv.slice(1)
  if (!terminal || !context.descriptors[1]?.terminal) return cat(context)
  const paths = words.filter((word) => word === '-' || (!word.startsWith('-') && !word.startsWith('+')))
  if (paths.length === 0 && !isPiped(context)) {
    await context.stderr.write(name === 'more' ? 'more: bad usage\nTry \'more --help\' for more information.\n' : 'Missing filename ("less --help" for help)\n')
    return 1
  }
  let text = ''
  for (const path of paths.length > 0 ? paths : ['-']) {
    try {
      if (context.files.find(context.path(path))?.kind === 'directory') {
        await context.stderr.write(name === 'more' ? `\n*** ${path}: directory ***\n\n` : `${path} is a directory\n`)
        return 1
      }
      text += await readText(openInput(context, path))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      if (name === 'more') await complain(context, `cannot open ${path}: ${error.message}`)
      else await context.stderr.write(`${path}: ${error.message}\n`)
      return 1
    }
  }
  const lines = text.replace(/\n$/, '').split('\n')
  const keys = new Keyboard(terminal, context)
  if (name === 'more') return more(context, keys, lines)
  const flags = words.filter((word) => /^-\w+$/.test(word)).join('')
  if (flags.includes('F') && lines.length < terminal.rows) {
    await context.stdout.write(text)
    return 0
  }
  const less = new Less(context, keys, new Screen(context, terminal), lines, { numbers: flags.includes('N'), ignoreCase: /i/i.test(flags), file: paths[0] ?? '' })
  return less.run(words.find((word) => word.startsWith('+')))
}

/** more: writes a screenful and waits; ends with the text. */
async function more(context: ProcessContext, keys: Keyboard, lines: readonly string[]): Promise<number> {
  const terminal = context.terminal!
  let room = terminal.rows - 1
  for (let at = 0; at < lines.length; at++) {
    if (room === 0) {
      await context.stdout.write(`\x1b[7m--More--(${Math.floor((at * 100) / lines.length)}%)\x1b[m`)
      terminal.raw = true
      for (;;) {
        const key = await keys.next()
        if (key === undefined || key === 'q' || key === '\x03') room = -1
        else if (key === ' ' || key === 'f' || key === 'PageDown') room = terminal.rows - 1
        else if (key === 'Enter' || key === 'j' || key === 'Down') room = 1
        else continue
        break
      }
      terminal.raw = false
      await context.stdout.write('\r\x1b[K')
      if (room < 0) return 0
    }
    room--
    await context.stdout.write(`${lines[at]}\n`)
  }
  return 0
}

interface LessOptions {
  readonly numbers: boolean
  readonly ignoreCase: boolean
  readonly file: string
}

class Less {
  readonly #context: ProcessContext
  readonly #keys: Keyboard
  readonly #screen: Screen
  readonly #lines: readonly string[]
  #options: LessOptions
  #top = 0
  #left = 0
  #message: string
  #pattern: RegExp | undefined
  #forward = true
  #typing: string | undefined

  constructor(context: ProcessContext, keys: Keyboard, screen: Screen, lines: readonly string[], options: LessOptions) {
    this.#context = context
    this.#keys = keys
    this.#screen = screen
    this.#lines = lines
    this.#options = options
    this.#message = options.file
  }

  get #height(): number {
    return Math.max(1, this.#screen.rows - 1)
  }

  get #last(): number {
    return Math.max(0, this.#lines.length - this.#height)
  }

  async run(start: string | undefined): Promise<number> {
    await this.#screen.open()
    this.#context.onSignal('WINCH', () => void this.#screen.clear().then(() => this.#draw()))
    if (start === '+G') this.#top = this.#last
    else if (start?.startsWith('+/')) this.#search(start.slice(2), true)
    else if (start !== undefined && /^\+\d+/.test(start)) this.#top = Math.min(this.#last, Number(/\d+/.exec(start)![0]) - 1)
    let digits = ''
    for (;;) {
      if (!this.#keys.waiting) await this.#draw()
      const key = await this.#keys.next()
      this.#message = ''
      if (key === undefined || key === 'q' || key === 'Q' || (key === 'Z' && (await this.#keys.next()) === 'Z')) break
      if (/^\d$/.test(key)) {
        digits += key
        continue
      }
      const count = digits === '' ? undefined : Number(digits)
      digits = ''
      if (key === ':') {
        const typed = await this.#ask(':')
        if (typed?.startsWith('q')) break
      } else await this.#key(key, count)
    }
    await this.#screen.close()
    return 0
  }

  async #key(key: string, count: number | undefined): Promise<void> {
    const page = this.#height
    const to = (top: number): void => {
      this.#top = Math.max(0, Math.min(Math.max(this.#last, this.#top), top))
    }
    switch (key) {
      case ' ':
      case 'f':
      case 'PageDown':
      case '\x06':
      case '\x16':
        return to(this.#top + (count ?? page))
      case 'b':
      case 'PageUp':
      case '\x02':
        return to(this.#top - (count ?? page))
      case 'd':
      case '\x04':
        return to(this.#top + (count ?? Math.floor(page / 2)))
      case 'u':
      case '\x15':
        return to(this.#top - (count ?? Math.floor(page / 2)))
      case 'Enter':
      case 'j':
      case 'e':
      case 'Down':
      case '\x0e':
        return to(this.#top + (count ?? 1))
      case 'k':
      case 'y':
      case 'Up':
      case '\x10':
        return to(this.#top - (count ?? 1))
      case 'g':
      case '<':
      case 'Home':
        return to((count ?? 1) - 1)
      case 'G':
      case '>':
      case 'End':
        return to(count === undefined ? this.#last : count - 1)
      case 'Right':
        this.#left += Math.floor(this.#screen.columns / 2)
        return
      case 'Left':
        this.#left = Math.max(0, this.#left - Math.floor(this.#screen.columns / 2))
        return
      case '/':
      case '?': {
        const typed = await this.#ask(key)
        if (typed !== undefined) this.#search(typed, key === '/')
        return
      }
      case 'n':
        return this.#search('', this.#forward)
      case 'N':
        return this.#next(!this.#forward)
      case '-': {
        const option = await this.#keys.next()
        if (option === 'N' || option === 'n') this.#options = { ...this.#options, numbers: !this.#options.numbers }
        else if (option === 'i' || option === 'I') this.#options = { ...this.#options, ignoreCase: !this.#options.ignoreCase }
        return
      }
      case '\x0c':
      case 'r':
        return this.#screen.clear()
      case '=':
      case '\x07':
        this.#message = `${this.#options.file} lines ${this.#top + 1}-${Math.min(this.#lines.length, this.#top + page)}/${this.#lines.length}`
        return
      default:
        return
    }
  }

  #search(pattern: string, forward: boolean): void {
    if (pattern !== '') {
      try {
        this.#pattern = posixPattern(pattern, true, this.#options.ignoreCase && pattern === pattern.toLowerCase() ? 'i' : '')
      } catch {
        this.#message = 'Invalid pattern'
        return
      }
      this.#forward = forward
    }
    this.#next(forward)
  }

  #next(forward: boolean): void {
    if (!this.#pattern) {
      this.#message = 'No previous regular expression'
      return
    }
    const step = forward ? 1 : -1
    for (let row = this.#top + step; row >= 0 && row < this.#lines.length; row += step) {
      if (!this.#pattern.test(this.#lines[row]!)) continue
      this.#top = row
      return
    }
    this.#message = 'Pattern not found  (press RETURN)'
  }

  async #ask(prompt: string): Promise<string | undefined> {
    let typed = ''
    try {
      for (;;) {
        this.#typing = prompt + typed
        if (!this.#keys.waiting) await this.#draw()
        const key = await this.#keys.next()
        if (key === 'Enter') return typed
        if (key === undefined || key === 'Escape' || key === '\x03' || (key === 'Backspace' && typed === '')) return undefined
        if (key === 'Backspace') typed = typed.slice(0, -1)
        else if (key.length === 1 && key >= ' ') typed += key
      }
    } finally {
      this.#typing = undefined
    }
  }

  async #draw(): Promise<void> {
    const rows: string[] = []
    const { columns } = this.#screen
    const every = this.#pattern && new RegExp(this.#pattern.source, `${this.#pattern.flags}g`)
    for (let row = this.#top; row < this.#top + this.#height; row++) {
      const line = this.#lines[row]
      if (line === undefined) {
        rows.push('~')
        continue
      }
      const number = this.#options.numbers ? `${String(row + 1).padStart(7)} ` : ''
      const text = visible(line.replace(/\x1b\[[0-9;]*m/g, '')).slice(this.#left, this.#left + columns - number.length)
      rows.push(number + (every ? text.replace(every, (found) => (found === '' ? '' : `\x1b[7m${found}\x1b[27m`)) : text))
    }
    const atEnd = this.#top + this.#height >= this.#lines.length
    const bottom = this.#typing ?? (this.#message !== '' ? `\x1b[7m${this.#message}${atEnd && this.#message === this.#options.file ? ' (END)' : ''}\x1b[27m` : atEnd ? '\x1b[7m(END)\x1b[27m' : ':')
    rows.push(bottom)
    await this.#screen.draw(rows, this.#screen.rows - 1, Math.min(columns - 1, bottom.replace(/\x1b\[\d+m/g, '').length))
  }
}

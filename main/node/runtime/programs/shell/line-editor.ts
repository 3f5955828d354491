import type { Terminal } from '../../processes/terminal.ts'
import type { ProcessContext } from '../program.ts'

const historyMax = 500

/** Reads a line from a terminal in raw mode, with the usual keys: arrows, Home, End, Ctrl-A/E/K/U/W/L, history, Tab.
 *  Lines longer than the terminal is wide are edited as if it were wide enough. */
export class LineEditor {
  readonly #context: ProcessContext
  readonly #terminal: Terminal
  readonly #history: string[] = []
  #pending: string[] = []
  readonly #decoder = new TextDecoder()

  constructor(context: ProcessContext, terminal: Terminal) {
    this.#context = context
    this.#terminal = terminal
  }

  remember(line: string): void {
    if (this.#history.at(-1) === line) return
    this.#history.push(line)
    if (this.#history.length > historyMax) this.#history.shift()
  }

  /** The line; 'interrupt' after Ctrl-C, 'end' after Ctrl-D on an empty line or a hang-up. */
  async readLine(prompt: string, complete: (word: string, first: boolean) => string[]): Promise<string | 'interrupt' | 'end'> {
    const terminal = this.#terminal
    const write = (text: string): Promise<void> => this.#context.write(2, text)
    terminal.raw = true
    let line: string[] = []
    let cursor = 0
    let at = this.#history.length
    let draft: string[] = []
    const visible = prompt.slice(prompt.lastIndexOf('\n') + 1)
    const redraw = (): Promise<void> => {
      const back = line.length - cursor
      return write(`\r${visible}${line.join('')}\x1b[K${back > 0 ? `\x1b[${back}D` : ''}`)
    }
    const recall = (step: number): Promise<void> | undefined => {
      if (at + step < 0 || at + step > this.#history.length) return undefined
      if (at === this.#history.length) draft = line
      at += step
      line = at === this.#history.length ? draft : [...this.#history[at]!]
      cursor = line.length
      return redraw()
    }
    try {
      await write(prompt)
      for (;;) {
        const key = await this.#key()
        if (key === undefined) return 'end'
        switch (key) {
          case '\r':
          case '\n':
            await write('\n')
            return line.join('')
          case '\x03':
            await write('^C\n')
            return 'interrupt'
          case '\x04':
            if (line.length === 0) {
              await write('\n')
              return 'end'
            }
            if (cursor < line.length) {
              line.splice(cursor, 1)
              await redraw()
            }
            break
          case '\x7f':
          case '\b':
            if (cursor > 0) {
              line.splice(--cursor, 1)
              if (cursor === line.length) await write('\b \b')
              else await redraw()
            }
            break
          case '\x15':
            line = line.slice(cursor)
            cursor = 0
            await redraw()
            break
          case '\x0b':
            line = line.slice(0, cursor)
            await redraw()
            break
          case '\x17': {
            let start = cursor
            while (start > 0 && line[start - 1] === ' ') start--
            while (start > 0 && line[start - 1] !== ' ') start--
            line.splice(start, cursor - start)
            cursor = start
            await redraw()
            break
          }
          case '\x01':
          case '\x1b[H':
          case '\x1b[1~':
          case '\x1bOH':
            cursor = 0
            await redraw()
            break
          case '\x05':
          case '\x1b[F':
          case '\x1b[4~':
          case '\x1bOF':
            cursor = line.length
            await redraw()
            break
          case '\x02':
          case '\x1b[D':
          case '\x1bOD':
            if (cursor > 0) {
              cursor--
              await write('\x1b[D')
            }
            break
          case '\x06':
          case '\x1b[C':
          case '\x1bOC':
            if (cursor < line.length) {
              cursor++
              await write('\x1b[C')
            }
            break
          case '\x10':
          case '\x1b[A':
          case '\x1bOA':
            await recall(-1)
            break
          case '\x0e':
          case '\x1b[B':
          case '\x1bOB':
            await recall(1)
            break
          case '\x1b[3~':
            if (cursor < line.length) {
              line.splice(cursor, 1)
              await redraw()
            }
            break
          case '\x0c':
            await write('\x1b[H\x1b[2J')
            await write(visible + line.join(''))
            break
          case '\t': {
            const before = line.slice(0, cursor).join('')
            const word = /[^\s;|&<>()]*$/.exec(before)![0]
            const first = /(?:^|[;|&(]\s*)$/.test(before.slice(0, before.length - word.length))
            const options = complete(word, first)
            const common = commonPrefix(options)
            if (common.length > word.length) {
              const added = [...common.slice(word.length)]
              line.splice(cursor, 0, ...added)
              cursor += added.length
              await redraw()
            } else if (options.length > 1) {
              await write(`\n${options.map((option) => option.trimEnd().replace(/^.*\/(?=.)/, '')).join('  ')}\n`)
              await redraw()
            }
            break
          }
          default:
            if (key.startsWith('\x1b') || key < ' ') break
            line.splice(cursor, 0, key)
            cursor++
            if (cursor === line.length) await write(key)
            else await redraw()
        }
      }
    } finally {
      terminal.raw = false
    }
  }

  /** The next key: one character, or a whole escape sequence. */
  async #key(): Promise<string | undefined> {
    while (this.#pending.length === 0) {
      const bytes = await this.#context.read(0)
      if (!bytes) return undefined
      const text = this.#decoder.decode(bytes, { stream: true })
      this.#pending = text.match(/\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|\x1b.|[\s\S]/gu) ?? []
    }
    return this.#pending.shift()
  }
}

function commonPrefix(words: readonly string[]): string {
  let prefix = words[0] ?? ''
  for (const word of words) while (!word.startsWith(prefix)) prefix = prefix.slice(0, -1)
  return prefix
}

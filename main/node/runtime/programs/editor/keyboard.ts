import type { Terminal } from '../../processes/terminal.ts'

const keyPattern = /\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-DFHP-S]|[\s\S]/gu

/** Names of keys whose terminals send different sequences for them. */
const names: Readonly<Record<string, string>> = {
  '\x1b[A': 'Up', '\x1bOA': 'Up', '\x1b[B': 'Down', '\x1bOB': 'Down', '\x1b[C': 'Right', '\x1bOC': 'Right', '\x1b[D': 'Left', '\x1bOD': 'Left',
  '\x1b[H': 'Home', '\x1b[1~': 'Home', '\x1b[7~': 'Home', '\x1bOH': 'Home', '\x1b[F': 'End', '\x1b[4~': 'End', '\x1b[8~': 'End', '\x1bOF': 'End',
  '\x1b[5~': 'PageUp', '\x1b[6~': 'PageDown', '\x1b[3~': 'Delete', '\x1b[2~': 'Insert', '\x7f': 'Backspace', '\b': 'Backspace', '\x1b': 'Escape', '\r': 'Enter', '\n': 'Enter',
}

/** The keys of a terminal in raw mode, for programs that own the whole screen. A key is one character, or a name: `Up`,
 *  `Enter`, `Escape`, `Backspace` …; control keys are their character. */
export class Keyboard {
  readonly #terminal: Terminal
  readonly #reader: { readonly ended: boolean }
  readonly #decoder = new TextDecoder()
  #pending: string[] = []

  constructor(terminal: Terminal, reader: { readonly ended: boolean }) {
    this.#terminal = terminal
    this.#reader = reader
  }

  /** Whether more keys have come already: a screen need not be drawn before they are used up. */
  get waiting(): boolean {
    return this.#pending.length > 0
  }

  /** Undefined when the terminal is gone. */
  async next(): Promise<string | undefined> {
    while (this.#pending.length === 0) {
      const bytes = await this.#terminal.file.read(undefined, this.#reader)
      if (this.#reader.ended) return new Promise(() => {})
      if (!bytes) return undefined
      this.#pending = this.#decoder.decode(bytes, { stream: true }).match(keyPattern) ?? []
    }
    const key = this.#pending.shift()!
    return names[key] ?? key
  }

  /** Puts keys before those that are still to come. */
  unread(keys: readonly string[]): void {
    this.#pending.unshift(...keys)
  }
}

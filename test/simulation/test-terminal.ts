import { consoleLabel, ConsoleSessions, type ConsoleInput, type ConsoleOpen } from '../../main/cluster/console-sessions.ts'
import type { SimulatedLab } from './simulated-lab.ts'

/** A terminal on a machine of a simulated lab, whose keystrokes enter as the console's do. */
export class TestTerminal {
  static #ids = 0
  text = ''
  errors = ''
  exit: { code: number; lost: boolean } | undefined
  readonly #lab: SimulatedLab
  readonly #sessions: ConsoleSessions
  readonly #id = ++TestTerminal.#ids

  constructor(lab: SimulatedLab, open: Partial<ConsoleOpen> = {}) {
    this.#lab = lab
    this.#sessions = new ConsoleSessions(lab.cluster)
    this.#enter({ type: 'open', id: this.#id, machine: 'worker-1', tty: true, stdin: true, columns: 120, rows: 30, ...open })
  }

  #enter(input: ConsoleInput): void {
    this.#lab.cluster.kernel.input(consoleLabel, input, () =>
      this.#sessions.apply(input, {
        onOutput: (stream, bytes) => {
          if (stream === 'stdout') this.text += new TextDecoder().decode(bytes)
          else this.errors += new TextDecoder().decode(bytes)
        },
        onExit: (code, lost) => {
          this.exit = { code, lost }
        },
      }),
    )
  }

  async type(text: string, ms = 3_000): Promise<string> {
    const before = this.text.length
    this.#enter({ type: 'input', id: this.#id, bytes: btoa(text) })
    await this.#lab.cluster.kernel.runFor(ms)
    return this.text.slice(before)
  }

  close(): void {
    this.#enter({ type: 'close', id: this.#id })
  }
}

/** Runs one command through a machine's shell. */
export async function runOnMachine(lab: SimulatedLab, command: string, machine = 'worker-1'): Promise<{ out: string; err: string; code: number | undefined }> {
  const terminal = new TestTerminal(lab, { machine, command, tty: false, stdin: false })
  await lab.until(() => terminal.exit !== undefined, 60_000, command)
  return { out: terminal.text, err: terminal.errors, code: terminal.exit?.code }
}

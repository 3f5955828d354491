import type { ProcessContext } from '../program.ts'

/** Standard input line by line, for programs that ask for the next one only when they are ready. */
export class LineInput {
  readonly #context: ProcessContext
  readonly #decoder = new TextDecoder()
  #pending = ''

  constructor(context: ProcessContext) {
    this.#context = context
  }

  /** Undefined at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#pending.indexOf('\n')
      if (end >= 0) {
        const line = this.#pending.slice(0, end)
        this.#pending = this.#pending.slice(end + 1)
        return line
      }
      const bytes = await this.#context.stdin.read()
      if (!bytes) {
        const rest = this.#pending
        this.#pending = ''
        return rest === '' ? undefined : rest
      }
      this.#pending += this.#decoder.decode(bytes, { stream: true })
    }
  }
}

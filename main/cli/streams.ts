/** What a command reads and writes; tests give their own. */
export interface Streams {
  out(text: string | Uint8Array): void
  err(text: string): void
  /** All of standard input. */
  readInput(): Promise<Uint8Array>
  /** Standard input as it comes, for exec and attach. `end` is called once; the answer stops listening. */
  onInput(data: (bytes: Uint8Array) => void, end: () => void): () => void
  /** Present when standard output is a terminal. */
  readonly terminal?: {
    readonly columns: number
    readonly rows: number
    onResize(listener: (columns: number, rows: number) => void): () => void
    setRaw(raw: boolean): void
  }
  readonly inputIsTerminal: boolean
  /** Calls the handler on SIGINT; the answer restores the default. */
  onInterrupt(handler: () => void): () => void
}

/** What a command knows of the machine that it runs on. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly homeFolder: string
  readonly workingFolder: string
  /** Ms since the epoch. Commands are outside the simulation: this is the wall's time. */
  now(): number
  sleep(delayMs: number): Promise<void>
  /** Calls `run` once, later; the answer calls it off, so that nothing keeps a finished command from ending. */
  after(delayMs: number, run: () => void): () => void
}

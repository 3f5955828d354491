import type { ProcessContext } from '../runtime/programs/program.ts'
import type { Terminal } from '../runtime/processes/terminal.ts'

/** The far end of a session that a program here holds for somebody: ssh's, `crictl exec`'s. */
export interface FarEnd {
  input(bytes: Uint8Array): void
  endInput(): void
  resize(columns: number, rows: number): void
  close(): void
}

/** Carries a program's own terminal or input to a far end, until the program ends. The terminal is raw meanwhile: give it
 *  back with `terminal.raw = false`. */
export function bridgeInput(context: ProcessContext, terminal: Terminal | undefined, far: FarEnd): void {
  if (terminal) {
    terminal.raw = true
    context.onSignal('WINCH', () => far.resize(terminal.columns, terminal.rows))
  }
  context.scope.onClose(() => {
    if (terminal) terminal.raw = false
    far.close()
  })
  void (async () => {
    for (;;) {
      const bytes = await context.read(0)
      if (!bytes) return far.endInput()
      far.input(bytes)
    }
  })()
}

/** What a far terminal printed, for this one: it puts the carriage returns in again. */
export function withoutCarriageReturns(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte, index) => !(byte === 0x0d && bytes[index + 1] === 0x0a))
}

/** etcdctl's exit codes. */
export const exitCodes = { error: 1, badConnection: 2, invalidInput: 3, badFeature: 4, interrupted: 5, io: 6, badArguments: 128 } as const

/** Ends the command: `Error: <message>` on stderr, and the exit code. */
export class CliError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number = exitCodes.error) {
    super(message)
    this.exitCode = exitCode
  }
}

export function badArguments(message: string): CliError {
  return new CliError(message, exitCodes.badArguments)
}

/** A failure that kubectl itself words: printed as `error: message`, exit code 1 unless said otherwise. */
export class CliError extends Error {
  readonly exitCode: number
  /** False: printed as it is, without `error: `. */
  readonly prefixed: boolean

  constructor(message: string, options: { readonly exitCode?: number; readonly prefixed?: boolean } = {}) {
    super(message)
    this.exitCode = options.exitCode ?? 1
    this.prefixed = options.prefixed ?? true
  }
}

/** The command was used wrongly: cobra's words, then where to read about it. */
export class UsageError extends CliError {
  constructor(message: string, commandPath: string) {
    super(`${message}\nSee '${commandPath} --help' for usage.`)
  }
}

/** kubectl's own UsageErrorf: words, then `-h`. */
export function usageError(commandPath: string, message: string): CliError {
  return new CliError(`${message}\nSee '${commandPath} -h' for help and examples`)
}

/** Several failures of one command, each printed on a line of its own; server errors in their own words, others without `error: `. */
export class ManyErrors extends Error {
  readonly errors: readonly unknown[]

  constructor(errors: readonly unknown[]) {
    super(`${errors.length} errors`)
    this.errors = errors
  }
}

/** Throws what was collected: nothing, the one error, or all of them. */
export function throwCollected(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new ManyErrors(errors)
}

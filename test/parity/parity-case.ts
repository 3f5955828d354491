/** One command line, without `kubectl`. `$NS` is the tool's own namespace, `$FILES` the folder of the case's files. */
export interface Step {
  readonly run: string
  /** Standard input. */
  readonly input?: string
  /** What KUBE_EDITOR says. */
  readonly editor?: string
  /** Not compared: it only waits or prepares. */
  readonly quiet?: boolean
  /** Runs without the `-n` that the harness adds. */
  readonly bare?: boolean
}

/** Commands that belong together, run in order by each tool in a namespace of its own. */
export interface ParityCase {
  readonly name: string
  readonly steps: readonly (string | Step)[]
  /** Files that the commands read, by name. */
  readonly files?: Readonly<Record<string, string>>
}

/** A step that is not compared. */
export function quietly(run: string): Step {
  return { run, quiet: true }
}

/** A step without a namespace flag. */
export function bare(run: string): Step {
  return { run, bare: true }
}

/** A step with standard input. */
export function fed(run: string, input: string): Step {
  return { run, input }
}

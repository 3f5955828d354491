/** CPU time of one simple command inside the shell: what makes every loop take time. */
export const commandCostMs = 0.02

/** How `break`, `continue`, `return` and `exit` travel up through the evaluator. */
export class LoopControl extends Error {
  readonly kind: 'break' | 'continue'
  levels: number
  constructor(kind: 'break' | 'continue', levels: number) {
    super(kind)
    this.kind = kind
    this.levels = levels
  }
}

export class FunctionReturn extends Error {
  readonly status: number
  constructor(status: number) {
    super('return')
    this.status = status
  }
}

export class ShellExit extends Error {
  readonly status: number
  constructor(status: number) {
    super('exit')
    this.status = status
  }
}

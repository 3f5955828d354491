import type { CompoundCommand, CompoundList, Redirected } from 'unbash'
import type { Signal } from '../../processes/signals.ts'

/** Which shell this one behaves like, where they differ. */
export type ShellFlavour = 'ash' | 'dash' | 'bash'

export interface Variable {
  value: string | string[] | Map<string, string>
  exported: boolean
  readOnly: boolean
  integer?: boolean
}

export type FunctionBody = CompoundCommand | Redirected | CompoundList

export interface ShellOptions {
  errexit: boolean
  xtrace: boolean
  nounset: boolean
  noglob: boolean
  noclobber: boolean
  allexport: boolean
  pipefail: boolean
  noexec: boolean
  verbose: boolean
}

export const optionLetters: Readonly<Record<string, keyof ShellOptions>> = {
  e: 'errexit',
  x: 'xtrace',
  u: 'nounset',
  f: 'noglob',
  C: 'noclobber',
  a: 'allexport',
  n: 'noexec',
  v: 'verbose',
}

export function noOptions(): ShellOptions {
  return { errexit: false, xtrace: false, nounset: false, noglob: false, noclobber: false, allexport: false, pipefail: false, noexec: false, verbose: false }
}

/** Everything that a subshell inherits from its parent. */
export class ShellState {
  readonly flavour: ShellFlavour
  readonly variables: Map<string, Variable>
  readonly functions: Map<string, FunctionBody>
  readonly aliases: Map<string, string>
  readonly options: ShellOptions
  readonly traps: Map<Signal | 'EXIT' | 'ERR', string>
  /** $0. */
  name: string
  positional: string[]
  /** $?. */
  status = 0
  /** $$: of the outermost shell. */
  readonly pid: number
  /** $!. */
  backgroundPid: number | undefined
  interactive = false
  startedAt = 0
  /** Variables hidden by the functions being run, innermost last. */
  readonly locals: Map<string, Variable | undefined>[] = []

  constructor(flavour: ShellFlavour, name: string, positional: string[], pid: number, inherited?: ShellState) {
    this.flavour = flavour
    this.name = name
    this.positional = positional
    this.pid = pid
    this.variables = new Map(inherited ? copies(inherited.variables) : [])
    this.functions = new Map(inherited?.functions)
    this.aliases = new Map(inherited?.aliases)
    this.options = inherited ? { ...inherited.options } : noOptions()
    // A subshell forgets what was trapped, but what was ignored stays ignored.
    this.traps = new Map([...(inherited?.traps ?? [])].filter(([, action]) => action === ''))
    this.status = inherited?.status ?? 0
    this.backgroundPid = inherited?.backgroundPid
    this.startedAt = inherited?.startedAt ?? 0
  }

  fork(): ShellState {
    const child = new ShellState(this.flavour, this.name, [...this.positional], this.pid, this)
    for (const scope of this.locals) child.locals.push(new Map(scope))
    return child
  }

  get(name: string): string | undefined {
    const variable = this.variables.get(name)
    if (!variable) return undefined
    const { value } = variable
    if (typeof value === 'string') return value
    return Array.isArray(value) ? value[0] : value.get('0')
  }

  /** Throws ReadOnlyError. */
  set(name: string, value: string): void {
    const variable = this.variables.get(name)
    if (!variable) {
      this.variables.set(name, { value, exported: this.options.allexport, readOnly: false })
      return
    }
    if (variable.readOnly) throw new ReadOnlyError(name, this.flavour)
    if (Array.isArray(variable.value) && variable.value.length > 0) variable.value[0] = value
    else if (variable.value instanceof Map) variable.value.set('0', value)
    else variable.value = value
  }

  setElement(name: string, index: string | number, value: string): void {
    let variable = this.variables.get(name)
    if (variable?.readOnly) throw new ReadOnlyError(name, this.flavour)
    if (!variable) this.variables.set(name, (variable = { value: typeof index === 'number' ? [] : new Map(), exported: false, readOnly: false }))
    if (typeof variable.value === 'string') variable.value = [variable.value]
    if (Array.isArray(variable.value)) {
      const at = typeof index === 'number' ? index : Number(index) || 0
      variable.value[at < 0 ? variable.value.length + at : at] = value
    } else variable.value.set(String(index), value)
  }

  setArray(name: string, values: string[] | Map<string, string>): void {
    const variable = this.variables.get(name)
    if (variable?.readOnly) throw new ReadOnlyError(name, this.flavour)
    if (variable) variable.value = values
    else this.variables.set(name, { value: values, exported: false, readOnly: false })
  }

  /** All elements of a variable, in order. */
  elements(name: string): string[] {
    const value = this.variables.get(name)?.value
    if (value === undefined) return []
    if (typeof value === 'string') return [value]
    return Array.isArray(value) ? value.filter((each) => each !== undefined) : [...value.values()]
  }

  unset(name: string): void {
    if (this.variables.get(name)?.readOnly) throw new ReadOnlyError(name, this.flavour)
    this.variables.delete(name)
  }

  export(name: string): void {
    const variable = this.variables.get(name)
    if (variable) variable.exported = true
    else this.variables.set(name, { value: '', exported: true, readOnly: false })
  }

  /** Makes a variable local to the running function; false outside of one. */
  declareLocal(name: string): boolean {
    const scope = this.locals.at(-1)
    if (!scope) return false
    if (!scope.has(name)) {
      const hidden = this.variables.get(name)
      scope.set(name, hidden)
      this.variables.delete(name)
      if (this.flavour !== 'bash' && hidden) this.variables.set(name, { ...hidden })
    }
    return true
  }

  leaveFunction(): void {
    for (const [name, hidden] of this.locals.pop() ?? []) {
      if (hidden) this.variables.set(name, hidden)
      else this.variables.delete(name)
    }
  }

  environment(): Map<string, string> {
    const env = new Map<string, string>()
    for (const [name, variable] of this.variables) if (variable.exported && typeof variable.value === 'string') env.set(name, variable.value)
    return env
  }
}

function copies(variables: ReadonlyMap<string, Variable>): Map<string, Variable> {
  const result = new Map<string, Variable>()
  for (const [name, variable] of variables) {
    const value = variable.value
    result.set(name, { ...variable, value: typeof value === 'string' ? value : Array.isArray(value) ? [...value] : new Map(value) })
  }
  return result
}

/** An expansion or assignment failed: the command (and a non-interactive shell) ends with this message. */
export class ShellError extends Error {
  readonly status: number
  readonly #bashStatus: number
  constructor(message: string, status = 1, bashStatus = status) {
    super(message)
    this.status = status
    this.#bashStatus = bashStatus
  }

  statusOf(flavour: ShellFlavour): number {
    return flavour === 'bash' ? this.#bashStatus : this.status
  }
}

export class ReadOnlyError extends ShellError {
  constructor(name: string, flavour: ShellFlavour) {
    super(`${name}: ${flavour === 'bash' ? 'readonly variable' : 'is read only'}`, 2, 1)
  }
}

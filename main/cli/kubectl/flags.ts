import { CliError } from './cli-error.ts'

/** A flag as pflag knows them. `list` and `pairs` (`key=value`) split at commas and may be repeated,
 *  `array` may be repeated only. */
export interface Flag {
  readonly name: string
  readonly short?: string
  readonly type: 'bool' | 'string' | 'int' | 'list' | 'array' | 'pairs' | 'duration'
  readonly default?: string
  /** Value when the flag stands without one: `--dry-run` is `--dry-run=unchanged`. */
  readonly bare?: string
  readonly help: string
  readonly required?: boolean
  /** What is wrong with a value; undefined when nothing is. */
  readonly check?: (value: string) => string | undefined
  readonly hidden?: boolean
}

const durationUnits: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** The flags of one call. Asking for a flag that the command does not have is a mistake of the program. */
export class FlagValues {
  readonly #flags: ReadonlyMap<string, Flag>
  readonly #given = new Map<string, string[]>()

  constructor(flags: readonly Flag[]) {
    this.#flags = new Map(flags.map((flag) => [flag.name, flag]))
  }

  set(flag: Flag, value: string): void {
    const known = this.#given.get(flag.name)
    if (known && (flag.type === 'list' || flag.type === 'array' || flag.type === 'pairs')) known.push(value)
    else this.#given.set(flag.name, [value])
  }

  /** The values of the global flags alone: a command's own flag of the same name (`create rolebinding --user`) says nothing of
   *  the connection. */
  forConnection(globalFlags: readonly Flag[], shadowed: (name: string) => boolean): FlagValues {
    const values = new FlagValues(globalFlags)
    for (const flag of globalFlags) if (!shadowed(flag.name)) for (const value of this.#given.get(flag.name) ?? []) values.set(flag, value)
    return values
  }

  has(name: string): boolean {
    return this.#flags.has(name)
  }

  changed(name: string): boolean {
    return this.#given.has(name)
  }

  text(name: string): string {
    return this.#given.get(name)?.at(-1) ?? this.#flag(name).default ?? ''
  }

  bool(name: string): boolean {
    return this.text(name) === 'true'
  }

  int(name: string): number {
    return Number(this.text(name) || 0)
  }

  /** Ms. */
  duration(name: string): number {
    return parseDurationMs(this.text(name)) ?? 0
  }

  list(name: string): string[] {
    const flag = this.#flag(name)
    const given = this.#given.get(name) ?? (flag.default ? [flag.default] : [])
    return flag.type === 'list' || flag.type === 'pairs' ? given.flatMap((value) => (value === '' ? [] : value.split(','))) : [...given]
  }

  missing(): string[] {
    return [...this.#flags.values()].filter((flag) => flag.required && !this.changed(flag.name)).map((flag) => flag.name)
  }

  #flag(name: string): Flag {
    const flag = this.#flags.get(name)
    if (!flag) throw new Error(`the command has no flag --${name}`)
    return flag
  }
}

export interface ParsedArguments {
  readonly values: FlagValues
  readonly args: readonly string[]
  /** How many arguments stood before `--`; -1 without one. */
  readonly argsBeforeDash: number
  readonly help: boolean
}

/** Parses as pflag does: flags anywhere, `--` ends them, short ones may be joined. Throws CliError with pflag's words. */
export function parseFlags(flags: readonly Flag[], argv: readonly string[]): ParsedArguments {
  const long = new Map(flags.map((flag) => [flag.name, flag]))
  const short = new Map(flags.filter((flag) => flag.short).map((flag) => [flag.short!, flag]))
  const values = new FlagValues(flags)
  const args: string[] = []
  let argsBeforeDash = -1
  let help = false
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!
    if (word === '--') {
      argsBeforeDash = args.length
      args.push(...argv.slice(index + 1))
      break
    }
    if (word.startsWith('--')) {
      const at = word.indexOf('=')
      const name = at < 0 ? word.slice(2) : word.slice(2, at)
      const flag = long.get(name)
      if (!flag) {
        if (name === 'help') {
          help = true
          continue
        }
        throw new CliError(name === '' || name.startsWith('-') ? `bad flag syntax: ${word}` : `unknown flag: --${name}`)
      }
      let value = at < 0 ? (flag.type === 'bool' ? 'true' : flag.bare) : word.slice(at + 1)
      if (value === undefined) {
        value = argv[++index]
        if (value === undefined) throw new CliError(`flag needs an argument: --${name}`)
      }
      assign(values, flag, value)
    } else if (word.startsWith('-') && word !== '-') {
      let rest = word.slice(1)
      while (rest.length > 0) {
        const letter = rest[0]!
        const flag = short.get(letter)
        if (!flag) {
          if (letter === 'h') {
            help = true
            rest = rest.slice(1)
            continue
          }
          throw new CliError(`unknown shorthand flag: '${letter}' in -${rest}`)
        }
        rest = rest.slice(1)
        const bare = flag.type === 'bool' ? 'true' : flag.bare
        if (rest.startsWith('=')) {
          assign(values, flag, rest.slice(1))
          break
        }
        if (bare !== undefined) {
          assign(values, flag, bare)
          continue
        }
        if (rest.length > 0) {
          assign(values, flag, rest)
          break
        }
        const value = argv[++index]
        if (value === undefined) throw new CliError(`flag needs an argument: '${letter}' in -${letter}`)
        assign(values, flag, value)
      }
    } else args.push(word)
  }
  return { values, args, argsBeforeDash, help }
}

function assign(values: FlagValues, flag: Flag, value: string): void {
  const name = flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`
  const complain = (reason: string): never => {
    throw new CliError(`invalid argument ${JSON.stringify(value)} for "${name}" flag: ${reason}`)
  }
  if (flag.type === 'bool') {
    const truth = { '1': 'true', t: 'true', T: 'true', true: 'true', TRUE: 'true', True: 'true', '0': 'false', f: 'false', F: 'false', false: 'false', FALSE: 'false', False: 'false' }[value]
    values.set(flag, truth ?? complain(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`))
  } else {
    if (flag.type === 'int' && !/^[-+]?\d+$/.test(value)) complain(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
    if (flag.type === 'duration' && parseDurationMs(value) === undefined) complain(/^-?\d+$/.test(value) ? `time: missing unit in duration ${JSON.stringify(value)}` : `time: invalid duration ${JSON.stringify(value)}`)
    const problem = flag.check?.(value)
    if (problem !== undefined) complain(problem)
    values.set(flag, value)
  }
}

/** A Go duration in ms; undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0
  const sign = text.startsWith('-') ? -1 : 1
  const body = text.replace(/^[-+]/, '')
  if (!/^(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(body)) return undefined
  let sum = 0
  for (const [, number, , unit] of body.matchAll(/(\d+(\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) sum += Number(number) * durationUnits[unit!]!
  return sign * sum
}

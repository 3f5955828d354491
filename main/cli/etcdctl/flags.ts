import { CliError } from './cli-error.ts'

export interface FlagSpec {
  readonly name: string
  readonly shorthand?: string
  readonly type: 'bool' | 'string' | 'int' | 'duration' | 'strings'
  readonly default: string
  readonly help: string
}

/** Parsed flags: texts as given, or their defaults. */
export class Flags {
  readonly #values: ReadonlyMap<string, string>
  readonly #given: ReadonlySet<string>

  constructor(values: ReadonlyMap<string, string>, given: ReadonlySet<string>) {
    this.#values = values
    this.#given = given
  }

  given(name: string): boolean {
    return this.#given.has(name)
  }

  text(name: string): string {
    return this.#values.get(name) ?? ''
  }

  bool(name: string): boolean {
    return this.text(name) === 'true'
  }

  integer(name: string): number {
    return Number(this.text(name))
  }

  list(name: string): string[] {
    return this.text(name).split(',').filter((item) => item !== '')
  }

  durationMs(name: string): number {
    return durationMs(this.text(name)) ?? 0
  }
}

/** Reads flags and arguments as pflag does: `--name value`, `--name=value`, `-n value`; `--` ends flags. The environment gives
 *  `ETCDCTL_NAME` where no flag was given. Throws CliError with pflag's words. */
export function parseFlags(argv: readonly string[], specs: readonly FlagSpec[], variables: Readonly<Record<string, string | undefined>>): { readonly flags: Flags; readonly args: readonly string[] } {
  const values = new Map<string, string>()
  const given = new Set<string>()
  const args: string[] = []
  for (const spec of specs) {
    const inherited = variables[`ETCDCTL_${spec.name.replaceAll('-', '_').toUpperCase()}`]
    values.set(spec.name, inherited ?? spec.default)
    if (inherited !== undefined) given.add(spec.name)
  }
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!
    if (word === '--') {
      args.push(...argv.slice(index + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      args.push(word)
      continue
    }
    const long = word.startsWith('--')
    const equals = word.indexOf('=')
    const name = word.slice(long ? 2 : 1, equals < 0 ? undefined : equals)
    const spec = long ? specs.find((each) => each.name === name) : specs.find((each) => each.shorthand === name[0])
    if (!spec) throw new CliError(long ? `unknown flag: --${name}` : `unknown shorthand flag: '${name[0]}' in ${word}`)
    let value: string
    if (equals >= 0) value = word.slice(equals + 1)
    else if (!long && name.length > 1) value = name.slice(1)
    else if (spec.type === 'bool') value = 'true'
    else if (index + 1 < argv.length) value = argv[++index]!
    else throw new CliError(long ? `flag needs an argument: --${name}` : `flag needs an argument: '${name}' in ${word}`)
    values.set(spec.name, checked(spec, value))
    given.add(spec.name)
  }
  return { flags: new Flags(values, given), args }
}

function checked(spec: FlagSpec, value: string): string {
  const wrong = (why: string): CliError => {
    const label = spec.shorthand ? `-${spec.shorthand}, --${spec.name}` : `--${spec.name}`
    return new CliError(`invalid argument ${JSON.stringify(value)} for ${JSON.stringify(label)} flag: ${why}`)
  }
  if (spec.type === 'int' && !/^[+-]?\d+$/.test(value)) throw wrong(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
  if (spec.type === 'duration' && durationMs(value) === undefined) throw wrong(`time: invalid duration ${JSON.stringify(value)}`)
  if (spec.type === 'bool') {
    if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return 'true'
    if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return 'false'
    throw wrong(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`)
  }
  return value
}

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** ms of a Go duration. */
export function durationMs(text: string): number | undefined {
  if (text === '0') return 0
  let total = 0
  let rest = text
  if (rest === '') return undefined
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/.exec(rest)
    if (!match) return undefined
    total += Number(match[1]) * units[match[2]!]!
    rest = rest.slice(match[0].length)
  }
  return total
}

/** A duration as Go prints it. */
export function goDuration(ms: number): string {
  const digits = (value: number): string => String(Number(value.toFixed(6)))
  if (ms < 1) return `${digits(ms * 1_000)}µs`
  if (ms < 1_000) return `${digits(ms)}ms`
  return `${digits(ms / 1_000)}s`
}

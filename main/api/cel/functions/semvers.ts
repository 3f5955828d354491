/** Kubernetes' semantic versions (version 1 of the library, with normalisation). */
import { boolType, intType, opaqueType, stringType } from '../types.ts'
import { EvaluationError, Opaque } from '../values.ts'
import type { CelValue } from '../values.ts'
import { global, member } from './overload.ts'
import type { Library } from './overload.ts'

export const semverType = opaqueType('kubernetes.Semver')

export class SemverValue extends Opaque {
  readonly type = semverType
  readonly numbers: readonly bigint[]
  readonly pre: readonly string[]

  constructor(numbers: readonly bigint[], pre: readonly string[]) {
    super()
    this.numbers = numbers
    this.pre = pre
  }

  equals(other: Opaque): boolean {
    return other instanceof SemverValue && compare(this, other) === 0
  }
}

const pattern = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/

/** `v1.2` becomes `1.2.0`, leading zeros go. */
function normalized(text: string): string {
  const start = text.trim().replace(/^v/, '')
  const cut = /[-+]/.exec(start)?.index ?? start.length
  const numbers = start.slice(0, cut).split('.')
  if (numbers.length > 3) return start
  while (numbers.length < 3) numbers.push('0')
  return numbers.map((part) => part.replace(/^0+(?=\d)/, '')).join('.') + start.slice(cut)
}

/** A version as values hold it; an error in the library's words. */
export function parseSemver(text: string): SemverValue | EvaluationError {
  if (text === '') return new EvaluationError('Version string empty')
  const match = pattern.exec(text)
  if (!match) return new EvaluationError(text.split('.').length < 3 ? 'No Major.Minor.Patch elements found' : `Invalid character(s) found in version ${JSON.stringify(text)}`)
  const pre = match[4]?.split('.') ?? []
  if (pre.some((part) => /^0\d+$/.test(part))) return new EvaluationError(`Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(pre.find((part) => /^0\d+$/.test(part)))}`)
  return new SemverValue([BigInt(match[1]!), BigInt(match[2]!), BigInt(match[3]!)], pre)
}

function compare(a: SemverValue, b: SemverValue): number {
  for (let index = 0; index < 3; index++) if (a.numbers[index] !== b.numbers[index]) return a.numbers[index]! < b.numbers[index]! ? -1 : 1
  if (a.pre.length === 0 || b.pre.length === 0) return a.pre.length === b.pre.length ? 0 : a.pre.length === 0 ? 1 : -1
  for (let index = 0; index < Math.min(a.pre.length, b.pre.length); index++) {
    const [left, right] = [a.pre[index]!, b.pre[index]!]
    if (left === right) continue
    const numeric = [/^\d+$/.test(left), /^\d+$/.test(right)]
    if (numeric[0] && numeric[1]) return BigInt(left) < BigInt(right) ? -1 : 1
    if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1
    return left < right ? -1 : 1
  }
  return Math.sign(a.pre.length - b.pre.length)
}

export function semverLibrary(): Library {
  const both = [semverType, semverType]
  const part = (name: string, index: number): ReturnType<typeof member> => member(name, `semver_${name}`, [semverType], intType, ({ numbers }: SemverValue) => numbers[index]!)
  const valid = (text: string): CelValue => !(parseSemver(text) instanceof EvaluationError)
  return {
    types: [semverType],
    overloads: [
      global('semver', 'string_to_semver', [stringType], semverType, parseSemver),
      global('semver', 'string_bool_to_semver', [stringType, boolType], semverType, (text: string, normalize: boolean) => parseSemver(normalize ? normalized(text) : text)),
      global('isSemver', 'is_semver_string', [stringType], boolType, valid),
      global('isSemver', 'is_semver_string_bool', [stringType, boolType], boolType, (text: string, normalize: boolean) => valid(normalize ? normalized(text) : text)),
      member('isGreaterThan', 'semver_is_greater_than', both, boolType, (a: SemverValue, b: SemverValue) => compare(a, b) > 0),
      member('isLessThan', 'semver_is_less_than', both, boolType, (a: SemverValue, b: SemverValue) => compare(a, b) < 0),
      member('compareTo', 'semver_compare_to', both, intType, (a: SemverValue, b: SemverValue) => BigInt(compare(a, b))),
      part('major', 0),
      part('minor', 1),
      part('patch', 2),
    ],
  }
}

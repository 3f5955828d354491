import { baselineChecks } from './baseline-checks.ts'
import type { Checked, PodCheck, Violation } from './pod-check.ts'
import { levelText } from './policy.ts'
import type { LevelVersion } from './policy.ts'
import { restrictedChecks } from './restricted-checks.ts'

type Check = PodCheck['since'][number][1]

/** The newest version in which a check changed: later ones, and `latest`, mean it. */
const newestMinor = 35
const known = new Map<string, readonly Check[]>()

/** Everything that is wrong with a pod by a level of the Pod Security Standards; empty when it is allowed. */
export function violationsOf(pod: Checked, level: LevelVersion): Violation[] {
  if (level.level === 'privileged') return []
  const key = levelText(level)
  let checks = known.get(key)
  if (!checks) known.set(key, (checks = checksOf(level)))
  return checks.flatMap((check) => check(pod) ?? [])
}

/** `privileged (container "a" must not …), hostPort (…)` */
export function violationsText(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ')
}

/** Baseline first, each by id, without those that a stricter one replaces. */
function checksOf({ level, version }: LevelVersion): Check[] {
  const minor = version === 'latest' ? newestMinor : Math.min(version, newestMinor)
  const applying = (checks: readonly PodCheck[]): { readonly id: string; readonly instead: readonly string[]; readonly check: Check }[] =>
    checks.flatMap(({ id, since, instead = [] }) => {
      const last = since.findLast(([from]) => from <= minor)
      return last ? [{ id, instead, check: last[1] }] : []
    })
  const restricted = level === 'restricted' ? applying(restrictedChecks) : []
  const replaced = new Set(restricted.flatMap(({ instead }) => instead))
  return [...applying(baselineChecks).filter(({ id }) => !replaced.has(id)), ...restricted].map(({ check }) => check)
}

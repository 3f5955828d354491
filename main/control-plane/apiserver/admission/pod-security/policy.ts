/** What a namespace's labels say about the pods in it. */
import { fieldInvalid, fieldPath } from '../../../../api/machinery/field-error.ts'
import type { FieldError } from '../../../../api/machinery/field-error.ts'

export type Level = 'privileged' | 'baseline' | 'restricted'

const levels: readonly string[] = ['privileged', 'baseline', 'restricted']

/** A level as of a version of Kubernetes: the minor of `v1.<minor>`, or `latest`. */
export interface LevelVersion {
  readonly level: Level
  readonly version: number | 'latest'
}

export interface Policy {
  readonly enforce: LevelVersion
  readonly audit: LevelVersion
  readonly warn: LevelVersion
}

type Labels = Readonly<Record<string, string>> | undefined

const prefix = 'pod-security.kubernetes.io/'
const privileged: LevelVersion = { level: 'privileged', version: 'latest' }

/** What holds where no label says otherwise. */
export const defaultPolicy: Policy = { enforce: privileged, audit: privileged, warn: privileged }

/** `restricted:v1.30` */
export function levelText({ level, version }: LevelVersion): string {
  return `${level}:${version === 'latest' ? version : `v1.${version}`}`
}

export function isFullyPrivileged({ enforce, audit, warn }: Policy): boolean {
  return enforce.level === 'privileged' && audit.level === 'privileged' && warn.level === 'privileged'
}

/** Below, at or above 0 as `a` is less, as or more strict. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b)
}

/** The policy of a namespace, and what is wrong with its labels. A wrong level to enforce counts as the strictest, a wrong one to
 *  audit or to warn about as none, a wrong version as the latest. What is enforced is warned about too, unless a label says
 *  what to warn about. */
export function policyOf(labels: Labels): { readonly policy: Policy; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = []
  const read = (mode: keyof Policy, otherwise: Level): { readonly level: Level | undefined; readonly version: LevelVersion['version'] | undefined; readonly wrong: boolean } => {
    const level = labels?.[prefix + mode]
    const version = labels?.[`${prefix}${mode}-version`]
    const wrong = level !== undefined && !levels.includes(level)
    if (wrong) errors.push(fieldInvalid(fieldPath('metadata', 'labels').key(prefix + mode), level, `must be one of ${levels.join(', ')}`))
    const parsed = version === undefined ? undefined : versionOf(version)
    if (parsed === 'wrong') errors.push(fieldInvalid(fieldPath('metadata', 'labels').key(`${prefix}${mode}-version`), version, 'must be "latest" or "v1.x"'))
    return { level: wrong ? otherwise : (level as Level | undefined), version: parsed === 'wrong' ? 'latest' : parsed, wrong }
  }
  const enforce = read('enforce', 'restricted')
  const audit = read('audit', 'privileged')
  const warn = read('warn', 'privileged')
  const of = ({ level, version }: { readonly level: Level | undefined; readonly version: LevelVersion['version'] | undefined }): LevelVersion => ({ level: level ?? 'privileged', version: version ?? 'latest' })
  const policy = { enforce: of(enforce), audit: of(audit), warn: of(warn) }
  const followsEnforced = warn.level === undefined && enforce.level !== undefined && !enforce.wrong && compareLevels(policy.enforce.level, policy.warn.level) > 0
  if (!followsEnforced) return { policy, errors }
  return { policy: { ...policy, warn: { level: policy.enforce.level, version: warn.version ?? policy.enforce.version } }, errors }
}

function versionOf(text: string): LevelVersion['version'] | 'wrong' {
  if (text === 'latest') return text
  const match = /^v1\.(0|[1-9][0-9]*)$/.exec(text)
  return match ? Number(match[1]) : 'wrong'
}

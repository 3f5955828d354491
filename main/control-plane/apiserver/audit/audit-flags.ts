/** The audit flags of kube-apiserver's command line. */
import { parsePolicy } from './policy.ts'
import type { Policy } from './policy.ts'
import { LogFile } from './log-file.ts'
import type { ServerFiles } from './log-file.ts'
import type { AuditSink } from './auditor.ts'

const megabyte = 1024 * 1024
/** What holds when a flag is not given. Upstream keeps every backup for ever; a simulated disk should not. */
const bytesMaxDefault = 100 * megabyte
const backupsMaxDefault = 3
const dayMs = 24 * 3_600_000

export interface AuditSettings {
  readonly policy: Policy
  readonly sink: AuditSink
}

/** What the flags ask for: nothing without a log path or a policy. Throws an Error with upstream's words when the policy can't be
 *  used. `print` is standard output, where the path `-` leads. */
export function auditSettings(flags: readonly string[], files: ServerFiles, now: () => number, print: AuditSink): AuditSettings | undefined {
  const policyPath = flagOf(flags, 'audit-policy-file')
  const path = flagOf(flags, 'audit-log-path')
  if (!policyPath || !path) return undefined
  let text: string
  try {
    text = files.readText(policyPath)
  } catch {
    throw new Error(`loading audit policy file: failed to read file path "${policyPath}": open ${policyPath}: no such file or directory`)
  }
  let policy: Policy
  try {
    policy = parsePolicy(text)
  } catch (error) {
    throw new Error(`loading audit policy file: ${(error as Error).message}: from file ${policyPath}`)
  }
  if (path === '-') return { policy, sink: print }
  const number = (name: string): number => Number(flagOf(flags, name) ?? 0) || 0
  const file = new LogFile(files, {
    path,
    bytesMax: number('audit-log-maxsize') * megabyte || bytesMaxDefault,
    backupsMax: number('audit-log-maxbackup') || backupsMaxDefault,
    ageMsMax: number('audit-log-maxage') * dayMs,
  }, now)
  return { policy, sink: (line) => file.append(line) }
}

/** The value of `--name=value` or `--name value`, the last one given. */
export function flagOf(flags: readonly string[], name: string): string | undefined {
  let found: string | undefined
  flags.forEach((flag, index) => {
    if (flag.startsWith(`--${name}=`)) found = flag.slice(name.length + 3)
    else if (flag === `--${name}`) found = flags[index + 1] ?? ''
  })
  return found
}

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../streams.ts'
import { CliError } from './cli-error.ts'

/** A text before and after, under a file name; an absent one is an absent file. */
export interface Difference {
  readonly name: string
  readonly before?: string
  readonly after?: string
}

/** Runs `diff -u -N` (or KUBECTL_EXTERNAL_DIFF) over two folders with the texts. Answers what it printed and whether they differ. */
export function runDiff(environment: Environment, differences: readonly Difference[]): { readonly text: string; readonly differs: boolean } {
  const live = mkdtempSync(join(tmpdir(), 'LIVE-'))
  const merged = mkdtempSync(join(tmpdir(), 'MERGED-'))
  try {
    for (const { name, before, after } of differences) {
      if (before !== undefined) writeFileSync(join(live, name), before)
      if (after !== undefined) writeFileSync(join(merged, name), after)
    }
    const words = (environment.variables.KUBECTL_EXTERNAL_DIFF || 'diff -u -N').split(/\s+/)
    const result = spawnSync(words[0]!, [...words.slice(1), live, merged], { encoding: 'utf8' })
    if (result.error) throw new CliError(`executable file not found: ${words[0]}`, { exitCode: 2 })
    if ((result.status ?? 2) > 1) throw new CliError(result.stderr.trim(), { exitCode: result.status ?? 2 })
    return { text: result.stdout, differs: result.status === 1 }
  } finally {
    rmSync(live, { recursive: true, force: true })
    rmSync(merged, { recursive: true, force: true })
  }
}

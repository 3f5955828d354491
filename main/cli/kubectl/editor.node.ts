import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../streams.ts'
import { CliError } from './cli-error.ts'

/** Lets the person's editor (KUBE_EDITOR, EDITOR, vi) change a text. Throws CliError when it fails. */
export async function editText(environment: Environment, text: string, ending: string): Promise<string> {
  const editor = environment.variables.KUBE_EDITOR || environment.variables.EDITOR || 'vi'
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-edit-'))
  try {
    const path = join(folder, `edit${ending}`)
    writeFileSync(path, text, { mode: 0o600 })
    // Upstream runs it through a shell only when it has quotes or blanks; a shell does both.
    const result = spawnSync('/bin/sh', ['-c', `${editor} "$0"`, path], { stdio: 'inherit' })
    if (result.error) throw new CliError(`unable to launch the editor ${JSON.stringify(editor)}`)
    if (result.status !== 0) throw new CliError(`there was a problem with the editor ${JSON.stringify(editor)}`)
    return readFileSync(path, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../streams.ts'
import { CliError } from './cli-error.ts'
import { randomInt } from 'node:crypto'

/** A text in a temporary file that the person's editor changes. */
export interface EditedFile {
  readonly path: string
  readonly text: string
  /** Removes the file. */
  readonly remove: () => void
}

/** Lets the person's editor (KUBE_EDITOR, EDITOR, vi) change a text. The file stays until it is removed; what is edited stays
 *  with it when the editor fails. Throws CliError. */
export function editInFile(environment: Environment, text: string, ending: string): EditedFile {
  const editor = environment.variables.KUBE_EDITOR || environment.variables.EDITOR || 'vi'
  const path = join(tmpdir(), `kubectl-edit-${randomInt(1e9, 4e9)}${ending}`)
  writeFileSync(path, text, { mode: 0o600 })
  runEditor(editor, path)
  return { path, text: readFileSync(path, 'utf8'), remove: () => rmSync(path, { force: true }) }
}

/** The same in one go: the changed text. */
export async function editText(environment: Environment, text: string, ending: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-edit-'))
  try {
    const path = join(folder, `edit${ending}`)
    writeFileSync(path, text, { mode: 0o600 })
    runEditor(environment.variables.KUBE_EDITOR || environment.variables.EDITOR || 'vi', path)
    return readFileSync(path, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function runEditor(editor: string, path: string): void {
  // Upstream runs it through a shell only when it has quotes or blanks; a shell does both.
  const result = spawnSync('/bin/sh', ['-c', `${editor} "$0"`, path], { stdio: 'inherit' })
  if (result.error) throw new CliError(`unable to launch the editor ${JSON.stringify(editor)}`)
  if (result.status !== 0) throw new CliError(`there was a problem with the editor ${JSON.stringify(editor)}`)
}

import type { Redirection } from 'unbash'
import { FileError } from '../../files/file-error.ts'
import type { OpenFile } from '../../processes/open-file.ts'
import { openPath, type OpenMode } from '../../processes/open-path.ts'
import type { Interpreter } from './interpreter.ts'
import { memoryFile } from './memory-file.ts'
import { ShellError } from './state.ts'

/** Applies redirections to a table of descriptors; false when one failed (and was reported). */
export async function redirect(shell: Interpreter, redirects: readonly Redirection[], files: (OpenFile | undefined)[]): Promise<boolean> {
  for (const redirection of redirects) {
    const failedAt = await redirectOne(shell, redirection, files)
    if (failedAt === undefined) continue
    await shell.complain(failedAt)
    shell.state.status = shell.state.flavour === 'dash' ? 2 : 1
    return false
  }
  return true
}

/** One redirection; answers what is wrong with it, undefined when nothing is. */
async function redirectOne(shell: Interpreter, redirection: Redirection, files: (OpenFile | undefined)[]): Promise<string | undefined> {
  const given = redirection.descriptor?.type === 'FileDescriptor' ? redirection.descriptor.value : undefined
  if (redirection.type === 'HereString') {
    files[given ?? 0] = memoryFile(`${await shell.expansion.text(redirection.target)}\n`)
    return undefined
  }
  if (redirection.type === 'HereDoc') {
    const text = redirection.delimiter?.quoted ? redirection.body.text : await shell.expansion.document(redirection.body.parts, redirection.body.text)
    files[given ?? 0] = memoryFile(redirection.operator === '<<-' ? text.replace(/^\t+/gm, '') : text)
    return undefined
  }
  let target: string
  try {
    target = await shell.expansion.text(redirection.target)
  } catch (error) {
    if (error instanceof ShellError) return error.message
    throw error
  }
  const { operator } = redirection
  if (operator === '<&' || (operator === '>&' && (/^\d+$/.test(target) || target === '-'))) {
    const descriptor = given ?? (operator === '<&' ? 0 : 1)
    if (target === '-') files[descriptor] = undefined
    else {
      const source = files[Number(target)]
      if (!source) return `${target}: ${shell.state.flavour === 'bash' ? 'Bad file descriptor' : 'bad file descriptor'}`
      files[descriptor] = source
    }
    return undefined
  }
  const mode: OpenMode = operator === '<' ? 'read' : operator === '<>' ? 'read-write' : operator === '>>' || operator === '&>>' ? 'append' : 'write'
  if (operator === '>' && shell.state.options.noclobber && shell.context.files.find(shell.context.path(target))?.kind === 'file') return `${target}: cannot overwrite existing file`
  try {
    const file = openTarget(shell, target, mode, files)
    if (operator === '&>' || operator === '&>>' || operator === '>&') files[1] = files[2] = file
    else files[given ?? (operator === '<' || operator === '<>' ? 0 : 1)] = file
    return undefined
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    const { flavour } = shell.state
    if (flavour === 'bash') return `${target}: ${error.message}`
    if (flavour === 'dash') return `cannot ${mode === 'read' ? 'open' : 'create'} ${target}: ${error.code === 'ENOENT' ? (mode === 'read' ? 'No such file' : 'Directory nonexistent') : error.message}`
    return `can't ${mode === 'read' ? 'open' : 'create'} ${target}: ${error.code === 'ENOENT' ? (mode === 'read' ? 'no such file' : 'nonexistent directory') : error.message}`
  }
}

/** Opens the target of a redirection. Throws FileError. */
export function openTarget(shell: Interpreter, path: string, mode: OpenMode, files: readonly (OpenFile | undefined)[] = shell.context.descriptors): OpenFile {
  // `2>/dev/stdout` means what the table says at this point, not what the process had before.
  const own = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 }[path]
  if (own !== undefined && files[own]) return files[own]
  return openPath(shell.context, path, mode)
}

import type { FileSystem } from '../files/file-system.ts'
import type { DirectoryInode, FileInode } from '../files/inode.ts'
import { absolutePath, joinPath } from '../files/path.ts'
import { ExecError, type Program, type ProgramTable } from '../programs/program.ts'

export interface FoundExecutable {
  readonly path: string
  readonly inode: FileInode
}

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Commands found in the trees of images, by user, PATH and name. */
const found = new WeakMap<DirectoryInode, Map<string, FoundExecutable>>()
const foundMax = 512

/** Finds a command as execvp does. Throws ExecError. */
export function findExecutable(files: FileSystem, command: string, path: string | undefined, cwd: string): FoundExecutable {
  const image = command.includes('/') ? undefined : files.pristine
  if (!image || [...files.mounts.keys()].some((mounted) => /^\/(?:usr|bin|sbin|opt)(?:\/|$)/.test(mounted))) return search(files, command, path, cwd)
  let known = found.get(image)
  if (!known) found.set(image, (known = new Map()))
  const key = `${files.uid} ${command} ${path ?? ''}`
  let executable = known.get(key)
  if (!executable) {
    executable = search(files, command, path, cwd)
    if (known.size < foundMax && (path === undefined || path.split(':').every((directory) => directory.startsWith('/')))) known.set(key, executable)
  }
  return executable
}

function search(files: FileSystem, command: string, path: string | undefined, cwd: string): FoundExecutable {
  if (command.includes('/')) return check(files, absolutePath(cwd, command), command)
  let refused: ExecError | undefined
  for (const directory of (path ?? defaultPath).split(':')) {
    if (command === '') break
    const candidate = joinPath(absolutePath(cwd, directory), command)
    try {
      return check(files, candidate, command)
    } catch (error) {
      if (error instanceof ExecError && error.reason !== 'not-found' && error.reason !== 'is-directory') refused ??= error
    }
  }
  throw refused ?? new ExecError('not-found', command)
}

function check(files: FileSystem, path: string, command: string): FoundExecutable {
  let inode
  try {
    inode = files.find(path)
  } catch {
    throw new ExecError('not-found', command)
  }
  if (!inode) throw new ExecError('not-found', command)
  if (inode.kind === 'directory') throw new ExecError(command.includes('/') ? 'is-directory' : 'not-found', command)
  if (inode.kind !== 'file' || !files.permits(inode, 1)) throw new ExecError('not-permitted', command)
  return { path, inode }
}

/** What a file is when it is executed: a simulated program, or a script for another one. Throws ExecError. */
export function loadExecutable(
  files: FileSystem,
  executable: FoundExecutable,
  argv: readonly string[],
  programs: ProgramTable,
  depth = 0,
): { readonly program: Program; readonly argv: readonly string[]; readonly settings: unknown } {
  if (executable.inode.program !== undefined) {
    const program = programs.get(executable.inode.program)
    if (!program) throw new ExecError('not-executable', argv[0] ?? executable.path)
    return { program, argv, settings: executable.inode.settings }
  }
  const head = new TextDecoder().decode(executable.inode.bytes().subarray(0, 256))
  const line = /^#!\s*(\S+)(?:[ \t]+([^\n]*))?/.exec(head)
  if (!line || depth > 4) throw new ExecError('not-executable', argv[0] ?? executable.path)
  const interpreter = line[1]!
  const option = line[2]?.trim()
  const rest = [...(option ? [option] : []), argv[0]?.includes('/') ? argv[0] : executable.path, ...argv.slice(1)]
  const inner = check(files, interpreter, interpreter)
  return loadExecutable(files, inner, [interpreter, ...rest], programs, depth + 1)
}

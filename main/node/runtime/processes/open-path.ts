import { FileError } from '../files/file-error.ts'
import type { FileInode } from '../files/inode.ts'
import { absolutePath } from '../files/path.ts'
import type { ProcessContext } from '../programs/program.ts'
import { nullFile, type OpenFile } from './open-file.ts'

export type OpenMode = 'read' | 'write' | 'append' | 'read-write' | 'exclusive'

const chunkBytes = 65_536

/** Opens a path as the shell's redirections and cat do. Descriptors under /proc and /dev are followed to what they lead
 *  to, so that `/dev/stdout` and `/proc/1/fd/1` are what they are. Throws FileError. */
export function openPath(context: ProcessContext, path: string, mode: OpenMode): OpenFile {
  const absolute = context.path(path)
  const special = descriptorAt(context, absolute, 0)
  if (special) return special
  if (mode === 'read') {
    const inode = context.files.get(absolute)
    if (inode.kind === 'device') return inode.open()
    if (inode.kind === 'directory') throw new FileError('EISDIR', path)
    if (inode.kind !== 'file') throw new FileError('EINVAL', path)
    if (!context.files.permits(inode, 4)) throw new FileError('EACCES', path)
    return fileHandle(context, inode, false)
  }
  const existing = context.files.find(absolute)
  if (existing?.kind === 'device') return existing.open()
  const inode = context.files.fileForWriting(absolute, { create: true, exclusive: mode === 'exclusive' })
  if (mode === 'write') {
    inode.truncate(0)
    inode.mtime = context.files.now()
  }
  return fileHandle(context, inode, mode === 'append')
}

/** A descriptor that a path stands for: `/dev/stderr`, `/dev/fd/3`, `/proc/1/fd/1`, `/dev/tty`. */
function descriptorAt(context: ProcessContext, path: string, depth: number): OpenFile | undefined {
  if (path === '/dev/tty') return context.terminal?.file
  const standard = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 }[path]
  if (standard !== undefined) return context.descriptors[standard] ?? nullFile
  const match = /^\/(?:proc\/(self|\d+)\/fd|dev\/fd)\/(\d+)$/.exec(path)
  if (match) {
    const pid = match[1] === undefined || match[1] === 'self' ? context.pid : Number(match[1])
    const process = pid === context.pid ? context : (context.find(pid) as Partial<ProcessContext> | undefined)
    const file = process?.descriptors?.[Number(match[2])]
    if (!file) throw new FileError('ENOENT', path)
    return file
  }
  // An image's log files are often links to the standard streams.
  const inode = depth < 4 ? context.files.find(path, false) : undefined
  if (inode?.kind === 'link') return descriptorAt(context, absolutePath(path.slice(0, path.lastIndexOf('/')), inode.target), depth + 1)
  return undefined
}

function fileHandle(context: ProcessContext, inode: FileInode, append: boolean): OpenFile {
  let position = 0
  return {
    seekable: true,
    read: (limit = chunkBytes) => {
      const bytes = inode.bytes()
      if (position >= bytes.length) return undefined
      const chunk = bytes.slice(position, position + limit)
      position += chunk.length
      return chunk
    },
    write: (bytes) => {
      if (append) position = inode.bytes().length
      inode.writeAt(position, bytes)
      position += bytes.length
      inode.mtime = context.files.now()
    },
    retain: () => {},
    release: () => {},
  }
}

import type { Random } from '../../../kernel/random.ts'
import { nullFile, type OpenFile } from '../processes/open-file.ts'
import { FileError } from './file-error.ts'
import { DeviceInode, DirectoryInode, FileInode, LinkInode } from './inode.ts'

const chunkBytes = 4096

/** /dev as a container gets it. `terminationLog` is where the kubelet's termination message is written. */
export function devices(random: Random, terminationLog: string): DirectoryInode {
  const directory = new DirectoryInode()
  const device = (name: string, open: () => OpenFile): void => directory.set(name, new DeviceInode(open))
  device('null', () => nullFile)
  device('zero', () => ({ ...nullFile, read: (limit) => new Uint8Array(Math.min(limit ?? chunkBytes, 1_048_576)) }))
  device('full', () => ({
    ...nullFile,
    read: (limit) => new Uint8Array(Math.min(limit ?? chunkBytes, 1_048_576)),
    write: () => {
      throw new FileError('ENOSPC', '/dev/full')
    },
  }))
  const noise = (): OpenFile => ({
    ...nullFile,
    read: (limit) => {
      const bytes = new Uint8Array(Math.min(limit ?? chunkBytes, 65_536))
      for (let index = 0; index < bytes.length; index++) bytes[index] = random.uint32() & 0xff
      return bytes
    },
  })
  device('random', noise)
  device('urandom', noise)
  directory.set('shm', new DirectoryInode(new Map(), { mode: 0o777 }))
  directory.set('pts', new DirectoryInode())
  directory.set('mqueue', new DirectoryInode())
  directory.set('fd', new LinkInode('/proc/self/fd'))
  directory.set('stdin', new LinkInode('/proc/self/fd/0'))
  directory.set('stdout', new LinkInode('/proc/self/fd/1'))
  directory.set('stderr', new LinkInode('/proc/self/fd/2'))
  if (terminationLog.startsWith('/dev/')) directory.plant(terminationLog.slice(5), new FileInode('', { mode: 0o666 }))
  return directory
}

import { FileError } from './file-error.ts'
import { DirectoryInode, DynamicDirectory, FileInode, LinkInode, type Inode } from './inode.ts'
import { heldBytes } from './held-bytes.ts'
import { absolutePath, joinPath } from './path.ts'

/** What is mounted where. Unlike a map it may make its mount points when they are asked for. */
export interface MountTable extends Iterable<readonly [string, MountPoint]> {
  get(path: string): MountPoint | undefined
  has(path: string): boolean
  keys(): Iterable<string>
}

const noMounts: MountTable = new Map()

/** Something attached to a path of a file system. */
export interface MountPoint {
  /** Asked at every access, so that a volume whose files are replaced shows the new ones. */
  readonly root: () => Inode
  readonly readOnly: boolean
  /** As /proc/mounts names it: `overlay`, `tmpfs`, `ext4`, `proc`. */
  readonly type: string
}

interface Place {
  readonly directory: DirectoryInode
  readonly name: string
  readonly path: string
}

interface Found {
  readonly inode: Inode
  readonly path: string
  readonly readOnly: boolean
}

const linkDepthMax = 40

/** The tree that a container's processes see: an image's files underneath, its own changes above, mounts in between.
 *  Image directories are shared by every container and copied, one level at a time, on the way to the first change. */
export class FileSystem {
  readonly mounts: MountTable
  readonly now: () => number
  /** Whose permissions count. 0 may do everything. */
  readonly uid: number
  readonly gid: number
  readonly readOnly: boolean
  #root: DirectoryInode

  constructor(options: {
    root: DirectoryInode
    mounts?: MountTable
    now: () => number
    uid?: number
    gid?: number
    readOnly?: boolean
  }) {
    this.#root = options.root
    this.mounts = options.mounts ?? noMounts
    this.now = options.now
    this.uid = options.uid ?? 0
    this.gid = options.gid ?? 0
    this.readOnly = options.readOnly ?? false
  }

  /** Bytes that were written over what was there at first. */
  get writtenBytes(): number {
    return heldBytes(this.#root)
  }

  /** The inode at an absolute path, links followed; undefined when there is none. */
  find(path: string, followLast = true): Inode | undefined {
    return this.#walk(path, followLast, 0)?.inode
  }

  /** Like `find`, or throws ENOENT. */
  get(path: string, followLast = true): Inode {
    const inode = this.find(path, followLast)
    if (!inode) throw new FileError('ENOENT', path)
    return inode
  }

  exists(path: string): boolean {
    return this.find(path) !== undefined
  }

  /** The path with all links resolved. */
  realPath(path: string): string {
    const found = this.#walk(path, true, 0)
    if (!found) throw new FileError('ENOENT', path)
    return found.path
  }

  read(path: string): Uint8Array {
    const inode = this.get(path)
    if (inode.kind === 'directory') throw new FileError('EISDIR', path)
    if (inode.kind !== 'file') return new Uint8Array(0)
    this.require(inode, 4, path)
    return inode.bytes()
  }

  readText(path: string): string {
    return new TextDecoder().decode(this.read(path))
  }

  /** Names in a directory, sorted by code point. */
  list(path: string): string[] {
    const found = this.#walk(path, true, 0)
    if (!found) throw new FileError('ENOENT', path)
    if (found.inode.kind !== 'directory') throw new FileError('ENOTDIR', path)
    this.require(found.inode, 4, path)
    const names = new Set(found.inode.names())
    // A mount point shows in its parent even when the image has no such directory.
    if (this.#isAncestor(found.path)) {
      const prefix = found.path === '/' ? '/' : `${found.path}/`
      for (const mounted of this.mounts.keys()) {
        if (mounted.startsWith(prefix)) names.add(mounted.slice(prefix.length).split('/')[0]!)
      }
    }
    return [...names].sort()
  }

  /** Opens for writing: copies the file up from its image, or creates it. Throws as open(2) does. */
  fileForWriting(path: string, options: { create: boolean; exclusive?: boolean; mode?: number }): FileInode {
    const found = this.#walk(path, true, 0)
    if (found) {
      if (options.exclusive) throw new FileError('EEXIST', path)
      if (found.inode.kind === 'directory') throw new FileError('EISDIR', path)
      if (found.inode.kind !== 'file') throw new FileError('EINVAL', path)
      if (found.readOnly || found.inode.generated) throw new FileError(found.readOnly ? 'EROFS' : 'EACCES', path)
      this.require(found.inode, 2, path)
      if (!found.inode.shared) return found.inode
      return this.#own(found.path) as FileInode
    }
    if (!options.create) throw new FileError('ENOENT', path)
    const place = this.#placeForChange(path)
    const inode = new FileInode('', { mode: options.mode ?? 0o644, uid: this.uid, gid: this.gid, mtime: this.now() })
    place.directory.set(place.name, inode)
    place.directory.mtime = this.now()
    return inode
  }

  write(path: string, content: Uint8Array | string, options: { append?: boolean; mode?: number } = {}): void {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const inode = this.fileForWriting(path, { create: true, mode: options.mode })
    if (!options.append) inode.truncate(0)
    inode.writeAt(options.append ? inode.bytes().length : 0, bytes)
    inode.mtime = this.now()
  }

  makeDirectory(path: string, options: { parents?: boolean; mode?: number } = {}): void {
    if (options.parents) {
      let sofar = '/'
      for (const part of path.split('/').filter((each) => each !== '')) {
        sofar = joinPath(sofar, part)
        const inode = this.find(sofar)
        if (!inode) this.makeDirectory(sofar, { mode: options.mode })
        else if (inode.kind !== 'directory') throw new FileError('ENOTDIR', sofar)
      }
      return
    }
    if (this.find(path, false)) throw new FileError('EEXIST', path)
    const place = this.#placeForChange(path)
    place.directory.set(place.name, new DirectoryInode(new Map(), { mode: options.mode ?? 0o755, uid: this.uid, gid: this.gid, mtime: this.now() }))
    place.directory.mtime = this.now()
  }

  /** Removes a file, link or (empty, unless `recursive`) directory. */
  remove(path: string, options: { recursive?: boolean; directory?: boolean } = {}): void {
    const found = this.#walk(path, false, 0)
    if (!found) throw new FileError('ENOENT', path)
    if (this.mounts.has(found.path) || found.path === '/') throw new FileError('EBUSY', path)
    if (found.inode.kind === 'directory') {
      if (!options.recursive && !options.directory) throw new FileError('EISDIR', path)
      if (!options.recursive && this.list(path).length > 0) throw new FileError('ENOTEMPTY', path)
    } else if (options.directory && !options.recursive) throw new FileError('ENOTDIR', path)
    const place = this.#placeForChange(found.path)
    place.directory.delete(place.name)
    place.directory.mtime = this.now()
  }

  rename(from: string, to: string): void {
    const found = this.#walk(from, false, 0)
    if (!found) throw new FileError('ENOENT', from)
    if (this.mounts.has(found.path)) throw new FileError('EBUSY', from)
    const target = this.find(to, false)
    if (target?.kind === 'directory' && found.inode.kind !== 'directory') throw new FileError('EISDIR', to)
    if (found.inode.kind === 'directory' && `${to}/`.startsWith(`${found.path}/`)) throw new FileError('EINVAL', to)
    const source = this.#placeForChange(found.path)
    const place = this.#placeForChange(to)
    place.directory.set(place.name, found.inode)
    if (place.directory !== source.directory || place.name !== source.name) source.directory.delete(source.name)
    source.directory.mtime = place.directory.mtime = this.now()
  }

  symbolicLink(target: string, path: string): void {
    if (this.find(path, false)) throw new FileError('EEXIST', path)
    const place = this.#placeForChange(path)
    place.directory.set(place.name, new LinkInode(target, { uid: this.uid, gid: this.gid, mtime: this.now() }))
  }

  hardLink(existing: string, path: string): void {
    const found = this.#walk(existing, true, 0)
    if (!found) throw new FileError('ENOENT', existing)
    if (found.inode.kind === 'directory') throw new FileError('EPERM', existing)
    if (this.find(path, false)) throw new FileError('EEXIST', path)
    const inode = found.inode.shared && !found.readOnly ? this.#own(found.path) : found.inode
    const place = this.#placeForChange(path)
    place.directory.set(place.name, inode)
  }

  /** Changes mode, owner or time of what is at a path. */
  change(path: string, attributes: { mode?: number; uid?: number; gid?: number; mtime?: number }): void {
    const found = this.#walk(path, true, 0)
    if (!found) throw new FileError('ENOENT', path)
    if (found.readOnly) throw new FileError('EROFS', path)
    if (this.uid !== 0 && found.inode.uid !== this.uid) throw new FileError('EPERM', path)
    const inode = found.inode.shared ? this.#own(found.path) : found.inode
    if (attributes.mode !== undefined) inode.mode = attributes.mode
    if (attributes.uid !== undefined) inode.uid = attributes.uid
    if (attributes.gid !== undefined) inode.gid = attributes.gid
    if (attributes.mtime !== undefined) inode.mtime = attributes.mtime
  }

  /** Whether the user may read (4), write (2) or execute (1). */
  permits(inode: Inode, bit: 1 | 2 | 4): boolean {
    if (this.uid === 0) return bit !== 1 || inode.kind === 'directory' || (inode.mode & 0o111) !== 0
    const shift = inode.uid === this.uid ? 6 : inode.gid === this.gid ? 3 : 0
    return ((inode.mode >> shift) & bit) !== 0
  }

  /** The image's tree while nothing in it was changed: what is found in it then holds for every container of the image. */
  get pristine(): DirectoryInode | undefined {
    return this.#root.shared && !this.mounts.has('/') ? this.#root : undefined
  }

  /** True when what is at a path lies on something mounted read-only. */
  isReadOnly(path: string): boolean {
    return this.#walk(path, true, 0)?.readOnly ?? this.readOnly
  }

  private require(inode: Inode, bit: 1 | 2 | 4, path: string): void {
    if (!this.permits(inode, bit)) throw new FileError('EACCES', path)
  }

  /** Whether something is mounted below a path. */
  #isAncestor(path: string): boolean {
    const prefix = path === '/' ? '/' : `${path}/`
    for (const mounted of this.mounts.keys()) if (mounted.startsWith(prefix)) return true
    return false
  }

  #walk(path: string, followLast: boolean, depth: number): Found | undefined {
    if (depth > linkDepthMax) throw new FileError('ELOOP', path)
    const parts = path.split('/').filter((part) => part !== '' && part !== '.')
    const rootMount = this.mounts.get('/')
    let inode: Inode = rootMount ? rootMount.root() : this.#root
    let readOnly = this.readOnly
    let sofar = ''
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index]!
      if (inode.kind !== 'directory') {
        throw new FileError('ENOTDIR', path)
      }
      if (!this.permits(inode, 1)) throw new FileError('EACCES', path)
      if (part === '..') {
        const up = sofar.slice(0, Math.max(0, sofar.lastIndexOf('/')))
        return this.#walk(`${up}/${parts.slice(index + 1).join('/')}`, followLast, depth + 1)
      }
      const here: string = `${sofar}/${part}`
      const mount = this.mounts.get(here)
      let next: Inode | undefined
      if (mount) {
        next = mount.root()
        readOnly = mount.readOnly
      } else {
        next = inode.get(part)
        if (!next && this.#isAncestor(here)) next = new DynamicDirectory(() => [], () => undefined)
      }
      if (!next) return undefined
      if (next.kind === 'link' && (followLast || index < parts.length - 1)) {
        const target = absolutePath(sofar === '' ? '/' : sofar, next.target)
        const rest = parts.slice(index + 1).join('/')
        return this.#walk(rest === '' ? target : `${target}/${rest}`, followLast, depth + 1)
      }
      inode = next
      sofar = here
    }
    return { inode, path: sofar === '' ? '/' : sofar, readOnly }
  }

  /** The directory that will hold `path`, owned by this container and writable. */
  #placeForChange(path: string): Place {
    const slash = path.replace(/\/+$/, '').lastIndexOf('/')
    const name = path.replace(/\/+$/, '').slice(slash + 1)
    const parentPath = slash <= 0 ? '/' : path.slice(0, slash)
    const parent = this.#walk(parentPath, true, 0)
    if (!parent) throw new FileError('ENOENT', path)
    if (parent.inode.kind !== 'directory') throw new FileError('ENOTDIR', path)
    if (parent.readOnly) throw new FileError('EROFS', path)
    this.require(parent.inode, 2, path)
    const directory = this.#own(parent.path)
    if (directory.kind !== 'directory' || directory instanceof DynamicDirectory) throw new FileError('EACCES', path)
    return { directory, name, path: joinPath(parent.path, name) }
  }

  /** Copies shared nodes on the way to a resolved path, and what is there itself. */
  #own(path: string): Inode {
    const rootMount = this.mounts.get('/')
    if (!rootMount && this.#root.shared) this.#root = this.#root.copy()
    let inode: Inode = rootMount ? rootMount.root() : this.#root
    let sofar = ''
    for (const part of path.split('/').filter((each) => each !== '')) {
      sofar = `${sofar}/${part}`
      const mount = this.mounts.get(sofar)
      if (mount) {
        inode = mount.root()
        continue
      }
      const directory = inode as DirectoryInode
      let next = directory.get(part)
      if (!next && this.#isAncestor(sofar)) {
        next = new DirectoryInode()
        directory.set(part, next)
      }
      if (!next) throw new FileError('ENOENT', path)
      if (next.shared && (next.kind === 'directory' || next.kind === 'file')) {
        next = next.copy()
        directory.set(part, next)
      }
      inode = next
    }
    return inode
  }
}

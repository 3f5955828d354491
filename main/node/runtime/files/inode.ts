import type { OpenFile } from '../processes/open-file.ts'

const encoder = new TextEncoder()

/** A node of a file tree. `shared` nodes belong to an image and are copied before they are changed. */
export type Inode = FileInode | DirectoryInode | LinkInode | DeviceInode

interface Attributes {
  mode?: number
  uid?: number
  gid?: number
  mtime?: number
}

abstract class Node {
  /** Permission bits only. */
  mode: number
  uid: number
  gid: number
  /** Virtual ms since the epoch. */
  mtime: number
  shared = false

  constructor(attributes: Attributes, mode: number) {
    this.mode = attributes.mode ?? mode
    this.uid = attributes.uid ?? 0
    this.gid = attributes.gid ?? 0
    this.mtime = attributes.mtime ?? 0
  }
}

/** A regular file: bytes that grow in place, or contents asked for at every read (mounted by the kubelet, /proc). */
export class FileInode extends Node {
  readonly kind = 'file'
  /** Name of the simulated program that this file is an executable of. */
  readonly program: string | undefined
  /** What the image's catalogue says of this executable beyond its program's name. */
  readonly settings: unknown
  /** Called after every write, where somebody watches the file. */
  onWrite: (() => void) | undefined
  #buffer: Uint8Array
  #length: number
  #text: string | undefined
  readonly #source: (() => Uint8Array | string) | undefined

  constructor(
    content: Uint8Array | string | (() => Uint8Array | string) = '',
    attributes: Attributes & { program?: string; settings?: unknown } = {},
  ) {
    super(attributes, attributes.program === undefined ? 0o644 : 0o755)
    this.program = attributes.program
    this.settings = attributes.settings
    this.#buffer = empty
    this.#length = 0
    if (typeof content === 'function') this.#source = content
    else if (typeof content === 'string') this.#text = content
    else {
      this.#buffer = content
      this.#length = content.length
    }
  }

  /** Contents now. The view is valid until the next write. */
  bytes(): Uint8Array {
    if (this.#source) {
      const content = this.#source()
      return typeof content === 'string' ? encoder.encode(content) : content
    }
    if (this.#text !== undefined) {
      this.#buffer = encoder.encode(this.#text)
      this.#length = this.#buffer.length
      this.#text = undefined
    }
    return this.#length === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#length)
  }

  get size(): number {
    return this.program === undefined ? this.bytes().length : programSizeBytes
  }

  /** True when the contents come from elsewhere and cannot be written. */
  get generated(): boolean {
    return this.#source !== undefined
  }

  writeAt(position: number, bytes: Uint8Array): void {
    const current = this.bytes()
    const end = position + bytes.length
    // A buffer that came from outside is never written into: it may be shared with an image or a ConfigMap.
    if (end > this.#buffer.length || !this.#owned) {
      const grown = new Uint8Array(Math.max(end, this.#length, Math.min(this.#buffer.length * 2, this.#buffer.length + 1_048_576), 64))
      grown.set(current)
      this.#buffer = grown
      this.#owned = true
    }
    this.#buffer.set(bytes, position)
    if (end > this.#length) this.#length = end
    this.onWrite?.()
  }

  #owned = false

  truncate(length: number): void {
    const current = this.bytes()
    if (length <= current.length) {
      this.#buffer = length === 0 ? empty : current.slice(0, length)
      this.#owned = length > 0
    } else {
      const grown = new Uint8Array(length)
      grown.set(current)
      this.#buffer = grown
      this.#owned = true
    }
    this.#length = length
    this.onWrite?.()
  }

  copy(): FileInode {
    const content = this.#source ?? this.#text ?? this.bytes()
    return new FileInode(content, { mode: this.mode, uid: this.uid, gid: this.gid, mtime: this.mtime, program: this.program, settings: this.settings })
  }
}

const empty = new Uint8Array(0)
const programSizeBytes = 1_048_576

/** A directory. `DirectoryInode` itself keeps a map; dynamic ones (/proc) override `get` and `names`. */
export class DirectoryInode extends Node {
  readonly kind = 'directory'
  readonly #entries: Map<string, Inode>

  constructor(entries: Map<string, Inode> = new Map(), attributes: Attributes = {}) {
    super(attributes, 0o755)
    this.#entries = entries
  }

  get(name: string): Inode | undefined {
    return this.#entries.get(name)
  }

  names(): string[] {
    return [...this.#entries.keys()]
  }

  set(name: string, inode: Inode): void {
    this.#entries.set(name, inode)
  }

  delete(name: string): void {
    this.#entries.delete(name)
  }

  /** Adds the entry for a fixed path below this directory, creating plain directories on the way. For building trees. */
  plant(path: string, inode: Inode): void {
    const parts = path.split('/').filter((part) => part !== '')
    const name = parts.pop()
    if (name === undefined) return
    let directory: DirectoryInode | undefined
    for (const part of parts) {
      let next: Inode | undefined = (directory ?? this).get(part)
      if (next?.kind !== 'directory') (directory ?? this).set(part, (next = new DirectoryInode()))
      directory = next
    }
    ;(directory ?? this).set(name, inode)
  }

  /** One level deep: the children stay shared. */
  copy(): DirectoryInode {
    return new DirectoryInode(new Map(this.#entries), { mode: this.mode, uid: this.uid, gid: this.gid, mtime: this.mtime })
  }

  /** Marks the whole tree as belonging to an image. */
  share(): this {
    this.shared = true
    for (const inode of this.#entries.values()) {
      if (inode.kind === 'directory') inode.share()
      else inode.shared = true
    }
    return this
  }
}

/** A directory whose entries are computed when looked at. */
export class DynamicDirectory extends DirectoryInode {
  readonly #get: (name: string) => Inode | undefined
  readonly #names: () => string[]

  constructor(names: () => string[], get: (name: string) => Inode | undefined) {
    super(new Map(), { mode: 0o555 })
    this.#names = names
    this.#get = get
  }

  override get(name: string): Inode | undefined {
    return this.#get(name)
  }

  override names(): string[] {
    return this.#names()
  }
}

export class LinkInode extends Node {
  readonly kind = 'link'
  readonly target: string
  constructor(target: string, attributes: Attributes = {}) {
    super(attributes, 0o777)
    this.target = target
  }
}

/** A character device: opening it gives a stream of its own. */
export class DeviceInode extends Node {
  readonly kind = 'device'
  readonly open: () => OpenFile
  constructor(open: () => OpenFile, attributes: Attributes = {}) {
    super(attributes, 0o666)
    this.open = open
  }
}

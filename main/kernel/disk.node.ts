import { closeSync, fdatasync, fstatSync, fsync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { DiskBacking } from './disk.ts'

/** Files kept open for appending; the one not used for longest is closed when there are more. */
const openFilesMax = 64
const temporary = '.orrery-tmp'

interface OpenFile {
  readonly descriptor: number
  length: number
  /** Flushes in flight; the file is not closed under them. */
  flushes: number
  unwanted: boolean
}

/** Real files under `directory` behind a simulated disk. Appending hands the bytes to the operating system at once, so that they
 *  outlive this program being killed; a resolved `sync` or `replace` has them on the device, with the names that lead there. */
export class FileBacking implements DiskBacking {
  readonly #directory: string
  readonly #open = new Map<string, OpenFile>()
  readonly #replacing = new Map<string, Promise<void>>()
  /** Directories with names in them that no flush has made durable yet, and when each last changed. */
  readonly #unsyncedDirectories = new Map<string, number>()
  #nameChanges = 0

  constructor(directory: string) {
    this.#directory = resolve(directory)
    mkdirSync(this.#directory, { recursive: true })
  }

  *load(): Iterable<readonly [path: string, bytes: Uint8Array]> {
    for (const entry of readdirSync(this.#directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      if (entry.name.endsWith(temporary)) rmSync(file)
      else yield [relative(this.#directory, file).split(sep).join('/'), new Uint8Array(readFileSync(file))]
    }
  }

  append(path: string, bytes: Uint8Array): void {
    const file = this.#file(path)
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(file.descriptor, bytes, written, bytes.length - written)
    } catch (error) {
      ftruncateSync(file.descriptor, file.length)
      throw error
    }
    file.length += written
  }

  async sync(path: string): Promise<void> {
    const file = this.#file(path)
    file.flushes++
    try {
      await new Promise<void>((resolve, reject) => fdatasync(file.descriptor, (error) => (error ? reject(error) : resolve())))
    } finally {
      file.flushes--
      if (file.unwanted && file.flushes === 0) closeSync(file.descriptor)
    }
    await this.#syncDirectories()
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    const before = this.#replacing.get(path) ?? Promise.resolve()
    const done = before.catch(() => {}).then(() => this.#replace(path, bytes))
    this.#replacing.set(path, done)
    const forget = (): void => {
      if (this.#replacing.get(path) === done) this.#replacing.delete(path)
    }
    done.then(forget, forget)
    return done
  }

  truncate(path: string, length: number): void {
    const file = this.#open.get(path)
    if (file) {
      ftruncateSync(file.descriptor, length)
      file.length = length
    } else truncateSync(this.#locate(path), length)
  }

  remove(path: string): void {
    this.#close(path)
    const file = this.#locate(path)
    rmSync(file, { force: true })
    this.#namesChanged(dirname(file))
  }

  /** Waits for replacements in flight and closes what is open. Nothing may be written afterwards. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#replacing.values())
    for (const path of [...this.#open.keys()]) this.#close(path)
  }

  async #replace(path: string, bytes: Uint8Array): Promise<void> {
    const target = this.#locate(path)
    this.#makeDirectory(dirname(target))
    const aside = target + temporary
    const handle = await open(aside, 'w')
    try {
      await handle.writeFile(bytes)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    this.#close(path)
    await rename(aside, target)
    this.#namesChanged(dirname(target))
    await this.#syncDirectories()
  }

  #file(path: string): OpenFile {
    const known = this.#open.get(path)
    if (known) {
      this.#open.delete(path)
      this.#open.set(path, known)
      return known
    }
    const target = this.#locate(path)
    this.#makeDirectory(dirname(target))
    const descriptor = openSync(target, 'a')
    this.#namesChanged(dirname(target))
    const file: OpenFile = { descriptor, length: fstatSync(descriptor).size, flushes: 0, unwanted: false }
    this.#open.set(path, file)
    for (const [oldest, candidate] of this.#open) {
      if (this.#open.size <= openFilesMax) break
      if (candidate.flushes === 0 && candidate !== file) this.#close(oldest)
    }
    return file
  }

  #close(path: string): void {
    const file = this.#open.get(path)
    if (!file) return
    this.#open.delete(path)
    if (file.flushes === 0) closeSync(file.descriptor)
    else file.unwanted = true
  }

  #makeDirectory(directory: string): void {
    const first = mkdirSync(directory, { recursive: true })
    if (first === undefined) return
    for (let at = directory; at.length >= first.length; at = dirname(at)) this.#namesChanged(dirname(at))
  }

  #namesChanged(directory: string): void {
    this.#unsyncedDirectories.set(directory, ++this.#nameChanges)
  }

  async #syncDirectories(): Promise<void> {
    for (const [directory, change] of [...this.#unsyncedDirectories]) {
      // Windows has no handle on a directory that could be flushed.
      if (process.platform !== 'win32') await syncDirectory(directory)
      if (this.#unsyncedDirectories.get(directory) === change) this.#unsyncedDirectories.delete(directory)
    }
  }

  #locate(path: string): string {
    const target = resolve(this.#directory, path)
    if (!target.startsWith(this.#directory + sep)) throw new Error(`path ${path} leaves the disk's directory`)
    return target
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const descriptor = openSync(directory, 'r')
  try {
    await new Promise<void>((resolve, reject) => fsync(descriptor, (error) => (error ? reject(error) : resolve())))
  } finally {
    closeSync(descriptor)
  }
}

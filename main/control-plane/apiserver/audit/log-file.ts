/** The audit log's file, with its rotation. */
import { formatTime } from '../../../api/machinery/time.ts'

/** The part of a file system that a server's own files need; the container's is one. */
export interface ServerFiles {
  exists(path: string): boolean
  /** Throws when there is no such file. */
  readText(path: string): string
  read(path: string): Uint8Array
  write(path: string, content: Uint8Array | string, options?: { readonly append?: boolean; readonly mode?: number }): void
  makeDirectory(path: string, options?: { readonly parents?: boolean }): void
  rename(from: string, to: string): void
  remove(path: string): void
  /** Names in a directory. */
  list(path: string): string[]
}

export interface LogFileOptions {
  readonly path: string
  /** --audit-log-maxsize, as bytes. */
  readonly bytesMax: number
  /** --audit-log-maxbackup. */
  readonly backupsMax: number
  /** --audit-log-maxage, as ms; 0: never too old. */
  readonly ageMsMax: number
}

/** Appends lines. A file that would grow beyond its size is moved aside under the time's name, as lumberjack does for upstream, and the
 *  oldest beyond the number or the age go. */
export class LogFile {
  readonly #files: ServerFiles
  readonly #options: LogFileOptions
  readonly #now: () => number
  #bytes: number
  #opened = false

  constructor(files: ServerFiles, options: LogFileOptions, now: () => number) {
    this.#files = files
    this.#options = options
    this.#now = now
    this.#bytes = files.exists(options.path) ? files.read(options.path).length : 0
  }

  /** Throws when the file can't be written. */
  append(line: string): void {
    const { path, bytesMax } = this.#options
    const bytes = new TextEncoder().encode(line)
    if (!this.#opened) {
      this.#files.makeDirectory(folderOf(path), { parents: true })
      this.#opened = true
    }
    if (this.#bytes > 0 && this.#bytes + bytes.length > bytesMax) this.#rotate()
    this.#files.write(path, bytes, { append: true, mode: 0o600 })
    this.#bytes += bytes.length
  }

  #rotate(): void {
    const { path, backupsMax, ageMsMax } = this.#options
    const now = Math.floor(this.#now())
    const stamp = (ms: number): string => `${formatTime(ms).slice(0, 19).replaceAll(':', '-')}.${String(ms % 1000).padStart(3, '0')}`
    const dot = path.lastIndexOf('.')
    const [stem, extension] = dot > path.lastIndexOf('/') ? [path.slice(0, dot), path.slice(dot)] : [path, '']
    this.#files.rename(path, `${stem}-${stamp(now)}${extension}`)
    this.#bytes = 0
    const prefix = `${stem.slice(stem.lastIndexOf('/') + 1)}-`
    const backups = this.#files.list(folderOf(path)).filter((name) => name.startsWith(prefix) && name.endsWith(extension)).sort().reverse()
    const oldest = ageMsMax > 0 ? `${prefix}${stamp(now - ageMsMax)}` : ''
    backups.forEach((name, index) => {
      if (index >= backupsMax || name < oldest) this.#files.remove(`${folderOf(path)}/${name}`)
    })
  }
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1))
}

import type { Kernel } from './kernel.ts'
import type { Random } from './random.ts'

/** One machine's durable storage: flat files of bytes, named by slash-separated paths. What was written but not synced
 *  may be lost, wholly or in part, in a crash; what a resolved `sync` covered never is. */
export interface Disk {
  /** Whole contents as last written (synced or not); undefined when there is no such file. */
  read(path: string): Uint8Array | undefined
  /** Replaces a file atomically (write aside, sync, rename). Durable once it resolves. */
  replace(path: string, bytes: Uint8Array): Promise<void>
  /** Appends to a file, creating it. Not durable before `sync`. */
  append(path: string, bytes: Uint8Array): void
  /** Makes all that was appended to `path` so far durable. Calls in flight together cost one device flush. */
  sync(path: string): Promise<void>
  /** Cuts a file to its first `length` bytes, durably with the next `sync`. */
  truncate(path: string, length: number): void
  remove(path: string): void
  /** Paths that start with `prefix`, sorted. */
  list(prefix: string): string[]
}

/** What really keeps the bytes behind a `SimulatedDisk`: nothing (a test, an ephemeral lab) or files of the host. */
export interface DiskBacking {
  load(): Iterable<readonly [path: string, bytes: Uint8Array]>
  append(path: string, bytes: Uint8Array): void
  replace(path: string, bytes: Uint8Array): Promise<void>
  sync(path: string): Promise<void>
  truncate(path: string, length: number): void
  remove(path: string): void
}

/** How long a flush takes in virtual time, and what a crash may do. */
export interface DiskProfile {
  readonly syncMs: number
  readonly syncJitter: number
}

const solidState: DiskProfile = { syncMs: 0.4, syncJitter: 0.5 }

interface FileState {
  chunks: Uint8Array[]
  length: number
  /** Bytes from the start that a power failure leaves alone. */
  durable: number
  /** What the file was before a truncation that no flush has made durable yet. */
  uncut: Uint8Array | undefined
  flush: Flush | undefined
  /** The flush that starts when the one in flight ends, for what was appended since that began. */
  next: Promise<void> | undefined
}

interface Flush {
  readonly promise: Promise<void>
  /** Length of the file when it began; less once the file was truncated meanwhile. */
  covered: number
  /** It also makes the last truncation durable. */
  coversCut: boolean
}

/** A disk whose durations come from the seed. With a backing, the real flush starts at once and the virtual world waits
 *  for it at the moment when the virtual flush ends: durable for real, and still the same run every time.
 *
 *  A crash may keep any prefix of what was not synced, may undo a truncation that was not, and leaves an unfinished
 *  `replace` either done or not. Whoever waited for a flush when the power went never hears of it. */
export class SimulatedDisk implements Disk {
  readonly #kernel: Kernel
  readonly #random: Random
  readonly #backing: DiskBacking | undefined
  readonly #files = new Map<string, FileState>()
  /** Replacements in flight by path, in the order in which they were asked for. */
  readonly #replacing = new Map<string, { readonly bytes: Uint8Array; readonly done: Promise<void> }[]>()
  #used = 0
  /** Rises with each crash; a flush of an earlier life ends in nothing. */
  #life = 0
  readonly profile: DiskProfile
  /** Bytes that fit; writes beyond it throw, as a full disk does. */
  capacityBytes = Infinity

  constructor(kernel: Kernel, name: string, backing?: DiskBacking, profile: DiskProfile = solidState) {
    this.#kernel = kernel
    this.#random = kernel.random.stream(`disk/${name}`)
    this.#backing = backing
    this.profile = profile
    if (backing) for (const [path, bytes] of backing.load()) this.#keep(path, fileOf(bytes))
  }

  read(path: string): Uint8Array | undefined {
    const file = this.#files.get(path)
    if (!file) return undefined
    if (file.chunks.length > 1) file.chunks = [join(file.chunks, file.length)]
    return file.chunks[0] ?? new Uint8Array(0)
  }

  append(path: string, bytes: Uint8Array): void {
    this.#needRoom(path, bytes.length)
    this.#backing?.append(path, bytes)
    const file = this.#file(path)
    file.chunks.push(bytes)
    file.length += bytes.length
    this.#used += bytes.length
  }

  sync(path: string): Promise<void> {
    const file = this.#file(path)
    if (!file.flush) return this.#startFlush(path, file)
    const again = (): Promise<void> => this.#startFlush(path, file)
    // Also after a failed flush: the next may succeed, and whoever asked for it hears of its own.
    file.next ??= file.flush.promise.then(again, again)
    return file.next
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    this.#needRoom(path, bytes.length - (this.#files.get(path)?.length ?? 0))
    const waiting = this.#replacing.get(path) ?? []
    this.#replacing.set(path, waiting)
    const write = async (): Promise<void> => {
      await this.#virtualFlush(this.#backing?.replace(path, bytes))
      this.#keep(path, fileOf(bytes))
    }
    const previous = waiting[waiting.length - 1]?.done
    const done = (previous ? previous.then(write, write) : write()).finally(() => {
      waiting.splice(waiting.indexOf(entry), 1)
      if (waiting.length === 0 && this.#replacing.get(path) === waiting) this.#replacing.delete(path)
    })
    const entry = { bytes, done }
    waiting.push(entry)
    return done
  }

  truncate(path: string, length: number): void {
    const file = this.#file(path)
    if (length >= file.length) return
    const whole = this.read(path)!
    file.uncut ??= whole.subarray(0, file.durable)
    this.#cut(path, file, length)
  }

  remove(path: string): void {
    const file = this.#files.get(path)
    if (!file) return
    this.#files.delete(path)
    this.#used -= file.length
    this.#backing?.remove(path)
  }

  list(prefix: string): string[] {
    return [...this.#files.keys()].filter((path) => path.startsWith(prefix)).sort()
  }

  usedBytes(): number {
    return this.#used
  }

  /** A power failure. */
  crash(): void {
    this.#life++
    for (const [path, file] of [...this.#files]) {
      file.flush = file.next = undefined
      if (file.uncut && file.uncut.length > file.durable && this.#random.chance(0.5)) {
        this.#put(path, file.uncut)
        continue
      }
      file.uncut = undefined
      if (file.length === file.durable) continue
      const kept = file.durable + this.#random.below(file.length - file.durable + 1)
      if (kept === 0) this.remove(path)
      else this.#cut(path, file, kept)
      file.durable = kept
    }
    for (const [path, waiting] of [...this.#replacing]) {
      const before = this.#files.get(path)
      if (this.#random.chance(0.5)) this.#put(path, waiting[0]!.bytes)
      else if (before) this.#put(path, this.read(path)!)
      else if (this.#backing) {
        const backing = this.#backing
        // In line behind the real replacement, which may be under way.
        this.#kernel.hold(backing.replace(path, new Uint8Array(0)).then(() => backing.remove(path), () => {}))
      }
    }
    this.#replacing.clear()
  }

  #startFlush(path: string, file: FileState): Promise<void> {
    file.next = undefined
    const promise = this.#virtualFlush(this.#backing?.sync(path)).then(
      () => {
        file.durable = Math.max(file.durable, flush.covered)
        if (flush.coversCut) file.uncut = undefined
        if (file.flush === flush) file.flush = undefined
      },
      (error: unknown) => {
        if (file.flush === flush) file.flush = undefined
        throw error
      },
    )
    const flush: Flush = { promise, covered: file.length, coversCut: true }
    file.flush = flush
    return promise
  }

  /** Ends after the seed's duration and never before `real`; not at all when the power goes first. */
  #virtualFlush(real: Promise<void> | undefined): Promise<void> {
    const life = this.#life
    const durationMs = this.profile.syncMs * (1 + this.#random.float() * this.profile.syncJitter)
    let failure: { readonly error: unknown } | undefined
    let pending = real !== undefined
    const settled = real?.then(
      () => {
        pending = false
      },
      (error: unknown) => {
        pending = false
        failure = { error }
      },
    )
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        if (life !== this.#life) return
        if (failure) reject(failure.error)
        else resolve()
      }
      this.#kernel.schedule(durationMs, () => {
        // One more event either way, so that a run counts the same events with and without real files behind it.
        if (pending) this.#kernel.hold(settled!)
        this.#kernel.schedule(0, finish)
      })
    })
  }

  /** Makes the contents durable here and behind: what a crash decided on. */
  #put(path: string, bytes: Uint8Array): void {
    this.#keep(path, fileOf(bytes))
    if (!this.#backing) return
    this.#kernel.hold(this.#backing.replace(path, bytes).catch(() => {}))
  }

  #keep(path: string, file: FileState): void {
    this.#used += file.length - (this.#files.get(path)?.length ?? 0)
    this.#files.set(path, file)
  }

  #cut(path: string, file: FileState, length: number): void {
    const whole = this.read(path) ?? new Uint8Array(0)
    file.chunks = [whole.slice(0, length)]
    this.#used += length - file.length
    file.length = length
    file.durable = Math.min(file.durable, length)
    if (file.flush) {
      file.flush.covered = Math.min(file.flush.covered, length)
      file.flush.coversCut = false
    }
    this.#backing?.truncate(path, length)
  }

  #needRoom(path: string, bytes: number): void {
    if (this.#used + bytes > this.capacityBytes) throw new Error(`write ${path}: no space left on device`)
  }

  #file(path: string): FileState {
    let file = this.#files.get(path)
    if (!file) this.#files.set(path, (file = { ...fileOf(new Uint8Array(0)), chunks: [] }))
    return file
  }
}

function fileOf(bytes: Uint8Array): FileState {
  return { chunks: [bytes], length: bytes.length, durable: bytes.length, uncut: undefined, flush: undefined, next: undefined }
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  return whole
}

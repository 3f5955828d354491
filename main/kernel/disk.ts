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
  durable: number
  flush: Promise<void> | undefined
  next: Promise<void> | undefined
}

/** A disk whose durations come from the seed. With a backing, the real flush starts at once and the virtual world waits
 *  for it at the moment when the virtual flush ends: durable for real, and still the same run every time. */
export class SimulatedDisk implements Disk {
  readonly #kernel: Kernel
  readonly #random: Random
  readonly #backing: DiskBacking | undefined
  readonly #files = new Map<string, FileState>()
  readonly profile: DiskProfile
  /** Bytes that fit; appends beyond it throw, as a full disk does. */
  capacityBytes = Infinity

  constructor(kernel: Kernel, name: string, backing?: DiskBacking, profile: DiskProfile = solidState) {
    this.#kernel = kernel
    this.#random = kernel.random.stream(`disk/${name}`)
    this.#backing = backing
    this.profile = profile
    if (backing) {
      for (const [path, bytes] of backing.load()) this.#files.set(path, fileOf(bytes))
    }
  }

  read(path: string): Uint8Array | undefined {
    const file = this.#files.get(path)
    if (!file) return undefined
    if (file.chunks.length > 1) file.chunks = [join(file.chunks, file.length)]
    return file.chunks[0] ?? new Uint8Array(0)
  }

  append(path: string, bytes: Uint8Array): void {
    if (this.usedBytes() + bytes.length > this.capacityBytes) throw new Error(`write ${path}: no space left on device`)
    const file = this.#file(path)
    file.chunks.push(bytes)
    file.length += bytes.length
    this.#backing?.append(path, bytes)
  }

  sync(path: string): Promise<void> {
    const file = this.#file(path)
    if (!file.flush) return this.#startFlush(path, file)
    file.next ??= file.flush.then(() => this.#startFlush(path, file))
    return file.next
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    const done = this.#backing?.replace(path, bytes)
    await this.#virtualFlush(done)
    this.#files.set(path, fileOf(bytes))
  }

  truncate(path: string, length: number): void {
    const file = this.#file(path)
    const whole = this.read(path) ?? new Uint8Array(0)
    file.chunks = [whole.slice(0, length)]
    file.length = Math.min(length, whole.length)
    file.durable = Math.min(file.durable, file.length)
    this.#backing?.truncate(path, length)
  }

  remove(path: string): void {
    this.#files.delete(path)
    this.#backing?.remove(path)
  }

  list(prefix: string): string[] {
    return [...this.#files.keys()].filter((path) => path.startsWith(prefix)).sort()
  }

  usedBytes(): number {
    if (this.capacityBytes === Infinity) return 0
    let sum = 0
    for (const file of this.#files.values()) sum += file.length
    return sum
  }

  /** A power failure: of what was appended and not synced, only a prefix of random length survives. */
  crash(): void {
    for (const [path, file] of this.#files) {
      if (file.length > file.durable) this.truncate(path, file.durable + this.#random.below(file.length - file.durable + 1))
      file.flush = file.next = undefined
    }
  }

  #startFlush(path: string, file: FileState): Promise<void> {
    file.next = undefined
    const covered = file.length
    const flush = this.#virtualFlush(this.#backing?.sync(path)).then(() => {
      file.durable = Math.max(file.durable, Math.min(covered, file.length))
      if (file.flush === flush) file.flush = undefined
    })
    file.flush = flush
    return flush
  }

  #virtualFlush(real: Promise<void> | undefined): Promise<void> {
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
      const finish = (): void => (failure ? reject(failure.error) : resolve())
      this.#kernel.schedule(durationMs, () => {
        // One more event either way, so that a run counts the same events with and without real files behind it.
        if (pending) this.#kernel.hold(settled!)
        this.#kernel.schedule(0, finish)
      })
    })
  }

  #file(path: string): FileState {
    let file = this.#files.get(path)
    if (!file) this.#files.set(path, (file = fileOf(new Uint8Array(0))))
    return file
  }
}

function fileOf(bytes: Uint8Array): FileState {
  return { chunks: [bytes], length: bytes.length, durable: bytes.length, flush: undefined, next: undefined }
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

import type { LogLineOfContainer } from '../cri.ts'
import type { OpenFile } from './processes/open-file.ts'

/** Longest line that is written in one piece (containerd's max_container_log_line_size). */
const lineBytesMax = 16_384
/** Bounds of what is kept of one container's log: two generations, of which the older is dropped when the newer is full. */
const generationBytesMax = 1_048_576
const generationLinesMax = 20_000
/** Kernel, shim and runtime together, per line. */
const lineCostMs = 0.01

/** Lines packed together: an idle container's log is a few small buffers, not an object per line. */
class Generation {
  #bytes = new Uint8Array(0)
  #used = 0
  /** Per line: time, end of its bytes, flags (1 stderr, 2 partial). */
  readonly #index: number[] = []

  get usedBytes(): number {
    return this.#used
  }
  get count(): number {
    return this.#index.length / 3
  }

  add(line: LogLineOfContainer): void {
    const end = this.#used + line.bytes.length
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(Math.max(end, this.#bytes.length * 2, 128), Math.max(end, generationBytesMax)))
      grown.set(this.#bytes.subarray(0, this.#used))
      this.#bytes = grown
    }
    this.#bytes.set(line.bytes, this.#used)
    this.#used = end
    this.#index.push(line.time, end, (line.stream === 'stderr' ? 1 : 0) | (line.partial ? 2 : 0))
  }

  *lines(): Generator<LogLineOfContainer> {
    let start = 0
    for (let at = 0; at < this.#index.length; at += 3) {
      const end = this.#index[at + 1]!
      const flags = this.#index[at + 2]!
      yield { time: this.#index[at]!, stream: (flags & 1) !== 0 ? 'stderr' : 'stdout', bytes: this.#bytes.slice(start, end), partial: (flags & 2) !== 0 }
      start = end
    }
  }
}

/** The log of one container, in lines as the CRI log format has them. */
export class ContainerLog {
  readonly path: string
  readonly #now: () => number
  #older: Generation | undefined
  #newer: Generation | undefined
  /** How often the file was rotated. */
  rotations = 0
  #followers: Set<(line: LogLineOfContainer) => void> | undefined

  constructor(path: string, now: () => number) {
    this.path = path
    this.#now = now
  }

  /** Oldest first. */
  lines(): readonly LogLineOfContainer[] {
    return [...(this.#older?.lines() ?? []), ...(this.#newer?.lines() ?? [])]
  }

  get sizeBytes(): number {
    return (this.#older?.usedBytes ?? 0) + (this.#newer?.usedBytes ?? 0)
  }

  follow(onLine: (line: LogLineOfContainer) => void): () => void {
    const followers = (this.#followers ??= new Set())
    followers.add(onLine)
    return () => followers.delete(onLine)
  }

  append(stream: 'stdout' | 'stderr', bytes: Uint8Array, partial: boolean): void {
    const line: LogLineOfContainer = { time: this.#now(), stream, bytes, partial }
    const newer = (this.#newer ??= new Generation())
    newer.add(line)
    if (newer.usedBytes > generationBytesMax || newer.count > generationLinesMax) {
      this.#older = newer
      this.#newer = undefined
      this.rotations++
    }
    if (this.#followers) for (const follower of [...this.#followers]) follower(line)
  }
}

/** Where a container's output goes: cut into lines for its log, and as it comes to whoever is attached. */
export class LogSink implements OpenFile {
  readonly writeCostMs = lineCostMs
  readonly #log: ContainerLog
  readonly #stream: 'stdout' | 'stderr'
  readonly #attached: ReadonlySet<(stream: 'stdout' | 'stderr', bytes: Uint8Array) => void>
  #rest: Uint8Array | undefined
  #references = 0

  constructor(log: ContainerLog, stream: 'stdout' | 'stderr', attached: ReadonlySet<(stream: 'stdout' | 'stderr', bytes: Uint8Array) => void>) {
    this.#log = log
    this.#stream = stream
    this.#attached = attached
  }

  read(): undefined {
    return undefined
  }

  write(bytes: Uint8Array): void {
    for (const session of this.#attached) session(this.#stream, bytes)
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      this.#emit(this.#take(bytes, start, end), false)
      start = end + 1
    }
    if (start === bytes.length) return
    let rest = this.#take(bytes, start, bytes.length)
    while (rest.length >= lineBytesMax) {
      this.#log.append(this.#stream, rest.slice(0, lineBytesMax), true)
      rest = rest.slice(lineBytesMax)
    }
    if (rest.length > 0) this.#rest = rest
  }

  retain(): void {
    this.#references++
  }

  /** The last writer is gone: a line without its end is a partial one. */
  release(): void {
    if (--this.#references > 0 || !this.#rest) return
    this.#emit(this.#rest, true)
    this.#rest = undefined
  }

  #take(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const rest = this.#rest
    this.#rest = undefined
    if (!rest) return bytes.slice(start, end)
    const line = new Uint8Array(rest.length + end - start)
    line.set(rest)
    line.set(bytes.subarray(start, end), rest.length)
    return line
  }

  #emit(line: Uint8Array, partial: boolean): void {
    let rest = line
    while (rest.length > lineBytesMax) {
      this.#log.append(this.#stream, rest.slice(0, lineBytesMax), true)
      rest = rest.slice(lineBytesMax)
    }
    this.#log.append(this.#stream, rest, partial)
  }
}

/** One line of the log file: `2026-01-02T03:04:05.000000000Z stdout F text`. */
export function criLogLine(line: LogLineOfContainer): string {
  const text = new TextDecoder().decode(line.bytes)
  return `${new Date(line.time).toISOString().replace('Z', '000000Z')} ${line.stream} ${line.partial ? 'P' : 'F'} ${text}\n`
}

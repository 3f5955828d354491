import type { LogLineOfContainer } from '../cri.ts'
import type { OpenFile } from './processes/open-file.ts'

/** Longest line that is written in one piece (containerd's max_container_log_line_size). */
const lineBytesMax = 16_384
/** Bounds of what is kept of one container's log: two generations, of which the older is dropped when the newer is full. */
const generationBytesMax = 1_048_576
const generationLinesMax = 20_000
/** Kernel, shim and runtime together, per line. */
const lineCostMs = 0.01
const byteCostMs = 1 / 50_000

/** Writes of whole lines that are at least this long are kept as they came: programs that say the same share the bytes. */
const chunkBytesMin = 256

/** What was written, packed: an idle container's log is a few small buffers, not an object per line. */
class Generation {
  #packed = empty
  #used = 0
  /** Per entry: time, end of its bytes among the packed ones, flags (1 stderr, 2 partial, 4 a chunk of lines). */
  readonly #index: number[] = []
  #chunks: Uint8Array[] | undefined
  #bytes = 0
  #count = 0

  get usedBytes(): number {
    return this.#bytes
  }
  get count(): number {
    return this.#count
  }

  add(time: number, stderr: boolean, bytes: Uint8Array, partial: boolean): void {
    const end = this.#used + bytes.length
    if (end > this.#packed.length) {
      const grown = new Uint8Array(Math.max(end, Math.min(this.#packed.length * 2, this.#packed.length + 65_536)))
      grown.set(this.#packed.subarray(0, this.#used))
      this.#packed = grown
    }
    this.#packed.set(bytes, this.#used)
    this.#used = end
    this.#index.push(time, end, (stderr ? 1 : 0) | (partial ? 2 : 0))
    this.#bytes += bytes.length
    this.#count++
  }

  /** Takes complete lines, each with its newline. */
  addLines(time: number, stderr: boolean, bytes: Uint8Array, count: number): void {
    ;(this.#chunks ??= []).push(bytes)
    this.#index.push(time, this.#used, (stderr ? 1 : 0) | 4)
    this.#bytes += bytes.length
    this.#count += count
  }

  *lines(): Generator<LogLineOfContainer> {
    let start = 0
    let chunk = 0
    for (let at = 0; at < this.#index.length; at += 3) {
      const time = this.#index[at]!
      const end = this.#index[at + 1]!
      const flags = this.#index[at + 2]!
      const stream = (flags & 1) !== 0 ? 'stderr' : 'stdout'
      if ((flags & 4) !== 0) yield* linesOfChunk(this.#chunks![chunk++]!, time, stream)
      else yield { time, stream, bytes: this.#packed.slice(start, end), partial: (flags & 2) !== 0 }
      start = end
    }
  }
}

function* linesOfChunk(bytes: Uint8Array, time: number, stream: 'stdout' | 'stderr'): Generator<LogLineOfContainer> {
  let start = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    yield { time, stream, bytes: bytes.slice(start, end), partial: false }
    start = end + 1
  }
}

const empty = new Uint8Array(0)

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
    const newer = (this.#newer ??= new Generation())
    newer.add(this.#now(), stream === 'stderr', bytes, partial)
    this.#rotate(newer)
    if (this.#followers) this.#tell({ time: this.#now(), stream, bytes: bytes.slice(), partial })
  }

  /** Several whole lines at once, which nobody will change. */
  appendLines(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    const newer = (this.#newer ??= new Generation())
    let count = 0
    for (const byte of bytes) if (byte === 10) count++
    newer.addLines(this.#now(), stream === 'stderr', bytes, count)
    this.#rotate(newer)
    if (this.#followers) for (const line of linesOfChunk(bytes, this.#now(), stream)) this.#tell(line)
  }

  #rotate(newer: Generation): void {
    if (newer.usedBytes <= generationBytesMax && newer.count <= generationLinesMax) return
    this.#older = newer
    this.#newer = undefined
    this.rotations++
  }

  #tell(line: LogLineOfContainer): void {
    for (const follower of [...this.#followers!]) follower(line)
  }
}

/** Whoever is attached to a container. */
export interface Audience {
  readonly attached: ReadonlySet<(stream: 'stdout' | 'stderr', bytes: Uint8Array) => void> | undefined
}

/** Where a container's output goes: cut into lines for its log, and as it comes to whoever is attached. */
export class LogSink implements OpenFile {
  readonly writeCostMs = lineCostMs
  readonly byteCostMs = byteCostMs
  readonly #log: ContainerLog
  readonly #stream: 'stdout' | 'stderr'
  readonly #audience: Audience
  #rest: Uint8Array | undefined
  #references = 0

  constructor(log: ContainerLog, stream: 'stdout' | 'stderr', audience: Audience) {
    this.#log = log
    this.#stream = stream
    this.#audience = audience
  }

  read(): undefined {
    return undefined
  }

  write(bytes: Uint8Array): void {
    const { attached } = this.#audience
    if (attached) for (const session of attached) session(this.#stream, bytes)
    if (!this.#rest && bytes.length >= chunkBytesMin && bytes.length <= lineBytesMax && bytes[bytes.length - 1] === 10) {
      this.#log.appendLines(this.#stream, bytes)
      return
    }
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
    // Kept until the line ends: the writer may use its buffer again.
    if (rest.length > 0) this.#rest = rest.slice()
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
    if (!rest) return bytes.subarray(start, end)
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

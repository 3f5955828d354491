import type { Disk } from '../../../kernel/disk.ts'
import type { Entry } from '../proposal.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { readEntry, writeEntry } from './entry-codec.ts'
import { appendRecord, readRecords } from './records.ts'

const recordMetadata = 1
const recordState = 2
const recordEntry = 3

/** Who writes the log; a log of somebody else is refused. */
export interface LogOwner {
  readonly clusterId: string
  readonly memberId: string
}

interface Segment {
  readonly path: string
  readonly sequence: number
  /** Index of the newest entry in it or before it. */
  lastIndex: number
  bytes: number
}

/** What a log held when it was opened. */
export interface RecoveredLog {
  readonly owner: LogOwner | undefined
  readonly term: number
  /** Entries after the index that was asked for, in order and without gaps. */
  readonly entries: readonly Entry[]
  /** Bytes of a write that was cut short, and are gone now. */
  readonly tornBytes: number
}

/** The log of one member: segments `<sequence>-<index>.wal`, each a chain of checksummed records that begins with who owns it.
 *  Entries count as written when a `sync` that began after them has resolved. A new segment is only begun when everything before
 *  it is synced, so that only the last segment can end in a torn record. */
export class WriteAheadLog {
  readonly #disk: Disk
  readonly #directory: string
  #owner: LogOwner = { clusterId: '', memberId: '' }
  #segments: Segment[] = []
  #term = 0
  #lastIndex = 0
  #crc = 0
  #buffer = new ByteWriter(4_096)
  /** Bytes written in this life. */
  bytesWritten = 0

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  get segmentCount(): number {
    return this.#segments.length
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  get lastIndex(): number {
    return this.#lastIndex
  }

  /** Reads what is there, cuts a torn end off, and is then ready to append. Throws for damage in the middle, as etcd does, and
   *  for a gap between `after` (the index of the snapshot) and the first entry. */
  recover(after: number): RecoveredLog {
    const entries: Entry[] = []
    let owner: LogOwner | undefined
    let tornBytes = 0
    const paths = this.#disk.list(`${this.#directory}/`).filter((path) => path.endsWith('.wal'))
    this.#lastIndex = after
    paths.forEach((path, position) => {
      const bytes = this.#disk.read(path)!
      const { records, goodBytes, crc, tail } = readRecords(bytes)
      if (tail === 'damaged' || (tail === 'torn' && position < paths.length - 1)) throw new Error(`walpb: crc mismatch in ${path} at byte ${goodBytes}`)
      let lastIndex = 0
      for (const { start, end } of records) {
        const reader = new ByteReader(bytes, start, end)
        const type = reader.byte()
        if (type === recordMetadata) owner = { clusterId: reader.key(), memberId: reader.key() }
        else if (type === recordState) this.#term = Math.max(this.#term, reader.integer())
        else if (type === recordEntry) {
          const entry = readEntry(reader)
          lastIndex = entry.index
          this.#term = Math.max(this.#term, entry.term)
          if (entry.index <= after) continue
          if (entry.index !== this.#lastIndex + 1) throw new Error(`wal: entry ${entry.index} in ${path} follows entry ${this.#lastIndex}`)
          this.#lastIndex = entry.index
          entries.push(entry)
        }
      }
      tornBytes += bytes.length - goodBytes
      if (records.length === 0) {
        this.#disk.remove(path)
        return
      }
      if (goodBytes < bytes.length) this.#disk.truncate(path, goodBytes)
      this.#crc = crc
      this.#segments.push({ path, sequence: parseInt(path.slice(this.#directory.length + 1), 16), lastIndex: Math.max(lastIndex, this.#segments.at(-1)?.lastIndex ?? 0), bytes: goodBytes })
    })
    return { owner, term: this.#term, entries, tornBytes }
  }

  /** Sets what new records say. Writes the term; begins the first segment when there is none. */
  begin(owner: LogOwner, term: number): void {
    this.#owner = owner
    this.#term = term
    if (this.#segments.length === 0) this.cut()
    else this.#crc = appendRecord(this.#buffer, this.#crc, (writer) => this.#writeState(writer))
  }

  /** Adds an entry to what the next `sync` writes. */
  append(entry: Entry): void {
    this.#crc = appendRecord(this.#buffer, this.#crc, (writer) => {
      writer.byte(recordEntry)
      writeEntry(writer, entry)
    })
    this.#lastIndex = entry.index
  }

  /** Writes what was appended and resolves when it is durable. */
  sync(): Promise<void> {
    const segment = this.#segments.at(-1)!
    if (this.#buffer.length > 0) {
      const bytes = this.#buffer.take()
      this.#disk.append(segment.path, bytes)
      segment.bytes += bytes.length
      segment.lastIndex = this.#lastIndex
      this.bytesWritten += bytes.length
    }
    return this.#disk.sync(segment.path)
  }

  /** Begins a new segment. Everything before has to be synced. */
  cut(): void {
    if (this.#buffer.length > 0) throw new Error(`log cut with ${this.#buffer.length} bytes not written`)
    const sequence = (this.#segments.at(-1)?.sequence ?? -1) + 1
    const path = `${this.#directory}/${hexadecimal(sequence)}-${hexadecimal(this.#lastIndex + 1)}.wal`
    this.#segments.push({ path, sequence, lastIndex: this.#lastIndex, bytes: 0 })
    this.#crc = appendRecord(this.#buffer, 0, (writer) => {
      writer.byte(recordMetadata)
      writer.key(this.#owner.clusterId)
      writer.key(this.#owner.memberId)
    })
    this.#crc = appendRecord(this.#buffer, this.#crc, (writer) => this.#writeState(writer))
  }

  /** Removes segments that a snapshot of `index` has made superfluous. The newest always stays. */
  removeThrough(index: number): void {
    while (this.#segments.length > 1 && this.#segments[0]!.lastIndex <= index) this.#disk.remove(this.#segments.shift()!.path)
  }

  #writeState(writer: ByteWriter): void {
    writer.byte(recordState)
    writer.integer(this.#term)
  }
}

/** Sixteen digits, as etcd names its files. */
export function hexadecimal(value: number): string {
  return value.toString(16).padStart(16, '0')
}

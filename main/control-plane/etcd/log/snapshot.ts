import type { Disk } from '../../../kernel/disk.ts'
import type { EtcdEvent, KeyValue } from '../client.ts'
import type { Commit, MvccStore } from '../mvcc/store.ts'
import type { AlarmName } from '../proposal.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { appendRecord, readRecords } from './records.ts'
import { hexadecimal } from './write-ahead-log.ts'

const recordHeader = 1
const recordLeases = 2
const recordBase = 3
const recordCommits = 4
const recordEnd = 5

/** About how many bytes one step writes, so that a large snapshot never holds up the rest. */
const stepBytes = 512 * 1024

/** Everything that a member has to know again, up to and including the entry `index`. */
export interface SnapshotState {
  readonly index: number
  readonly term: number
  readonly store: ReturnType<MvccStore['dump']>
  readonly leases: readonly { readonly id: number; readonly ttlSeconds: number }[]
  readonly alarms: readonly AlarmName[]
}

/** Writes a snapshot bit by bit: call `step` until it answers true, then `finish`. The state is immutable, so writes that
 *  happen meanwhile do no harm. A snapshot without its last record does not count. */
export class SnapshotWriter {
  readonly #disk: Disk
  readonly #steps: Generator<void, void>
  readonly path: string
  bytes = 0
  #crc = 0
  readonly #buffer = new ByteWriter(stepBytes)

  constructor(disk: Disk, directory: string, state: SnapshotState) {
    this.#disk = disk
    this.path = `${directory}/${hexadecimal(state.term)}-${hexadecimal(state.index)}.snap`
    // What an earlier attempt at the same index left.
    disk.remove(this.path)
    this.#steps = this.#write(state)
  }

  /** True when everything is written. */
  step(): boolean {
    const done = this.#steps.next().done === true
    const bytes = this.#buffer.take()
    if (bytes.length > 0) this.#disk.append(this.path, bytes)
    this.bytes += bytes.length
    return done
  }

  finish(): Promise<void> {
    return this.#disk.sync(this.path)
  }

  *#write({ index, term, store, leases, alarms }: SnapshotState): Generator<void, void> {
    this.#record((writer) => {
      writer.byte(recordHeader)
      for (const value of [index, term, store.revision, store.compactRevision + 1, store.sizeBytes]) writer.integer(value)
      writer.byte((alarms.includes('NOSPACE') ? 1 : 0) | (alarms.includes('CORRUPT') ? 2 : 0))
    })
    this.#record((writer) => {
      writer.byte(recordLeases)
      writer.integer(leases.length)
      for (const lease of leases) {
        writer.integer(lease.id)
        writer.integer(lease.ttlSeconds)
      }
    })
    for (const batch of batches(store.base, (kv) => kv.value.length + kv.key.length)) {
      this.#record((writer) => {
        writer.byte(recordBase)
        writer.integer(batch.length)
        for (const kv of batch) writeVersion(writer, kv)
      })
      yield
    }
    for (const batch of batches(store.commits, (commit) => commit.events.reduce((sum, { kv }) => sum + kv.key.length + kv.value.length, 0))) {
      this.#record((writer) => {
        writer.byte(recordCommits)
        writer.integer(batch.length)
        for (const commit of batch) {
          writer.integer(commit.revision)
          writer.integer(commit.events.length)
          for (const { kv } of commit.events) writeVersion(writer, kv)
        }
      })
      yield
    }
    this.#record((writer) => writer.byte(recordEnd))
  }

  #record(fill: (writer: ByteWriter) => void): void {
    this.#crc = appendRecord(this.#buffer, this.#crc, fill)
  }
}

/** The newest whole snapshot; what is not whole, or older, is removed. */
export function readNewestSnapshot(disk: Disk, directory: string): SnapshotState | undefined {
  let newest: SnapshotState | undefined
  for (const path of disk.list(`${directory}/`).filter((name) => name.endsWith('.snap')).reverse()) {
    if (!newest) newest = decode(disk.read(path)!)
    else {
      disk.remove(path)
      continue
    }
    if (!newest) disk.remove(path)
  }
  return newest
}

function decode(bytes: Uint8Array): SnapshotState | undefined {
  const { records, tail } = readRecords(bytes)
  if (tail !== 'clean' || records.length < 3) return undefined
  const last = records[records.length - 1]!
  if (new ByteReader(bytes, last.start, last.end).byte() !== recordEnd) return undefined
  const leases: { id: number; ttlSeconds: number }[] = []
  const base: KeyValue[] = []
  const commits: Commit[] = []
  let header = { index: 0, term: 0, revision: 1, compactRevision: -1, sizeBytes: 0, alarms: 0 }
  for (const { start, end } of records) {
    const reader = new ByteReader(bytes, start, end)
    const type = reader.byte()
    if (type === recordHeader) {
      header = { index: reader.integer(), term: reader.integer(), revision: reader.integer(), compactRevision: reader.integer() - 1, sizeBytes: reader.integer(), alarms: reader.byte() }
    } else if (type === recordLeases) {
      for (let left = reader.integer(); left > 0; left--) leases.push({ id: reader.integer(), ttlSeconds: reader.integer() })
    } else if (type === recordBase) {
      for (let left = reader.integer(); left > 0; left--) base.push(readVersion(reader))
    } else if (type === recordCommits) {
      for (let left = reader.integer(); left > 0; left--) {
        const revision = reader.integer()
        const events = Array.from({ length: reader.integer() }, (): EtcdEvent => {
          const kv = readVersion(reader)
          return { type: kv.version === 0 ? 'delete' : 'put', kv }
        })
        commits.push({ revision, events })
      }
    }
  }
  const alarms: AlarmName[] = []
  if (header.alarms & 1) alarms.push('NOSPACE')
  if (header.alarms & 2) alarms.push('CORRUPT')
  const { index, term, revision, compactRevision, sizeBytes } = header
  return { index, term, store: { revision, compactRevision, sizeBytes, base, commits }, leases, alarms }
}

function writeVersion(writer: ByteWriter, kv: KeyValue): void {
  writer.key(kv.key)
  for (const value of [kv.createRevision, kv.modRevision, kv.version, kv.lease]) writer.integer(value)
  writer.blob(kv.value)
}

function readVersion(reader: ByteReader): KeyValue {
  const key = reader.key()
  const createRevision = reader.integer()
  const modRevision = reader.integer()
  const version = reader.integer()
  const lease = reader.integer()
  return { key, value: reader.blob(), createRevision, modRevision, version, lease }
}

function* batches<T>(items: readonly T[], bytesOf: (item: T) => number): Generator<readonly T[]> {
  let start = 0
  let bytes = 0
  for (let index = 0; index < items.length; index++) {
    bytes += bytesOf(items[index]!) + 32
    if (bytes < stepBytes && index < items.length - 1) continue
    yield items.slice(start, index + 1)
    start = index + 1
    bytes = 0
  }
}

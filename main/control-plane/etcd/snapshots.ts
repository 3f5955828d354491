import type { Clock } from '../../kernel/clock.ts'
import type { Disk } from '../../kernel/disk.ts'
import { SnapshotWriter } from './log/snapshot.ts'
import type { WriteAheadLog } from './log/write-ahead-log.ts'
import type { EtcdMember } from './member.ts'

/** The log is cut when it has grown by this much, or by as much as the last snapshot was long, whichever is more: then what
 *  snapshots cost stays in proportion to what is written. */
const logBytesMin = 8 * 1024 * 1024

/** Takes a snapshot now and then and removes the log before it. */
export class Snapshots {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #wal: WriteAheadLog
  readonly #member: EtcdMember
  readonly #directory: string
  readonly #logBytes: number
  #running = false
  #logBytesAtLast = 0
  #current: string | undefined
  lastIndex = 0
  lastBytes = 0
  count = 0
  /** A snapshot could not be written; the log stays, so nothing is lost. */
  onFailure: (error: unknown) => void = () => {}

  constructor(disk: Disk, clock: Clock, directory: string, wal: WriteAheadLog, member: EtcdMember, found: string | undefined, logBytes = logBytesMin) {
    this.#disk = disk
    this.#clock = clock
    this.#directory = directory
    this.#wal = wal
    this.#member = member
    this.#current = found
    this.#logBytes = logBytes
  }

  /** To be called when everything written is synced and applied. */
  consider(): void {
    if (this.#running || this.#wal.bytesWritten - this.#logBytesAtLast < Math.max(this.#logBytes, this.lastBytes)) return
    this.#running = true
    this.#logBytesAtLast = this.#wal.bytesWritten
    this.#wal.cut()
    const { state, applied } = this.#member
    const writer = new SnapshotWriter(this.#disk, this.#directory, {
      index: applied,
      term: this.#member.log.term,
      store: state.store.dump(),
      leases: [...state.leases.all()].map(({ id, ttlSeconds }) => ({ id, ttlSeconds })),
      alarms: [...state.alarms],
    })
    const step = (): void => {
      try {
        if (!writer.step()) this.#clock.afterUncaused(0, step)
        else writer.finish().then(() => this.#clock.afterUncaused(0, () => this.#done(writer, applied)), (error: unknown) => this.#failed(writer, error))
      } catch (error) {
        this.#failed(writer, error)
      }
    }
    this.#clock.afterUncaused(0, step)
  }

  #done(writer: SnapshotWriter, index: number): void {
    if (this.#current !== undefined && this.#current !== writer.path) this.#disk.remove(this.#current)
    this.#current = writer.path
    this.#wal.removeThrough(index)
    this.#running = false
    this.lastIndex = index
    this.lastBytes = writer.bytes
    this.count++
  }

  #failed(writer: SnapshotWriter, error: unknown): void {
    this.#running = false
    this.#disk.remove(writer.path)
    this.onFailure(error)
  }
}

import type { Terminal } from './terminal.ts'

/** An open file description: what a descriptor of one or more processes refers to. Closed when the last one lets go. */
export interface OpenFile {
  /** Some bytes, at most `limit` of them; undefined at the end. A `reader` that has ended by the time they come takes none. */
  read(limit?: number, reader?: { readonly ended: boolean }): Promise<Uint8Array | undefined> | Uint8Array | undefined
  /** Resolves when there is room again. Throws BrokenPipe when nobody will ever read it. */
  write(bytes: Uint8Array): Promise<void> | void
  readonly terminal?: Terminal
  /** A regular file's position, for those that have one. */
  readonly seekable?: boolean
  /** CPU time of one write, ms: what the kernel and whoever is behind it need. */
  readonly writeCostMs?: number
  /** And of every byte of it. */
  readonly byteCostMs?: number
  /** One more descriptor refers to it. */
  retain(): void
  /** One descriptor less. */
  release(): void
}

/** Written to a pipe or connection whose reader is gone. */
export class BrokenPipe extends Error {
  constructor() {
    super('Broken pipe')
  }
}

/** /dev/null and descriptors that lead nowhere. */
export const nullFile: OpenFile = {
  read: () => undefined,
  write: () => {},
  retain: () => {},
  release: () => {},
}

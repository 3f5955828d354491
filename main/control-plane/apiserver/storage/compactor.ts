import type { Process } from '../../../kernel/machine.ts'
import { EtcdError, type EtcdClient } from '../../etcd/client.ts'

/** --etcd-compaction-interval */
const intervalMs = 300_000
/** Its version counts the compactions: whoever raises it may compact, so that several servers do it once. The value is the
 *  revision to which it was done. */
const compactKey = 'compact_rev_key'

const encoder = new TextEncoder()

/** Lets etcd forget, every five minutes, what was replaced more than five minutes ago. Follows upstream's etcd3 compactor. */
export function keepCompacting(process: Process, etcd: EtcdClient): void {
  let seen: Seen = { version: 0, revision: 0 }
  const round = (): void => {
    compact(etcd, seen)
      .then(
        (found) => {
          seen = found
        },
        (error: unknown) => {
          const err = error instanceof Error ? error.message : String(error)
          process.journal.error('etcd: compact failed', { err })
        },
      )
      .finally(arm)
  }
  const arm = (): void => void process.clock.afterUncaused(intervalMs, round)
  arm()
}

/** The state of the key and the revision that etcd stood at when this server looked last. */
interface Seen {
  readonly version: number
  readonly revision: number
}

/** One round: compacts to where etcd stood a round ago, unless another server was faster. */
async function compact(etcd: EtcdClient, { version, revision }: Seen): Promise<Seen> {
  const response = await etcd.txn({
    compare: [{ key: compactKey, target: 'version', result: 'equal', value: version }],
    success: [{ type: 'put', request: { key: compactKey, value: encoder.encode(String(revision)) } }],
    failure: [{ type: 'range', request: { key: compactKey } }],
  })
  const current = response.header.revision
  if (!response.succeeded) {
    const found = response.responses[0]
    const kv = found?.type === 'range' ? found.response.kvs[0] : undefined
    return { version: kv?.version ?? 0, revision: current }
  }
  // Nothing to go by yet in the first round.
  if (revision > 0) {
    try {
      await etcd.compact(revision)
    } catch (error) {
      if (!(error instanceof EtcdError) || error.code !== 'compacted') throw error
    }
  }
  return { version: version + 1, revision: current }
}

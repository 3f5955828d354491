import type { Process } from '../../../kernel/machine.ts'
import type { EtcdClient } from '../../etcd/client.ts'

/** How many objects share a lease, and for how long new ones join it, as upstream's lease manager: few leases, not too large. */
const objectsMax = 1_000
const reuseFraction = 0.05
const reuseMsMax = 60_000

interface OpenLease {
  readonly id: Promise<number>
  readonly until: number
  objects: number
}

/** etcd leases for objects that go by themselves. Objects with the same time to live share one for a while. */
export class Leases {
  readonly #process: Process
  readonly #etcd: EtcdClient
  readonly #open = new Map<number, OpenLease>()

  constructor(process: Process, etcd: EtcdClient) {
    this.#process = process
    this.#etcd = etcd
  }

  /** The id of a lease that lasts at least `ttlSeconds` from now. */
  async forTtl(ttlSeconds: number): Promise<number> {
    const now = this.#process.clock.now()
    let lease = this.#open.get(ttlSeconds)
    if (!lease || lease.until < now || lease.objects >= objectsMax) {
      const reuseMs = Math.min(ttlSeconds * 1000 * reuseFraction, reuseMsMax)
      const id = this.#etcd.leaseGrant(Math.ceil(ttlSeconds + reuseMs / 1000)).then((granted) => granted.id)
      lease = { id, until: now + reuseMs, objects: 0 }
      this.#open.set(ttlSeconds, lease)
      id.catch(() => this.#open.delete(ttlSeconds))
    }
    lease.objects++
    return lease.id
  }
}

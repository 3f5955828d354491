import { etcdErrors } from './errors.ts'

/** Leases live at least this long, as etcd's minimum derived from its election timeout. */
export const minimumTtlSeconds = 2
const maximumTtlSeconds = 9_000_000_000

export interface Lease {
  readonly id: number
  readonly ttlSeconds: number
  /** Virtual ms; when the leader may revoke it. Not replicated: a restarted leader gives every lease its whole time again. */
  deadline: number
  readonly keys: Set<string>
}

interface Entry {
  readonly at: number
  readonly lease: Lease
}

/** The leases and what hangs on them. Pure; `now` comes from the caller. Deadlines live in a heap, so that the next expiry
 *  is known without looking at the others. */
export class LeaseTable {
  readonly #leases = new Map<number, Lease>()
  /** A binary heap by `at` with one entry per lease; what was renewed or revoked meanwhile is seen to when it surfaces. */
  readonly #heap: Entry[] = []

  get size(): number {
    return this.#leases.size
  }

  get(id: number): Lease | undefined {
    return this.#leases.get(id)
  }

  ids(): number[] {
    return [...this.#leases.keys()]
  }

  all(): IterableIterator<Lease> {
    return this.#leases.values()
  }

  /** Throws EtcdError when the id is taken or the TTL is too long. A TTL below the minimum is raised to it. */
  grant(id: number, ttlSeconds: number, now: number): Lease {
    if (ttlSeconds > maximumTtlSeconds) throw etcdErrors.leaseTooLarge()
    if (this.#leases.has(id)) throw etcdErrors.leaseExists()
    const granted = Math.max(minimumTtlSeconds, ttlSeconds)
    const lease: Lease = { id, ttlSeconds: granted, deadline: now + granted * 1_000, keys: new Set() }
    this.#leases.set(id, lease)
    this.#push({ at: lease.deadline, lease })
    return lease
  }

  renew(id: number, now: number): Lease {
    const lease = this.#leases.get(id)
    if (!lease) throw etcdErrors.leaseNotFound()
    lease.deadline = now + lease.ttlSeconds * 1_000
    return lease
  }

  /** Forgets the lease and answers its keys, sorted. */
  revoke(id: number): readonly string[] {
    const lease = this.#leases.get(id)
    if (!lease) throw etcdErrors.leaseNotFound()
    this.#leases.delete(id)
    return [...lease.keys].sort()
  }

  attach(id: number, key: string): void {
    this.#leases.get(id)?.keys.add(key)
  }

  detach(id: number, key: string): void {
    this.#leases.get(id)?.keys.delete(key)
  }

  /** Gives every lease its whole time again: after a restart nobody knows how much was left. */
  extendAll(now: number): void {
    this.#heap.length = 0
    for (const lease of this.#leases.values()) {
      lease.deadline = now + lease.ttlSeconds * 1_000
      this.#push({ at: lease.deadline, lease })
    }
  }

  /** When the next lease may expire; undefined without leases. */
  nextDeadline(): number | undefined {
    this.#settle()
    return this.#heap[0]?.at
  }

  /** Takes out the ids of leases whose time is over; each is answered once until its deadline moves (`retryAt` later). */
  expired(now: number, retryMs: number): number[] {
    const ids: number[] = []
    for (;;) {
      this.#settle()
      const top = this.#heap[0]
      if (!top || top.at > now) break
      const { lease } = top
      ids.push(lease.id)
      this.#pop()
      lease.deadline = now + retryMs
      this.#push({ at: lease.deadline, lease })
    }
    return ids
  }

  /** Brings the top of the heap in line with its lease: drops it when revoked, sinks it when renewed. */
  #settle(): void {
    for (;;) {
      const top = this.#heap[0]
      if (!top) return
      const { lease } = top
      const known = this.#leases.get(lease.id) === lease
      if (known && lease.deadline === top.at) return
      this.#pop()
      if (known) this.#push({ at: lease.deadline, lease })
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (heap[parent]!.at <= entry.at) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++
      if (heap[child]!.at >= last.at) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

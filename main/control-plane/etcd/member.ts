import type { Process } from '../../kernel/machine.ts'
import type { EtcdWatch, Member as MemberFacts, ResponseHeader, WatchEnd, WatchRequest, WatchResponse } from './client.ts'
import { EtcdError } from './client.ts'
import { checkDeleteRange, checkPut, checkRange, checkTxn, putBytes, puts, txnBytes, writes } from './checks.ts'
import type { CommitLog } from './commit-log.ts'
import { etcdErrors } from './errors.ts'
import { WatchHub } from './mvcc/watch-hub.ts'
import type { Entry, Proposal } from './proposal.ts'
import { StateMachine, type Applied } from './state-machine.ts'
import type { Method, Methods, Outcome } from './wire.ts'

/** A revoke that was proposed and not heard of is proposed again after this long. */
const revokeRetryMs = 3_000

/** What a member needs from the process that it lives in. */
export interface MemberSurroundings {
  now(): number
  /** A number below `bound`, from the run's seed. */
  below(bound: number): number
  /** The cause of what runs now; applying somebody's proposal puts theirs in place. */
  cause(): number
  setCause(cause: number): void
  /** Runs `step` in an event of its own, under the present cause. */
  soon(step: () => void): void
  after(delayMs: number, step: () => void): { cancel(): void }
}

/** What a process offers a member. */
export function surroundingsOf({ clock, random, kernel }: Pick<Process, 'clock' | 'random' | 'kernel'>): MemberSurroundings {
  return {
    now: () => clock.now(),
    below: (bound) => random.below(bound),
    cause: () => kernel.trace.current,
    setCause: (cause) => {
      kernel.trace.current = cause
    },
    soon: (step) => void clock.after(0, step),
    after: (delayMs, step) => clock.afterUncaused(delayMs, step),
  }
}

export interface MemberOptions {
  readonly clusterId: string
  readonly facts: MemberFacts
  readonly version: string
  readonly quotaBytes: number
  readonly progressIntervalMs: number
}

/** One operation that was applied, for people to look at. */
export interface Operation {
  readonly time: number
  readonly revision: number
  readonly type: Proposal['type']
  readonly key: string
  readonly outcome: 'ok' | 'compare failed' | string
}

const operationsKept = 100

type Reply<M extends Method> = (outcome: Outcome<Methods[M]['response']>) => void

/** One etcd member without its wires: checks requests, proposes what changes something, applies what was committed, answers,
 *  and tells watchers. It never blocks: every answer comes through the callback, under the cause of its request. */
export class EtcdMember {
  readonly options: MemberOptions
  readonly state: StateMachine
  readonly hub: WatchHub
  readonly operations: Operation[] = []
  readonly counters = { ranges: 0, puts: 0, deletes: 0, txns: 0, proposalsFailed: 0, watchEvents: 0, leasesExpired: 0 }
  /** Called after each applied entry. */
  onApplied: (entry: Entry) => void = () => {}
  pending = 0
  #applied = 0
  readonly #surroundings: MemberSurroundings
  #log: CommitLog | undefined
  #expiry: { readonly at: number; readonly timer: { cancel(): void } } | undefined
  #progressTimer: { cancel(): void } | undefined

  constructor(options: MemberOptions, surroundings: MemberSurroundings) {
    this.options = options
    this.#surroundings = surroundings
    this.state = new StateMachine(
      (revision) => this.header(revision),
      (commit) => this.hub.notify(commit),
    )
    this.hub = new WatchHub({ store: this.state.store, header: (revision) => this.header(revision), soon: (step) => surroundings.soon(step) })
  }

  /** Index of the newest applied entry. */
  get applied(): number {
    return this.#applied
  }

  get log(): CommitLog {
    if (!this.#log) throw new Error('etcd member used before its log was there')
    return this.#log
  }

  /** Puts an entry of the past back, before `start`. */
  recover(entry: Entry): void {
    this.#applied = entry.index
    this.state.apply(entry.proposal, this.#surroundings.now())
  }

  /** State up to `index` came from a snapshot. */
  recovered(index: number): void {
    this.#applied = index
  }

  /** From now on proposals go to `log`. */
  start(log: CommitLog): void {
    this.#log = log
    this.state.leases.extendAll(this.#surroundings.now())
    this.#armExpiry()
  }

  header(revision = this.state.store.revision): ResponseHeader {
    return { clusterId: this.options.clusterId, memberId: this.options.facts.id, revision, raftTerm: this.#log?.term ?? 0 }
  }

  call<M extends Method>(method: M, request: Methods[M]['request'], reply: Reply<M>): void {
    try {
      const handler = this.#handlers[method] as (request: Methods[M]['request'], reply: Reply<M>) => void
      handler(request, reply)
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error
      reply({ error })
    }
  }

  watch(request: WatchRequest, deliver: (response: WatchResponse) => void, end: (end: WatchEnd) => void): EtcdWatch {
    const counted = (response: WatchResponse): void => {
      this.counters.watchEvents += response.events.length
      deliver(response)
    }
    const handle = this.hub.watch(request, { deliver: counted, end })
    if (request.progressNotify) this.#armProgress()
    return handle
  }

  readonly #handlers: { readonly [M in Method]: (request: Methods[M]['request'], reply: Reply<M>) => void } = {
    'KV/Range': (request, reply) => {
      checkRange(request)
      this.#read(request.serializable === true, () => {
        this.counters.ranges++
        reply(this.#attempt(() => this.state.range(request)))
      })
    },
    'KV/Put': (request, reply) => {
      checkPut(request)
      this.#checkQuota(putBytes(request))
      this.#propose({ type: 'put', request }, (applied) => applied.type === 'put' && reply({ response: applied.response }), reply)
    },
    'KV/DeleteRange': (request, reply) => {
      checkDeleteRange(request)
      this.#propose({ type: 'deleteRange', request }, (applied) => applied.type === 'deleteRange' && reply({ response: applied.response }), reply)
    },
    'KV/Txn': (request, reply) => {
      checkTxn(request)
      if (!writes(request)) {
        const serializable = [...request.success, ...request.failure].every((operation) => operation.type === 'range' && operation.request.serializable)
        this.#read(serializable && request.compare.length === 0, () => {
          this.counters.txns++
          reply(this.#attempt(() => this.state.readOnlyTxn(request)))
        })
        return
      }
      if (puts(request)) this.#checkQuota(txnBytes(request))
      this.#propose({ type: 'txn', request }, (applied) => applied.type === 'txn' && reply({ response: applied.response }), reply)
    },
    'KV/Compact': ({ revision }, reply) => {
      this.#propose({ type: 'compact', revision }, () => reply({ response: this.header() }), reply)
    },
    'Lease/LeaseGrant': ({ ttlSeconds, id }, reply) => {
      this.#checkQuota(0)
      // Ids that nobody chose come from the seed; 52 bits, so that they stay exact as numbers.
      const chosen = id !== undefined && id !== 0 ? id : (this.#surroundings.below(2 ** 20) + 1) * 2 ** 32 + this.#surroundings.below(2 ** 32)
      this.#propose(
        { type: 'leaseGrant', id: chosen, ttlSeconds },
        (applied) => applied.type === 'leaseGrant' && reply({ response: { header: this.header(), id: applied.id, ttlSeconds: applied.ttlSeconds } }),
        reply,
      )
    },
    'Lease/LeaseRevoke': ({ id }, reply) => {
      this.#propose({ type: 'leaseRevoke', id }, () => reply({ response: this.header() }), reply)
    },
    'Lease/LeaseKeepAlive': ({ id }, reply) => {
      const known = this.state.leases.get(id)
      // A keep-alive of a lease that is gone is answered with a TTL of 0; the client makes the error of it.
      const lease = known ? this.state.leases.renew(id, this.#surroundings.now()) : undefined
      reply({ response: { header: this.header(), id, ttlSeconds: lease?.ttlSeconds ?? 0 } })
    },
    'Lease/LeaseTimeToLive': ({ id, keys }, reply) => {
      const lease = this.state.leases.get(id)
      const left = lease ? Math.max(0, Math.floor((lease.deadline - this.#surroundings.now()) / 1_000)) : -1
      reply({
        response: { header: this.header(), id, ttlSeconds: left, grantedTtlSeconds: lease?.ttlSeconds ?? 0, keys: keys && lease ? [...lease.keys].sort() : [] },
      })
    },
    'Lease/LeaseLeases': (_, reply) => {
      const remaining = [...this.state.leases.all()].sort((a, b) => a.deadline - b.deadline)
      reply({ response: remaining.map((lease) => lease.id) })
    },
    'Cluster/MemberList': (_, reply) => reply({ response: [this.options.facts] }),
    'Maintenance/Status': (_, reply) => {
      const { store } = this.state
      reply({
        response: {
          header: this.header(),
          version: this.options.version,
          dbSizeBytes: store.sizeBytes,
          dbSizeInUseBytes: store.sizeInUseBytes,
          leader: this.log.leader,
          raftIndex: this.log.committed,
          raftTerm: this.log.term,
          raftAppliedIndex: this.#applied,
          quotaBytes: this.options.quotaBytes,
        },
      })
    },
    'Maintenance/Alarm': ({ action, alarm }, reply) => {
      const answer = (): void => reply({ response: { header: this.header(), alarms: this.#alarms() } })
      if (action === 'get') answer()
      else this.#propose({ type: 'alarm', alarm: alarm ?? 'NOSPACE', active: action === 'activate' }, answer, reply)
    },
    'Maintenance/Defragment': (_, reply) => {
      this.state.store.defragment()
      reply({ response: this.header() })
    },
  }

  #alarms(): { readonly memberId: string; readonly alarm: 'NOSPACE' | 'CORRUPT' }[] {
    return [...this.state.alarms].map((alarm) => ({ memberId: this.options.facts.id, alarm }))
  }

  #attempt<T>(read: () => T): Outcome<T> {
    try {
      return { response: read() }
    } catch (error) {
      if (error instanceof EtcdError) return { error }
      throw error
    }
  }

  #read(serializable: boolean, read: () => void): void {
    if (serializable) read()
    else this.log.readIndex(read)
  }

  /** Full: raises the alarm (which stops every later write until somebody disarms it) and refuses. */
  #checkQuota(bytes: number): void {
    if (this.state.store.sizeBytes + bytes <= this.options.quotaBytes) return
    if (!this.state.alarms.has('NOSPACE')) this.#propose({ type: 'alarm', alarm: 'NOSPACE', active: true }, () => {}, () => {})
    throw etcdErrors.noSpace()
  }

  #propose(proposal: Proposal, done: (applied: Applied) => void, refuse: (outcome: { readonly error: EtcdError }) => void): void {
    const cause = this.#surroundings.cause()
    this.pending++
    this.log.propose(proposal, (entry, refusal) => {
      this.pending--
      this.#surroundings.setCause(cause)
      if (!entry) {
        this.counters.proposalsFailed++
        refuse({ error: refusal instanceof EtcdError ? refusal : etcdErrors.stopped() })
        return
      }
      const applied = this.#apply(entry)
      if (applied.type === 'refused') refuse({ error: applied.error })
      else done(applied)
    })
  }

  #apply(entry: Entry): Applied {
    this.#applied = entry.index
    const applied = this.state.apply(entry.proposal, this.#surroundings.now())
    this.#note(entry.proposal, applied)
    this.#armExpiry()
    this.onApplied(entry)
    return applied
  }

  #note(proposal: Proposal, applied: Applied): void {
    if (proposal.type === 'put') this.counters.puts++
    else if (proposal.type === 'deleteRange') this.counters.deletes++
    else if (proposal.type === 'txn') this.counters.txns++
    const outcome = applied.type === 'refused' ? applied.error.message : applied.type === 'txn' && !applied.response.succeeded ? 'compare failed' : 'ok'
    this.operations.push({ time: this.#surroundings.now(), revision: this.state.store.revision, type: proposal.type, key: keyOf(proposal), outcome })
    if (this.operations.length > operationsKept * 2) this.operations.splice(0, operationsKept)
  }

  /** Keeps one timer, for the lease that ends first. */
  #armExpiry(): void {
    const next = this.state.leases.nextDeadline()
    if (this.#expiry && next !== undefined && this.#expiry.at <= next) return
    this.#expiry?.timer.cancel()
    this.#expiry = undefined
    if (next === undefined || !this.#log) return
    const timer = this.#surroundings.after(Math.max(0, next - this.#surroundings.now()), () => {
      this.#expiry = undefined
      this.#expire()
    })
    this.#expiry = { at: next, timer }
  }

  #expire(): void {
    if (this.log.leading) {
      for (const id of this.state.leases.expired(this.#surroundings.now(), revokeRetryMs)) {
        this.counters.leasesExpired++
        this.#propose({ type: 'leaseRevoke', id }, () => {}, () => {})
      }
    }
    this.#armExpiry()
  }

  #armProgress(): void {
    this.#progressTimer ??= this.#surroundings.after(this.options.progressIntervalMs, () => {
      this.#progressTimer = undefined
      this.hub.progressRound()
      if (this.hub.wantsProgress) this.#armProgress()
    })
  }
}

function keyOf(proposal: Proposal): string {
  if (proposal.type === 'put' || proposal.type === 'deleteRange') return proposal.request.key
  if (proposal.type !== 'txn') return ''
  const first = proposal.request.success[0] ?? proposal.request.failure[0]
  return first && first.type !== 'txn' ? first.request.key : (proposal.request.compare[0]?.key ?? '')
}

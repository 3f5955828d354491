import type {
  Compare, DeleteRangeRequest, DeleteRangeResponse, PutRequest, PutResponse, RangeRequest, RangeResponse, RequestOp, ResponseHeader, ResponseOp, TxnRequest, TxnResponse,
} from './client.ts'
import { EtcdError } from './client.ts'
import { etcdErrors } from './errors.ts'
import { LeaseTable } from './lease-table.ts'
import { compareBytes, MvccStore, type Commit, type WriteView } from './mvcc/store.ts'
import type { AlarmName, Proposal } from './proposal.ts'

/** What applying a proposal answers: what its client is told, or why it was refused (which changes nothing). */
export type Applied =
  | { readonly type: 'put'; readonly response: PutResponse }
  | { readonly type: 'deleteRange'; readonly response: DeleteRangeResponse }
  | { readonly type: 'txn'; readonly response: TxnResponse }
  | { readonly type: 'compact' }
  | { readonly type: 'leaseGrant'; readonly id: number; readonly ttlSeconds: number }
  | { readonly type: 'leaseRevoke' }
  | { readonly type: 'alarm' }
  | { readonly type: 'refused'; readonly error: EtcdError }

type MutableHeader = { -readonly [Field in keyof ResponseHeader]: ResponseHeader[Field] }

/** The replicated state: keys, leases and alarms. `apply` is deterministic but for lease deadlines, which are this member's own. */
export class StateMachine {
  readonly store = new MvccStore()
  readonly leases = new LeaseTable()
  readonly alarms = new Set<AlarmName>()
  readonly #header: (revision: number) => ResponseHeader
  readonly #onCommit: (commit: Commit) => void

  /** `onCommit` hears of every new revision, before the answer of the proposal that made it. */
  constructor(header: (revision: number) => ResponseHeader, onCommit: (commit: Commit) => void) {
    this.#header = header
    this.#onCommit = onCommit
  }

  apply(proposal: Proposal, now: number): Applied {
    try {
      return this.#apply(proposal, now)
    } catch (error) {
      if (error instanceof EtcdError) return { type: 'refused', error }
      throw error
    }
  }

  /** Throws EtcdError. */
  range(request: RangeRequest): RangeResponse {
    const result = this.store.range(request)
    return { header: this.#header(this.store.revision), ...result }
  }

  /** A transaction that `writes` says cannot write; throws EtcdError. */
  readOnlyTxn(request: TxnRequest): TxnResponse {
    return this.#txn(request)
  }

  #apply(proposal: Proposal, now: number): Applied {
    switch (proposal.type) {
      case 'put': {
        this.#needSpace()
        this.#checkPut(proposal.request)
        let previous: PutResponse['prevKv']
        const commit = this.store.write((view) => {
          previous = this.#put(view, proposal.request)
        })
        this.#tell(commit)
        return { type: 'put', response: putResponse(this.#header(this.store.revision), proposal.request, previous) }
      }
      case 'deleteRange': {
        let deleted: DeleteRangeResponse['prevKvs'] = []
        const commit = this.store.write((view) => {
          deleted = this.#delete(view, proposal.request)
        })
        this.#tell(commit)
        return { type: 'deleteRange', response: deleteResponse(this.#header(this.store.revision), proposal.request, deleted) }
      }
      case 'txn':
        return { type: 'txn', response: this.#txn(proposal.request) }
      case 'compact':
        this.store.compact(proposal.revision)
        return { type: 'compact' }
      case 'leaseGrant': {
        this.#needSpace()
        const lease = this.leases.grant(proposal.id, proposal.ttlSeconds, now)
        return { type: 'leaseGrant', id: lease.id, ttlSeconds: lease.ttlSeconds }
      }
      case 'leaseRevoke': {
        const keys = this.leases.revoke(proposal.id)
        this.#tell(this.store.write((view) => {
          for (const key of keys) view.deleteRange(key, undefined)
        }))
        return { type: 'leaseRevoke' }
      }
      case 'alarm':
        if (proposal.active) this.alarms.add(proposal.alarm)
        else this.alarms.delete(proposal.alarm)
        return { type: 'alarm' }
    }
  }

  #txn(request: TxnRequest): TxnResponse {
    const chosen = this.#choose(request)
    this.#checkChosen(chosen)
    // One header for the answer and all nested ones: its revision is known when everything is done.
    const header: MutableHeader = { ...this.#header(this.store.revision) }
    let response!: TxnResponse
    const commit = this.store.write((view) => {
      response = this.#run(view, chosen, header)
    })
    header.revision = this.store.revision
    this.#tell(commit)
    return response
  }

  /** Which branches run is decided for the whole tree before anything runs, as etcd does. */
  #choose(request: TxnRequest): Chosen {
    const succeeded = request.compare.every((compare) => this.#holds(compare))
    const operations = succeeded ? request.success : request.failure
    return { succeeded, operations, nested: operations.map((operation) => (operation.type === 'txn' ? this.#choose(operation.request) : undefined)) }
  }

  #checkChosen(chosen: Chosen): void {
    chosen.operations.forEach((operation, index) => {
      if (operation.type === 'put') {
        this.#needSpace()
        this.#checkPut(operation.request)
      } else if (operation.type === 'range' && operation.request.revision) this.store.checkRevision(operation.request.revision)
      else if (operation.type === 'txn') this.#checkChosen(chosen.nested[index]!)
    })
  }

  #run(view: WriteView, chosen: Chosen, header: ResponseHeader): TxnResponse {
    const responses = chosen.operations.map((operation, index): ResponseOp => {
      switch (operation.type) {
        case 'range':
          return { type: 'range', response: { header, ...this.store.range(operation.request) } }
        case 'put':
          return { type: 'put', response: putResponse(header, operation.request, this.#put(view, operation.request)) }
        case 'deleteRange':
          return { type: 'deleteRange', response: deleteResponse(header, operation.request, this.#delete(view, operation.request)) }
        case 'txn':
          return { type: 'txn', response: this.#run(view, chosen.nested[index]!, header) }
      }
    })
    return { header, succeeded: chosen.succeeded, responses }
  }

  #holds(compare: Compare): boolean {
    if (compare.rangeEnd) {
      const { kvs } = this.store.range({ key: compare.key, rangeEnd: compare.rangeEnd })
      // An empty range compares only where "absent" has a meaning: not for values.
      if (kvs.length === 0) return compare.target !== 'value' && this.#holdsFor(compare, undefined)
      return kvs.every((kv) => this.#holdsFor(compare, kv))
    }
    const kv = this.store.current(compare.key)
    if (!kv && compare.target === 'value') return false
    return this.#holdsFor(compare, kv)
  }

  #holdsFor(compare: Compare, kv: ReturnType<MvccStore['current']>): boolean {
    let order: number
    if (compare.target === 'value') order = compareBytes(kv!.value, compare.value as Uint8Array)
    else {
      const actual = kv ? { version: kv.version, create: kv.createRevision, mod: kv.modRevision, lease: kv.lease }[compare.target] : 0
      order = actual - (compare.value as number)
    }
    return { equal: order === 0, notEqual: order !== 0, greater: order > 0, less: order < 0 }[compare.result]
  }

  #needSpace(): void {
    if (this.alarms.has('NOSPACE')) throw etcdErrors.noSpace()
  }

  #checkPut(request: PutRequest): void {
    if ((request.ignoreValue || request.ignoreLease) && !this.store.current(request.key)) throw etcdErrors.keyNotFound()
    if (request.lease && !this.leases.get(request.lease)) throw etcdErrors.leaseNotFound()
  }

  #put(view: WriteView, request: PutRequest): PutResponse['prevKv'] {
    const before = request.ignoreValue || request.ignoreLease ? this.store.current(request.key) : undefined
    const lease = request.ignoreLease && before ? before.lease : (request.lease ?? 0)
    const previous = view.put(request.key, request.ignoreValue && before ? before.value : request.value, lease)
    if (previous && previous.lease !== 0 && previous.lease !== lease) this.leases.detach(previous.lease, request.key)
    if (lease !== 0) this.leases.attach(lease, request.key)
    return previous
  }

  #delete(view: WriteView, request: DeleteRangeRequest): DeleteRangeResponse['prevKvs'] {
    const gone = view.deleteRange(request.key, request.rangeEnd)
    for (const kv of gone) if (kv.lease !== 0) this.leases.detach(kv.lease, kv.key)
    return gone
  }

  #tell(commit: Commit | undefined): void {
    if (commit) this.#onCommit(commit)
  }
}

interface Chosen {
  readonly succeeded: boolean
  readonly operations: readonly RequestOp[]
  readonly nested: readonly (Chosen | undefined)[]
}

function putResponse(header: ResponseHeader, request: PutRequest, previous: PutResponse['prevKv']): PutResponse {
  return request.prevKv && previous ? { header, prevKv: previous } : { header }
}

function deleteResponse(header: ResponseHeader, request: DeleteRangeRequest, gone: DeleteRangeResponse['prevKvs']): DeleteRangeResponse {
  return { header, deleted: gone.length, prevKvs: request.prevKv ? gone : [] }
}

/** The etcd v3 API as values: the contract between the API server and etcd, whoever is behind it (one member, or a Raft
 *  group). Keys are text whose characters are bytes (ASCII in practice); values are bytes, shared and immutable. */

export interface KeyValue {
  readonly key: string
  readonly value: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
  /** 0 = no lease. */
  readonly lease: number
}

export interface ResponseHeader {
  readonly clusterId: string
  readonly memberId: string
  readonly revision: number
  readonly raftTerm: number
}

export interface RangeRequest {
  readonly key: string
  /** Absent: that key only. '\0': all keys >= key. Otherwise [key, rangeEnd). */
  readonly rangeEnd?: string
  /** 0 or absent: no limit. */
  readonly limit?: number
  /** 0 or absent: newest. */
  readonly revision?: number
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
  /** False or absent: linearizable. */
  readonly serializable?: boolean
  readonly sort?: { readonly target: 'key' | 'version' | 'create' | 'mod' | 'value'; readonly order: 'ascend' | 'descend' }
  /** Leaves out of `kvs` (not of `count`) what was last changed, or created, outside these revisions. 0 or absent: no bound. */
  readonly minModRevision?: number
  readonly maxModRevision?: number
  readonly minCreateRevision?: number
  readonly maxCreateRevision?: number
}

export interface RangeResponse {
  readonly header: ResponseHeader
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
  /** Keys in the range, whatever the limit. */
  readonly count: number
}

export interface PutRequest {
  readonly key: string
  readonly value: Uint8Array
  readonly lease?: number
  readonly prevKv?: boolean
  /** Keep the value (or the lease) that the key has; it has to exist. */
  readonly ignoreValue?: boolean
  readonly ignoreLease?: boolean
}

export interface PutResponse {
  readonly header: ResponseHeader
  readonly prevKv?: KeyValue
}

export interface DeleteRangeRequest {
  readonly key: string
  readonly rangeEnd?: string
  readonly prevKv?: boolean
}

export interface DeleteRangeResponse {
  readonly header: ResponseHeader
  readonly deleted: number
  readonly prevKvs: readonly KeyValue[]
}

export interface Compare {
  readonly key: string
  /** All keys of the range have to compare; as in RangeRequest. */
  readonly rangeEnd?: string
  readonly target: 'version' | 'create' | 'mod' | 'value' | 'lease'
  readonly result: 'equal' | 'greater' | 'less' | 'notEqual'
  readonly value: number | Uint8Array
}

export type RequestOp =
  | { readonly type: 'range'; readonly request: RangeRequest }
  | { readonly type: 'put'; readonly request: PutRequest }
  | { readonly type: 'deleteRange'; readonly request: DeleteRangeRequest }
  | { readonly type: 'txn'; readonly request: TxnRequest }

export type ResponseOp =
  | { readonly type: 'range'; readonly response: RangeResponse }
  | { readonly type: 'put'; readonly response: PutResponse }
  | { readonly type: 'deleteRange'; readonly response: DeleteRangeResponse }
  | { readonly type: 'txn'; readonly response: TxnResponse }

export interface TxnRequest {
  readonly compare: readonly Compare[]
  readonly success: readonly RequestOp[]
  readonly failure: readonly RequestOp[]
}

export interface TxnResponse {
  readonly header: ResponseHeader
  readonly succeeded: boolean
  readonly responses: readonly ResponseOp[]
}

export interface WatchRequest {
  readonly key: string
  readonly rangeEnd?: string
  /** First revision wanted; 0 or absent: from now. */
  readonly startRevision?: number
  readonly prevKv?: boolean
  /** Ask for a progress notice every so often when nothing happens. */
  readonly progressNotify?: boolean
}

export interface EtcdEvent {
  readonly type: 'put' | 'delete'
  /** For a delete: key and modRevision of the tombstone, empty value. */
  readonly kv: KeyValue
  readonly prevKv?: KeyValue
}

/** A running watch. */
export interface EtcdWatch {
  cancel(): void
  /** Asks for a progress notice now (after everything that happened up to now). */
  requestProgress(): void
}

/** All events of one revision come in one response. No events: a progress notice; header.revision is safe to resume from. */
export interface WatchResponse {
  readonly header: ResponseHeader
  readonly events: readonly EtcdEvent[]
}

/** Why a watch ended: `compacted` with the first revision still there, or the connection was lost. */
export type WatchEnd = { readonly reason: 'compacted'; readonly compactRevision: number } | { readonly reason: 'lost'; readonly error: Error }

export interface LeaseGrantResponse {
  readonly header: ResponseHeader
  readonly id: number
  readonly ttlSeconds: number
}

export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader
  readonly id: number
  /** Seconds left; -1: gone. */
  readonly ttlSeconds: number
  readonly grantedTtlSeconds: number
  readonly keys: readonly string[]
}

export interface Member {
  readonly id: string
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
}

export interface StatusResponse {
  readonly header: ResponseHeader
  readonly version: string
  readonly dbSizeBytes: number
  readonly dbSizeInUseBytes: number
  readonly leader: string
  readonly raftIndex: number
  readonly raftTerm: number
  readonly raftAppliedIndex?: number
  /** Bytes after which writes are refused. */
  readonly quotaBytes?: number
}

/** Failures are EtcdError with etcd's own words. */
export class EtcdError extends Error {
  readonly code: 'compacted' | 'future-revision' | 'lease-not-found' | 'lease-exists' | 'too-large' | 'no-space' | 'unavailable' | 'invalid' | 'duplicate-key' | 'key-not-found' | 'too-many-operations'
  constructor(code: EtcdError['code'], message: string) {
    super(message)
    this.code = code
  }
}

export interface EtcdClient {
  range(request: RangeRequest): Promise<RangeResponse>
  put(request: PutRequest): Promise<PutResponse>
  deleteRange(request: DeleteRangeRequest): Promise<DeleteRangeResponse>
  txn(request: TxnRequest): Promise<TxnResponse>
  compact(revision: number): Promise<ResponseHeader>
  /** Delivers in revision order. `onEnd` is called once, unless the caller cancels. */
  watch(request: WatchRequest, onResponse: (response: WatchResponse) => void, onEnd: (end: WatchEnd) => void): EtcdWatch
  leaseGrant(ttlSeconds: number, id?: number): Promise<LeaseGrantResponse>
  leaseRevoke(id: number): Promise<ResponseHeader>
  leaseKeepAlive(id: number): Promise<LeaseGrantResponse>
  leaseTimeToLive(id: number, keys?: boolean): Promise<LeaseTimeToLiveResponse>
  leases(): Promise<readonly number[]>
  memberList(): Promise<readonly Member[]>
  status(): Promise<StatusResponse>
}

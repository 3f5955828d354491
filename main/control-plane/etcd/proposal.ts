import type { DeleteRangeRequest, PutRequest, TxnRequest } from './client.ts'

/** What goes through the log: everything that changes the replicated state. Applying the same proposals in the same order
 *  gives the same state, whenever and wherever it is done. */
export type Proposal =
  | { readonly type: 'put'; readonly request: PutRequest }
  | { readonly type: 'deleteRange'; readonly request: DeleteRangeRequest }
  | { readonly type: 'txn'; readonly request: TxnRequest }
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'leaseGrant'; readonly id: number; readonly ttlSeconds: number }
  | { readonly type: 'leaseRevoke'; readonly id: number }
  | { readonly type: 'alarm'; readonly alarm: AlarmName; readonly active: boolean }

export type AlarmName = 'NOSPACE' | 'CORRUPT'

/** A committed proposal. */
export interface Entry {
  readonly index: number
  readonly term: number
  readonly proposal: Proposal
}

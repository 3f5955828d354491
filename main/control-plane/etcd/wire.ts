import type {
  DeleteRangeRequest, DeleteRangeResponse, EtcdError, LeaseGrantResponse, LeaseTimeToLiveResponse, Member, PutRequest, PutResponse, RangeRequest, RangeResponse, ResponseHeader, StatusResponse, TxnRequest, TxnResponse, WatchEnd, WatchRequest, WatchResponse,
} from './client.ts'
import type { AlarmName } from './proposal.ts'

/** etcd's unary methods, named as in its API, with what they take and answer. */
export interface Methods {
  readonly 'KV/Range': { readonly request: RangeRequest; readonly response: RangeResponse }
  readonly 'KV/Put': { readonly request: PutRequest; readonly response: PutResponse }
  readonly 'KV/DeleteRange': { readonly request: DeleteRangeRequest; readonly response: DeleteRangeResponse }
  readonly 'KV/Txn': { readonly request: TxnRequest; readonly response: TxnResponse }
  readonly 'KV/Compact': { readonly request: { readonly revision: number }; readonly response: ResponseHeader }
  readonly 'Lease/LeaseGrant': { readonly request: { readonly ttlSeconds: number; readonly id?: number }; readonly response: LeaseGrantResponse }
  readonly 'Lease/LeaseRevoke': { readonly request: { readonly id: number }; readonly response: ResponseHeader }
  readonly 'Lease/LeaseKeepAlive': { readonly request: { readonly id: number }; readonly response: LeaseGrantResponse }
  readonly 'Lease/LeaseTimeToLive': { readonly request: { readonly id: number; readonly keys?: boolean }; readonly response: LeaseTimeToLiveResponse }
  readonly 'Lease/LeaseLeases': { readonly request: object; readonly response: readonly number[] }
  readonly 'Cluster/MemberList': { readonly request: object; readonly response: readonly Member[] }
  readonly 'Maintenance/Status': { readonly request: object; readonly response: StatusResponse }
  readonly 'Maintenance/Alarm': { readonly request: { readonly action: 'get' | 'activate' | 'deactivate'; readonly alarm?: AlarmName }; readonly response: AlarmResponse }
  readonly 'Maintenance/Defragment': { readonly request: object; readonly response: ResponseHeader }
}

export interface AlarmResponse {
  readonly header: ResponseHeader
  readonly alarms: readonly { readonly memberId: string; readonly alarm: AlarmName }[]
}

export type Method = keyof Methods

export type Outcome<T> = { readonly response: T } | { readonly error: EtcdError }

/** What travels on a connection to port 2379. Requests and watches have numbers that the client chose. */
export type Frame =
  | { readonly type: 'call'; readonly id: number; readonly method: Method; readonly request: Methods[Method]['request'] }
  | { readonly type: 'answer'; readonly id: number; readonly outcome: Outcome<Methods[Method]['response']> }
  | { readonly type: 'watch'; readonly id: number; readonly request: WatchRequest }
  | { readonly type: 'watched'; readonly id: number; readonly response: WatchResponse }
  | { readonly type: 'watch-end'; readonly id: number; readonly end: WatchEnd }
  | { readonly type: 'watch-cancel'; readonly id: number }
  | { readonly type: 'watch-progress'; readonly id: number }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }

/** A few words for the map: `KV/Txn /registry/pods/default/web`. */
export function labelOf(method: Method, request: Methods[Method]['request']): string {
  const key = keyIn(request)
  return key === '' ? method : `${method} ${key}`
}

function keyIn(request: Methods[Method]['request']): string {
  if ('key' in request) return request.key
  if ('success' in request) {
    const first = request.success[0] ?? request.failure[0]
    if (first && first.type !== 'txn') return first.request.key
    return request.compare[0]?.key ?? ''
  }
  return ''
}

import type { Field, MessageType, Scalar } from './protobuf.ts'

/** The messages of etcd's v3 API, with its field names and numbers (rpc.proto, kv.proto). */

const field = (number: number, name: string, type: Scalar | (() => MessageType), more: Partial<Field> = {}): Field => ({ number, name, type, ...more })
const many = { repeated: true } as const
const maybe = { optional: true } as const

const header: MessageType = [field(1, 'cluster_id', 'id'), field(2, 'member_id', 'id'), field(3, 'revision', 'int64'), field(4, 'raft_term', 'int64')]
const withHeader = (...fields: Field[]): MessageType => [field(1, 'header', () => header), ...fields]

const keyValue: MessageType = [
  field(1, 'key', 'key'),
  field(2, 'create_revision', 'int64'),
  field(3, 'mod_revision', 'int64'),
  field(4, 'version', 'int64'),
  field(5, 'value', 'bytes'),
  field(6, 'lease', 'int64'),
]
const event: MessageType = [field(1, 'type', 'enum'), field(2, 'kv', () => keyValue), field(3, 'prev_kv', () => keyValue)]

const rangeRequest: MessageType = [
  field(1, 'key', 'key'),
  field(2, 'range_end', 'key'),
  field(3, 'limit', 'int64'),
  field(4, 'revision', 'int64'),
  field(5, 'sort_order', 'enum'),
  field(6, 'sort_target', 'enum'),
  field(7, 'serializable', 'bool'),
  field(8, 'keys_only', 'bool'),
  field(9, 'count_only', 'bool'),
  field(10, 'min_mod_revision', 'int64'),
  field(11, 'max_mod_revision', 'int64'),
  field(12, 'min_create_revision', 'int64'),
  field(13, 'max_create_revision', 'int64'),
]
const rangeResponse = withHeader(field(2, 'kvs', () => keyValue, many), field(3, 'more', 'bool'), field(4, 'count', 'int64'))
const putRequest: MessageType = [
  field(1, 'key', 'key'),
  field(2, 'value', 'bytes'),
  field(3, 'lease', 'int64'),
  field(4, 'prev_kv', 'bool'),
  field(5, 'ignore_value', 'bool'),
  field(6, 'ignore_lease', 'bool'),
]
const putResponse = withHeader(field(2, 'prev_kv', () => keyValue))
const deleteRangeRequest: MessageType = [field(1, 'key', 'key'), field(2, 'range_end', 'key'), field(3, 'prev_kv', 'bool')]
const deleteRangeResponse = withHeader(field(2, 'deleted', 'int64'), field(3, 'prev_kvs', () => keyValue, many))
const compare: MessageType = [
  field(1, 'result', 'enum'),
  field(2, 'target', 'enum'),
  field(3, 'key', 'key'),
  field(4, 'version', 'int64', maybe),
  field(5, 'create_revision', 'int64', maybe),
  field(6, 'mod_revision', 'int64', maybe),
  field(7, 'value', 'bytes', maybe),
  field(8, 'lease', 'int64', maybe),
  field(64, 'range_end', 'key'),
]
const requestOp: MessageType = [
  field(1, 'request_range', () => rangeRequest),
  field(2, 'request_put', () => putRequest),
  field(3, 'request_delete_range', () => deleteRangeRequest),
  field(4, 'request_txn', () => txnRequest),
]
const responseOp: MessageType = [
  field(1, 'response_range', () => rangeResponse),
  field(2, 'response_put', () => putResponse),
  field(3, 'response_delete_range', () => deleteRangeResponse),
  field(4, 'response_txn', () => txnResponse),
]
const txnRequest: MessageType = [field(1, 'compare', () => compare, many), field(2, 'success', () => requestOp, many), field(3, 'failure', () => requestOp, many)]
const txnResponse = withHeader(field(2, 'succeeded', 'bool'), field(3, 'responses', () => responseOp, many))

const watchCreate: MessageType = [
  field(1, 'key', 'key'),
  field(2, 'range_end', 'key'),
  field(3, 'start_revision', 'int64'),
  field(4, 'progress_notify', 'bool'),
  field(5, 'filters', 'enum', many),
  field(6, 'prev_kv', 'bool'),
  field(7, 'watch_id', 'int64'),
  field(8, 'fragment', 'bool'),
]
const watchRequest: MessageType = [
  field(1, 'create_request', () => watchCreate),
  field(2, 'cancel_request', () => [field(1, 'watch_id', 'int64')]),
  field(3, 'progress_request', () => []),
]
const watchResponse = withHeader(
  field(2, 'watch_id', 'int64'),
  field(3, 'created', 'bool'),
  field(4, 'canceled', 'bool'),
  field(5, 'compact_revision', 'int64'),
  field(6, 'cancel_reason', 'string'),
  field(7, 'fragment', 'bool'),
  field(11, 'events', () => event, many),
)

const member: MessageType = [field(1, 'ID', 'id'), field(2, 'name', 'string'), field(3, 'peerURLs', 'string', many), field(4, 'clientURLs', 'string', many), field(5, 'isLearner', 'bool')]
const alarmMember: MessageType = [field(1, 'memberID', 'id'), field(2, 'alarm', 'enum')]

export interface RpcMethod {
  readonly path: string
  readonly request: MessageType
  readonly response: MessageType
  readonly streams: boolean
}

const unary = (path: string, request: MessageType, response: MessageType): RpcMethod => ({ path: `/etcdserverpb.${path}`, request, response, streams: false })
const stream = (path: string, request: MessageType, response: MessageType): RpcMethod => ({ path: `/etcdserverpb.${path}`, request, response, streams: true })

/** The methods that are served and called here. Requests and responses are plain objects with the field names of the messages. */
export const rpcMethods = {
  'KV/Range': unary('KV/Range', rangeRequest, rangeResponse),
  'KV/Put': unary('KV/Put', putRequest, putResponse),
  'KV/DeleteRange': unary('KV/DeleteRange', deleteRangeRequest, deleteRangeResponse),
  'KV/Txn': unary('KV/Txn', txnRequest, txnResponse),
  'KV/Compact': unary('KV/Compact', [field(1, 'revision', 'int64'), field(2, 'physical', 'bool')], withHeader()),
  'Watch/Watch': stream('Watch/Watch', watchRequest, watchResponse),
  'Lease/LeaseGrant': unary('Lease/LeaseGrant', [field(1, 'TTL', 'int64'), field(2, 'ID', 'int64')], withHeader(field(2, 'ID', 'int64'), field(3, 'TTL', 'int64'), field(4, 'error', 'string'))),
  'Lease/LeaseRevoke': unary('Lease/LeaseRevoke', [field(1, 'ID', 'int64')], withHeader()),
  'Lease/LeaseKeepAlive': stream('Lease/LeaseKeepAlive', [field(1, 'ID', 'int64')], withHeader(field(2, 'ID', 'int64'), field(3, 'TTL', 'int64'))),
  'Lease/LeaseTimeToLive': unary(
    'Lease/LeaseTimeToLive',
    [field(1, 'ID', 'int64'), field(2, 'keys', 'bool')],
    withHeader(field(2, 'ID', 'int64'), field(3, 'TTL', 'int64'), field(4, 'grantedTTL', 'int64'), field(5, 'keys', 'key', many)),
  ),
  'Lease/LeaseLeases': unary('Lease/LeaseLeases', [], withHeader(field(2, 'leases', () => [field(1, 'ID', 'int64')], many))),
  'Cluster/MemberList': unary('Cluster/MemberList', [field(1, 'linearizable', 'bool')], withHeader(field(2, 'members', () => member, many))),
  'Maintenance/Alarm': unary('Maintenance/Alarm', [field(1, 'action', 'enum'), field(2, 'memberID', 'id'), field(3, 'alarm', 'enum')], withHeader(field(2, 'alarms', () => alarmMember, many))),
  'Maintenance/Status': unary(
    'Maintenance/Status',
    [],
    withHeader(
      field(2, 'version', 'string'),
      field(3, 'dbSize', 'int64'),
      field(4, 'leader', 'id'),
      field(5, 'raftIndex', 'int64'),
      field(6, 'raftTerm', 'int64'),
      field(7, 'raftAppliedIndex', 'int64'),
      field(8, 'errors', 'string', many),
      field(9, 'dbSizeInUse', 'int64'),
      field(10, 'isLearner', 'bool'),
      field(11, 'storageVersion', 'string'),
      field(12, 'dbSizeQuota', 'int64'),
    ),
  ),
  'Maintenance/Defragment': unary('Maintenance/Defragment', [], withHeader()),
} as const satisfies Readonly<Record<string, RpcMethod>>

export type RpcName = keyof typeof rpcMethods

export interface RpcHeader {
  readonly cluster_id: string
  readonly member_id: string
  readonly revision: number
  readonly raft_term: number
}

export interface RpcKeyValue {
  readonly key: string
  readonly create_revision: number
  readonly mod_revision: number
  readonly version: number
  readonly value: Uint8Array
  readonly lease: number
}

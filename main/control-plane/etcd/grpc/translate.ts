import type { RpcKeyValue } from '../../../api/etcd/messages.ts'
import type { MessageValue } from '../../../api/etcd/protobuf.ts'
import type {
  Compare, DeleteRangeRequest, EtcdEvent, KeyValue, PutRequest, RangeRequest, RequestOp, ResponseHeader, ResponseOp, TxnRequest, TxnResponse, WatchRequest,
} from '../client.ts'

/** Between the messages of etcd's API and the values that everything here speaks. */

const sortTargets = ['key', 'version', 'create', 'mod', 'value'] as const
const compareResults = ['equal', 'greater', 'less', 'notEqual'] as const
const compareTargets = ['version', 'create', 'mod', 'value', 'lease'] as const
const compareFields = { version: 'version', create: 'create_revision', mod: 'mod_revision', value: 'value', lease: 'lease' } as const

export function headerMessage(header: ResponseHeader): MessageValue {
  return { cluster_id: header.clusterId, member_id: header.memberId, revision: header.revision, raft_term: header.raftTerm }
}

export function keyValueMessage(kv: KeyValue): RpcKeyValue {
  return { key: kv.key, create_revision: kv.createRevision, mod_revision: kv.modRevision, version: kv.version, value: kv.value, lease: kv.lease }
}

export function eventMessage(event: EtcdEvent): MessageValue {
  return { type: event.type === 'put' ? 0 : 1, kv: keyValueMessage(event.kv), ...(event.prevKv && { prev_kv: keyValueMessage(event.prevKv) }) }
}

type Fields = Readonly<Record<string, unknown>>

function rangeEndOf(message: Fields): { rangeEnd?: string } {
  return message['range_end'] ? { rangeEnd: message['range_end'] as string } : {}
}

export function rangeRequestFrom(message: Fields): RangeRequest {
  const order = message['sort_order'] as number
  const target = sortTargets[message['sort_target'] as number] ?? 'key'
  // A target without an order sorts upwards, as etcd has it; keys come so by themselves.
  const sort = order === 0 && target === 'key' ? {} : { sort: { target, order: order === 2 ? ('descend' as const) : ('ascend' as const) } }
  return {
    key: message['key'] as string,
    ...rangeEndOf(message),
    ...sort,
    limit: message['limit'] as number,
    revision: message['revision'] as number,
    serializable: message['serializable'] as boolean,
    keysOnly: message['keys_only'] as boolean,
    countOnly: message['count_only'] as boolean,
    minModRevision: message['min_mod_revision'] as number,
    maxModRevision: message['max_mod_revision'] as number,
    minCreateRevision: message['min_create_revision'] as number,
    maxCreateRevision: message['max_create_revision'] as number,
  }
}

export function putRequestFrom(message: Fields): PutRequest {
  return {
    key: message['key'] as string,
    value: message['value'] as Uint8Array,
    lease: message['lease'] as number,
    prevKv: message['prev_kv'] as boolean,
    ignoreValue: message['ignore_value'] as boolean,
    ignoreLease: message['ignore_lease'] as boolean,
  }
}

export function deleteRangeRequestFrom(message: Fields): DeleteRangeRequest {
  return { key: message['key'] as string, ...rangeEndOf(message), prevKv: message['prev_kv'] as boolean }
}

export function txnRequestFrom(message: Fields): TxnRequest {
  return {
    compare: (message['compare'] as Fields[]).map(compareFrom),
    success: (message['success'] as Fields[]).map(operationFrom),
    failure: (message['failure'] as Fields[]).map(operationFrom),
  }
}

function compareFrom(message: Fields): Compare {
  const target = compareTargets[message['target'] as number] ?? 'version'
  const value = message[compareFields[target]] ?? (target === 'value' ? new Uint8Array(0) : 0)
  return { key: message['key'] as string, ...rangeEndOf(message), target, result: compareResults[message['result'] as number] ?? 'equal', value: value as number | Uint8Array }
}

function operationFrom(message: Fields): RequestOp {
  if (message['request_put']) return { type: 'put', request: putRequestFrom(message['request_put'] as Fields) }
  if (message['request_delete_range']) return { type: 'deleteRange', request: deleteRangeRequestFrom(message['request_delete_range'] as Fields) }
  if (message['request_txn']) return { type: 'txn', request: txnRequestFrom(message['request_txn'] as Fields) }
  return { type: 'range', request: rangeRequestFrom((message['request_range'] ?? { key: '' }) as Fields) }
}

export function txnResponseMessage(response: TxnResponse): MessageValue {
  return { header: headerMessage(response.header), succeeded: response.succeeded, responses: response.responses.map(operationMessage) }
}

function operationMessage(operation: ResponseOp): MessageValue {
  switch (operation.type) {
    case 'range':
      return { response_range: rangeResponseMessage(operation.response) }
    case 'put':
      return { response_put: putResponseMessage(operation.response) }
    case 'deleteRange':
      return { response_delete_range: deleteRangeResponseMessage(operation.response) }
    case 'txn':
      return { response_txn: txnResponseMessage(operation.response) }
  }
}

export function rangeResponseMessage({ header, kvs, more, count }: { readonly header: ResponseHeader; readonly kvs: readonly KeyValue[]; readonly more: boolean; readonly count: number }): MessageValue {
  return { header: headerMessage(header), kvs: kvs.map(keyValueMessage), more, count }
}

export function putResponseMessage({ header, prevKv }: { readonly header: ResponseHeader; readonly prevKv?: KeyValue }): MessageValue {
  return { header: headerMessage(header), ...(prevKv && { prev_kv: keyValueMessage(prevKv) }) }
}

export function deleteRangeResponseMessage({ header, deleted, prevKvs }: { readonly header: ResponseHeader; readonly deleted: number; readonly prevKvs: readonly KeyValue[] }): MessageValue {
  return { header: headerMessage(header), deleted, prev_kvs: prevKvs.map(keyValueMessage) }
}

export function watchRequestFrom(message: Fields): WatchRequest {
  return {
    key: message['key'] as string,
    ...rangeEndOf(message),
    startRevision: message['start_revision'] as number,
    prevKv: message['prev_kv'] as boolean,
    progressNotify: message['progress_notify'] as boolean,
  }
}

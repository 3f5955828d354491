import type { RpcHeader, RpcKeyValue } from '../../../api/etcd/messages.ts'
import { bytesFromKey } from '../../../api/etcd/protobuf.ts'
import type { Streams } from '../../streams.ts'
import type { DeleteAnswer, MemberAnswer, Printer, PutAnswer, RangeAnswer, StatusAnswer, TxnAnswer } from './printer.ts'

/** A number with all its digits, as JSON.stringify would not write it. */
class Digits {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Json = string | number | boolean | Digits | readonly Json[] | { readonly [field: string]: Json | undefined }

/** The messages as Go writes them: fields in their order, those with zero values left out, bytes in base64. */
export function jsonPrinter(streams: Streams): Printer {
  const print = (value: Json): void => streams.out(`${write(value)}\n`)
  return {
    format: 'json',
    valueOnly: false,
    get: (answer) => print(range(answer)),
    put: (answer) => print(put(answer)),
    del: (answer) => print(del(answer)),
    txn: (answer) => print(txn(answer)),
    watch: ({ header, events, compact_revision, canceled, created }) =>
      print({
        Header: head(header) ?? {},
        Events: events.map((event) => ({ ...(event.type !== 0 && { type: event.type }), kv: event.kv && keyValue(event.kv), prev_kv: event.prev_kv && keyValue(event.prev_kv) })),
        CompactRevision: compact_revision,
        Canceled: canceled,
        Created: created,
      }),
    grant: (answer) => print(withHeader(answer, ['ID', 'TTL'])),
    revoke: (_, answer) => print(withHeader(answer, [])),
    keepAlive: (answer) => print(withHeader(answer, ['ID', 'TTL'])),
    timeToLive: ({ keys, ...answer }) => print({ ...withHeader(answer, []), id: answer.ID, ttl: answer.TTL, 'granted-ttl': answer.grantedTTL, keys: keys.map((key) => base64(bytesFromKey(key))) }),
    leases: (answer) => print({ ...withHeader(answer, []), leases: answer.leases.map(({ ID }) => ({ id: ID })) }),
    members: (answer) => print({ ...withHeader(answer, []), members: answer.members.map(member) }),
    status: (answers) => print(answers.map(({ endpoint, status }) => ({ Endpoint: endpoint, Status: statusOf(status) }))),
    health: (answers) => print(answers.map(({ endpoint, health, took, error }) => ({ endpoint, health, took, error }))),
    alarms: (answer) => print({ ...withHeader(answer, []), alarms: some(answer.alarms.map(({ memberID, alarm }) => ({ memberID: digits(memberID), alarm }))) }),
  }
}

function digits(hexadecimal: string): Digits {
  return new Digits(BigInt(`0x${hexadecimal || '0'}`).toString())
}

function head(header: RpcHeader | undefined): Json | undefined {
  if (!header) return undefined
  const { cluster_id, member_id, revision, raft_term } = header
  return {
    cluster_id: cluster_id === '0' ? undefined : digits(cluster_id),
    member_id: member_id === '0' ? undefined : digits(member_id),
    revision: revision || undefined,
    raft_term: raft_term || undefined,
  }
}

function withHeader(answer: Readonly<Record<string, unknown>>, fields: readonly string[]): { readonly [field: string]: Json | undefined } {
  return { header: head(answer['header'] as RpcHeader | undefined), ...Object.fromEntries(fields.map((field) => [field, (answer[field] as number) || undefined])) }
}

function keyValue(kv: RpcKeyValue): Json {
  return {
    key: kv.key === '' ? undefined : base64(bytesFromKey(kv.key)),
    create_revision: kv.create_revision || undefined,
    mod_revision: kv.mod_revision || undefined,
    version: kv.version || undefined,
    value: kv.value.length === 0 ? undefined : base64(kv.value),
    lease: kv.lease || undefined,
  }
}

function range({ header, kvs, more, count }: RangeAnswer): Json {
  return { header: head(header), kvs: some(kvs.map(keyValue)), more: more || undefined, count: count || undefined }
}

function put({ header, prev_kv }: PutAnswer): Json {
  return { header: head(header), prev_kv: prev_kv && keyValue(prev_kv) }
}

function del({ header, deleted, prev_kvs }: DeleteAnswer): Json {
  return { header: head(header), deleted: deleted || undefined, prev_kvs: some(prev_kvs.map(keyValue)) }
}

function txn({ header, succeeded, responses }: TxnAnswer): Json {
  const inner = responses.map(({ response_range, response_put, response_delete_range, response_txn }): Json => ({
    Response: {
      response_range: response_range && range(response_range),
      response_put: response_put && put(response_put),
      response_delete_range: response_delete_range && del(response_delete_range),
      response_txn: response_txn && txn(response_txn),
    },
  }))
  return { header: head(header), succeeded: succeeded || undefined, responses: some(inner) }
}

function member({ ID, name, peerURLs, clientURLs, isLearner }: MemberAnswer): Json {
  return { ID: digits(ID), name: name || undefined, peerURLs: some(peerURLs), clientURLs: some(clientURLs), isLearner: isLearner || undefined }
}

function statusOf(status: StatusAnswer): Json {
  return {
    header: head(status.header),
    version: status.version,
    dbSize: status.dbSize || undefined,
    leader: status.leader === '0' ? undefined : digits(status.leader),
    raftIndex: status.raftIndex || undefined,
    raftTerm: status.raftTerm || undefined,
    raftAppliedIndex: status.raftAppliedIndex || undefined,
    errors: some(status.errors),
    dbSizeInUse: status.dbSizeInUse || undefined,
    isLearner: status.isLearner || undefined,
    storageVersion: status.storageVersion || undefined,
    dbSizeQuota: status.dbSizeQuota || undefined,
    downgradeInfo: {},
  }
}

function some(items: readonly Json[]): readonly Json[] | undefined {
  return items.length === 0 ? undefined : items
}

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

function write(value: Json): string {
  if (value instanceof Digits) return value.text
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(write).join(',')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value as { readonly [field: string]: Json | undefined }).filter((entry): entry is [string, Json] => entry[1] !== undefined)
  return `{${fields.map(([name, content]) => `${JSON.stringify(name)}:${write(content)}`).join(',')}}`
}

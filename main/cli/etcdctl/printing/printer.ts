import type { RpcHeader, RpcKeyValue } from '../../../api/etcd/messages.ts'

export interface RangeAnswer {
  readonly header?: RpcHeader
  readonly kvs: readonly RpcKeyValue[]
  readonly more: boolean
  readonly count: number
}

export interface PutAnswer {
  readonly header?: RpcHeader
  readonly prev_kv?: RpcKeyValue
}

export interface DeleteAnswer {
  readonly header?: RpcHeader
  readonly deleted: number
  readonly prev_kvs: readonly RpcKeyValue[]
}

export interface TxnAnswer {
  readonly header?: RpcHeader
  readonly succeeded: boolean
  readonly responses: readonly { readonly response_range?: RangeAnswer; readonly response_put?: PutAnswer; readonly response_delete_range?: DeleteAnswer; readonly response_txn?: TxnAnswer }[]
}

export interface WatchAnswer {
  readonly header?: RpcHeader
  readonly events: readonly { readonly type: number; readonly kv?: RpcKeyValue; readonly prev_kv?: RpcKeyValue }[]
  readonly canceled: boolean
  readonly compact_revision: number
  readonly cancel_reason: string
  readonly created: boolean
}

export interface MemberAnswer {
  readonly ID: string
  readonly name: string
  readonly peerURLs: readonly string[]
  readonly clientURLs: readonly string[]
  readonly isLearner: boolean
}

export interface StatusAnswer {
  readonly header: RpcHeader
  readonly version: string
  readonly dbSize: number
  readonly leader: string
  readonly raftIndex: number
  readonly raftTerm: number
  readonly raftAppliedIndex: number
  readonly errors: readonly string[]
  readonly dbSizeInUse: number
  readonly isLearner: boolean
  readonly storageVersion: string
  readonly dbSizeQuota: number
}

export interface Health {
  readonly endpoint: string
  readonly health: boolean
  readonly took: string
  readonly error?: string
}

/** One output format. A format says nothing about what it does not know: that is an error of the command line. */
export interface Printer {
  readonly format: 'simple' | 'json' | 'fields' | 'table'
  /** Only with `simple`. */
  valueOnly: boolean
  get(answer: RangeAnswer): void
  put(answer: PutAnswer): void
  del(answer: DeleteAnswer): void
  txn(answer: TxnAnswer): void
  watch(answer: WatchAnswer): void
  grant(answer: { readonly ID: number; readonly TTL: number } & Record<string, unknown>): void
  revoke(id: number, answer: Record<string, unknown>): void
  keepAlive(answer: { readonly ID: number; readonly TTL: number } & Record<string, unknown>): void
  timeToLive(answer: { readonly ID: number; readonly TTL: number; readonly grantedTTL: number; readonly keys: readonly string[] } & Record<string, unknown>, keys: boolean): void
  leases(answer: { readonly leases: readonly { readonly ID: number }[] } & Record<string, unknown>): void
  members(answer: { readonly members: readonly MemberAnswer[] } & Record<string, unknown>): void
  status(answers: readonly { readonly endpoint: string; readonly status: StatusAnswer }[]): void
  health(answers: readonly Health[]): void
  alarms(answer: { readonly alarms: readonly { readonly memberID: string; readonly alarm: number }[] } & Record<string, unknown>): void
}

const decoder = new TextDecoder()

/** Bytes as text, or as \x escapes. */
export function shown(value: Uint8Array | string, hex: boolean): string {
  const bytes = typeof value === 'string' ? Uint8Array.from(value, (character) => character.charCodeAt(0)) : value
  if (!hex) return decoder.decode(bytes)
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

export const alarmNames = ['NONE', 'NOSPACE', 'CORRUPT']

/** A lease's id as etcdctl writes it. */
export function leaseText(id: number): string {
  return BigInt.asUintN(64, BigInt(id)).toString(16).padStart(16, '0')
}

/** Go's %x of a member's id. */
export function memberText(id: string): string {
  return id.replace(/^0+(?=.)/, '')
}

/** Sizes as the humanize package writes them. */
export function humanBytes(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']
  if (bytes < 10) return `${bytes} B`
  const step = Math.min(names.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = Math.floor((bytes / 1_000 ** step) * 10 + 0.5) / 10
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${names[step]}`
}

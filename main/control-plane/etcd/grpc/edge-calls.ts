import { rpcMethods, type RpcName } from '../../../api/etcd/messages.ts'
import { decodeMessage, encodeMessage, type MessageValue } from '../../../api/etcd/protobuf.ts'
import type { EtcdMaintenance } from '../callers.ts'
import { EtcdError, type EtcdClient, type EtcdWatch, type ResponseHeader } from '../client.ts'
import {
  deleteRangeRequestFrom, deleteRangeResponseMessage, eventMessage, headerMessage, putRequestFrom, putResponseMessage, rangeRequestFrom, rangeResponseMessage, txnRequestFrom, txnResponseMessage, watchRequestFrom,
} from './translate.ts'

/** An input as it is recorded: what somebody outside asked of etcd, with the request as protobuf in base64. */
export type EtcdInput =
  | { readonly type: 'call'; readonly method: RpcName; readonly request: string }
  | { readonly type: 'watch'; readonly stream: number; readonly request: string }
  | { readonly type: 'watch-end'; readonly stream: number }

type Client = EtcdClient & EtcdMaintenance
type Fields = Readonly<Record<string, unknown>>

const alarmNames = ['NONE', 'NOSPACE', 'CORRUPT'] as const

/** What etcd's API says when nobody is there to say it. */
export function notRunning(): EtcdError {
  return new EtcdError('unavailable', 'etcdserver: server stopped')
}

/** Runs one call and answers its protobuf response. Rejects with EtcdError. */
export async function runCall(client: Client, method: RpcName, request: Uint8Array): Promise<Uint8Array> {
  const { request: requestType, response } = rpcMethods[method]
  return encodeMessage(response, await answer(client, method, decodeMessage(requestType, request)))
}

async function answer(client: Client, method: RpcName, message: Fields): Promise<MessageValue> {
  switch (method) {
    case 'KV/Range':
      return rangeResponseMessage(await client.range(rangeRequestFrom(message)))
    case 'KV/Put':
      return putResponseMessage(await client.put(putRequestFrom(message)))
    case 'KV/DeleteRange':
      return deleteRangeResponseMessage(await client.deleteRange(deleteRangeRequestFrom(message)))
    case 'KV/Txn':
      return txnResponseMessage(await client.txn(txnRequestFrom(message)))
    case 'KV/Compact':
      return { header: headerMessage(await client.compact(message['revision'] as number)) }
    case 'Lease/LeaseGrant': {
      const { header, id, ttlSeconds } = await client.leaseGrant(message['TTL'] as number, (message['ID'] as number) || undefined)
      return { header: headerMessage(header), ID: id, TTL: ttlSeconds }
    }
    case 'Lease/LeaseRevoke':
      return { header: headerMessage(await client.leaseRevoke(message['ID'] as number)) }
    case 'Lease/LeaseKeepAlive':
      return keepAlive(client, message['ID'] as number)
    case 'Lease/LeaseTimeToLive': {
      const lease = await client.leaseTimeToLive(message['ID'] as number, message['keys'] as boolean)
      return { header: headerMessage(lease.header), ID: lease.id, TTL: lease.ttlSeconds, grantedTTL: lease.grantedTtlSeconds, keys: lease.keys }
    }
    case 'Lease/LeaseLeases':
      return { header: await presentHeader(client), leases: (await client.leases()).map((ID) => ({ ID })) }
    case 'Cluster/MemberList': {
      const members = (await client.memberList()).map(({ id, name, peerUrls, clientUrls }) => ({ ID: id, name, peerURLs: peerUrls, clientURLs: clientUrls }))
      return { header: await presentHeader(client), members }
    }
    case 'Maintenance/Status': {
      const [status, { alarms }] = [await client.status(), await client.alarms()]
      return {
        header: headerMessage(status.header),
        version: status.version,
        dbSize: status.dbSizeBytes,
        leader: status.leader,
        raftIndex: status.raftIndex,
        raftTerm: status.raftTerm,
        raftAppliedIndex: status.raftAppliedIndex ?? status.raftIndex,
        errors: alarms.map(({ memberId, alarm }) => `memberID:${BigInt(`0x${memberId}`)} alarm:${alarm} `),
        dbSizeInUse: status.dbSizeInUseBytes,
        storageVersion: `${status.version.split('.').slice(0, 2).join('.')}.0`,
        dbSizeQuota: status.quotaBytes ?? 0,
      }
    }
    case 'Maintenance/Alarm': {
      const { header, alarms } = message['action'] === 2 ? await client.disarm() : await client.alarms()
      return { header: headerMessage(header), alarms: alarms.map(({ memberId, alarm }) => ({ memberID: memberId, alarm: alarmNames.indexOf(alarm) })) }
    }
    case 'Maintenance/Defragment':
      return { header: headerMessage(await client.defragment()) }
    case 'Watch/Watch':
      throw new EtcdError('invalid', 'a watch is a stream')
  }
}

/** A lease that is gone is answered with a TTL of 0; on the wire that is no error. */
async function keepAlive(client: Client, id: number): Promise<MessageValue> {
  try {
    const { header, ttlSeconds } = await client.leaseKeepAlive(id)
    return { header: headerMessage(header), ID: id, TTL: ttlSeconds }
  } catch (error) {
    if (!(error instanceof EtcdError) || error.code !== 'lease-not-found') throw error
    return { header: await presentHeader(client), ID: id, TTL: 0 }
  }
}

async function presentHeader(client: Client): Promise<MessageValue> {
  return headerMessage((await client.status()).header)
}

/** One stream of the Watch service: creates, cancels and asks for progress of any number of watches, whose news go to `send` as
 *  protobuf. When the connection to etcd is lost, the stream fails; its client then makes a new one. */
export class WatchStream {
  readonly #client: Client
  readonly #send: (response: Uint8Array) => void
  readonly #fail: (error: EtcdError) => void
  readonly #watches = new Map<number, EtcdWatch>()
  #nextId = 0
  #ended = false

  constructor(client: Client, send: (response: Uint8Array) => void, fail: (error: EtcdError) => void) {
    this.#client = client
    this.#send = send
    this.#fail = fail
  }

  receive(request: Uint8Array): void {
    if (this.#ended) return
    const message = decodeMessage(rpcMethods['Watch/Watch'].request, request)
    if (message['create_request']) void this.#create(message['create_request'] as Fields)
    else if (message['cancel_request']) void this.#cancel((message['cancel_request'] as Fields)['watch_id'] as number)
    else if (message['progress_request']) for (const watch of this.#watches.values()) watch.requestProgress()
  }

  end(): void {
    this.#ended = true
    for (const watch of this.#watches.values()) watch.cancel()
    this.#watches.clear()
  }

  async #create(message: Fields): Promise<void> {
    const id = (message['watch_id'] as number) || this.#nextId++
    const filters = message['filters'] as number[]
    // The header of "created" says from where the watch starts; events may come right after it, not before.
    const header = await this.#present()
    if (!header || this.#ended) return
    if (message['key'] === '') return this.#tell({ header: headerMessage(header), watch_id: id, created: true, canceled: true, cancel_reason: 'etcdserver: key is not provided' })
    this.#tell({ header: headerMessage(header), watch_id: id, created: true })
    const request = watchRequestFrom(message)
    const watch = this.#client.watch(
      request.startRevision ? request : { ...request, startRevision: header.revision + 1 },
      (response) => {
        const events = response.events.filter((event) => !filters.includes(event.type === 'put' ? 0 : 1))
        if (events.length > 0 || response.events.length === 0) this.#tell({ header: headerMessage(response.header), watch_id: id, events: events.map(eventMessage) })
      },
      (end) => {
        this.#watches.delete(id)
        if (end.reason === 'compacted') {
          const reason = 'etcdserver: mvcc: required revision has been compacted'
          this.#tell({ header: headerMessage(header), watch_id: id, canceled: true, compact_revision: end.compactRevision, cancel_reason: reason })
        } else {
          this.end()
          this.#fail(end.error instanceof EtcdError ? end.error : notRunning())
        }
      },
    )
    this.#watches.set(id, watch)
  }

  async #cancel(id: number): Promise<void> {
    this.#watches.get(id)?.cancel()
    if (!this.#watches.delete(id)) return
    const header = await this.#present()
    if (header) this.#tell({ header: headerMessage(header), watch_id: id, canceled: true })
  }

  async #present(): Promise<ResponseHeader | undefined> {
    try {
      return (await this.#client.status()).header
    } catch (error) {
      this.end()
      this.#fail(error instanceof EtcdError ? error : notRunning())
      return undefined
    }
  }

  #tell(message: MessageValue): void {
    if (!this.#ended) this.#send(encodeMessage(rpcMethods['Watch/Watch'].response, message))
  }
}

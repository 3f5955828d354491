import type { EtcdClient, EtcdWatch, ResponseHeader, WatchEnd, WatchRequest, WatchResponse } from './client.ts'
import { etcdErrors } from './errors.ts'
import type { AlarmResponse, Method, Methods } from './wire.ts'

/** What operators may ask of a member besides the API that programs use. */
export interface EtcdMaintenance {
  alarms(): Promise<AlarmResponse>
  /** Ends the NOSPACE alarm, so that writes are taken again. */
  disarm(): Promise<AlarmResponse>
  defragment(): Promise<ResponseHeader>
}

/** How calls reach a member. */
export interface Caller {
  call<M extends Method>(method: M, request: Methods[M]['request']): Promise<Methods[M]['response']>
  watch(request: WatchRequest, onResponse: (response: WatchResponse) => void, onEnd: (end: WatchEnd) => void): EtcdWatch
}

/** The client API over any way to call. */
export function clientOver(caller: Caller): EtcdClient & EtcdMaintenance {
  return {
    range: (request) => caller.call('KV/Range', request),
    put: (request) => caller.call('KV/Put', request),
    deleteRange: (request) => caller.call('KV/DeleteRange', request),
    txn: (request) => caller.call('KV/Txn', request),
    compact: (revision) => caller.call('KV/Compact', { revision }),
    watch: (request, onResponse, onEnd) => caller.watch(request, onResponse, onEnd),
    leaseGrant: (ttlSeconds, id) => caller.call('Lease/LeaseGrant', id === undefined ? { ttlSeconds } : { ttlSeconds, id }),
    leaseRevoke: (id) => caller.call('Lease/LeaseRevoke', { id }),
    async leaseKeepAlive(id) {
      const answer = await caller.call('Lease/LeaseKeepAlive', { id })
      if (answer.ttlSeconds === 0) throw etcdErrors.leaseNotFound()
      return answer
    },
    leaseTimeToLive: (id, keys) => caller.call('Lease/LeaseTimeToLive', keys === undefined ? { id } : { id, keys }),
    leases: () => caller.call('Lease/LeaseLeases', {}),
    memberList: () => caller.call('Cluster/MemberList', {}),
    status: () => caller.call('Maintenance/Status', {}),
    alarms: () => caller.call('Maintenance/Alarm', { action: 'get' }),
    disarm: () => caller.call('Maintenance/Alarm', { action: 'deactivate' }),
    defragment: () => caller.call('Maintenance/Defragment', {}),
  }
}

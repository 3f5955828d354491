import type { RpcHeader, RpcKeyValue } from '../../../api/etcd/messages.ts'
import type { Streams } from '../../streams.ts'
import { alarmNames, shown, type Printer } from './printer.ts'

/** `"Name" : value`, a line for each field. */
export function fieldsPrinter(streams: Streams, hex: boolean): Printer {
  const field = (name: string, value: string | number | boolean): void => streams.out(`"${name}" : ${typeof value === 'string' ? JSON.stringify(value) : String(value)}\n`)
  const number = (name: string, hexadecimal: string): void => streams.out(`"${name}" : ${BigInt(`0x${hexadecimal || '0'}`)}\n`)
  const header = (given: RpcHeader | undefined): void => {
    number('ClusterID', given?.cluster_id ?? '0')
    number('MemberID', given?.member_id ?? '0')
    field('Revision', given?.revision ?? 0)
    field('RaftTerm', given?.raft_term ?? 0)
  }
  const keyValue = (prefix: string, kv: RpcKeyValue): void => {
    field(`${prefix}Key`, shown(kv.key, hex))
    field(`${prefix}CreateRevision`, kv.create_revision)
    field(`${prefix}ModRevision`, kv.mod_revision)
    field(`${prefix}Version`, kv.version)
    field(`${prefix}Value`, shown(kv.value, hex))
    field(`${prefix}Lease`, kv.lease)
  }
  const printer: Printer = {
    format: 'fields',
    valueOnly: false,
    get(answer) {
      header(answer.header)
      for (const kv of answer.kvs) keyValue('', kv)
      field('More', answer.more)
      field('Count', answer.count)
    },
    put(answer) {
      header(answer.header)
      if (answer.prev_kv) keyValue('Prev', answer.prev_kv)
    },
    del(answer) {
      header(answer.header)
      field('Deleted', answer.deleted)
      for (const kv of answer.prev_kvs) keyValue('Prev', kv)
    },
    txn(answer) {
      header(answer.header)
      field('Succeeded', answer.succeeded)
      for (const { response_range, response_put, response_delete_range, response_txn } of answer.responses) {
        if (response_range) printer.get(response_range)
        else if (response_put) printer.put(response_put)
        else if (response_delete_range) printer.del(response_delete_range)
        else if (response_txn) printer.txn(response_txn)
      }
    },
    watch(answer) {
      header(answer.header)
      for (const event of answer.events) {
        streams.out(`"Type" : ${event.type === 0 ? 'PUT' : 'DELETE'}\n`)
        if (event.prev_kv) keyValue('Prev', event.prev_kv)
        if (event.kv) keyValue('', event.kv)
      }
    },
    grant(answer) {
      header(answer['header'] as RpcHeader)
      field('ID', answer.ID)
      field('TTL', answer.TTL)
    },
    revoke: (_, answer) => header(answer['header'] as RpcHeader),
    keepAlive(answer) {
      header(answer['header'] as RpcHeader)
      field('ID', answer.ID)
      field('TTL', answer.TTL)
    },
    timeToLive(answer) {
      header(answer['header'] as RpcHeader)
      field('ID', answer.ID)
      field('TTL', answer.TTL)
      field('GrantedTTL', answer.grantedTTL)
      for (const key of answer.keys) field('Key', shown(key, false))
    },
    leases(answer) {
      header(answer['header'] as RpcHeader)
      for (const { ID } of answer.leases) field('ID', ID)
    },
    members(answer) {
      header(answer['header'] as RpcHeader)
      for (const member of answer.members) {
        number('ID', member.ID)
        field('Name', member.name)
        for (const url of member.peerURLs) field('PeerURL', url)
        for (const url of member.clientURLs) field('ClientURL', url)
        field('IsLearner', member.isLearner)
        streams.out('\n')
      }
    },
    status(answers) {
      for (const { endpoint, status } of answers) {
        header(status.header)
        field('Version', status.version)
        field('StorageVersion', status.storageVersion)
        field('DBSize', status.dbSize)
        field('DBSizeInUse', status.dbSizeInUse)
        field('DBSizeQuota', status.dbSizeQuota)
        number('Leader', status.leader)
        field('IsLearner', status.isLearner)
        field('RaftIndex', status.raftIndex)
        field('RaftTerm', status.raftTerm)
        field('RaftAppliedIndex', status.raftAppliedIndex)
        streams.out(`"Errors" : [${status.errors.map((error) => JSON.stringify(error)).join(' ')}]\n`)
        field('Endpoint', endpoint)
        field('DowngradeTargetVersion', '')
        field('DowngradeEnabled', false)
        streams.out('\n')
      }
    },
    health(answers) {
      for (const { endpoint, health, took, error } of answers) {
        field('Endpoint', endpoint)
        field('Health', health)
        field('Took', took)
        field('Error', error ?? '')
        streams.out('\n')
      }
    },
    alarms(answer) {
      header(answer['header'] as RpcHeader)
      for (const { memberID, alarm } of answer.alarms) {
        number('MemberID', memberID)
        field('AlarmType', alarmNames[alarm] ?? '')
        streams.out('\n')
      }
    },
  }
  return printer
}

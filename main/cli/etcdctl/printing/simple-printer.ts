import type { RpcKeyValue } from '../../../api/etcd/messages.ts'
import type { Streams } from '../../streams.ts'
import { CliError } from '../cli-error.ts'
import { memberRows, statusRows } from './rows.ts'
import { alarmNames, leaseText, shown, type DeleteAnswer, type Printer, type PutAnswer, type RangeAnswer, type TxnAnswer } from './printer.ts'

/** etcdctl's default format: keys and values on lines of their own. */
export function simplePrinter(streams: Streams, hex: boolean): Printer {
  const line = (text: string): void => streams.out(`${text}\n`)
  const printer: Printer = {
    format: 'simple',
    valueOnly: false,
    get({ kvs }) {
      for (const kv of kvs) keyValue(kv)
    },
    put({ prev_kv }: PutAnswer) {
      line('OK')
      if (prev_kv) keyValue(prev_kv)
    },
    del({ deleted, prev_kvs }: DeleteAnswer) {
      line(String(deleted))
      for (const kv of prev_kvs) keyValue(kv)
    },
    txn(answer: TxnAnswer) {
      line(answer.succeeded ? 'SUCCESS' : 'FAILURE')
      for (const { response_range, response_put, response_delete_range, response_txn } of answer.responses) {
        line('')
        if (response_range) printer.get(response_range as RangeAnswer)
        else if (response_put) printer.put(response_put)
        else if (response_delete_range) printer.del(response_delete_range)
        else if (response_txn) printer.txn(response_txn)
      }
    },
    watch({ events, header }) {
      if (events.length === 0) line(`progress notify: ${header?.revision ?? 0}`)
      for (const event of events) {
        line(event.type === 0 ? 'PUT' : 'DELETE')
        if (event.prev_kv) keyValue(event.prev_kv)
        if (event.kv) keyValue(event.kv)
      }
    },
    grant: ({ ID, TTL }) => line(`lease ${leaseText(ID)} granted with TTL(${TTL}s)`),
    revoke: (id) => line(`lease ${leaseText(id)} revoked`),
    keepAlive: ({ ID, TTL }) => line(`lease ${leaseText(ID)} keepalived with TTL(${TTL})`),
    timeToLive({ ID, TTL, grantedTTL, keys }, withKeys) {
      if (grantedTTL === 0 && TTL === -1) return line(`lease ${leaseText(ID)} already expired`)
      const attached = withKeys ? `, attached keys([${keys.map((key) => shown(key, false)).join(' ')}])` : ''
      line(`lease ${leaseText(ID)} granted with TTL(${grantedTTL}s), remaining(${TTL}s)${attached}`)
    },
    leases({ leases }) {
      line(`found ${leases.length} leases`)
      for (const { ID } of leases) line(leaseText(ID))
    },
    members({ members }) {
      for (const row of memberRows(members)) line(row.join(', '))
    },
    status(answers) {
      for (const row of statusRows(answers)) line(row.join(', '))
    },
    health(answers) {
      for (const { endpoint, health, took, error } of answers) {
        if (health) line(`${endpoint} is healthy: successfully committed proposal: took = ${took}`)
        else streams.err(`${endpoint} is unhealthy: failed to commit proposal: ${error}\n`)
      }
      if (answers.some(({ health }) => !health)) throw new CliError('unhealthy cluster')
    },
    alarms({ alarms }) {
      for (const { memberID, alarm } of alarms) line(`memberID:${BigInt(`0x${memberID}`)} alarm:${alarmNames[alarm]} `)
    },
  }
  const keyValue = ({ key, value }: RpcKeyValue): void => {
    if (!printer.valueOnly) line(shown(key, hex))
    line(shown(value, hex))
  }
  return printer
}

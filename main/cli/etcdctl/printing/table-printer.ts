import type { Streams } from '../../streams.ts'
import { CliError, exitCodes } from '../cli-error.ts'
import type { Printer } from './printer.ts'
import { healthHeader, healthRows, memberHeader, memberRows, statusHeader, statusRows, tableText } from './rows.ts'

/** Tables, for the few answers that have them. */
export function tablePrinter(streams: Streams): Printer {
  const none = (): never => {
    throw new CliError('table not supported as output format', exitCodes.badFeature)
  }
  return {
    format: 'table',
    valueOnly: false,
    get: none,
    put: none,
    del: none,
    txn: none,
    watch: none,
    grant: none,
    revoke: none,
    keepAlive: none,
    timeToLive: none,
    leases: none,
    alarms: none,
    members: ({ members }) => streams.out(tableText(memberHeader, memberRows(members))),
    status: (answers) => streams.out(tableText(statusHeader, statusRows(answers))),
    health: (answers) => streams.out(tableText(healthHeader, healthRows(answers))),
  }
}

import { badArguments, CliError } from '../cli-error.ts'
import { errorText, flag, type Command, type Context } from '../command.ts'
import { goDuration } from '../flags.ts'
import type { Health, MemberAnswer, StatusAnswer } from '../printing/printer.ts'

type Answer<T> = T & Record<string, unknown>
type Alarms = Answer<{ readonly alarms: readonly { readonly memberID: string; readonly alarm: number }[] }>

const clusterFlag = flag.bool('cluster', 'use all endpoints from the cluster member list')

/** The endpoints of --endpoints, or with --cluster those that the members name. */
async function endpointsOf({ flags, connection }: Context): Promise<readonly string[]> {
  if (!flags.bool('cluster')) return connection.endpoints
  const { members } = (await connection.call('Cluster/MemberList', {})) as unknown as { readonly members: readonly MemberAnswer[] }
  return members.flatMap(({ clientURLs }) => clientURLs)
}

export const endpointHealth: Command = {
  use: 'endpoint health',
  summary: 'Checks the healthiness of endpoints specified in `--endpoints` flag',
  flags: [clusterFlag],
  async run(context) {
    const { connection, printer, environment } = context
    const answers: Health[] = []
    for (const endpoint of await endpointsOf(context)) {
      const startedAt = environment.now()
      try {
        await connection.call('KV/Range', { key: 'health' }, endpoint)
        const { alarms } = (await connection.call('Maintenance/Alarm', { action: 0 }, endpoint)) as Alarms
        const took = goDuration(environment.now() - startedAt)
        const active = alarms.map(({ alarm }) => ['NONE', 'NOSPACE', 'CORRUPT'][alarm]).join('')
        answers.push(active === '' ? { endpoint, health: true, took } : { endpoint, health: false, took, error: `Active Alarm(s): ${active}` })
      } catch (error) {
        answers.push({ endpoint, health: false, took: goDuration(environment.now() - startedAt), error: errorText(error) })
      }
    }
    printer.health(answers)
    if (answers.some(({ health }) => !health)) throw new CliError('unhealthy cluster')
  },
}

export const endpointStatus: Command = {
  use: 'endpoint status',
  summary: 'Prints out the status of endpoints specified in `--endpoints` flag',
  flags: [clusterFlag],
  async run(context) {
    const { connection, printer, streams } = context
    const answers: { endpoint: string; status: StatusAnswer }[] = []
    let failed: unknown
    for (const endpoint of await endpointsOf(context)) {
      try {
        answers.push({ endpoint, status: (await connection.call('Maintenance/Status', {}, endpoint)) as unknown as StatusAnswer })
      } catch (error) {
        failed = error
        streams.err(`Failed to get the status of endpoint ${endpoint} (${errorText(error)})\n`)
      }
    }
    printer.status(answers)
    if (failed !== undefined) throw new CliError(errorText(failed))
  },
}

export const memberList: Command = {
  use: 'member list',
  summary: 'Lists all members in the cluster',
  flags: [flag.text('consistency', 'Linearizable(l) or Serializable(s)', 'l')],
  async run({ connection, printer }) {
    printer.members((await connection.call('Cluster/MemberList', { linearizable: true })) as Answer<{ readonly members: readonly MemberAnswer[] }>)
  },
}

export const compaction: Command = {
  use: 'compaction [options] <revision>',
  summary: 'Compacts the event history in etcd',
  flags: [flag.bool('physical', "'true' to wait for compaction to physically remove all old revisions")],
  async run({ args, flags, connection, streams }) {
    if (args.length !== 1) throw badArguments('compaction command needs 1 argument')
    const revision = args[0]!
    if (!/^-?\d+$/.test(revision)) throw new CliError(`strconv.ParseInt: parsing ${JSON.stringify(revision)}: invalid syntax`)
    await connection.call('KV/Compact', { revision: Number(revision), physical: flags.bool('physical') })
    streams.out(`compacted revision ${Number(revision)}\n`)
  },
}

export const alarmList: Command = {
  use: 'alarm list',
  summary: 'Lists all alarms',
  flags: [],
  async run({ connection, printer }) {
    printer.alarms((await connection.call('Maintenance/Alarm', { action: 0 })) as Alarms)
  },
}

export const alarmDisarm: Command = {
  use: 'alarm disarm',
  summary: 'Disarms all alarms',
  flags: [],
  async run({ connection, printer }) {
    const before = (await connection.call('Maintenance/Alarm', { action: 0 })) as Alarms
    if (before.alarms.length > 0) await connection.call('Maintenance/Alarm', { action: 2, alarm: 1 })
    printer.alarms(before)
  },
}

export const defrag: Command = {
  use: 'defrag',
  summary: 'Defragments the storage of the etcd members with given endpoints',
  flags: [clusterFlag],
  async run(context) {
    const { connection, streams, environment } = context
    for (const endpoint of await endpointsOf(context)) {
      const startedAt = environment.now()
      try {
        await connection.call('Maintenance/Defragment', {}, endpoint)
        streams.out(`Finished defragmenting etcd member[${endpoint}]. took ${goDuration(environment.now() - startedAt)}\n`)
      } catch (error) {
        throw new CliError(`Failed to defragment etcd member[${endpoint}]. took ${goDuration(environment.now() - startedAt)}. (${errorText(error)})`)
      }
    }
  },
}

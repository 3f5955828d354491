import { badArguments } from '../cli-error.ts'
import { flag, type Command } from '../command.ts'
import { RpcError } from '../connection.ts'
import { leaseText } from '../printing/printer.ts'

type Answer<T> = T & Record<string, unknown>
type LeaseAnswer = Answer<{ readonly ID: number; readonly TTL: number }>

function leaseId(text: string): number {
  if (!/^[0-9a-f]+$/i.test(text)) throw badArguments(`bad lease ID arg (strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax), expecting ID in Hex`)
  return Number.parseInt(text, 16)
}

export const leaseGrant: Command = {
  use: 'lease grant <ttl>',
  summary: 'Creates leases',
  flags: [],
  async run({ args, connection, printer }) {
    if (args.length !== 1) throw badArguments('lease grant command needs TTL argument')
    if (!/^-?\d+$/.test(args[0]!)) throw badArguments(`bad TTL (strconv.ParseInt: parsing ${JSON.stringify(args[0])}: invalid syntax)`)
    printer.grant((await connection.call('Lease/LeaseGrant', { TTL: Number(args[0]) })) as LeaseAnswer)
  },
}

export const leaseRevoke: Command = {
  use: 'lease revoke <leaseID>',
  summary: 'Revokes leases',
  flags: [],
  async run({ args, connection, printer }) {
    if (args.length !== 1) throw badArguments('lease revoke command needs 1 argument')
    const ID = leaseId(args[0]!)
    try {
      printer.revoke(ID, await connection.call('Lease/LeaseRevoke', { ID }))
    } catch (error) {
      if (error instanceof RpcError) throw new RpcError(error.code, `failed to revoke lease (${error.message})`)
      throw error
    }
  },
}

export const leaseTimeToLive: Command = {
  use: 'lease timetolive <leaseID> [options]',
  summary: 'Get lease information',
  flags: [flag.bool('keys', 'Get keys attached to this lease')],
  async run({ args, flags, connection, printer }) {
    if (args.length !== 1) throw badArguments('lease timetolive command needs lease ID as argument')
    const keys = flags.bool('keys')
    const answer = await connection.call('Lease/LeaseTimeToLive', { ID: leaseId(args[0]!), keys })
    printer.timeToLive(answer as Answer<{ readonly ID: number; readonly TTL: number; readonly grantedTTL: number; readonly keys: readonly string[] }>, keys)
  },
}

export const leaseList: Command = {
  use: 'lease list',
  summary: 'List all active leases',
  flags: [],
  async run({ connection, printer }) {
    printer.leases((await connection.call('Lease/LeaseLeases', {})) as Answer<{ readonly leases: readonly { readonly ID: number }[] }>)
  },
}

export const leaseKeepAlive: Command = {
  use: 'lease keep-alive [options] <leaseID>',
  summary: 'Keeps leases alive (renew)',
  flags: [flag.bool('once', 'Resets the keep-alive time to its original value and cobrautl.Exits immediately')],
  run({ args, flags, connection, printer, streams, environment }) {
    if (args.length !== 1) throw badArguments('lease keep-alive command needs lease ID as argument')
    const ID = leaseId(args[0]!)
    return new Promise<void>((resolve, reject) => {
      const stream = connection.stream(
        'Lease/LeaseKeepAlive',
        (message) => {
          const answer = message as LeaseAnswer
          if (answer.TTL === 0) {
            stream.close()
            if (flags.bool('once')) return reject(new RpcError(5, 'etcdserver: requested lease not found'))
            streams.out(`lease ${leaseText(ID)} expired or revoked.\n`)
            return resolve()
          }
          printer.keepAlive(answer)
          if (flags.bool('once')) {
            stream.close()
            resolve()
          } else void environment.sleep((answer.TTL * 1_000) / 3).then(() => stream.send({ ID }))
        },
        (error) => (error ? reject(error) : resolve()),
      )
      streams.onInterrupt(() => {
        stream.close()
        resolve()
      })
      stream.send({ ID })
    })
  },
}

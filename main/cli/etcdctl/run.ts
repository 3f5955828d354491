import type { Environment, Streams } from '../streams.ts'
import { CliError, exitCodes } from './cli-error.ts'
import { errorText, flag, type Command } from './command.ts'
import { alarmDisarm, alarmList, compaction, defrag, endpointHealth, endpointStatus, memberList } from './commands/cluster.ts'
import { del } from './commands/del.ts'
import { get } from './commands/get.ts'
import { leaseGrant, leaseKeepAlive, leaseList, leaseRevoke, leaseTimeToLive } from './commands/lease.ts'
import { put } from './commands/put.ts'
import { txn } from './commands/txn.ts'
import { watch } from './commands/watch.ts'
import type { Connection } from './connection.ts'
import { parseFlags, type Flags, type FlagSpec } from './flags.ts'
import { fieldsPrinter } from './printing/fields-printer.ts'
import { jsonPrinter } from './printing/json-printer.ts'
import type { Printer } from './printing/printer.ts'
import { simplePrinter } from './printing/simple-printer.ts'
import { tablePrinter } from './printing/table-printer.ts'

export const etcdctlVersion = '3.6.6'

const globalFlags: readonly FlagSpec[] = [
  flag.text('endpoints', 'gRPC endpoints', '127.0.0.1:2379'),
  { name: 'write-out', shorthand: 'w', type: 'string', default: 'simple', help: 'set the output format (fields, json, simple, table)' },
  flag.bool('hex', 'print byte strings as hex encoded strings'),
  flag.bool('debug', 'enable client-side debug logging'),
  flag.duration('command-timeout', 'timeout for short running command (excluding dial timeout)', '5s'),
  flag.duration('dial-timeout', 'dial timeout for client connections', '2s'),
  flag.text('cacert', 'verify certificates of TLS-enabled secure servers using this CA bundle'),
  flag.text('cert', 'identify secure client using this TLS certificate file'),
  flag.text('key', 'identify secure client using this TLS key file'),
  flag.bool('insecure-skip-tls-verify', 'skip server certificate verification (CAUTION: this option should be enabled only for testing purposes)'),
  flag.bool('insecure-transport', 'disable transport security for client connections', true),
  { name: 'help', shorthand: 'h', type: 'bool', default: 'false', help: 'help for etcdctl' },
]

const commands: Readonly<Record<string, Command | Readonly<Record<string, Command>>>> = {
  alarm: { disarm: alarmDisarm, list: alarmList },
  compaction,
  defrag,
  del,
  endpoint: { health: endpointHealth, status: endpointStatus },
  get,
  lease: { grant: leaseGrant, 'keep-alive': leaseKeepAlive, list: leaseList, revoke: leaseRevoke, timetolive: leaseTimeToLive },
  member: { list: memberList },
  put,
  txn,
  watch,
}

const groupSummaries: Readonly<Record<string, string>> = { alarm: 'Alarm related commands', endpoint: 'Endpoint related commands', lease: 'Lease related commands', member: 'Membership related commands' }

/** Runs one etcdctl command line and answers its exit code. `connect` is called when the command needs etcd. */
export async function runEtcdctl(argv: readonly string[], streams: Streams, environment: Environment, connect: (flags: Flags) => Connection): Promise<number> {
  let connection: Connection | undefined
  try {
    const { command, words, path } = choose(argv)
    if (path === 'version') {
      streams.out(`etcdctl version: ${etcdctlVersion}\nAPI version: ${etcdctlVersion.split('.').slice(0, 2).join('.')}\n`)
      return 0
    }
    const { flags, args } = parseFlags(words, [...(command?.flags ?? []), ...globalFlags], environment.variables)
    if (!command) {
      streams.out(overview(path))
      return 0
    }
    if (flags.bool('help')) {
      streams.out(helpOf(command))
      return 0
    }
    const printer = printerFor(flags, streams)
    connection = connect(flags)
    await command.run({ flags, args, streams, environment, connection, printer })
    return 0
  } catch (error) {
    streams.err(`Error: ${errorText(error)}\n`)
    return error instanceof CliError ? error.exitCode : exitCodes.error
  } finally {
    connection?.close()
  }
}

/** Finds the command among the words; flags may come before it. */
function choose(argv: readonly string[]): { readonly command: Command | undefined; readonly words: readonly string[]; readonly path: string } {
  const rest = [...argv]
  const take = (): string | undefined => {
    for (let index = 0; index < rest.length; index++) {
      const word = rest[index]!
      if (word === '--') return undefined
      if (!word.startsWith('-')) return rest.splice(index, 1)[0]
      const spec = globalFlags.find(({ name, shorthand }) => word === `--${name}` || word === `-${shorthand}`)
      if (spec && spec.type !== 'bool') index++
    }
    return undefined
  }
  const first = take()
  if (first === undefined || first === 'help') return { command: undefined, words: rest.filter((word) => word.startsWith('-')), path: '' }
  if (first === 'version') return { command: undefined, words: rest, path: 'version' }
  const found = commands[first]
  if (!found) throw new CliError(`unknown command ${JSON.stringify(first)} for "etcdctl"`)
  if ('run' in found) return { command: found as Command, words: rest, path: first }
  const second = take()
  if (second === undefined) return { command: undefined, words: rest, path: first }
  const nested = (found as Readonly<Record<string, Command>>)[second]
  if (!nested) throw new CliError(`unknown command ${JSON.stringify(second)} for "etcdctl ${first}"`)
  return { command: nested, words: rest, path: `${first} ${second}` }
}

function printerFor(flags: Flags, streams: Streams): Printer {
  const format = flags.text('write-out')
  const hex = flags.bool('hex')
  switch (format) {
    case 'simple':
      return simplePrinter(streams, hex)
    case 'json':
      return jsonPrinter(streams)
    case 'fields':
      return fieldsPrinter(streams, hex)
    case 'table':
      return tablePrinter(streams)
    default:
      throw new CliError('unsupported output format')
  }
}

function overview(group: string): string {
  const rows: [string, string][] = []
  for (const [name, entry] of Object.entries(commands)) {
    if (group !== '' && name !== group) continue
    if ('run' in entry) rows.push([name, (entry as Command).summary])
    else if (group === '') rows.push(...Object.entries(entry as Readonly<Record<string, Command>>).map(([second, command]): [string, string] => [`${name} ${second}`, command.summary]))
    else rows.push(...Object.entries(entry as Readonly<Record<string, Command>>).map(([second, command]): [string, string] => [second, command.summary]))
  }
  if (group === '') rows.push(['version', 'Prints the version of etcdctl'])
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  const title = group === '' ? 'etcdctl - A simple command line client for etcd3.' : `${group} - ${groupSummaries[group]}`
  return `NAME:\n\t${title}\n\nUSAGE:\n\tetcdctl${group === '' ? '' : ` ${group} <subcommand>`} [flags]\n\nCOMMANDS:\n${rows.map(([name, summary]) => `\t${name.padEnd(width)}${summary}\n`).join('')}\nOPTIONS:\n${optionsText(globalFlags)}`
}

function helpOf(command: Command): string {
  const options = command.flags.length === 0 ? '' : `OPTIONS:\n${optionsText(command.flags)}\n`
  return `NAME:\n\t${command.use.split(' ').filter((word) => !/[[<(]/.test(word))[0]} - ${command.summary}\n\nUSAGE:\n\tetcdctl ${command.use} [flags]\n\n${options}GLOBAL OPTIONS:\n${optionsText(globalFlags)}`
}

function optionsText(specs: readonly FlagSpec[]): string {
  return [...specs]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, shorthand, type, default: value, help }) => `\t${`${shorthand ? `-${shorthand}, ` : '    '}--${name}${type === 'bool' ? `[=${value}]` : `=${type === 'string' ? JSON.stringify(value) : value}`}`.padEnd(46)}\t${help}\n`)
    .join('')
}

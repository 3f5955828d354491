import { humanSize, readOptions } from '../runtime/programs/options.ts'
import type { Program } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'
import { bootTime, diskUsed, loadAverage, memoryOf } from './machine-figures.ts'

const gibibyte = 1024 ** 3

/** `df` of GNU coreutils. */
export function df(host: Host): Program {
  return async (context) => {
    const options = await readOptions(context, 'hkmTiaPBx:t:', { 'human-readable': 'h', 'print-type': 'T' })
    if (!options) return 1
    const { memoryBytes, storageBytes } = host.facts
    const rows = [
      ['udev', 'devtmpfs', memoryBytes * 0.48, 0, '/dev'],
      ['tmpfs', 'tmpfs', memoryBytes * 0.1, 1_048_576, '/run'],
      ['/dev/vda1', 'ext4', storageBytes, diskUsed(host), '/'],
      ['tmpfs', 'tmpfs', memoryBytes * 0.5, 0, '/dev/shm'],
    ] as const
    const wanted = options.operands.map((operand) => context.path(operand))
    const chosen = wanted.length === 0 ? rows : wanted.map((path) => [...rows].sort((a, b) => b[4].length - a[4].length).find((row) => path === row[4] || path.startsWith(row[4] === '/' ? '/' : `${row[4]}/`))!)
    const human = options.flags.has('h')
    const unit = options.flags.has('m') ? 1_048_576 : 1_024
    const size = (bytes: number): string => (human ? humanSize(bytes) : String(Math.ceil(bytes / unit)))
    const types = options.flags.has('T')
    const table = [
      ['Filesystem', ...(types ? ['Type'] : []), human ? 'Size' : unit === 1_024 ? '1K-blocks' : '1M-blocks', 'Used', human ? 'Avail' : 'Available', 'Use%', 'Mounted on'],
      ...chosen.map(([device, type, total, used, path]) => [device, ...(types ? [type] : []), size(total), size(used), size(total - used), `${Math.ceil((used / total) * 100)}%`, path]),
    ]
    const left = types ? 2 : 1
    const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length), column === 0 ? 10 : 5))
    await context.stdout.write(table.map((row) => `${row.map((cell, column) => (column === row.length - 1 ? cell : column < left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' ')}\n`).join(''))
    return 0
  }
}

/** `free` of procps. */
export function free(host: Host): Program {
  return async (context) => {
    const options = await readOptions(context, 'bkmghtw', { human: 'h', mebi: 'm', gibi: 'g' })
    if (!options) return 1
    const { total, used, cached } = memoryOf(host)
    const unit = options.flags.has('g') ? gibibyte : options.flags.has('m') ? 1_048_576 : options.flags.has('b') ? 1 : 1_024
    const show = (bytes: number): string => (options.flags.has('h') ? (bytes === 0 ? '0B' : `${humanSize(bytes)}i`) : String(Math.floor(bytes / unit))).padStart(12)
    const shared = 2.4 * 1_048_576
    await context.stdout.write(`${' '.repeat(7)}${['total', 'used', 'free', 'shared', 'buff/cache', 'available'].map((name) => name.padStart(name === 'total' ? 13 : 12)).join('')}\nMem:    ${[total, used, total - used - cached, shared, cached, total - used].map(show).join('')}\nSwap:   ${[0, 0, 0].map(show).join('')}\n`)
    return 0
  }
}

/** `uptime` of procps. */
export function uptime(host: Host): Program {
  return async (context) => {
    const now = context.clock.now()
    const minutes = Math.floor((now - bootTime(host)) / 60_000)
    const days = Math.floor(minutes / 1_440)
    const rest = minutes % 1_440
    const clock = rest >= 60 ? `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, '0')}` : `${rest} min`
    const users = [...host.processes.sessions].filter((session) => session.terminal).length
    await context.stdout.write(` ${new Date(now).toISOString().slice(11, 19)} up ${days > 0 ? `${days} day${days > 1 ? 's' : ''}, ` : ''}${clock},  ${users} user${users === 1 ? '' : 's'},  load average: ${loadAverage(host).split(' ').join(', ')}\n`)
    return 0
  }
}

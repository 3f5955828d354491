import { accountName } from './ls.ts'
import { readOptions } from './options.ts'
import { parseSignal } from '../processes/signals.ts'
import { lookUp } from './name-lookup.ts'
import { ExecError, type ProcessContext, type Program } from './program.ts'
import { commandText } from './ps.ts'
import { complain, nameOf } from './text-input.ts'
import { dayNames, monthNames } from './http-text.ts'

/** Programs that say who, where and when this is: id, whoami, hostname, uname, date, env, free, uptime … */

const kernelRelease = '6.1.0-40-amd64'

export const whoami: Program = async (context) => {
  const name = accountName(context, '/etc/passwd', context.userId)
  if (name === String(context.userId) && context.userId !== 0) {
    await complain(context, context.files.find('/bin/busybox') ? `unknown uid ${context.userId}` : `cannot find name for user ID ${context.userId}`)
    return 1
  }
  await context.stdout.write(`${name}\n`)
  return 0
}

export const id: Program = async (context) => {
  const options = await readOptions(context, 'ugGnr')
  if (!options) return 1
  const { flags } = options
  const { userId, groupId } = context
  const user = accountName(context, '/etc/passwd', userId)
  const group = accountName(context, '/etc/group', groupId)
  const named = (number: number, name: string): string => (name === String(number) ? String(number) : `${number}(${name})`)
  if (flags.has('u')) await context.stdout.write(`${flags.has('n') ? user : userId}\n`)
  else if (flags.has('g') || flags.has('G')) await context.stdout.write(`${flags.has('n') ? group : groupId}\n`)
  else await context.stdout.write(`uid=${named(userId, user)} gid=${named(groupId, group)}${userId === 0 ? ` groups=${named(groupId, group)}` : ` groups=${named(groupId, group)}`}\n`)
  return 0
}

export const groups: Program = async (context) => {
  await context.stdout.write(`${accountName(context, '/etc/group', context.groupId)}\n`)
  return 0
}

export const hostname: Program = async (context) => {
  const option = context.argv[1]
  if (option === '-i' || option === '-I') await context.stdout.write(`${context.stack.address}${option === '-I' ? ' ' : ''}\n`)
  else if (option === '-d') await context.stdout.write('\n')
  else if (option !== undefined && !option.startsWith('-')) {
    await complain(context, context.files.find('/bin/busybox') ? 'sethostname: Operation not permitted' : 'you must be root to change the host name')
    return 1
  } else await context.stdout.write(`${context.hostname}\n`)
  return 0
}

export const uname: Program = async (context) => {
  const options = await readOptions(context, 'asnrvmpio', { all: 'a', 'kernel-name': 's', 'kernel-release': 'r', machine: 'm', nodename: 'n', 'operating-system': 'o' })
  if (!options) return 1
  const { flags } = options
  const parts: readonly (readonly [string, string])[] = [
    ['s', 'Linux'],
    ['n', context.hostname],
    ['r', kernelRelease],
    ['v', '#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)'],
    ['m', 'x86_64'],
    ['o', context.files.find('/bin/busybox') && !context.files.exists('/etc/debian_version') ? 'Linux' : 'GNU/Linux'],
  ]
  const shown = flags.size === 0 ? parts.slice(0, 1) : parts.filter(([letter]) => flags.has('a') || flags.has(letter))
  await context.stdout.write(`${shown.map(([, text]) => text).join(' ')}\n`)
  return 0
}

export const arch: Program = async (context) => {
  await context.stdout.write('x86_64\n')
  return 0
}

export const date: Program = async (context) => {
  const options = await readOptions(context, 'uRId:D:s:r:', { utc: 'u', date: 'd', 'iso-8601': 'I', 'rfc-3339': 's' })
  if (!options) return 1
  const given = options.values.get('d')
  let time = context.clock.now()
  if (given !== undefined) {
    time = /^@-?\d+(\.\d+)?$/.test(given) ? Number(given.slice(1)) * 1000 : relativeTime(given, time)
    if (Number.isNaN(time)) {
      await complain(context, `invalid date '${given}'`)
      return 1
    }
  }
  const format = options.operands[0]
  const pattern = format?.startsWith('+') ? format.slice(1) : options.flags.has('I') ? '%Y-%m-%d' : options.flags.has('R') ? '%a, %d %b %Y %H:%M:%S +0000' : '%a %b %e %H:%M:%S UTC %Y'
  await context.stdout.write(`${formatDate(pattern, time)}\n`)
  return 0
}

function relativeTime(text: string, now: number): number {
  if (text === 'now' || text === '') return now
  const match = /^([+-]?\d+)\s*(second|sec|minute|min|hour|day|week)s?(\s+ago)?$/.exec(text.trim())
  if (match) {
    const unit = { second: 1, sec: 1, minute: 60, min: 60, hour: 3600, day: 86_400, week: 604_800 }[match[2]!]!
    return now + Number(match[1]) * unit * 1000 * (match[3] ? -1 : 1)
  }
  if (text === 'yesterday') return now - 86_400_000
  if (text === 'tomorrow') return now + 86_400_000
  return Date.parse(/[zZ]|[+-]\d\d:?\d\d$|UTC|GMT/.test(text) ? text : `${text.includes('T') || text.includes(' ') ? text.replace(' ', 'T') : `${text}T00:00:00`}Z`)
}

/** strftime in UTC. */
export function formatDate(pattern: string, time: number): string {
  const date_ = new Date(time)
  const two = (value: number): string => String(value).padStart(2, '0')
  const dayOfYear = Math.floor((Date.UTC(date_.getUTCFullYear(), date_.getUTCMonth(), date_.getUTCDate()) - Date.UTC(date_.getUTCFullYear(), 0, 0)) / 86_400_000)
  const one = (letter: string): string => {
    switch (letter) {
      case 'Y':
        return String(date_.getUTCFullYear())
      case 'y':
        return two(date_.getUTCFullYear() % 100)
      case 'm':
        return two(date_.getUTCMonth() + 1)
      case 'd':
        return two(date_.getUTCDate())
      case 'e':
        return String(date_.getUTCDate()).padStart(2)
      case 'H':
        return two(date_.getUTCHours())
      case 'I':
        return two(date_.getUTCHours() % 12 || 12)
      case 'M':
        return two(date_.getUTCMinutes())
      case 'S':
        return two(date_.getUTCSeconds())
      case 'p':
        return date_.getUTCHours() < 12 ? 'AM' : 'PM'
      case 's':
        return String(Math.floor(time / 1000))
      case 'N':
        return `${String(Math.floor(time) % 1000).padStart(3, '0')}${String(Math.round((time % 1) * 1e6)).padStart(6, '0')}`
      case 'a':
        return dayNames[date_.getUTCDay()]!
      case 'A':
        return longDays[date_.getUTCDay()]!
      case 'b':
      case 'h':
        return monthNames[date_.getUTCMonth()]!
      case 'B':
        return longMonths[date_.getUTCMonth()]!
      case 'j':
        return String(dayOfYear).padStart(3, '0')
      case 'u':
        return String(date_.getUTCDay() || 7)
      case 'w':
        return String(date_.getUTCDay())
      case 'Z':
        return 'UTC'
      case 'z':
        return '+0000'
      case 'n':
        return '\n'
      case 't':
        return '\t'
      case '%':
        return '%'
      case 'T':
        return formatDate('%H:%M:%S', time)
      case 'R':
        return formatDate('%H:%M', time)
      case 'F':
        return formatDate('%Y-%m-%d', time)
      case 'D':
        return formatDate('%m/%d/%y', time)
      case 'c':
        return formatDate('%a %b %e %H:%M:%S %Y', time)
      case 'x':
        return formatDate('%m/%d/%y', time)
      case 'X':
        return formatDate('%H:%M:%S', time)
      case 'r':
        return formatDate('%I:%M:%S %p', time)
      default:
        return `%${letter}`
    }
  }
  return pattern.replace(/%([-_0^]?)(\d*)([A-Za-z%])/g, (_, flag: string, width: string, letter: string) => {
    const text = letter === 'N' && width !== '' ? one('N').slice(0, Number(width)) : one(letter)
    return flag === '-' ? text.replace(/^[0 ]+(?=.)/, '') : flag === '_' ? text.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length)) : text
  })
}

const longDays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const longMonths = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']

export const env: Program = async (context) => {
  const words = context.argv.slice(1)
  const environment = new Map(context.env)
  let at = 0
  for (; at < words.length; at++) {
    const word = words[at]!
    if (word === '-i' || word === '-' || word === '--ignore-environment') environment.clear()
    else if (word === '-u') environment.delete(words[++at] ?? '')
    else if (word === '--') {
      at++
      break
    } else if (/^[A-Za-z_]\w*=/.test(word)) environment.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1))
    else break
  }
  const command = words.slice(at)
  if (command.length === 0) {
    await context.stdout.write([...environment].map(([name, value]) => `${name}=${value}\n`).join(''))
    return 0
  }
  return startOrComplain(context, command, environment)
}

export const printenv: Program = async (context) => {
  const names = context.argv.slice(1)
  if (names.length === 0) {
    await context.stdout.write([...context.env].map(([name, value]) => `${name}=${value}\n`).join(''))
    return 0
  }
  let code = 0
  for (const name of names) {
    const value = context.env.get(name)
    if (value === undefined) code = 1
    else await context.stdout.write(`${value}\n`)
  }
  return code
}

/** Becomes another command, or says why not. */
export async function startOrComplain(context: ProcessContext, command: readonly string[], environment: ReadonlyMap<string, string> = context.env): Promise<number> {
  try {
    return await context.replace(command, environment)
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    await complain(context, context.files.find('/bin/busybox') ? `can't execute '${command[0]}': ${reasonText(error.reason)}` : `'${command[0]}': ${reasonText(error.reason)}`)
    return error.reason === 'not-found' ? 127 : 126
  }
}

function reasonText(reason: string): string {
  return reason === 'not-found' ? 'No such file or directory' : reason === 'not-executable' ? 'Exec format error' : 'Permission denied'
}

export const free: Program = async (context) => {
  const words = context.argv.slice(1).join('')
  const factor = words.includes('g') ? 1024 ** 3 : words.includes('m') ? 1024 ** 2 : words.includes('b') ? 1 : 1024
  const human = words.includes('h')
  const total = context.limits.machineMemoryBytes
  const values = [total, total * 0.38, total * 0.43, total * 0.0002, total * 0.19, total * 0.61]
  const show = (bytes: number): string => (human ? `${(bytes / 1024 ** 3).toFixed(1)}G` : String(Math.round(bytes / factor))).padStart(12)
  const title = ['total', 'used', 'free', 'shared', 'buff/cache', 'available'].map((name) => name.padStart(12)).join('')
  await context.stdout.write(`        ${title}\nMem:    ${values.map(show).join('')}\nSwap:   ${[0, 0, 0].map(show).join('')}\n`)
  return 0
}

export const uptime: Program = async (context) => {
  const minutes = Math.floor((context.clock.now() - context.containerStartedAt) / 60_000)
  const up = minutes >= 60 ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}` : `${minutes} min`
  await context.stdout.write(` ${formatDate('%H:%M:%S', context.clock.now())} up ${up},  0 users,  load average: 0.08, 0.06, 0.01\n`)
  return 0
}

export const nproc: Program = async (context) => {
  await context.stdout.write(`${context.limits.machineCpus}\n`)
  return 0
}

export const tty: Program = async (context) => {
  const terminal = context.descriptors[0]?.terminal
  await context.stdout.write(terminal ? '/dev/pts/0\n' : 'not a tty\n')
  return terminal ? 0 : 1
}

export const stty: Program = async (context) => {
  const { terminal } = context
  if (!terminal) {
    await complain(context, 'standard input: Inappropriate ioctl for device')
    return 1
  }
  const words = context.argv.slice(1)
  if (words.includes('size')) await context.stdout.write(`${terminal.rows} ${terminal.columns}\n`)
  else if (words.includes('-echo')) terminal.echo = false
  else if (words.includes('echo') || words.includes('sane')) terminal.echo = true
  else if (words.length === 0 || words.includes('-a')) await context.stdout.write(`speed 38400 baud; rows ${terminal.rows}; columns ${terminal.columns}; line = 0;\n`)
  return 0
}

export const clear: Program = async (context) => {
  await context.stdout.write('\x1b[H\x1b[J')
  return 0
}

export const getent: Program = async (context) => {
  const [database, ...keys] = context.argv.slice(1)
  if (database === 'hosts' || database === 'ahosts' || database === 'ahostsv4') {
    for (const key of keys) {
      const found = await lookUp(context, key)
      if (!found.found) return 2
      for (const address of found.addresses) await context.stdout.write(database === 'hosts' ? `${address.padEnd(15)} ${found.name}\n` : `${address.padEnd(15)} STREAM ${found.name}\n`)
    }
    return 0
  }
  const file = { passwd: '/etc/passwd', group: '/etc/group' }[database ?? '']
  if (file === undefined) {
    await complain(context, `Unknown database: ${database ?? ''}`)
    return 1
  }
  const lines = context.files.readText(file).split('\n').filter((line) => line !== '')
  const shown = keys.length === 0 ? lines : lines.filter((line) => keys.includes(line.split(':')[0]!) || keys.includes(line.split(':')[2]!))
  await context.stdout.write(shown.map((line) => `${line}\n`).join(''))
  return shown.length > 0 ? 0 : 2
}

/** nohup, nice, setsid, sudo-like wrappers: the rest of the words is what runs. */
export const wrapper: Program = async (context) => {
  const words = context.argv.slice(1)
  if (nameOf(context) === 'nohup') context.onSignal('HUP', 'ignore')
  let at = 0
  while (at < words.length && words[at]!.startsWith('-')) at += words[at] === '-n' ? 2 : 1
  const command = words.slice(at)
  if (command.length === 0) {
    await complain(context, 'missing operand')
    return 125
  }
  return startOrComplain(context, command)
}

export const timeout: Program = async (context) => {
  const options = await readOptions(context, 's:k:t:fpv', { signal: 's', 'kill-after': 'k', foreground: 'f', 'preserve-status': 'p' }, true)
  if (!options) return 125
  const [limit, ...command] = options.operands
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(limit ?? '')
  if (!match || command.length === 0) {
    await complain(context, match ? 'missing operand' : `invalid time interval '${limit ?? ''}'`)
    return 125
  }
  const ms = Number(match[1]) * { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[match[2] as 's']! * 1000
  let child
  try {
    child = context.spawn(command)
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    await complain(context, `failed to run command '${command[0]}': ${reasonText(error.reason)}`)
    return error.reason === 'not-found' ? 127 : 126
  }
  let timedOut = false
  const timer = context.clock.after(ms, () => {
    timedOut = true
    child.kill(parseSignal(options.values.get('s') ?? 'TERM') ?? 'TERM')
  })
  const code = await child.wait()
  timer.cancel()
  return timedOut && !options.flags.has('p') ? (context.files.find('/bin/busybox') ? 143 : 124) : code
}

export const watch: Program = async (context) => {
  const options = await readOptions(context, 'n:td', {}, true)
  if (!options) return 1
  const seconds = Number(options.values.get('n') ?? 2)
  for (;;) {
    const child = context.spawn(['sh', '-c', options.operands.join(' ')])
    if (!options.flags.has('t')) await context.stdout.write(`\x1b[H\x1b[JEvery ${seconds.toFixed(1)}s: ${options.operands.join(' ')}\n\n`)
    await child.wait()
    await context.sleep(seconds * 1000)
  }
}

export const time: Program = async (context) => {
  const startedAt = context.clock.now()
  const child = context.spawn(context.argv.slice(1).filter((word, index) => index > 0 || !word.startsWith('-')))
  const code = await child.wait()
  const seconds = (context.clock.now() - startedAt) / 1000
  await context.stderr.write(`real\t${Math.floor(seconds / 60)}m ${(seconds % 60).toFixed(2)}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n`)
  return code
}

export const pstree: Program = async (context) => {
  const entries = context.processes()
  const lines: string[] = []
  const visit = (pid: number, depth: number): void => {
    const entry = entries.find((each) => each.pid === pid)
    if (entry) lines.push(`${'  '.repeat(depth)}${commandText(entry).split(' ')[0]!.split('/').at(-1)}`)
    for (const child of entries) if (child.parentPid === pid) visit(child.pid, depth + (entry ? 1 : 0))
  }
  visit(0, -1)
  await context.stdout.write(`${lines.join('\n')}\n`)
  return 0
}

export const which: Program = async (context) => {
  let code = 0
  for (const name of context.argv.slice(1).filter((word) => !word.startsWith('-'))) {
    const path = context.which(name)
    if (path === undefined) code = 1
    else await context.stdout.write(`${path}\n`)
  }
  return code
}

/** dmesg, sync and others that have nothing to say. */
export const silent: Program = () => 0

export const refuse =
  (text: string): Program =>
  async (context) => {
    await complain(context, text)
    return 1
  }

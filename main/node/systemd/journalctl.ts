import type { LogLine } from '../../kernel/journal.ts'
import type { Machine } from '../../kernel/machine.ts'
import type { Systemd } from './systemd.ts'
import type { CommandResult } from './systemctl.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** `journalctl [-u UNIT …] [-n N] [-r]` over the units of a node. Not modelled: following, fields, other boots. */
export function journalctl(machine: Machine, systemd: Systemd, argv: readonly string[]): CommandResult {
  const units: string[] = []
  let count = Infinity
  let reverse = false
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!
    if (word === '-u' || word === '--unit') units.push(argv[++index] ?? '')
    else if (word.startsWith('-u')) units.push(word.slice(2))
    else if (word.startsWith('--unit=')) units.push(word.slice('--unit='.length))
    else if (word === '-n' || word === '--lines') count = Number(argv[++index])
    else if (word.startsWith('--lines=')) count = Number(word.slice('--lines='.length))
    else if (/^-n\d+$/.test(word)) count = Number(word.slice(2))
    else if (word === '-r' || word === '--reverse') reverse = true
    else if (word === '-e') count = 1_000
    else if (!['--no-pager', '-x', '-xe', '-xeu'].includes(word)) return { stdout: '', stderr: `journalctl: unrecognized option '${word}'\n`, exitCode: 1 }
    else if (word === '-xeu') units.push(argv[++index] ?? '')
  }
  if (Number.isNaN(count) || count < 0) return { stdout: '', stderr: 'Failed to parse lines\n', exitCode: 1 }
  const names = units.length > 0 ? units.map((unit) => unit.replace(/\.service$/, '')) : systemd.names()
  const lines = names
    .filter((name) => systemd.names().includes(name))
    .flatMap((name) => {
      const { journal, mainPid } = systemd.status(name)
      return journal.lines().map((line) => ({ time: line.time, text: journalPrefix(machine.name, name, mainPid, line) }))
    })
    .sort((a, b) => a.time - b.time)
  const shown = count === Infinity ? lines : lines.slice(-count)
  if (reverse) shown.reverse()
  return { stdout: shown.length === 0 ? '-- No entries --\n' : `${shown.map((line) => line.text).join('\n')}\n`, stderr: '', exitCode: 0 }
}

/** `Nov 23 04:58:01 worker-1 kubelet[619]: I1123 04:58:01.000000 …`. */
export function journalPrefix(host: string, unit: string, pid: number, line: LogLine): string {
  const time = new Date(line.time)
  const level = { info: 'I', warning: 'W', error: 'E' }[line.level]
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`
  const stamp = `${level}${two(time.getUTCMonth() + 1)}${two(time.getUTCDate())} ${clock}.${String(Math.floor(line.time % 1_000)).padStart(3, '0')}000`
  return `${months[time.getUTCMonth()]} ${two(time.getUTCDate())} ${clock} ${host} ${unit}[${pid || 1}]: ${stamp} ${String(pid || 1).padStart(7)} ${line.text}`
}

/** `Mon 2026-11-23 04:58:01 UTC`. */
export function longTime(time: number): string {
  return `${days[new Date(time).getUTCDay()]} ${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** As systemd: `2min 5s`, `3h 12min`, `1 day 2h`. */
export function humanSpan(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  const parts = [
    [Math.floor(seconds / 86_400), ' day'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const shown = parts.filter(([value]) => value > 0).slice(0, 2).map(([value, unit]) => `${value}${unit === ' day' && value > 1 ? ' days' : unit}`)
  return shown.length > 0 ? shown.join(' ') : `${Math.floor(ms)}ms`
}

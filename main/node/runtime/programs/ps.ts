import { parseSignal } from '../processes/signals.ts'
import type { ProcessContext, ProcessEntry, Program } from './program.ts'
import { nameOf } from './text-input.ts'

/** ps of busybox (PID USER TIME COMMAND) or of procps (aux, -ef, -o). */
export const ps: Program = async (context) => {
  const words = context.argv.slice(1)
  const letters = words.filter((word) => !word.includes('=') && !word.includes(',')).join('').replace(/-/g, '')
  const entries = context.processes()
  const fields = /(?:^|\s)-?[A-Za-z]*o\s+(\S+)/.exec(words.join(' '))?.[1]
  if (fields !== undefined) {
    await context.stdout.write(customTable(context, entries, fields.split(',')))
    return 0
  }
  if (context.files.find('/bin/busybox')) {
    const rows = entries.map((entry) => `${String(entry.pid).padStart(5)} ${entry.user.slice(0, 8).padEnd(8)} ${cpuTime(entry)} ${commandText(entry)}`)
    await context.stdout.write(`PID   USER     TIME  COMMAND\n${rows.join('\n')}\n`)
    return 0
  }
  if (letters.includes('u')) {
    const memory = context.limits.machineMemoryBytes
    const rows = entries.map(
      (entry) =>
        `${entry.user.padEnd(8)} ${String(entry.pid).padStart(7)} ${cpuShare(context, entry).padStart(4)} ${((entry.memoryBytes / memory) * 100).toFixed(1).padStart(4)} ${String(Math.round(entry.memoryBytes / 400)).padStart(6)} ${String(Math.round(entry.memoryBytes / 1024)).padStart(5)} ${'?'.padEnd(8)} ${'S'.padEnd(4)} ${startTime(entry)} ${longTime(entry).slice(-7).padStart(6)} ${commandText(entry)}`,
    )
    await context.stdout.write(`USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n${rows.join('\n')}\n`)
    return 0
  }
  if (letters.includes('f')) {
    const rows = entries.map((entry) => `${entry.user.padEnd(8)} ${String(entry.pid).padStart(7)} ${String(entry.parentPid).padStart(7)}  0 ${startTime(entry)} ?        ${longTime(entry)} ${commandText(entry)}`)
    await context.stdout.write(`UID          PID    PPID  C STIME TTY          TIME CMD\n${rows.join('\n')}\n`)
    return 0
  }
  const shown = /[eaxA]/.test(letters) ? entries : entries.filter((entry) => entry.pid !== 1)
  const rows = shown.map((entry) => `${String(entry.pid).padStart(7)} ?        ${longTime(entry)} ${(entry.command[0] ?? '').split('/').at(-1)}`)
  await context.stdout.write(`    PID TTY          TIME CMD\n${rows.join('\n')}\n`)
  return 0
}

export function commandText(entry: ProcessEntry): string {
  return entry.command.join(' ')
}

function customTable(context: ProcessContext, entries: readonly ProcessEntry[], fields: readonly string[]): string {
  const columns = fields.map((field) => {
    const [name = '', title] = field.split('=')
    const value = (entry: ProcessEntry): string =>
      ({
        pid: String(entry.pid),
        ppid: String(entry.parentPid),
        user: entry.user,
        comm: (entry.command[0] ?? '').split('/').at(-1)!,
        args: commandText(entry),
        cmd: commandText(entry),
        command: commandText(entry),
        time: longTime(entry),
        rss: String(Math.round(entry.memoryBytes / 1024)),
        vsz: String(Math.round(entry.memoryBytes / 400)),
        stat: 'S',
        pcpu: cpuShare(context, entry),
        '%cpu': cpuShare(context, entry),
        '%mem': ((entry.memoryBytes / context.limits.machineMemoryBytes) * 100).toFixed(1),
        etime: longTime({ ...entry, cpuMs: context.clock.now() - entry.startedAt }),
      })[name] ?? ''
    return { title: title ?? name.toUpperCase(), value }
  })
  const rows = [columns.map((column) => column.title), ...entries.map((entry) => columns.map((column) => column.value(entry)))]
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]!.length)))
  return rows.map((row) => `${row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]!))).join(' ')}\n`).join('')
}

function cpuShare(context: ProcessContext, entry: ProcessEntry): string {
  return ((entry.cpuMs / Math.max(1, context.clock.now() - entry.startedAt)) * 100).toFixed(1)
}

function cpuTime(entry: ProcessEntry): string {
  const seconds = Math.floor(entry.cpuMs / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`
}

function longTime(entry: { readonly cpuMs: number }): string {
  const seconds = Math.floor(entry.cpuMs / 1000)
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0')).join(':')
}

function startTime(entry: ProcessEntry): string {
  return new Date(entry.startedAt).toISOString().slice(11, 16)
}

/** top: one page in batch mode, or one every few seconds until interrupted. */
export const top: Program = async (context) => {
  const words = context.argv.slice(1)
  const batch = words.some((word) => /^-\w*b/.test(word))
  const countAt = words.findIndex((word) => /^-\w*n$/.test(word))
  const inline = words.map((word) => /^-\w*n(\d+)$/.exec(word)?.[1]).find((value) => value !== undefined)
  const count = inline !== undefined ? Number(inline) : countAt >= 0 ? Number(words[countAt + 1]) : Infinity
  let quit = false
  const { terminal } = context
  if (!batch && terminal) {
    terminal.raw = true
    context.onSignal('INT', () => {
      quit = true
    })
    void (async () => {
      for (;;) {
        const bytes = await context.read(0)
        if (!bytes || bytes.includes(0x71) || bytes.includes(3)) {
          quit = true
          terminal.raw = false
          await context.stdout.write('\n')
          context.kill('KILL')
          return
        }
      }
    })()
  }
  for (let page = 0; page < count && !quit; page++) {
    if (page > 0) await context.sleep(5000)
    const entries = [...context.processes()].sort((a, b) => b.cpuMs - a.cpuMs)
    const total = Math.round(context.limits.machineMemoryBytes / 1024)
    const used = Math.round(total * 0.38)
    const rows = entries.map((entry) => `${String(entry.pid).padStart(5)} ${String(entry.parentPid).padStart(5)} ${entry.user.slice(0, 8).padEnd(8)} S    ${String(Math.round(entry.memoryBytes / 400)).padStart(6)}   0%   0   0% ${commandText(entry)}`)
    const text = `Mem: ${used}K used, ${total - used}K free, 1204K shrd, 21480K buff, ${Math.round(total * 0.17)}K cached\nCPU:   2% usr   1% sys   0% nic  97% idle   0% io   0% irq   0% sirq\nLoad average: 0.08 0.06 0.01 1/214 ${context.pid}\n  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND\n${rows.join('\n')}\n`
    await context.stdout.write(batch || !terminal ? text : `\x1b[H\x1b[J${text}`)
  }
  if (terminal) terminal.raw = false
  return 0
}

/** pgrep, pkill, pidof and killall: processes by their names. */
export const processesByName: Program = async (context) => {
  const name = nameOf(context)
  const words = context.argv.slice(1)
  const full = words.includes('-f') || words.includes('-lf') || words.includes('-fl')
  const exact = words.includes('-x') || name === 'pidof' || name === 'killall'
  const signalWord = words.find((word) => /^-(?:\d+|[A-Z]+\d?)$/.test(word) && word !== '-f' && word !== '-x')
  const patterns = words.filter((word) => !word.startsWith('-'))
  const found = context.processes().filter((entry) => {
    if (entry.pid === context.pid) return false
    const short = (entry.command[0] ?? '').split('/').at(-1)!.replace(/:$/, '').split(':')[0]!
    return patterns.some((pattern) => (exact ? short === pattern : new RegExp(pattern).test(full ? commandText(entry) : short)))
  })
  if (found.length === 0) {
    if (name === 'killall') await context.stderr.write(`killall: ${patterns[0]}: no process killed\n`)
    return 1
  }
  if (name === 'pkill' || name === 'killall') {
    const signal = signalWord === undefined ? 'TERM' : (parseSignal(signalWord.slice(1)) ?? 'TERM')
    for (const entry of found) context.find(entry.pid)?.kill(signal)
    return 0
  }
  if (name === 'pidof') await context.stdout.write(`${found.map((entry) => entry.pid).reverse().join(' ')}\n`)
  else await context.stdout.write(found.map((entry) => `${entry.pid}${words.some((word) => /^-\w*[la]/.test(word)) ? ` ${commandText(entry)}` : ''}\n`).join(''))
  return 0
}

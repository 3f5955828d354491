import { parseSignal, signalNumbers, type Signal } from '../../processes/signals.ts'
import { complain, out, type Builtin } from './builtin.ts'
import { quoteWord } from './expansion.ts'
import type { Interpreter, Job } from './interpreter.ts'

/** Builtins that deal with processes: trap, wait, jobs, fg, kill. */

export const trap: Builtin = async (shell, words) => {
  const { state, context } = shell
  const given = words.slice(1).filter((word) => word !== '--')
  if (given.length === 0 || given[0] === '-p') {
    const prefix = state.flavour === 'bash' ? 'SIG' : ''
    await out(shell, [...state.traps].map(([name, action]) => `trap -- ${quoteWord(action)} ${name === 'EXIT' || name === 'ERR' ? name : prefix + name}\n`).join(''))
    return 0
  }
  if (given[0] === '-l') {
    await out(shell, `${Object.entries(signalNumbers).map(([name, number]) => `${number}) SIG${name}`).join(' ')}\n`)
    return 0
  }
  const bare = given.length === 1 || /^\d+$/.test(given[0]!)
  const action = bare ? '-' : given[0]!
  for (const word of bare ? given : given.slice(1)) {
    const name = word === '0' || word.toUpperCase() === 'EXIT' ? 'EXIT' : word === 'ERR' ? 'ERR' : parseSignal(word)
    if (name === undefined) return complain(shell, words, state.flavour === 'bash' ? `${word}: invalid signal specification` : `${word}: bad trap`)
    if (action === '-') state.traps.delete(name)
    else state.traps.set(name, action)
    if (name === 'EXIT' || name === 'ERR') continue
    if (action === '-') context.onSignal(name, 'default')
    else if (action === '') context.onSignal(name, 'ignore')
    else context.onSignal(name, () => shell.trapped(name))
  }
  return 0
}

function jobOf(shell: Interpreter, word: string): Job | undefined {
  if (word === '%%' || word === '%+' || word === '%') return shell.jobs.at(-1)
  if (word === '%-') return shell.jobs.at(-2)
  if (word.startsWith('%')) return shell.jobs.find((job) => String(job.number) === word.slice(1) || job.text.startsWith(word.slice(1)))
  return shell.jobs.find((job) => String(job.pid) === word)
}

export const wait: Builtin = async (shell, words) => {
  const given = words.slice(1).filter((word) => word !== '-n' && word !== '-f')
  const interrupted = (): number => 128 + signalNumbers.TERM
  if (given.length === 0) {
    if (words.includes('-n')) {
      const running = shell.jobs.filter((job) => !job.notified)
      if (running.length === 0) return 127
      const first = await shell.interruptible(Promise.race(running.map((job) => job.done.then((status) => ({ job, status })))))
      if (!first) return interrupted()
      first.job.notified = true
      return first.status
    }
    for (const job of [...shell.jobs]) {
      if ((await shell.interruptible(job.done)) === undefined) return interrupted()
      shell.jobs.splice(shell.jobs.indexOf(job), 1)
    }
    return 0
  }
  let status = 0
  for (const word of given) {
    const job = jobOf(shell, word)
    if (!job) {
      if (shell.state.flavour === 'bash') await complain(shell, words, `pid ${word} is not a child of this shell`)
      status = 127
      continue
    }
    const ended = await shell.interruptible(job.done)
    if (ended === undefined) return interrupted()
    status = ended
    shell.jobs.splice(shell.jobs.indexOf(job), 1)
  }
  return status
}

export const jobs: Builtin = async (shell) => {
  for (const job of [...shell.jobs]) {
    const state = job.status === undefined ? 'Running' : job.status === 0 ? 'Done' : `Exit ${job.status}`
    await out(shell, `[${job.number}]${job === shell.jobs.at(-1) ? '+' : ' '}  ${state.padEnd(23)} ${job.text}${job.status === undefined ? ' &' : ''}\n`)
    if (job.status !== undefined) shell.jobs.splice(shell.jobs.indexOf(job), 1)
  }
  return 0
}

export const foreground: Builtin = async (shell, words) => {
  const job = jobOf(shell, words[1] ?? '%%')
  if (!job) return complain(shell, words, words[1] === undefined ? 'no current job' : `${words[1]}: no such job`)
  await out(shell, `${job.text}\n`)
  const { terminal } = shell.context
  if (terminal) terminal.foreground = job.processes[0]!.group
  const status = await job.done
  if (terminal) terminal.foreground = shell.context.group
  shell.jobs.splice(shell.jobs.indexOf(job), 1)
  return status
}

export const kill: Builtin = async (shell, words) => {
  const { context } = shell
  let at = 1
  let signal: Signal = 'TERM'
  const first = words[1]
  if (first === '-l' || first === '-L') {
    const number = words[2]
    if (number !== undefined) await out(shell, `${parseSignal(String(Number(number) > 128 ? Number(number) - 128 : number)) ?? number}\n`)
    else await out(shell, `${Object.keys(signalNumbers).join('\n')}\n`)
    return 0
  }
  if (first === '-s' || first === '-n') {
    const parsed = parseSignal(words[2] ?? '')
    if (!parsed) return complain(shell, words, `${words[2]}: invalid signal specification`)
    signal = parsed
    at = 3
  } else if (first?.startsWith('-') && first !== '--') {
    if (first === '-0') return words.slice(2).every((pid) => context.find(Number(pid)) !== undefined) ? 0 : complain(shell, words, `(${words[2]}) - No such process`)
    const parsed = parseSignal(first.slice(1))
    if (!parsed) return complain(shell, words, `${first.slice(1)}: invalid signal specification`)
    signal = parsed
    at = 2
  }
  if (words[at] === '--') at++
  if (at >= words.length) return complain(shell, words, 'usage: kill [-s sigspec | -signum] pid ...', 2)
  let status = 0
  for (const word of words.slice(at)) {
    const job = word.startsWith('%') ? jobOf(shell, word) : undefined
    if (job) {
      for (const process of job.processes) process.kill(signal)
      continue
    }
    const target = /^\d+$/.test(word) ? context.find(Number(word)) : undefined
    if (!target) {
      const { flavour } = shell.state
      status = await complain(shell, words, /^\d+$/.test(word) ? (flavour === 'bash' ? `(${word}) - No such process` : flavour === 'ash' ? `can't kill pid ${word}: No such process` : 'No such process') : `invalid number '${word}'`)
      continue
    }
    target.kill(signal)
    // A signal to itself arrives before the shell goes on.
    if (Number(word) === context.pid) await context.sleep(0)
  }
  return status
}

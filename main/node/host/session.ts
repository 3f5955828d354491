import type { RunningProcess } from '../../kernel/machine.ts'
import { nullFile, type OpenFile } from '../runtime/processes/open-file.ts'
import { PidNamespace } from '../runtime/processes/pid-namespace.ts'
import { Pipe } from '../runtime/processes/pipe.ts'
import { Terminal } from '../runtime/processes/terminal.ts'
import { ExecError } from '../runtime/programs/program.ts'
import { monthNames, dayNames } from '../runtime/programs/http-text.ts'
import type { Host } from './host.ts'

export interface LoginOptions {
  /** A command line for the login shell; absent: the shell itself. */
  readonly command?: string
  /** Or a program and its arguments, without a shell. */
  readonly argv?: readonly string[]
  readonly tty: boolean
  readonly columns?: number
  readonly rows?: number
  /** What the client's terminal is, for TERM. */
  readonly term?: string
  /** Whether standard input is open. */
  readonly stdin: boolean
  /** Address of the machine that the login comes from. */
  readonly from?: string
}

/** What a session tells; called inside events of the simulation. */
export interface SessionListener {
  onOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
  /** `lost`: the machine or its sshd is gone, no program ended. */
  onExit(exitCode: number, lost: boolean): void
}

const encoder = new TextEncoder()

/** A login on a machine: an sshd process that holds the terminal, and the processes below it. Input methods have to be called
 *  inside an event. */
export class HostSession {
  readonly process: RunningProcess
  readonly processes: PidNamespace
  readonly terminal: Terminal | undefined
  readonly number: number
  readonly #stdin = new Pipe()
  readonly #listener: SessionListener
  #inputOpen = false
  #over = false

  constructor(host: Host, options: LoginOptions, listener: SessionListener) {
    this.#listener = listener
    const { facts } = host
    this.number = host.processes.nextSession()
    const firstPid = host.processes.reserve(1_000)
    this.process = facts.machine.start(`sshd-${this.number}`, () => ({}))
    this.processes = new PidNamespace({
      kernel: facts.machine.kernel,
      stack: facts.machine.stack,
      random: this.process.random,
      hostname: facts.machine.name,
      limits: { cpuLimitMillis: 0, memoryLimitBytes: 0, machineCpus: facts.cpus, machineMemoryBytes: facts.memoryBytes },
      programs: host.programs,
      resolver: facts.resolver,
      files: () => host.files,
      firstPid,
      beyond: { entries: () => host.processes.entries(this), find: (pid) => host.processes.find(pid) },
      onEnd: (code) => this.#end(code, false),
    })
    host.processes.sessions.add(this)
    this.process.scope.onClose(() => {
      host.processes.sessions.delete(this)
      this.#end(255, true)
      this.processes.killAll()
    })
    const env = new Map(Object.entries({ HOME: '/root', LANG: 'C.UTF-8', LOGNAME: 'root', MAIL: '/var/mail/root', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', SHELL: '/bin/bash', USER: 'root' }))
    if (options.from) env.set('SSH_CLIENT', `${options.from} 50022 22`)
    let files: OpenFile[]
    if (options.tty) {
      this.terminal = new Terminal((bytes) => this.#output('stdout', bytes), (group, signal) => this.processes.signalGroup(group, signal))
      this.terminal.columns = options.columns ?? 80
      this.terminal.rows = options.rows ?? 24
      env.set('TERM', options.term ?? 'xterm-256color')
      env.set('SSH_TTY', `/dev/pts/${this.number - 1}`)
      files = [this.terminal.file, this.terminal.file, this.terminal.file]
    } else {
      if (options.stdin) {
        this.#stdin.writer.retain()
        this.#inputOpen = true
      }
      files = [options.stdin ? this.#stdin.reader : nullFile, this.#sink('stdout'), this.#sink('stderr')]
    }
    if (options.tty && !options.command && !options.argv) this.#greet(host, options.from)
    const argv = options.argv ?? (options.command === undefined ? ['-bash'] : ['bash', '-c', options.command])
    try {
      // A login shell's argv[0] has a dash before its name; what is executed has none.
      const first = this.processes.launch(argv[0] === '-bash' ? ['bash', ...argv.slice(1)] : argv, { env, cwd: '/root', files })
      if (argv[0] === '-bash') first.argv = argv
      if (this.terminal) this.terminal.foreground = first.group
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      this.#output('stderr', encoder.encode(`bash: line 1: ${argv[0]}: command not found\n`))
      this.#end(127, false)
    }
  }

  input(bytes: Uint8Array): void {
    if (this.#over) return
    if (this.terminal) this.terminal.input(bytes)
    else if (this.#inputOpen) this.#stdin.push(bytes)
  }

  endInput(): void {
    if (this.#over) return
    if (this.terminal) this.terminal.endInput()
    else if (this.#inputOpen) {
      this.#inputOpen = false
      this.#stdin.writer.release()
    }
  }

  resize(columns: number, rows: number): void {
    if (!this.#over) this.terminal?.resize(columns, rows)
  }

  /** The client went away: what runs in the session gets HUP and is gone. */
  close(): void {
    if (this.#over) return
    this.#over = true
    this.terminal?.hangUp()
    this.process.scope.close()
  }

  #greet(host: Host, from = '192.168.64.1'): void {
    const { machine } = host.facts
    const last = host.lastLoginAt
    host.lastLoginAt = machine.kernel.now()
    const before = last === undefined ? '' : `Last login: ${loginTime(last)} from ${from}\r\n`
    this.#output('stdout', encoder.encode(`Linux ${machine.name} 6.1.0-40-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20) x86_64\r\n${before}`))
  }

  #sink(stream: 'stdout' | 'stderr'): OpenFile {
    return { read: () => undefined, write: (bytes) => this.#output(stream, bytes), retain: () => {}, release: () => {} }
  }

  #output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    if (!this.#over) this.#listener.onOutput(stream, bytes.slice())
  }

  #end(exitCode: number, lost: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#listener.onExit(exitCode, lost)
    this.process.scope.close()
  }
}

function loginTime(time: number): string {
  const date = new Date(time)
  return `${dayNames[date.getUTCDay()]} ${monthNames[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)} ${date.getUTCFullYear()}`
}

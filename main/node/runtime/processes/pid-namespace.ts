import type { Kernel } from '../../../kernel/kernel.ts'
import type { NetworkStack } from '../../../kernel/network.ts'
import type { Random } from '../../../kernel/random.ts'
import type { FileSystem } from '../files/file-system.ts'
import { ExecError, type ChildProcess, type ContainerLimits, type IdleWorker, type ProcessEntry, type ProgramTable, type Resolver } from '../programs/program.ts'
import { findExecutable, loadExecutable } from './executable.ts'
import type { MachineMemory } from './machine-memory.ts'
import type { OpenFile } from './open-file.ts'
import { ContainerProcess, type Environment } from './process.ts'
import { signalNumbers, type Signal } from './signals.ts'

export interface PidNamespaceOptions {
  readonly kernel: Kernel
  readonly stack: NetworkStack
  readonly random: Random
  readonly hostname: string
  readonly limits: ContainerLimits
  /** Of the machine, shared with other namespaces. */
  readonly memory?: MachineMemory
  readonly programs: ProgramTable
  readonly resolver: Resolver | undefined
  /** Made when a process first looks. */
  readonly files: (namespace: PidNamespace) => FileSystem
  /** Number of the first process; default 1. A login on the machine itself is not the machine's first process. */
  readonly firstPid?: number
  /** Other processes that these ones can see: a login sees the whole machine's. */
  readonly beyond?: { entries(): readonly ProcessEntry[]; find(pid: number): ChildProcess | undefined }
  /** The first process ended, and with it all others. */
  readonly onEnd: (code: number, signal: number, outOfMemory: boolean) => void
}

/** The processes of one container, and what they share. */
export class PidNamespace {
  readonly kernel: Kernel
  readonly startedAt: number
  readonly #options: PidNamespaceOptions
  readonly #processes = new Map<number, ContainerProcess>()
  #files: FileSystem | undefined
  #nextPid: number
  #idle: { readonly parentPid: number; readonly worker: IdleWorker; readonly firstPid: number; readonly count: number; readonly startedAt: number }[] | undefined
  #endedCpuMs = 0
  #over = false
  #outOfMemory = false
  #limits: ContainerLimits
  #countedBytes = 0
  /** When all CPU time taken so far will have been worked off. */
  #busyUntil = 0

  constructor(options: PidNamespaceOptions) {
    this.#options = options
    this.#limits = options.limits
    this.kernel = options.kernel
    this.startedAt = options.kernel.now()
    this.#nextPid = options.firstPid ?? 1
  }

  get files(): FileSystem {
    return (this.#files ??= this.#options.files(this))
  }
  get stack(): NetworkStack {
    return this.#options.stack
  }
  get random(): Random {
    return this.#options.random
  }
  get hostname(): string {
    return this.#options.hostname
  }
  get limits(): ContainerLimits {
    return this.#limits
  }
  get programs(): ProgramTable {
    return this.#options.programs
  }
  get resolver(): Resolver | undefined {
    return this.#options.resolver
  }
  get over(): boolean {
    return this.#over
  }

  /** Takes CPU time for a process and answers how long that takes: its processes share what the limit allows (or all of
   *  the machine's CPUs), and one process uses one CPU at most. */
  takeCpu(cpuMs: number): number {
    const { cpuLimitMillis, machineCpus } = this.limits
    const cpus = cpuLimitMillis > 0 ? Math.min(cpuLimitMillis / 1000, machineCpus) : machineCpus
    const now = this.kernel.now()
    this.#busyUntil = Math.max(now, this.#busyUntil) + cpuMs / cpus
    return Math.max(cpuMs, this.#busyUntil - now)
  }

  /** Starts an executable that no process of the namespace asked for: the container's own, or an exec. Throws ExecError. */
  launch(
    argv: readonly string[],
    options: { env: Environment; cwd: string; files: readonly (OpenFile | undefined)[] },
  ): ContainerProcess {
    const env = typeof options.env === 'function' ? options.env() : options.env
    const found = findExecutable(this.files, argv[0] ?? '', env.get('PATH'), options.cwd)
    const loaded = loadExecutable(this.files, found, argv, this.programs)
    if (options.cwd !== '/' && this.files.find(options.cwd)?.kind !== 'directory') throw new ExecError('not-found', options.cwd)
    const process = this.create(undefined, loaded.argv, { ...options, settings: loaded.settings })
    process.run(loaded.program)
    return process
  }

  create(
    parent: { readonly pid: number; readonly group: number } | undefined,
    argv: readonly string[],
    options: { env: Environment; cwd: string; files: readonly (OpenFile | undefined)[]; newGroup?: boolean; settings?: unknown },
  ): ContainerProcess {
    const process = new ContainerProcess(this, this.#nextPid++, parent, argv, options)
    this.#processes.set(process.pid, process)
    this.checkMemory()
    return process
  }

  get(pid: number): ContainerProcess | undefined {
    return this.#processes.get(pid)
  }

  /** Starts processes that run nothing; answers the first's pid. */
  startIdle(parentPid: number, worker: IdleWorker, count: number): number {
    const firstPid = this.#nextPid
    this.#nextPid += count
    ;(this.#idle ??= []).push({ parentPid, worker, firstPid, count, startedAt: this.kernel.now() })
    this.checkMemory()
    return firstPid
  }

  /** A process to wait for or to signal, also one that runs nothing. */
  find(pid: number): ChildProcess | undefined {
    const process = this.#processes.get(pid)
    if (process) return process
    const group = this.#idle?.find((each) => pid >= each.firstPid && pid < each.firstPid + each.count)
    // Whoever ends a worker finds that its server has started another one.
    if (!group) return this.#options.beyond?.find(pid)
    return { pid, group: group.parentPid, ended: false, wait: () => new Promise(() => {}), kill: () => {} }
  }

  living(): IterableIterator<ContainerProcess> {
    return this.#processes.values()
  }

  /** What `ps` shows. */
  entries(): ProcessEntry[] {
    const entries = this.own()
    if (!this.#options.beyond) return entries
    return [...entries, ...this.#options.beyond.entries()].sort((a, b) => a.pid - b.pid)
  }

  /** The processes of this namespace alone, by pid. */
  own(): ProcessEntry[] {
    const user = this.#userName()
    const entries: ProcessEntry[] = [...this.#processes.values()].map((process) => ({
      pid: process.pid,
      parentPid: process.parentPid,
      user,
      command: process.title ?? process.argv,
      startedAt: process.startedAt,
      cpuMs: process.cpuMs,
      memoryBytes: process.memoryBytes,
    }))
    for (const { parentPid, worker, firstPid, count, startedAt } of this.#idle ?? []) {
      for (let pid = firstPid; pid < firstPid + count; pid++) entries.push({ pid, parentPid, user, command: worker.title, startedAt, cpuMs: 0, memoryBytes: worker.memoryBytes })
    }
    return entries.sort((a, b) => a.pid - b.pid)
  }

  signalGroup(group: number, signal: Signal): void {
    for (const process of [...this.#processes.values()]) if (process.group === group) process.kill(signal)
  }

  /** CPU time of all processes, living and ended. */
  get cpuMs(): number {
    let sum = this.#endedCpuMs
    for (const process of this.#processes.values()) sum += process.cpuMs
    return sum
  }

  get memoryBytes(): number {
    let sum = 0
    for (const process of this.#processes.values()) sum += process.memoryBytes
    for (const group of this.#idle ?? []) sum += group.worker.memoryBytes * group.count
    return sum
  }

  /** Kills the whole container when its processes hold more memory than it may have (memory.oom.group). */
  checkMemory(): void {
    this.#countMemory()
    const limit = this.limits.memoryLimitBytes
    if (limit <= 0 || this.#over || this.memoryBytes <= limit) return
    this.killForMemory()
  }

  /** The kernel ends the container to get its memory back. */
  killForMemory(): void {
    this.#outOfMemory = true
    const first = this.#processes.get(1)
    if (first) first.kill('KILL')
    else this.killAll()
  }

  /** What the container may use from now on. */
  setLimits(limits: ContainerLimits): void {
    this.#limits = limits
    this.checkMemory()
  }

  /** Number of processes, those that run nothing included. */
  get count(): number {
    return (this.#idle ?? []).reduce((sum, group) => sum + group.count, this.#processes.size)
  }

  /** Bytes in files that its processes have written over the image. */
  get writtenBytes(): number {
    return this.#files?.writtenBytes ?? 0
  }

  #countMemory(): void {
    const { memory } = this.#options
    if (!memory) return
    const bytes = this.memoryBytes
    const change = bytes - this.#countedBytes
    this.#countedBytes = bytes
    if (change !== 0) memory.change(change)
  }

  /** The container stops existing: nothing in it runs again. */
  killAll(): void {
    for (const process of [...this.#processes.values()]) process.kill('KILL')
  }

  /** @internal A process ended. */
  ended(process: ContainerProcess): void {
    this.#processes.delete(process.pid)
    this.#endedCpuMs += process.cpuMs
    this.#idle = this.#idle?.filter((group) => group.parentPid !== process.pid)
    for (const other of this.#processes.values()) if (other.parentPid === process.pid) other.parentPid = 1
    this.#countMemory()
    if (process.pid !== (this.#options.firstPid ?? 1) || this.#over) return
    this.#over = true
    this.killAll()
    this.#options.onEnd(process.exitCode, process.endSignal, this.#outOfMemory && process.endSignal === signalNumbers.KILL)
  }

  #userName(): string {
    const uid = this.files.uid
    if (uid === 0) return 'root'
    try {
      const line = this.files
        .readText('/etc/passwd')
        .split('\n')
        .find((each) => each.split(':')[2] === String(uid))
      return line?.split(':')[0] ?? String(uid)
    } catch {
      return String(uid)
    }
  }
}

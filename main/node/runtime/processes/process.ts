import { Clock } from '../../../kernel/clock.ts'
import type { HttpHandler } from '../../../kernel/http.ts'
import type { NetworkStack } from '../../../kernel/network.ts'
import type { Random } from '../../../kernel/random.ts'
import { Scope } from '../../../kernel/scope.ts'
import { FileError } from '../files/file-error.ts'
import type { FileSystem } from '../files/file-system.ts'
import { absolutePath } from '../files/path.ts'
import { serveWeb } from '../programs/web-server.ts'
import type {
  ByteReader,
  ByteWriter,
  ChildProcess,
  ContainerLimits,
  IdleWorker,
  ProcessContext,
  ProcessEntry,
  Program,
  Resolver,
  SpawnOptions,
} from '../programs/program.ts'
import { BrokenPipe, type OpenFile } from './open-file.ts'
import { findExecutable, loadExecutable } from './executable.ts'
import type { PidNamespace } from './pid-namespace.ts'
import { endsByDefault, signalNumbers, type Signal } from './signals.ts'
import type { Terminal } from './terminal.ts'

/** CPU time that a process may run ahead of the clock before it has to wait for it. */
const quantumMs = 2
/** What reading or writing costs, whatever else the program does with the bytes: keeps every loop finite in time. */
const callCostMs = 0.002
const byteCostMs = 1 / 500_000
const startCostMs = 0.4
const defaultMemoryBytes = 1_048_576
const encoder = new TextEncoder()

/** The environment of a process, or how to make it: most processes are never asked. */
export type Environment = ReadonlyMap<string, string> | (() => ReadonlyMap<string, string>)

const never = (): Promise<never> => new Promise(() => {})

/** A process of a container. Once it has ended nothing of its program goes on: timers die with the scope, and every call
 *  that a straggler makes waits for ever. */
export class ContainerProcess implements ProcessContext {
  readonly pid: number
  parentPid: number
  group: number
  argv: readonly string[]
  /** What `ps` shows instead of argv. */
  title: readonly string[] | undefined
  settings: unknown
  cwd: string
  ended = false
  exitCode = 0
  /** The signal that ended it, 0 = none. */
  endSignal = 0
  readonly startedAt: number
  readonly descriptors: (OpenFile | undefined)[]
  memoryBytes = defaultMemoryBytes
  readonly #namespace: PidNamespace
  #cpuMs = 0
  #debtMs = 0
  #loadMillis = 0
  #loadSince = 0
  #generation = 0
  #env: Environment
  #scope: Scope | undefined
  #clock: Clock | undefined
  /** A list, not a map: there are few, and idle servers are many. */
  #handlers: { readonly signal: Signal; readonly action: ((signal: Signal) => void) | 'ignore' }[] | undefined
  #waiters: ((code: number) => void)[] | undefined

  constructor(
    namespace: PidNamespace,
    pid: number,
    parent: { readonly pid: number; readonly group: number } | undefined,
    argv: readonly string[],
    options: { env: Environment; cwd: string; files: readonly (OpenFile | undefined)[]; newGroup?: boolean; settings?: unknown },
  ) {
    this.#namespace = namespace
    this.pid = pid
    this.parentPid = parent?.pid ?? 0
    this.group = options.newGroup || !parent ? pid : parent.group
    this.argv = argv
    this.settings = options.settings
    this.#env = options.env
    this.cwd = options.cwd
    this.startedAt = namespace.kernel.now()
    this.descriptors = [...options.files]
    for (const file of this.descriptors) file?.retain()
  }

  /** Runs a program in this process, in place of what ran before. */
  run(program: Program): void {
    const generation = ++this.#generation
    this.#debtMs += startCostMs
    this.#cpuMs += startCostMs
    const finished = (code: number): void => {
      if (generation === this.#generation) this.end(code & 0xff, 0)
    }
    void Promise.resolve()
      .then(() => (this.ended ? never() : program(this)))
      .then(finished, (error: unknown) => {
        if (this.ended || generation !== this.#generation) return
        if (error instanceof FileError) {
          const text = `${this.argv[0] ?? ''}: ${error.path}: ${error.message}\n`
          void this.write(2, text).then(() => finished(1))
          return
        }
        // A fault of ours, not of the simulated world: it must surface where the kernel's faults do.
        this.end(139, signalNumbers.SEGV)
        this.#namespace.kernel.schedule(0, () => {
          throw error
        })
      })
  }

  get env(): ReadonlyMap<string, string> {
    return typeof this.#env === 'function' ? this.#env() : this.#env
  }
  get files(): FileSystem {
    return this.#namespace.files
  }
  get stack(): NetworkStack {
    return this.#namespace.stack
  }
  get resolver(): Resolver | undefined {
    return this.#namespace.resolver
  }
  get random(): Random {
    return this.#namespace.random
  }
  get hostname(): string {
    return this.#namespace.hostname
  }
  get limits(): ContainerLimits {
    return this.#namespace.limits
  }
  get containerStartedAt(): number {
    return this.#namespace.startedAt
  }
  get userId(): number {
    return this.files.uid
  }
  get groupId(): number {
    return this.files.gid
  }
  get stdin(): ByteReader {
    return { read: (limit) => this.read(0, limit) }
  }
  get stdout(): ByteWriter {
    return { write: (data) => this.write(1, data) }
  }
  get stderr(): ByteWriter {
    return { write: (data) => this.write(2, data) }
  }
  get terminal(): Terminal | undefined {
    for (const file of this.descriptors) if (file?.terminal) return file.terminal
    return undefined
  }

  get scope(): Scope {
    if (!this.#scope) {
      this.#scope = new Scope()
      if (this.ended) this.#scope.close()
    }
    return this.#scope
  }

  get clock(): Clock {
    return (this.#clock ??= new Clock(this.#namespace.kernel, this.scope))
  }

  path(path: string): string {
    return absolutePath(this.cwd, path)
  }

  sleep(delayMs: number): Promise<void> {
    return this.clock.sleep(delayMs)
  }

  work(cpuMs: number): Promise<void> | undefined {
    this.#cpuMs += cpuMs
    this.#debtMs += cpuMs
    if (this.ended) return never()
    if (this.#debtMs < quantumMs) return undefined
    const pauseMs = this.#namespace.takeCpu(this.#debtMs)
    this.#debtMs = 0
    return this.clock.sleep(pauseMs)
  }

  load(millicores: number): void {
    this.#cpuMs = this.cpuMs
    this.#loadSince = this.#namespace.kernel.now()
    const { cpuLimitMillis, machineCpus } = this.limits
    this.#loadMillis = Math.min(millicores, cpuLimitMillis > 0 ? cpuLimitMillis : Infinity, machineCpus * 1000)
  }

  /** Cumulative CPU time. */
  get cpuMs(): number {
    return this.#loadMillis === 0 ? this.#cpuMs : this.#cpuMs + ((this.#namespace.kernel.now() - this.#loadSince) * this.#loadMillis) / 1000
  }

  useMemory(bytes: number): void {
    if (this.ended) return
    this.memoryBytes = bytes
    this.#namespace.checkMemory()
  }

  onSignal(signal: Signal, action: ((signal: Signal) => void) | 'ignore' | 'default'): void {
    this.#handlers = this.#handlers?.filter((each) => each.signal !== signal)
    if (action !== 'default') (this.#handlers ??= []).push({ signal, action })
  }

  untilSignal(...signals: readonly Signal[]): Promise<Signal> {
    return new Promise((resolve) => {
      for (const signal of signals) this.onSignal(signal, resolve)
    })
  }

  #actionOf(signal: Signal): ((signal: Signal) => void) | 'ignore' | undefined {
    return this.#handlers?.find((each) => each.signal === signal)?.action
  }

  kill(signal: Signal): void {
    if (this.ended) return
    if (signal === 'KILL') {
      this.end(128 + signalNumbers.KILL, signalNumbers.KILL)
      return
    }
    const action = this.#actionOf(signal)
    if (action === 'ignore') return
    if (action) {
      this.#namespace.kernel.schedule(0, () => {
        if (!this.ended) action(signal)
      })
      return
    }
    // The first process of a namespace gets only the signals that it asked for.
    if (this.pid === 1 || !endsByDefault(signal)) return
    this.end(128 + signalNumbers[signal], signalNumbers[signal])
  }

  wait(): Promise<number> {
    if (this.ended) return Promise.resolve(this.exitCode)
    return new Promise((resolve) => (this.#waiters ??= []).push(resolve))
  }

  spawn(argv: readonly string[], options: SpawnOptions = {}): ContainerProcess {
    const env = options.env ?? this.#env
    const cwd = options.cwd ?? this.cwd
    const found = findExecutable(this.files, argv[0] ?? '', (options.env ?? this.env).get('PATH'), cwd)
    const loaded = loadExecutable(this.files, found, argv, this.#namespace.programs)
    const child = this.#namespace.create(this, loaded.argv, {
      env,
      cwd,
      files: options.files ?? this.descriptors,
      newGroup: options.newGroup,
      settings: loaded.settings,
    })
    void this.work(startCostMs)
    child.run(loaded.program)
    return child
  }

  fork(program: Program, options: SpawnOptions & { readonly title?: readonly string[] } = {}): ContainerProcess {
    const child = this.#namespace.create(this, this.argv, {
      env: options.env ?? this.#env,
      cwd: options.cwd ?? this.cwd,
      files: options.files ?? this.descriptors,
      newGroup: options.newGroup,
      settings: this.settings,
    })
    child.title = options.title
    child.run(program)
    return child
  }

  startIdle(worker: IdleWorker, count: number): number {
    return this.#namespace.startIdle(this.pid, worker, count)
  }

  replace(argv: readonly string[], env?: ReadonlyMap<string, string>): Promise<never> {
    const found = findExecutable(this.files, argv[0] ?? '', (env ?? this.env).get('PATH'), this.cwd)
    const loaded = loadExecutable(this.files, found, argv, this.#namespace.programs)
    this.argv = loaded.argv
    this.settings = loaded.settings
    this.title = undefined
    if (env) this.#env = env
    this.#handlers = this.#handlers?.filter((each) => each.action === 'ignore')
    this.#scope?.close()
    this.#scope = undefined
    this.#clock = undefined
    this.run(loaded.program)
    return never()
  }

  processes(): ProcessEntry[] {
    return this.#namespace.entries()
  }

  find(pid: number): ChildProcess | undefined {
    return this.#namespace.find(pid)
  }

  which(command: string): string | undefined {
    try {
      return findExecutable(this.files, command, this.env.get('PATH'), this.cwd).path
    } catch {
      return undefined
    }
  }

  async read(descriptor: number, limit?: number): Promise<Uint8Array | undefined> {
    if (this.ended) return never()
    const file = this.descriptors[descriptor]
    if (!file) return undefined
    const pause = this.work(callCostMs)
    if (pause) await pause
    const bytes = await file.read(limit, this)
    return this.ended ? never() : bytes
  }

  async write(descriptor: number, data: Uint8Array | string): Promise<void> {
    if (this.ended) return never()
    const file = this.descriptors[descriptor]
    if (!file) return
    const bytes = typeof data === 'string' ? encoder.encode(data) : data
    try {
      const room = file.write(bytes)
      if (room) await room
    } catch (error) {
      if (!(error instanceof BrokenPipe)) throw error
      if (this.#actionOf('PIPE') === 'ignore') throw error
      this.kill('PIPE')
      if (!this.ended) this.end(128 + signalNumbers.PIPE, signalNumbers.PIPE)
      return never()
    }
    const pause = this.work((file.writeCostMs ?? callCostMs) + bytes.length * (file.byteCostMs ?? byteCostMs))
    if (pause) await pause
    else if (this.ended) await never()
  }

  serveHttp(port: number, handler: HttpHandler, address?: string): () => void {
    return serveWeb(this.stack, port, handler, { scope: this.scope, address })
  }

  /** Ends it on the spot. */
  end(code: number, signal: number): void {
    if (this.ended) return
    this.#cpuMs = this.cpuMs
    this.#loadMillis = 0
    this.ended = true
    this.exitCode = code
    this.endSignal = signal
    this.#scope?.close()
    this.#handlers = undefined
    const descriptors = this.descriptors.splice(0)
    for (const file of descriptors) file?.release()
    this.#namespace.ended(this)
    const waiters = this.#waiters
    this.#waiters = undefined
    for (const waiter of waiters ?? []) waiter(code)
  }
}

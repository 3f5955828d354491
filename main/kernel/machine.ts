import { Clock } from './clock.ts'
import type { Disk, SimulatedDisk } from './disk.ts'
import { Journal } from './journal.ts'
import type { Kernel } from './kernel.ts'
import type { Network, NetworkStack } from './network.ts'
import type { Random } from './random.ts'
import { Scope } from './scope.ts'
import type { Span } from './trace.ts'

/** A running program. It ends by its own stop, by a crash (nothing of it runs again, no goodbye is said), or with its machine. */
export interface Program {
  /** Ends in order: releases leases, closes connections, flushes. */
  stop?(): Promise<void> | void
}

/** What a program gets from the machine it runs on: its only door to time, chance, network, disk and logs. */
export interface Process {
  /** As `ps` would name it: `kube-scheduler`. */
  readonly name: string
  /** `kube-scheduler@controlplane`: unique among living processes. */
  readonly id: string
  readonly machine: Machine
  readonly kernel: Kernel
  readonly clock: Clock
  readonly random: Random
  readonly stack: NetworkStack
  readonly disk: Disk
  readonly journal: Journal
  readonly scope: Scope
  /** Virtual time at which this incarnation started. */
  readonly startedAt: number
  /** Starts a span done by this process, and makes it current for the rest of the event. */
  span(name: string, attributes?: Span['attributes'], parent?: number): Span
  endSpan(span: Span, attributes?: Span['attributes']): void
  /** Publishes a view of inner state under a topic; `snapshot` is called only when somebody looks. Plain JSON, bounded. */
  expose(topic: string, snapshot: () => unknown): void
  /** Says that what `topic` shows has changed. Cheap; observers coalesce. */
  changed(topic: string): void
}

/** A computer: a name, a network stack, a disk, and the processes that run on it. */
export class Machine {
  readonly kernel: Kernel
  readonly network: Network
  readonly name: string
  readonly stack: NetworkStack
  readonly disk: SimulatedDisk
  readonly #processes = new Map<string, RunningProcess>()
  readonly #listeners = new Set<(event: MachineEvent) => void>()
  #incarnations = 0
  #poweredOn = true

  constructor(network: Network, name: string, address: string, disk: SimulatedDisk) {
    this.kernel = network.kernel
    this.network = network
    this.name = name
    this.stack = network.createStack(name, name, [address])
    this.disk = disk
  }

  get poweredOn(): boolean {
    return this.#poweredOn
  }

  /** Starts a program as process `name`. Throws when one of that name is running. `journal` lets a restarted unit keep its log. */
  start(name: string, program: (process: Process) => Program, options: { stack?: NetworkStack; journal?: Journal } = {}): RunningProcess {
    if (!this.#poweredOn) throw new Error(`machine ${this.name} is powered off, cannot start ${name}`)
    if (this.#processes.has(name)) throw new Error(`process ${name} already runs on ${this.name}`)
    const scope = new Scope()
    const running = new RunningProcess(this, name, scope, options.stack ?? this.stack, options.journal, ++this.#incarnations)
    this.#processes.set(name, running)
    scope.onClose(() => {
      this.#processes.delete(name)
      this.#tell({ type: 'process-ended', process: running })
    })
    this.#tell({ type: 'process-started', process: running })
    running.program = program(running)
    return running
  }

  process(name: string): RunningProcess | undefined {
    return this.#processes.get(name)
  }

  processes(): RunningProcess[] {
    return [...this.#processes.values()]
  }

  onEvent(listener: (event: MachineEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Pulls the plug: every process dies at once, connections hang until their peers give up, unsynced data may be lost. */
  powerOff(): void {
    if (!this.#poweredOn) return
    this.#poweredOn = false
    this.stack.down = true
    for (const process of this.processes()) process.crash()
    this.disk.crash()
  }

  powerOn(): void {
    this.#poweredOn = true
    this.stack.down = false
  }

  /** @internal */
  tellChanged(process: RunningProcess, topic: string): void {
    this.#tell({ type: 'changed', process, topic })
  }

  #tell(event: MachineEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

export type MachineEvent =
  | { readonly type: 'process-started' | 'process-ended'; readonly process: RunningProcess }
  | { readonly type: 'changed'; readonly process: RunningProcess; readonly topic: string }

export class RunningProcess implements Process {
  readonly machine: Machine
  readonly kernel: Kernel
  readonly name: string
  readonly id: string
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  readonly stack: NetworkStack
  readonly disk: Disk
  readonly journal: Journal
  readonly startedAt: number
  program: Program | undefined
  readonly #views = new Map<string, () => unknown>()

  constructor(machine: Machine, name: string, scope: Scope, stack: NetworkStack, journal: Journal | undefined, incarnation: number) {
    this.machine = machine
    this.kernel = machine.kernel
    this.name = name
    this.id = `${name}@${machine.name}`
    this.scope = scope
    this.clock = new Clock(machine.kernel, scope)
    this.random = machine.kernel.random.stream(`${this.id}#${incarnation}`)
    this.stack = stack
    this.disk = machine.disk
    this.journal = journal ?? new Journal(() => machine.kernel.now())
    this.startedAt = machine.kernel.now()
  }

  span(name: string, attributes?: Span['attributes'], parent?: number): Span {
    return this.kernel.trace.start(this.id, name, attributes, parent)
  }

  endSpan(span: Span, attributes?: Span['attributes']): void {
    this.kernel.trace.end(span, attributes)
  }

  expose(topic: string, snapshot: () => unknown): void {
    this.#views.set(topic, snapshot)
  }

  changed(topic: string): void {
    this.machine.tellChanged(this, topic)
  }

  topics(): string[] {
    return [...this.#views.keys()]
  }

  view(topic: string): unknown {
    return this.#views.get(topic)?.()
  }

  /** Dies on the spot: timers, listeners and connections of its scope go, nothing is flushed or announced. */
  crash(): void {
    this.scope.close()
  }

  /** Stops in order, then releases everything it still holds. */
  async stop(): Promise<void> {
    await this.program?.stop?.()
    this.scope.close()
  }
}

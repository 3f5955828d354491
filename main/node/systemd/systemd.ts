import { Journal } from '../../kernel/journal.ts'
import type { Machine, Process, Program, RunningProcess } from '../../kernel/machine.ts'

/** A service that a machine runs: what systemd's unit file says of it. */
export interface UnitDeclaration {
  /** Without `.service`. */
  readonly name: string
  readonly description: string
  /** Path of the unit file, for `systemctl status`. */
  readonly path: string
  readonly documentation?: string
  readonly command: string
  /** Started when the machine boots. */
  readonly enabled: boolean
  /** Ms until a service that died is started again (RestartSec). */
  readonly restartMs: number
  readonly program: (process: Process) => Program
}

const exitCodes = new WeakMap<Process, number>()

/** Ends the process of a unit with an exit code; one that ends otherwise was killed. */
export function exitUnit(process: Process, code: number): void {
  exitCodes.set(process, code)
  process.scope.close()
}

export type ActiveState = 'active' | 'inactive' | 'failed' | 'activating' | 'deactivating'

export interface UnitStatus {
  readonly declaration: UnitDeclaration
  readonly state: ActiveState
  /** `running`, `dead`, `auto-restart`. */
  readonly subState: string
  /** When it came into this state, virtual ms. */
  readonly since: number
  /** 0 when it does not run. */
  readonly mainPid: number
  readonly journal: Journal
  readonly enabled: boolean
  /** How the main process last ended: `code=exited, status=1/FAILURE`. */
  readonly ended: string | undefined
  readonly restarts: number
}

interface Unit {
  readonly declaration: UnitDeclaration
  readonly journal: Journal
  process: RunningProcess | undefined
  state: ActiveState
  subState: string
  since: number
  mainPid: number
  /** Whether systemd shall start it again when it dies. */
  wanted: boolean
  timer: { cancel(): void } | undefined
  enabled: boolean
  ended: string | undefined
  restarts: number
}

const exitNames: Readonly<Record<number, string>> = { 0: 'SUCCESS', 1: 'FAILURE', 2: 'INVALIDARGUMENT', 203: 'EXEC' }

/** Starts a machine's services at boot, starts them again when they die, and stops them when asked. Follows systemd's
 *  Restart=always; not modelled: dependencies between units, start limits, cgroups. */
export class Systemd {
  readonly #machine: Machine
  readonly #units = new Map<string, Unit>()
  #nextPid = 612

  constructor(machine: Machine, units: readonly UnitDeclaration[]) {
    this.#machine = machine
    for (const declaration of units) {
      const journal = new Journal(() => machine.kernel.now())
      this.#units.set(declaration.name, { declaration, journal, process: undefined, state: 'inactive', subState: 'dead', since: machine.kernel.now(), mainPid: 0, wanted: false, timer: undefined, enabled: declaration.enabled, ended: undefined, restarts: 0 })
    }
    machine.onEvent((event) => {
      if (event.type !== 'process-ended') return
      const unit = this.#units.get(event.process.name)
      if (unit && unit.process === event.process) this.#ended(unit)
    })
  }

  /** Starts what is enabled: the machine has booted. */
  boot(): void {
    for (const unit of this.#units.values()) if (unit.enabled) this.start(unit.declaration.name)
  }

  names(): string[] {
    return [...this.#units.keys()]
  }

  /** Throws systemd's words for a unit that does not exist. */
  status(name: string): UnitStatus {
    const { declaration, state, subState, since, mainPid, journal, enabled, ended, restarts } = this.#unit(name)
    return { declaration, state, subState, since, mainPid, journal, enabled, ended, restarts }
  }

  /** Whether the unit starts at boot; answers whether that was a change. */
  enable(name: string, enabled: boolean): boolean {
    const unit = this.#unit(name)
    const changed = unit.enabled !== enabled
    unit.enabled = enabled
    return changed
  }

  start(name: string): void {
    const unit = this.#unit(name)
    unit.wanted = true
    unit.timer?.cancel()
    if (unit.process) return
    unit.restarts = 0
    unit.ended = undefined
    this.#launch(unit)
  }

  async stop(name: string): Promise<void> {
    const unit = this.#unit(name)
    unit.wanted = false
    unit.timer?.cancel()
    if (!unit.process) return this.#enter(unit, 'inactive', 'dead')
    this.#enter(unit, 'deactivating', 'stop-sigterm')
    unit.journal.info(`Stopping ${unit.declaration.name}.service - ${unit.declaration.description}...`)
    await unit.process.stop()
  }

  async restart(name: string): Promise<void> {
    await this.stop(name)
    this.start(name)
  }

  #launch(unit: Unit): void {
    const { declaration, journal } = unit
    unit.mainPid = this.#nextPid += 7
    journal.info(`Started ${declaration.name}.service - ${declaration.description}.`)
    unit.process = this.#machine.start(declaration.name, declaration.program, { journal })
    this.#enter(unit, 'active', 'running')
  }

  #ended(unit: Unit): void {
    const exitCode = unit.process && exitCodes.get(unit.process)
    const { name, description } = unit.declaration
    unit.process = undefined
    unit.mainPid = 0
    if (!this.#machine.poweredOn) return this.#enter(unit, 'inactive', 'dead')
    if (!unit.wanted) {
      unit.ended = 'code=exited, status=0/SUCCESS'
      unit.journal.info(`${name}.service: Deactivated successfully.`)
      unit.journal.info(`Stopped ${name}.service - ${description}.`)
      return this.#enter(unit, 'inactive', 'dead')
    }
    this.#enter(unit, 'activating', 'auto-restart')
    unit.ended = exitCode === undefined ? 'code=killed, status=9/KILL' : `code=exited, status=${exitCode}/${exitNames[exitCode] ?? 'n/a'}`
    unit.journal.warning(`${name}.service: Main process exited, ${unit.ended}`)
    unit.journal.warning(`${name}.service: Failed with result '${exitCode === undefined ? 'signal' : 'exit-code'}'.`)
    unit.timer = this.#machine.kernel.schedule(
      unit.declaration.restartMs,
      () => {
        if (!unit.wanted || unit.process || !this.#machine.poweredOn) return
        unit.restarts++
        unit.journal.info(`${name}.service: Scheduled restart job, restart counter is at ${unit.restarts}.`)
        this.#launch(unit)
      },
      0,
    )
  }

  #enter(unit: Unit, state: ActiveState, subState: string): void {
    unit.state = state
    unit.subState = subState
    unit.since = this.#machine.kernel.now()
  }

  #unit(name: string): Unit {
    const unit = this.#units.get(name.replace(/\.service$/, ''))
    if (!unit) throw new Error(`Unit ${name.includes('.') ? name : `${name}.service`} could not be found.`)
    return unit
  }
}

import type { ContainerConfig, ContainerState, ContainerStatus } from '../cri.ts'
import type { ContainerLog } from './container-log.ts'
import type { ImageManifest } from './images/catalogue.ts'
import type { Pipe } from './processes/pipe.ts'
import type { PidNamespace } from './processes/pid-namespace.ts'
import type { Terminal } from './processes/terminal.ts'

export type OutputListener = (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void

/** One container as the runtime keeps it, from its creation to its removal. */
export class Container {
  readonly id: string
  readonly sandboxId: string
  readonly config: ContainerConfig
  readonly image: ImageManifest
  readonly createdAt: number
  readonly log: ContainerLog
  state: ContainerState = 'created'
  startedAt = 0
  finishedAt = 0
  exitCode = 0
  reason = ''
  message = ''
  signal = 0
  /** What it may use, where that was changed. */
  resources: ContainerConfig['resources'] | undefined
  /** While it runs. */
  processes: PidNamespace | undefined
  terminal: Terminal | undefined
  /** Standard input, when it is open and no terminal. */
  stdin: Pipe | undefined
  attached: Set<OutputListener> | undefined
  /** Called once when it ends. */
  readonly onExit: (() => void)[] = []
  /** Between asking it to start or stop and its having done so. */
  starting = false
  /** CPU time at the last two looks, for a rate. */
  lastUsage: { readonly time: number; readonly cpuMs: number; readonly nanoCores: number } | undefined
  endedCpuMs = 0

  constructor(id: string, sandboxId: string, config: ContainerConfig, image: ImageManifest, createdAt: number, log: ContainerLog) {
    this.id = id
    this.sandboxId = sandboxId
    this.config = config
    this.image = image
    this.createdAt = createdAt
    this.log = log
  }

  status(): ContainerStatus {
    return {
      id: this.id,
      sandboxId: this.sandboxId,
      config: this.config,
      state: this.state,
      createdAt: this.createdAt,
      startedAt: this.startedAt,
      finishedAt: this.finishedAt,
      exitCode: this.exitCode,
      reason: this.reason,
      message: this.message,
      signal: this.signal,
      ...(this.resources ? { resources: this.resources } : {}),
      imageRef: `${this.image.repository}@${this.image.digest}`,
    }
  }

  /** It ended, or never came to run. */
  finish(end: { readonly time: number; readonly exitCode: number; readonly signal: number; readonly reason: string; readonly message: string }): void {
    this.endedCpuMs = this.processes?.cpuMs ?? 0
    this.state = 'exited'
    this.finishedAt = end.time
    this.exitCode = end.exitCode
    this.signal = end.signal
    this.reason = end.reason
    this.message = end.message
    this.processes = undefined
    this.stdin = undefined
    for (const listener of this.onExit.splice(0)) listener()
    this.attached = undefined
  }
}

import type { Kernel } from '../../kernel/kernel.ts'
import type { Machine } from '../../kernel/machine.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { RuntimeEvent } from '../cri.ts'
import type { Container } from './container.ts'
import { ContainerLog } from './container-log.ts'
import { DirectoryInode } from './files/inode.ts'
import { nodeFiles } from './host-files.ts'
import { ImageStore } from './images/image-store.ts'
import { MachineMemory } from './processes/machine-memory.ts'
import type { ProcessEntry } from './programs/program.ts'
import type { Sandbox } from './sandbox.ts'

/** What a node keeps of its containers, whatever becomes of the runtime's own process: sandboxes and containers (their
 *  shims hold them), images, logs, volumes and the node's file system. */
export class RuntimeState {
  readonly sandboxes = new Map<string, Sandbox>()
  readonly containers = new Map<string, Container>()
  readonly images = new ImageStore()
  /** Whether the images that came with the machine are in the store. */
  imagesPrepared = false
  readonly logs = new Map<string, ContainerLog>()
  /** The node's own files: host paths, persistent volumes. Outlives even a power failure. */
  readonly hostFiles: DirectoryInode
  /** Lifetime of the shims: all containers end with it. */
  shims: Scope | undefined
  readonly #listeners = new Set<(event: RuntimeEvent) => void>()
  readonly #volumes = new Map<string, Map<string, DirectoryInode>>()
  #memory: MachineMemory | undefined
  readonly #outOfMemoryListeners = new Set<(victim: { readonly process: string; readonly pid: number }) => void>()
  #undelivered: RuntimeEvent[] = []
  /** Whether the runtime is there to pass events on. */
  #announcing = false

  readonly #networkStorage: Map<string, DirectoryInode>

  constructor(hostname: string, networkStorage: Map<string, DirectoryInode>) {
    this.#networkStorage = networkStorage
    this.hostFiles = nodeFiles(hostname, this.logs)
  }

  /** The directory behind a pod's scratch volume. */
  volume(podUid: string, name: string): DirectoryInode {
    let volumes = this.#volumes.get(podUid)
    if (!volumes) this.#volumes.set(podUid, (volumes = new Map()))
    let directory = volumes.get(name)
    if (!directory) volumes.set(name, (directory = new DirectoryInode(new Map(), { mode: 0o777 })))
    return directory
  }

  /** All scratch volumes, by pod uid. */
  volumes(): ReadonlyMap<string, ReadonlyMap<string, DirectoryInode>> {
    return this.#volumes
  }

  /** The memory of the machine, as large as it was first said to be. */
  memory(capacityBytes: number): MachineMemory {
    return (this.#memory ??= new MachineMemory(capacityBytes, () => this.#outOfMemory()))
  }

  onSystemOutOfMemory(listener: (victim: { readonly process: string; readonly pid: number }) => void): () => void {
    this.#outOfMemoryListeners.add(listener)
    return () => this.#outOfMemoryListeners.delete(listener)
  }

  /** Kills the container with the highest score: its share of the memory in thousandths, adjusted as the kubelet asked. */
  #outOfMemory(): void {
    let worst: { readonly container: Container; readonly score: number } | undefined
    for (const container of this.containers.values()) {
      if (container.state !== 'running' || !container.processes) continue
      const score = (1000 * container.processes.memoryBytes) / this.#memory!.capacityBytes + container.config.oomScoreAdj
      if (container.config.oomScoreAdj > -1000 && (!worst || score > worst.score)) worst = { container, score }
    }
    const processes = worst?.container.processes
    if (!processes) return
    const largest = processes.own().reduce<ProcessEntry | undefined>((most, each) => (!most || each.memoryBytes > most.memoryBytes ? each : most), undefined)
    processes.killForMemory()
    for (const listener of [...this.#outOfMemoryListeners]) listener({ process: (largest?.command[0] ?? '').split('/').at(-1)!, pid: largest?.pid ?? 1 })
  }

  /** The files of a piece of storage outside of all machines. */
  networkStorage(name: string): DirectoryInode {
    let directory = this.#networkStorage.get(name)
    if (!directory) this.#networkStorage.set(name, (directory = new DirectoryInode(new Map(), { mode: 0o777 })))
    return directory
  }

  dropVolumes(podUid: string): void {
    this.#volumes.delete(podUid)
  }

  log(path: string, now: () => number): ContainerLog {
    let log = this.logs.get(path)
    if (!log) this.logs.set(path, (log = new ContainerLog(path, now)))
    return log
  }

  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tells listeners, or keeps it for when the runtime is back. */
  announce(event: RuntimeEvent): void {
    if (!this.#announcing) {
      this.#undelivered.push(event)
      return
    }
    for (const listener of [...this.#listeners]) listener(event)
  }

  startAnnouncing(): void {
    this.#announcing = true
    for (const event of this.#undelivered.splice(0)) this.announce(event)
  }

  stopAnnouncing(): void {
    this.#announcing = false
  }

  /** The machine lost power: nothing runs any more, and what was in memory is gone. */
  lost(time: number): void {
    for (const container of this.containers.values()) {
      if (container.state !== 'running') continue
      container.finish({ time, exitCode: 255, signal: 0, reason: 'Unknown', message: '' })
    }
    for (const sandbox of this.sandboxes.values()) sandbox.state = 'notready'
    this.shims = undefined
    this.#undelivered = []
  }
}

/** Storage that all machines of a simulation can reach, by its kernel. */
const networkStorages = new WeakMap<Kernel, Map<string, DirectoryInode>>()

function networkStorageOf(kernel: Kernel): Map<string, DirectoryInode> {
  let storage = networkStorages.get(kernel)
  if (!storage) networkStorages.set(kernel, (storage = new Map()))
  return storage
}

const states = new WeakMap<Machine, RuntimeState>()

/** The state of a machine's container runtime; made when first asked for. */
export function runtimeState(machine: Machine): RuntimeState {
  let state = states.get(machine)
  if (!state) states.set(machine, (state = new RuntimeState(machine.name, networkStorageOf(machine.kernel))))
  return state
}

import type { ContainerRuntime, ContainerStatus, PodSandboxStatus } from '../cri.ts'

/** What the runtime has of one pod. */
export interface PodRuntime {
  readonly uid: string
  /** Newest first. */
  readonly sandboxes: readonly PodSandboxStatus[]
  /** Newest first, of all sandboxes. */
  readonly containers: readonly ContainerStatus[]
}

export function emptyRuntime(uid: string): PodRuntime {
  return { uid, sandboxes: [], containers: [] }
}

/** The newest container of that name, whatever its state. */
export function newestContainer(runtime: PodRuntime, name: string): ContainerStatus | undefined {
  return runtime.containers.find((container) => container.config.name === name)
}

/** The sandbox that containers of the pod live in now. */
export function activeSandbox(runtime: PodRuntime): PodSandboxStatus | undefined {
  const newest = runtime.sandboxes[0]
  return newest?.state === 'ready' ? newest : undefined
}

interface Entry {
  readonly sandboxes: Map<string, PodSandboxStatus>
  readonly containers: Map<string, ContainerStatus>
  /** Sandboxes of which an event has told since they were last read. */
  readonly stale: Set<string>
  view: PodRuntime | undefined
  reading: Promise<void> | undefined
}

/** What the runtime has of every pod, kept by its events (evented PLEG): an event marks a sandbox stale, and only that is
 *  read again, when somebody asks. */
export class PodRuntimeCache {
  readonly #runtime: ContainerRuntime
  readonly #pods = new Map<string, Entry>()
  readonly #changed: (uid: string) => void
  #unsubscribe: (() => void) | undefined

  /** `changed` is told of each pod of which something started or stopped. */
  constructor(runtime: ContainerRuntime, changed: (uid: string) => void) {
    this.#runtime = runtime
    this.#changed = changed
  }

  /** Reads everything (after a start of the kubelet or of the runtime), then follows events until `stop`. */
  async start(): Promise<void> {
    this.#unsubscribe?.()
    this.#unsubscribe = this.#runtime.onEvent((event) => {
      if (event.type === 'deleted' && !this.#pods.has(event.podUid)) return
      this.invalidate(event.podUid, event.sandboxId)
      // What is created or removed was so at our own word.
      if (event.type === 'started' || event.type === 'stopped') this.#changed(event.podUid)
    })
    const [sandboxes, containers] = await Promise.all([this.#runtime.listPodSandboxes(), this.#runtime.listContainers()])
    this.#pods.clear()
    const podOf = new Map<string, string>()
    for (const sandbox of sandboxes) {
      podOf.set(sandbox.id, sandbox.config.uid)
      this.#entry(sandbox.config.uid).sandboxes.set(sandbox.id, sandbox)
    }
    for (const container of containers) {
      const uid = podOf.get(container.sandboxId)
      if (uid !== undefined) this.#entry(uid).containers.set(container.id, withLogMessage(container, this.#runtime))
    }
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }

  /** Says that what is known of a sandbox is out of date. */
  invalidate(uid: string, sandboxId: string): void {
    this.#entry(uid).stale.add(sandboxId)
  }

  /** What the runtime has of a pod, as new as the last event. */
  async get(uid: string): Promise<PodRuntime> {
    const entry = this.#pods.get(uid)
    if (!entry) return emptyRuntime(uid)
    while (entry.stale.size > 0) {
      entry.reading ??= this.#read(entry).finally(() => {
        entry.reading = undefined
      })
      await entry.reading
    }
    return this.#view(uid, entry)
  }

  /** What was last read of a pod, without asking the runtime. */
  known(uid: string): PodRuntime {
    const entry = this.#pods.get(uid)
    return entry ? this.#view(uid, entry) : emptyRuntime(uid)
  }

  /** Pods of which the runtime has anything. */
  uids(): string[] {
    return [...this.#pods].filter(([, entry]) => entry.sandboxes.size > 0 || entry.stale.size > 0).map(([uid]) => uid)
  }

  forget(uid: string): void {
    this.#pods.delete(uid)
  }

  #view(uid: string, entry: Entry): PodRuntime {
    return (entry.view ??= {
      uid,
      sandboxes: [...entry.sandboxes.values()].sort((a, b) => b.createdAt - a.createdAt || b.config.attempt - a.config.attempt),
      containers: [...entry.containers.values()].sort((a, b) => b.createdAt - a.createdAt || b.config.attempt - a.config.attempt),
    })
  }

  #entry(uid: string): Entry {
    let entry = this.#pods.get(uid)
    if (!entry) this.#pods.set(uid, (entry = { sandboxes: new Map(), containers: new Map(), stale: new Set(), view: undefined, reading: undefined }))
    return entry
  }

  async #read(entry: Entry): Promise<void> {
    const stale = [...entry.stale]
    entry.stale.clear()
    try {
      for (const id of stale) await this.#readSandbox(entry, id)
    } catch (error) {
      for (const id of stale) entry.stale.add(id)
      throw error
    } finally {
      entry.view = undefined
    }
  }

  async #readSandbox(entry: Entry, id: string): Promise<void> {
    const [sandbox, containers] = await Promise.all([
      this.#runtime.podSandboxStatus(id).catch((error: unknown) => {
        if (isNotFound(error)) return undefined
        throw error
      }),
      this.#runtime.listContainers({ sandboxId: id }),
    ])
    if (sandbox) entry.sandboxes.set(id, sandbox)
    else entry.sandboxes.delete(id)
    for (const [containerId, container] of entry.containers) if (container.sandboxId === id) entry.containers.delete(containerId)
    for (const container of containers) entry.containers.set(container.id, withLogMessage(container, this.#runtime))
  }
}

const logMessageLinesMax = 80
const logMessageBytesMax = 2048

/** terminationMessagePolicy FallbackToLogsOnError: a failed container without a message says its last log lines. */
function withLogMessage(container: ContainerStatus, runtime: ContainerRuntime): ContainerStatus {
  if (container.state !== 'exited' || container.exitCode === 0 || container.message !== '') return container
  if (container.config.annotations['io.kubernetes.container.terminationMessagePolicy'] !== 'FallbackToLogsOnError') return container
  const decoder = new TextDecoder()
  const text = runtime.readLog(container.config.logPath).slice(-logMessageLinesMax).map((line) => decoder.decode(line.bytes) + (line.partial ? '' : '\n')).join('')
  return { ...container, message: text.slice(-logMessageBytesMax) }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'NotFound'
}

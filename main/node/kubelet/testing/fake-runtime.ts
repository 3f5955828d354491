import type { Clock } from '../../../kernel/clock.ts'
import type { NetworkStack } from '../../../kernel/network.ts'
import {
  CriError,
  type ContainerConfig,
  type ContainerFootprint,
  type ContainerResources,
  type ContainerRuntime,
  type ContainerStatus,
  type ExecResult,
  type ImageStatus,
  type LogLineOfContainer,
  type MachineFootprint,
  type PodSandboxConfig,
  type PodSandboxStatus,
  type RuntimeEvent,
  type StreamSession,
} from '../../cri.ts'

/** What a fake image does when it runs. */
export interface FakeProgram {
  /** Ends by itself after so long; absent: runs until it is stopped. */
  readonly endsAfterMs?: number
  readonly exitCode?: number
  /** How long it takes from the stop signal to its end; beyond the grace period it is killed. */
  readonly stopsAfterMs?: number
  readonly startError?: string
  readonly exec?: (command: readonly string[]) => ExecResult | CriError
  readonly pullMs?: number
  readonly sizeBytes?: number
  /** Called with the pod's network when the container starts (and again when it ends): to serve something on it. */
  readonly serve?: (stack: NetworkStack) => () => void
}

interface Sandbox {
  status: PodSandboxStatus
  stack: NetworkStack | undefined
}

interface Running {
  status: ContainerStatus
  timer: { cancel(): void } | undefined
  stopServing: (() => void) | undefined
  onExit: (() => void)[]
}

const callMs = 1
const pulled = '0123456789abcdef'

/** A container runtime in memory whose containers do what their image's FakeProgram says. Images are pulled on demand from
 *  `programs`; a name that is not there is answered as a registry would. Every call takes 1 ms of virtual time. */
export class FakeRuntime implements ContainerRuntime {
  readonly programs = new Map<string, FakeProgram>()
  /** Every call that changes something: `run default/web`, `start web/nginx#0`, `stop …`. */
  readonly calls: string[] = []
  readonly startTimes: { readonly name: string; readonly time: number }[] = []
  runtimeReady = true
  networkReady = true
  /** What each container of a pod uses, by pod name. */
  readonly used = new Map<string, Partial<Pick<ContainerFootprint, 'memoryBytes' | 'processes' | 'writtenBytes' | 'logBytes'>>>()
  imageBytes = 0
  /** Tells that the machine was out of memory. */
  outOfMemory: (victim: { readonly process: string; readonly pid: number }) => void = () => {}
  /** How long after a call's answer its event comes. */
  eventDelayMs = 0
  readonly #clock: Clock
  readonly #stackFor: ((config: PodSandboxConfig) => NetworkStack) | undefined
  readonly #sandboxes = new Map<string, Sandbox>()
  readonly #containers = new Map<string, Running>()
  readonly #images = new Set<string>()
  readonly #listeners = new Set<(event: RuntimeEvent) => void>()
  #next = 1

  constructor(clock: Clock, stackFor?: (config: PodSandboxConfig) => NetworkStack) {
    this.#clock = clock
    this.#stackFor = stackFor
  }

  preload(...images: string[]): void {
    for (const image of images) this.#images.add(image)
  }

  /** Kills the sandbox of a pod behind the kubelet's back. */
  async killSandbox(podName: string): Promise<void> {
    for (const [id, sandbox] of this.#sandboxes) if (sandbox.status.config.name === podName) await this.stopPodSandbox(id)
  }

  /** What the newest container of that name was made of. */
  configOf(podName: string, containerName: string): ContainerConfig | undefined {
    return [...this.#containers.values()].reverse().find((container) => container.status.config.name === containerName && this.#sandboxes.get(container.status.sandboxId)?.status.config.name === podName)?.status.config
  }

  /** Ends a container behind the kubelet's back. */
  end(containerName: string, exitCode: number): void {
    for (const [id, container] of this.#containers) if (container.status.config.name === containerName && container.status.state === 'running') this.#exit(id, exitCode, 0)
  }

  version(): Promise<{ runtimeName: string; runtimeVersion: string; runtimeApiVersion: string }> {
    return this.#answer({ runtimeName: 'containerd', runtimeVersion: 'v2.2.1', runtimeApiVersion: 'v1' })
  }

  /** While true nothing is answered. */
  hangs = false

  status(): Promise<{ runtimeReady: boolean; networkReady: boolean; message: string }> {
    return this.#answer({ runtimeReady: this.runtimeReady, networkReady: this.networkReady, message: this.networkReady ? '' : 'Network plugin returns error: cni plugin not initialized' })
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    await this.#clock.sleep(callMs)
    const id = this.#id('sandbox')
    const stack = config.hostNetwork ? undefined : this.#stackFor?.(config)
    const ips = config.hostNetwork ? [] : (stack?.addresses ?? [`10.244.1.${this.#next}`])
    this.#sandboxes.set(id, { status: { id, config, state: 'ready', createdAt: this.#clock.now(), ips: [...ips] }, stack })
    this.calls.push(`run ${config.namespace}/${config.name}`)
    this.#tell({ type: 'started', sandboxId: id, podUid: config.uid })
    return id
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    await this.#clock.sleep(callMs)
    const sandbox = this.#sandboxes.get(sandboxId)
    if (!sandbox || sandbox.status.state !== 'ready') return
    sandbox.status = { ...sandbox.status, state: 'notready' }
    for (const [id, container] of this.#containers) if (container.status.sandboxId === sandboxId && container.status.state === 'running') this.#exit(id, 137, 9)
    this.calls.push(`stop sandbox ${sandbox.status.config.namespace}/${sandbox.status.config.name}`)
    this.#tell({ type: 'stopped', sandboxId, podUid: sandbox.status.config.uid })
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    await this.#clock.sleep(callMs)
    const sandbox = this.#sandboxes.get(sandboxId)
    if (!sandbox) return
    for (const [id, container] of [...this.#containers]) if (container.status.sandboxId === sandboxId) this.#containers.delete(id)
    this.#sandboxes.delete(sandboxId)
    this.calls.push(`remove sandbox ${sandbox.status.config.namespace}/${sandbox.status.config.name}`)
    this.#tell({ type: 'deleted', sandboxId, podUid: sandbox.status.config.uid })
  }

  async podSandboxStatus(sandboxId: string): Promise<PodSandboxStatus> {
    await this.#clock.sleep(callMs)
    const sandbox = this.#sandboxes.get(sandboxId)
    if (!sandbox) throw new CriError('NotFound', `an error occurred when try to find sandbox: not found`)
    return sandbox.status
  }

  listPodSandboxes(): Promise<readonly PodSandboxStatus[]> {
    return this.#answer([...this.#sandboxes.values()].map((sandbox) => sandbox.status))
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    await this.#clock.sleep(callMs)
    if (!this.#sandboxes.has(sandboxId)) throw new CriError('NotFound', `failed to find sandbox id "${sandboxId}"`)
    const id = this.#id('container')
    const status: ContainerStatus = { id, sandboxId, config, state: 'created', createdAt: this.#clock.now(), startedAt: 0, finishedAt: 0, exitCode: 0, reason: '', message: '', signal: 0, imageRef: `${config.image}@sha256:${pulled}` }
    this.#containers.set(id, { status, timer: undefined, stopServing: undefined, onExit: [] })
    this.calls.push(`create ${this.#name(id)}`)
    this.#tellContainer('created', id)
    return id
  }

  async startContainer(containerId: string): Promise<void> {
    await this.#clock.sleep(callMs)
    const container = this.#container(containerId)
    const program = this.#program(container.status.config.image)
    if (program.startError !== undefined) {
      container.status = { ...container.status, state: 'exited', exitCode: 128, reason: 'StartError', message: program.startError, finishedAt: this.#clock.now() }
      this.#tellContainer('stopped', containerId)
      throw new CriError('Unknown', program.startError)
    }
    container.status = { ...container.status, state: 'running', startedAt: this.#clock.now() }
    const stack = this.sandboxStack(container.status.sandboxId)
    if (stack) container.stopServing = program.serve?.(stack)
    if (program.endsAfterMs !== undefined) container.timer = this.#clock.after(program.endsAfterMs, () => this.#exit(containerId, program.exitCode ?? 0, 0))
    this.calls.push(`start ${this.#name(containerId)}`)
    this.startTimes.push({ name: this.#name(containerId), time: this.#clock.now() })
    this.#tellContainer('started', containerId)
  }

  async stopContainer(containerId: string, graceSeconds: number): Promise<void> {
    await this.#clock.sleep(callMs)
    const container = this.#containers.get(containerId)
    if (!container || container.status.state !== 'running') return
    this.calls.push(`stop ${this.#name(containerId)} grace=${graceSeconds}`)
    const needsMs = this.#program(container.status.config.image).stopsAfterMs ?? 0
    const killed = needsMs > graceSeconds * 1000
    await new Promise<void>((resolve) => {
      container.onExit.push(resolve)
      this.#clock.after(killed ? graceSeconds * 1000 : needsMs, () => this.#exit(containerId, killed ? 137 : (this.#program(container.status.config.image).exitCode ?? 0), killed ? 9 : 15))
    })
  }

  async removeContainer(containerId: string): Promise<void> {
    await this.#clock.sleep(callMs)
    const container = this.#containers.get(containerId)
    if (!container) return
    this.calls.push(`remove ${this.#name(containerId)}`)
    this.#tellContainer('deleted', containerId)
    this.#containers.delete(containerId)
  }

  containerStatus(containerId: string): Promise<ContainerStatus> {
    return this.#answer(this.#container(containerId).status)
  }

  listContainers(filter?: { readonly sandboxId?: string }): Promise<readonly ContainerStatus[]> {
    return this.#answer([...this.#containers.values()].map((container) => container.status).filter((status) => filter?.sandboxId === undefined || status.sandboxId === filter.sandboxId))
  }

  async execSync(containerId: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    void timeoutMs
    await this.#clock.sleep(callMs)
    const result = this.#program(this.#container(containerId).status.config.image).exec?.(command) ?? { exitCode: 0, stdout: new Uint8Array(), stderr: new Uint8Array() }
    this.calls.push(`exec ${this.#name(containerId)} ${command.join(' ')}`)
    if (result instanceof CriError) throw result
    return result
  }

  exec(containerId: string, command: readonly string[]): Promise<StreamSession> {
    const result = this.#program(this.#container(containerId).status.config.image).exec?.(command)
    if (result instanceof CriError) return Promise.reject(result)
    const session = new FakeSession()
    this.#clock.after(callMs * 2, () => {
      if (result) session.finish(result)
    })
    return this.#answer(session)
  }

  attach(): Promise<StreamSession> {
    return this.#answer(new FakeSession())
  }

  sandboxStack(sandboxId: string): NetworkStack | undefined {
    return this.#sandboxes.get(sandboxId)?.stack
  }

  usage(): Promise<readonly []> {
    return this.#answer([])
  }

  async pullImage(image: string): Promise<string> {
    const program = this.programs.get(withoutTag(image))
    await this.#clock.sleep(program?.pullMs ?? 1_200)
    if (!program) {
      throw new CriError('NotFound', `failed to pull and unpack image "docker.io/library/${image}": failed to resolve reference "docker.io/library/${image}": docker.io/library/${image}: not found`)
    }
    this.#images.add(image)
    this.calls.push(`pull ${image}`)
    return `sha256:${pulled}`
  }

  imageStatus(image: string): Promise<ImageStatus | undefined> {
    return this.#answer(this.#images.has(image) ? this.#image(image) : undefined)
  }

  listImages(): Promise<readonly ImageStatus[]> {
    return this.#answer([...this.#images].map((image) => this.#image(image)))
  }

  async removeImage(image: string): Promise<void> {
    await this.#clock.sleep(callMs)
    this.#images.delete(image)
  }

  readonly logs = new Map<string, LogLineOfContainer[]>()
  readonly #followers = new Map<string, Set<(line: LogLineOfContainer) => void>>()

  /** Adds a line to a log. */
  log(path: string, text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    const line = { time: this.#clock.now(), stream, bytes: new TextEncoder().encode(text), partial: false }
    const lines = this.logs.get(path) ?? []
    lines.push(line)
    this.logs.set(path, lines)
    for (const follower of this.#followers.get(path) ?? []) follower(line)
  }

  readLog(logPath: string): readonly LogLineOfContainer[] {
    return this.logs.get(logPath) ?? []
  }

  followLog(logPath: string, onLine: (line: LogLineOfContainer) => void): { cancel(): void } {
    const followers = this.#followers.get(logPath) ?? new Set()
    followers.add(onLine)
    this.#followers.set(logPath, followers)
    return { cancel: () => followers.delete(onLine) }
  }

  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #exit(id: string, exitCode: number, signal: number): void {
    const container = this.#containers.get(id)
    if (!container || container.status.state !== 'running') return
    container.timer?.cancel()
    container.stopServing?.()
    container.status = { ...container.status, state: 'exited', exitCode, signal: signal === 9 ? 9 : 0, reason: exitCode === 0 ? 'Completed' : 'Error', finishedAt: this.#clock.now() }
    for (const done of container.onExit.splice(0)) done()
    this.#tellContainer('stopped', id)
  }

  #program(image: string): FakeProgram {
    return this.programs.get(withoutTag(image)) ?? {}
  }

  #image(image: string): ImageStatus {
    return { id: `sha256:${pulled}`, repoTags: [`docker.io/library/${image}`], repoDigests: [`docker.io/library/${withoutTag(image)}@sha256:${pulled}`], sizeBytes: this.#program(image).sizeBytes ?? 70_000_000 }
  }

  #container(id: string): Running {
    const container = this.#containers.get(id)
    if (!container) throw new CriError('NotFound', `an error occurred when try to find container "${id}": not found`)
    return container
  }

  #name(id: string): string {
    const { status } = this.#containers.get(id)!
    return `${this.#sandboxes.get(status.sandboxId)?.status.config.name ?? '?'}/${status.config.name}#${status.config.attempt}`
  }

  #tellContainer(type: RuntimeEvent['type'], id: string): void {
    const { status } = this.#containers.get(id)!
    this.#tell({ type, sandboxId: status.sandboxId, podUid: this.#sandboxes.get(status.sandboxId)?.status.config.uid ?? '', containerId: id })
  }

  #tell(event: RuntimeEvent): void {
    this.#clock.after(this.eventDelayMs, () => {
      for (const listener of this.#listeners) listener(event)
    })
  }

  updateContainerResources(containerId: string, resources: ContainerResources): Promise<void> {
    const container = this.#container(containerId)
    container.status = { ...container.status, resources }
    this.calls.push(`update ${this.#name(containerId)} cpu=${resources.cpuRequestMillis}/${resources.cpuLimitMillis} memory=${resources.memoryLimitBytes}`)
    return this.#answer(undefined)
  }

  footprint(): MachineFootprint {
    const containers = [...this.#containers.values()].filter(({ status }) => status.state === 'running').map(({ status }) => {
      const pod = this.#sandboxes.get(status.sandboxId)!.status.config
      return { id: status.id, podUid: pod.uid, name: status.config.name, memoryBytes: 10_000_000, processes: 1, writtenBytes: 0, logBytes: 0, ...this.used.get(pod.name) }
    })
    return { containers, imageBytes: this.imageBytes, volumes: new Map() }
  }

  onSystemOutOfMemory(listener: (victim: { readonly process: string; readonly pid: number }) => void): () => void {
    this.outOfMemory = listener
    return () => {}
  }

  async #answer<T>(value: T): Promise<T> {
    while (this.hangs) await this.#clock.sleep(1_000)
    await this.#clock.sleep(callMs)
    return value
  }

  #id(of: string): string {
    return `${of}${String(this.#next++).padStart(4, '0')}`
  }
}

class FakeSession implements StreamSession {
  readonly written: Uint8Array[] = []
  #stdout: ((bytes: Uint8Array) => void) | undefined
  #stderr: ((bytes: Uint8Array) => void) | undefined
  #exit: ((exitCode: number) => void) | undefined

  writeStdin(bytes: Uint8Array): void {
    // Echoes, as cat does.
    this.written.push(bytes)
    this.#stdout?.(bytes)
  }

  closeStdin(): void {
    this.#exit?.(0)
  }

  resize(): void {}

  onStdout(handler: (bytes: Uint8Array) => void): void {
    this.#stdout = handler
  }

  onStderr(handler: (bytes: Uint8Array) => void): void {
    this.#stderr = handler
  }

  onExit(handler: (exitCode: number) => void): void {
    this.#exit = handler
  }

  close(): void {}

  finish(result: ExecResult): void {
    if (result.stdout.length > 0) this.#stdout?.(result.stdout)
    if (result.stderr.length > 0) this.#stderr?.(result.stderr)
    this.#exit?.(result.exitCode)
  }
}

function withoutTag(image: string): string {
  return image.split('@')[0]!.replace(/:[^:/]*$/, '')
}

import type { Process, Program } from '../../kernel/machine.ts'
import type { Connection, NetworkStack } from '../../kernel/network.ts'
import type { ContainerNetwork } from '../cni.ts'
import {
  CriError,
  type ContainerConfig,
  type ContainerResources,
  type ContainerRuntime,
  type ContainerStatus,
  type ContainerUsage,
  type ExecResult,
  type ImageStatus,
  type LogLineOfContainer,
  type MachineFootprint,
  type PodSandboxConfig,
  type PodSandboxStatus,
  type RuntimeEvent,
  type RuntimeVersion,
  type StreamSession,
} from '../cri.ts'
import { systemMemoryBytes } from '../machine-usage.ts'
import { CallRing } from './call-record.ts'
import { Container } from './container.ts'
import { containerFiles, userOf } from './container-files.ts'
import { LogSink } from './container-log.ts'
import { ContainerSessions } from './container-sessions.ts'
import { footprintOf } from './footprint.ts'
import { preload, requireReference } from './images/image-store.ts'
import { canonicalReference } from './images/reference.ts'
import type { Registries } from './images/registry.ts'
import { nullFile, type OpenFile } from './processes/open-file.ts'
import { PidNamespace } from './processes/pid-namespace.ts'
import { Pipe } from './processes/pipe.ts'
import { parseSignal } from './processes/signals.ts'
import { Terminal } from './processes/terminal.ts'
import { ExecError, type ContainerLimits, type ProgramTable, type Resolver } from './programs/program.ts'
import { runtimeView } from './runtime-view.ts'
import { Sandbox } from './sandbox.ts'
import { callNames, runtimeIdentities, type AnswerFrame, type CallFrame, type RuntimeIdentity, type RuntimeIdentityName } from './socket.ts'
import { runtimeState, type RuntimeState } from './state.ts'

export interface ContainerRuntimeOptions {
  /** Default 'containerd'. */
  readonly identity?: RuntimeIdentityName
  readonly network: ContainerNetwork
  readonly registries: Registries
  /** What simulated executables do: `standardPrograms` of programs/standard-programs.ts. */
  readonly programs: ProgramTable
  readonly resolver?: Resolver
  readonly machineCpus?: number
  readonly machineMemoryBytes?: number
}

/** What calls cost, in ms, before jitter. */
const costs = {
  runPodSandbox: 32,
  stopPodSandbox: 12,
  removePodSandbox: 8,
  createContainer: 9,
  startContainer: 14,
  removeContainer: 6,
  updateContainerResources: 5,
  look: 0.25,
  removeImage: 20,
} as const

/** Those that the runtime's configuration names; '' is its default. */
const runtimeHandlers: ReadonlySet<string> = new Set(['', 'runc'])

const terminationMessageBytesMax = 4096
const shimName = 'containerd-shim-runc-v2'

/** A container runtime as a program of a node. `running.program` is then a SimulatedRuntime; clients use RuntimeClient. */
export function containerRuntime(options: ContainerRuntimeOptions): (process: Process) => SimulatedRuntime {
  return (process) => new SimulatedRuntime(process, options)
}

/** Serves the CRI on the node's local socket. Containers belong to shims, not to this process: they outlive its restarts.
 *  Not modelled: checkpoints, image signatures, the streaming server's own port. */
export class SimulatedRuntime implements ContainerRuntime, Program {
  readonly identity: RuntimeIdentity
  readonly #process: Process
  readonly #options: ContainerRuntimeOptions
  readonly #state: RuntimeState
  readonly #calls = new CallRing()
  readonly #pulls = new Map<string, Promise<string>>()
  readonly #sessions: ContainerSessions

  constructor(process: Process, options: ContainerRuntimeOptions) {
    this.#process = process
    this.#options = options
    this.identity = runtimeIdentities[options.identity ?? 'containerd']
    this.#state = runtimeState(process.machine)
    this.#sessions = new ContainerSessions(process, (id) => this.#container(id), () => this.#newId())
    if (!this.#state.imagesPrepared) {
      this.#state.imagesPrepared = true
      preload(this.#state.images, options.registries, options.registries.preloaded)
    }
    this.#startShims()
    const connections = new Set<Connection>()
    const stopListening = process.machine.stack.listen(
      0,
      (connection) => {
        connections.add(connection)
        connection.onClose(() => connections.delete(connection))
        connection.onMessage((message) => this.#serve(connection, message.body as CallFrame, message.label))
      },
      'tcp',
      this.identity.socketPath,
    )
    process.scope.onClose(() => {
      stopListening()
      for (const connection of connections) connection.close('reset')
      this.#state.stopAnnouncing()
    })
    this.#state.startAnnouncing()
    process.expose('cri', () => runtimeView(this.identity, this.#state, this.#calls, this.#now()))
    process.journal.info(`starting ${this.identity.name}`, { version: this.identity.version, socket: this.identity.socketPath })
  }

  /** What outlives this process. */
  get state(): RuntimeState {
    return this.#state
  }

  /** Containers go on without it. */
  stop(): void {
    this.#process.journal.info(`stopping ${this.identity.name}`)
  }

  // ---- RuntimeService

  async version(): Promise<RuntimeVersion> {
    await this.#spend(costs.look)
    return { runtimeName: this.identity.name, runtimeVersion: this.identity.version, runtimeApiVersion: this.identity.apiVersion }
  }

  async status(): Promise<{ readonly runtimeReady: boolean; readonly networkReady: boolean; readonly message: string }> {
    await this.#spend(costs.look)
    const network = this.#options.network
    return { runtimeReady: true, networkReady: network.ready, message: network.ready ? '' : network.message }
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    if (!runtimeHandlers.has(config.runtimeHandler)) throw new CriError('Unknown', `failed to get sandbox runtime: no runtime for ${JSON.stringify(config.runtimeHandler)} is configured`)
    const network = this.#options.network
    if (!config.hostNetwork && !network.ready) {
      throw new CriError('Unknown', `failed to setup network for sandbox: ${network.message === '' ? 'cni plugin not initialized' : network.message}`)
    }
    const sandbox = new Sandbox(this.#newId(), config, this.#now())
    this.#state.sandboxes.set(sandbox.id, sandbox)
    try {
      if (config.hostNetwork) {
        sandbox.stack = this.#process.machine.stack
        sandbox.ips = [...this.#process.machine.stack.addresses]
      } else {
        const given = await network.add({ sandboxId: sandbox.id, namespace: config.namespace, name: config.name, uid: config.uid, portMappings: config.portMappings })
        sandbox.stack = given.stack
        sandbox.ips = given.ips
      }
    } catch (error) {
      this.#state.sandboxes.delete(sandbox.id)
      throw error instanceof CriError ? error : new CriError('Unknown', `failed to setup network for sandbox "${sandbox.id}": ${(error as Error).message}`)
    }
    await this.#spend(costs.runPodSandbox)
    sandbox.state = 'ready'
    this.#announce({ type: 'created', sandboxId: sandbox.id, podUid: config.uid })
    this.#announce({ type: 'started', sandboxId: sandbox.id, podUid: config.uid })
    this.#process.journal.info('RunPodSandbox returns sandbox id', { sandbox: sandbox.id, pod: `${config.namespace}/${config.name}` })
    return sandbox.id
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.#state.sandboxes.get(sandboxId)
    if (!sandbox) return
    for (const container of this.#containersOf(sandboxId)) {
      if (container.state === 'running') container.processes?.killAll()
    }
    const wasReady = sandbox.state === 'ready'
    sandbox.state = 'notready'
    await this.#spend(costs.stopPodSandbox)
    if (!sandbox.config.hostNetwork) await this.#options.network.remove(sandboxId)
    sandbox.stack = undefined
    if (wasReady) this.#announce({ type: 'stopped', sandboxId, podUid: sandbox.config.uid })
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    const sandbox = this.#state.sandboxes.get(sandboxId)
    if (!sandbox) return
    if (sandbox.state === 'ready') await this.stopPodSandbox(sandboxId)
    for (const container of this.#containersOf(sandboxId)) await this.removeContainer(container.id)
    await this.#spend(costs.removePodSandbox)
    this.#state.sandboxes.delete(sandboxId)
    const uid = sandbox.config.uid
    if (![...this.#state.sandboxes.values()].some((other) => other.config.uid === uid)) this.#state.dropVolumes(uid)
    this.#announce({ type: 'deleted', sandboxId, podUid: uid })
  }

  async podSandboxStatus(sandboxId: string): Promise<PodSandboxStatus> {
    await this.#spend(costs.look)
    return this.#sandbox(sandboxId).status()
  }

  async listPodSandboxes(): Promise<readonly PodSandboxStatus[]> {
    await this.#spend(costs.look)
    return [...this.#state.sandboxes.values()].map((sandbox) => sandbox.status())
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandbox(sandboxId)
    if (sandbox.state !== 'ready') throw new CriError('Unknown', `failed to get sandbox container task: no running task found: task ${sandboxId} not found`)
    const image = this.#state.images.find(config.imageId) ?? this.#state.images.find(config.image)
    if (!image) throw new CriError('NotFound', `failed to resolve image "${config.imageId || config.image}": not found`)
    if (config.command.length === 0 && config.args.length === 0 && image.config.entrypoint.length === 0 && image.config.cmd.length === 0) {
      throw new CriError('Unknown', 'failed to generate container spec: failed to generate spec: no command specified')
    }
    const user = config.user ?? image.config.user
    if (userOf(user, image.root()).uid < 0) {
      throw new CriError('Unknown', `failed to create containerd container: mount callback failed: no users found`)
    }
    await this.#spend(costs.createContainer)
    const logPath = config.logPath.startsWith('/') ? config.logPath : `${sandbox.config.logDirectory}/${config.logPath}`
    const { kernel } = this.#process
    const now = (): number => kernel.now()
    const container = new Container(this.#newId(), sandboxId, config, image, this.#now(), this.#state.log(logPath, now))
    this.#state.containers.set(container.id, container)
    this.#announce({ type: 'created', sandboxId, podUid: sandbox.config.uid, containerId: container.id })
    return container.id
  }

  async startContainer(containerId: string): Promise<void> {
    const container = this.#container(containerId)
    if (container.state !== 'created') throw new CriError('Unknown', `failed to set starting state for container "${containerId}": container is in CONTAINER_${container.state.toUpperCase()} state`)
    if (container.starting) throw new CriError('Unknown', `failed to set starting state for container "${containerId}": container is already in starting state`)
    const sandbox = this.#sandbox(container.sandboxId)
    if (sandbox.state !== 'ready' || !sandbox.stack) throw new CriError('Unknown', `sandbox container "${sandbox.id}" is not running`)
    container.starting = true
    await this.#spend(costs.startContainer)
    container.starting = false
    try {
      this.#launch(container, sandbox, sandbox.stack)
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${error.runtimeText}`
      container.finish({ time: this.#now(), exitCode: 128, signal: 0, reason: 'StartError', message })
      this.#announce({ type: 'stopped', sandboxId: sandbox.id, podUid: sandbox.config.uid, containerId })
      throw new CriError('Unknown', message)
    }
    this.#announce({ type: 'started', sandboxId: sandbox.id, podUid: sandbox.config.uid, containerId })
  }

  async stopContainer(containerId: string, graceSeconds: number): Promise<void> {
    const container = this.#state.containers.get(containerId)
    if (!container || container.state !== 'running') return
    const first = container.processes?.get(1)
    const ended = new Promise<void>((resolve) => container.onExit.push(() => this.#process.clock.after(0, resolve)))
    if (graceSeconds > 0 && first) {
      first.kill(parseSignal(container.config.stopSignal ?? container.image.config.stopSignal) ?? 'TERM')
      const timer = this.#process.clock.after(graceSeconds * 1000, () => container.processes?.killAll())
      await ended
      timer.cancel()
    } else {
      container.processes?.killAll()
      await ended
    }
  }

  async removeContainer(containerId: string): Promise<void> {
    const container = this.#state.containers.get(containerId)
    if (!container) return
    if (container.state === 'running') await this.stopContainer(containerId, 0)
    await this.#spend(costs.removeContainer)
    this.#state.containers.delete(containerId)
    this.#state.logs.delete(container.log.path)
    const sandbox = this.#state.sandboxes.get(container.sandboxId)
    this.#announce({ type: 'deleted', sandboxId: container.sandboxId, podUid: sandbox?.config.uid ?? '', containerId })
  }

  async containerStatus(containerId: string): Promise<ContainerStatus> {
    await this.#spend(costs.look)
    return this.#container(containerId).status()
  }

  async listContainers(filter?: { readonly sandboxId?: string }): Promise<readonly ContainerStatus[]> {
    await this.#spend(costs.look)
    const result: ContainerStatus[] = []
    for (const container of this.#state.containers.values()) {
      if (filter?.sandboxId === undefined || container.sandboxId === filter.sandboxId) result.push(container.status())
    }
    return result
  }

  execSync(containerId: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    return this.#sessions.execSync(containerId, command, timeoutMs)
  }

  exec(containerId: string, command: readonly string[], options: { readonly stdin: boolean; readonly tty: boolean }): Promise<StreamSession> {
    return this.#sessions.exec(containerId, command, options)
  }

  attach(containerId: string, options: { readonly stdin: boolean; readonly tty: boolean }): Promise<StreamSession> {
    return this.#sessions.attach(containerId, options)
  }

  sandboxStack(sandboxId: string): NetworkStack | undefined {
    const sandbox = this.#state.sandboxes.get(sandboxId)
    return sandbox?.state === 'ready' ? sandbox.stack : undefined
  }

  async usage(): Promise<readonly ContainerUsage[]> {
    await this.#spend(costs.look)
    const now = this.#now()
    const result: ContainerUsage[] = []
    for (const container of this.#state.containers.values()) {
      if (container.state !== 'running' || !container.processes) continue
      const cpuMs = container.processes.cpuMs
      const last = container.lastUsage
      const from = last ?? { time: container.startedAt, cpuMs: 0, nanoCores: 0 }
      const elapsed = now - from.time
      const nanoCores = elapsed >= 1000 ? Math.round(((cpuMs - from.cpuMs) / elapsed) * 1e9) : from.nanoCores
      if (elapsed >= 1000) container.lastUsage = { time: now, cpuMs, nanoCores }
      result.push({ id: container.id, cpuNanoCores: nanoCores, cpuNanoSeconds: Math.round(cpuMs * 1e6), memoryWorkingSetBytes: container.processes.memoryBytes })
    }
    return result
  }

  async updateContainerResources(containerId: string, resources: ContainerResources): Promise<void> {
    await this.#spend(costs.updateContainerResources)
    const container = this.#container(containerId)
    if (container.state !== 'running' && container.state !== 'created') throw new CriError('Unknown', `failed to update resources: container is in CONTAINER_${container.state.toUpperCase()} state`)
    container.resources = resources
    container.processes?.setLimits(this.#limits(resources))
  }

  footprint(): MachineFootprint {
    return footprintOf(this.#state)
  }

  onSystemOutOfMemory(listener: (victim: { readonly process: string; readonly pid: number }) => void): () => void {
    return this.#state.onSystemOutOfMemory(listener)
  }

  // ---- ImageService

  async pullImage(image: string, auth?: { readonly username: string; readonly password: string }): Promise<string> {
    const reference = requireReference(image)
    const name = canonicalReference(reference)
    // Pulls of the same image by the same user share one download.
    const key = `${name} ${auth?.username ?? ''}`
    const running = this.#pulls.get(key)
    if (running) return running
    const pull = this.#pull(reference, name, auth).finally(() => this.#pulls.delete(key))
    this.#pulls.set(key, pull)
    return pull
  }

  async imageStatus(image: string): Promise<ImageStatus | undefined> {
    await this.#spend(costs.look)
    return this.#state.images.status(image)
  }

  async listImages(): Promise<readonly ImageStatus[]> {
    await this.#spend(costs.look)
    return this.#state.images.list()
  }

  async removeImage(image: string): Promise<void> {
    await this.#spend(costs.removeImage)
    this.#state.images.remove(image)
    this.#process.changed('cri')
  }

  // ---- Logs and events

  readLog(logPath: string): readonly LogLineOfContainer[] {
    return this.#state.logs.get(logPath)?.lines() ?? []
  }

  followLog(logPath: string, onLine: (line: LogLineOfContainer) => void): { cancel(): void } {
    const { kernel } = this.#process
    const cancel = this.#state.log(logPath, () => kernel.now()).follow((line) => this.#process.clock.after(0, () => onLine(line)))
    return { cancel }
  }

  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    return this.#state.onEvent(listener)
  }

  // ---- Inside

  #serve(connection: Connection, call: CallFrame, label: string): void {
    const name = callNames[call.method]
    if (name === undefined) return
    const about = label.slice(name.length + 1)
    const span = this.#process.span(`CRI ${name}`, about === '' ? {} : { about })
    const startedAt = this.#now()
    const looks = quiet.has(call.method)
    const record = looks ? undefined : this.#calls.begin(startedAt, name, about)
    const answer = (frame: AnswerFrame): void => {
      if (record) {
        this.#calls.end(record, this.#now() - startedAt, frame.error?.message)
        this.#process.changed('cri')
      }
      this.#process.endSpan(span, frame.error ? { error: frame.error.message } : undefined)
      if (frame.error && record) this.#process.journal.error(`${name} failed`, { error: frame.error.message })
      connection.send({ kind: 'cri', label: frame.error ? `${name}: ${frame.error.code}` : name, bytes: 0, body: frame })
    }
    const method = this[call.method] as (...given: readonly unknown[]) => Promise<unknown>
    method.apply(this, call.arguments as unknown[]).then(
      (value) => answer({ id: call.id, value }),
      (error: unknown) => {
        if (error instanceof CriError) return answer({ id: call.id, error: { code: error.code, message: error.message } })
        // A fault of ours: it must surface where the kernel's faults do, and the caller must not wait for ever.
        answer({ id: call.id, error: { code: 'Internal', message: String(error) } })
        this.#process.kernel.schedule(0, () => {
          throw error
        })
      },
    )
  }

  async #pull(reference: ReturnType<typeof requireReference>, name: string, auth: { readonly username: string; readonly password: string } | undefined): Promise<string> {
    const { registries } = this.#options
    await this.#spend(registries.resolveMs)
    const image = registries.resolve(reference, auth)
    const missing = this.#state.images.missingBytes(image)
    if (missing > 0) await this.#spend((missing / registries.bytesPerSecond) * 1000 + 60)
    this.#state.images.add(image, name)
    this.#process.journal.info('PullImage returns image reference', { image: name, reference: image.id, bytes: missing })
    return image.id
  }

  #launch(container: Container, sandbox: Sandbox, stack: NetworkStack): void {
    const { config, image } = container
    const argv = [
      ...(config.command.length > 0 ? config.command : image.config.entrypoint),
      ...(config.args.length > 0 ? config.args : config.command.length > 0 ? [] : image.config.cmd),
    ]
    const processes = new PidNamespace({
      kernel: this.#process.kernel,
      stack,
      random: this.#process.random,
      hostname: sandbox.config.hostname,
      limits: this.#limits(container.resources ?? config.resources),
      memory: this.#state.memory(this.#machineMemoryBytes - systemMemoryBytes),
      programs: this.#options.programs,
      resolver: this.#options.resolver,
      files: (namespace) => containerFiles({ state: this.#state, sandbox: sandbox.config, ips: sandbox.ips, config, image, processes: namespace }),
      onEnd: (code, signal, outOfMemory) => this.#exited(container, sandbox, processes, code, signal, outOfMemory),
    })
    const home = userOf(config.user ?? image.config.user, image.root()).home
    const env = (): ReadonlyMap<string, string> => environmentOf(container, sandbox.config.hostname, home)
    const output = new LogSink(container.log, 'stdout', container)
    let files: OpenFile[]
    if (config.tty) {
      const terminal = new Terminal((bytes) => output.write(bytes), (group, signal) => processes.signalGroup(group, signal))
      container.terminal = terminal
      terminal.foreground = 1
      files = [terminal.file, terminal.file, terminal.file]
    } else {
      let input: OpenFile = nullFile
      if (config.stdin) {
        const pipe = new Pipe()
        pipe.writer.retain()
        container.stdin = pipe
        input = pipe.reader
      }
      files = [input, output, new LogSink(container.log, 'stderr', container)]
    }
    container.processes = processes
    container.state = 'running'
    container.startedAt = this.#now()
    try {
      processes.launch(argv, { env, cwd: config.workingDir === '' ? image.config.workingDir : config.workingDir, files })
    } catch (error) {
      container.processes = undefined
      container.state = 'created'
      container.startedAt = 0
      throw error
    }
  }

  get #machineMemoryBytes(): number {
    return this.#options.machineMemoryBytes ?? 8 * 1024 ** 3
  }

  #limits({ cpuLimitMillis, memoryLimitBytes }: ContainerResources): ContainerLimits {
    return { cpuLimitMillis, memoryLimitBytes, machineCpus: this.#options.machineCpus ?? 4, machineMemoryBytes: this.#machineMemoryBytes }
  }

  #exited(container: Container, sandbox: Sandbox, processes: PidNamespace, exitCode: number, signal: number, outOfMemory: boolean): void {
    if (container.state !== 'running' || container.processes !== processes) return
    container.finish({
      time: this.#process.kernel.now(),
      exitCode,
      signal,
      reason: outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error',
      message: terminationMessage(container, processes),
    })
    this.#announce({ type: 'stopped', sandboxId: sandbox.id, podUid: sandbox.config.uid, containerId: container.id })
  }

  #startShims(): void {
    const machine = this.#process.machine
    if (this.#state.shims && !this.#state.shims.closed) return
    const state = this.#state
    const kernel = this.#process.kernel
    machine.start(shimName, (process) => {
      state.shims = process.scope
      process.scope.onClose(() => {
        for (const container of state.containers.values()) {
          const processes = container.processes
          container.processes = undefined
          processes?.killAll()
          container.processes = processes
        }
        state.lost(kernel.now())
      })
      return {}
    })
  }

  #announce(event: RuntimeEvent): void {
    this.#state.announce(event)
    this.#process.changed('cri')
  }

  #containersOf(sandboxId: string): Container[] {
    return [...this.#state.containers.values()].filter((container) => container.sandboxId === sandboxId)
  }

  #sandbox(id: string): Sandbox {
    const sandbox = this.#state.sandboxes.get(id)
    if (!sandbox) throw new CriError('NotFound', `an error occurred when try to find sandbox: not found`)
    return sandbox
  }

  #container(id: string): Container {
    const container = this.#state.containers.get(id)
    if (!container) throw new CriError('NotFound', `an error occurred when try to find container "${id}": not found`)
    return container
  }

  #now(): number {
    return this.#process.kernel.now()
  }

  #spend(costMs: number): Promise<void> {
    return this.#process.clock.sleep(this.#process.random.jitter(costMs, 0.4))
  }

  #newId(): string {
    let id = ''
    for (let index = 0; index < 8; index++) id += this.#process.random.uint32().toString(16).padStart(8, '0')
    return id
  }
}

function environmentOf({ config, image }: Container, hostname: string, home: string): Map<string, string> {
  const env = new Map<string, string>()
  for (const pair of image.config.env) env.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
  env.set('HOSTNAME', hostname)
  if (config.tty) env.set('TERM', 'xterm')
  for (const { name, value } of config.env) env.set(name, value)
  if (!env.has('HOME')) env.set('HOME', home)
  return env
}

/** Calls that only look: no record is kept of them. */
const quiet: ReadonlySet<string> = new Set(['version', 'status', 'podSandboxStatus', 'listPodSandboxes', 'containerStatus', 'listContainers', 'usage', 'imageStatus', 'listImages'])

function terminationMessage(container: Container, processes: PidNamespace): string {
  const path = container.config.terminationMessagePath
  if (path === '') return ''
  const inode = processes.files.find(path)
  if (inode?.kind !== 'file') return ''
  return new TextDecoder().decode(inode.bytes().subarray(0, terminationMessageBytesMax))
}

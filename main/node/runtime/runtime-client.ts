import type { Process } from '../../kernel/machine.ts'
import type { Connection, NetworkStack } from '../../kernel/network.ts'
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
import { callNames, runtimeIdentities, type AnswerFrame, type CallFrame, type CallName, type RuntimeIdentity } from './socket.ts'
import { footprintOf } from './footprint.ts'
import { runtimeState, type RuntimeState } from './state.ts'

interface Pending {
  readonly cause: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: CriError) => void
}

/** How long an event of the runtime takes to its listeners. */
const eventDelayMs = 0.2

/** The kubelet's (or crictl's) end of the runtime's socket. Calls fail with code Unavailable while the runtime is down. */
export class RuntimeClient implements ContainerRuntime {
  readonly #process: Process
  readonly #identity: RuntimeIdentity
  readonly #state: RuntimeState
  readonly #pending = new Map<number, Pending>()
  #connection: Promise<Connection> | undefined
  #nextId = 1

  constructor(process: Process, identity: RuntimeIdentity = runtimeIdentities.containerd) {
    this.#process = process
    this.#identity = identity
    this.#state = runtimeState(process.machine)
    process.scope.onClose(() => {
      void this.#connection?.then((connection) => connection.close('reset'), () => {})
    })
  }

  version(): Promise<RuntimeVersion> {
    return this.#call('version', '')
  }
  status(): Promise<{ readonly runtimeReady: boolean; readonly networkReady: boolean; readonly message: string }> {
    return this.#call('status', '')
  }
  runPodSandbox(config: PodSandboxConfig): Promise<string> {
    return this.#call('runPodSandbox', `${config.namespace}/${config.name}`, config)
  }
  stopPodSandbox(sandboxId: string): Promise<void> {
    return this.#call('stopPodSandbox', short(sandboxId), sandboxId)
  }
  removePodSandbox(sandboxId: string): Promise<void> {
    return this.#call('removePodSandbox', short(sandboxId), sandboxId)
  }
  podSandboxStatus(sandboxId: string): Promise<PodSandboxStatus> {
    return this.#call('podSandboxStatus', short(sandboxId), sandboxId)
  }
  listPodSandboxes(): Promise<readonly PodSandboxStatus[]> {
    return this.#call('listPodSandboxes', '')
  }
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    return this.#call('createContainer', config.name, sandboxId, config)
  }
  startContainer(containerId: string): Promise<void> {
    return this.#call('startContainer', short(containerId), containerId)
  }
  stopContainer(containerId: string, graceSeconds: number): Promise<void> {
    return this.#call('stopContainer', short(containerId), containerId, graceSeconds)
  }
  removeContainer(containerId: string): Promise<void> {
    return this.#call('removeContainer', short(containerId), containerId)
  }
  containerStatus(containerId: string): Promise<ContainerStatus> {
    return this.#call('containerStatus', short(containerId), containerId)
  }
  listContainers(filter?: { readonly sandboxId?: string }): Promise<readonly ContainerStatus[]> {
    return this.#call('listContainers', filter?.sandboxId ? short(filter.sandboxId) : '', filter)
  }
  execSync(containerId: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    return this.#call('execSync', command.join(' ').slice(0, 60), containerId, command, timeoutMs)
  }
  exec(containerId: string, command: readonly string[], options: { readonly stdin: boolean; readonly tty: boolean }): Promise<StreamSession> {
    return this.#call('exec', command.join(' ').slice(0, 60), containerId, command, options)
  }
  attach(containerId: string, options: { readonly stdin: boolean; readonly tty: boolean }): Promise<StreamSession> {
    return this.#call('attach', short(containerId), containerId, options)
  }
  usage(): Promise<readonly ContainerUsage[]> {
    return this.#call('usage', '')
  }
  updateContainerResources(containerId: string, resources: ContainerResources): Promise<void> {
    return this.#call('updateContainerResources', short(containerId), containerId, resources)
  }
  footprint(): MachineFootprint {
    return footprintOf(this.#state)
  }
  onSystemOutOfMemory(listener: (victim: { readonly process: string; readonly pid: number }) => void): () => void {
    const cancel = this.#state.onSystemOutOfMemory((victim) => {
      this.#process.clock.after(eventDelayMs, () => listener(victim))
    })
    const forget = this.#process.scope.onClose(cancel)
    return () => {
      forget()
      cancel()
    }
  }
  pullImage(image: string, auth?: { readonly username: string; readonly password: string }): Promise<string> {
    return this.#call('pullImage', image, image, auth)
  }
  imageStatus(image: string): Promise<ImageStatus | undefined> {
    return this.#call('imageStatus', image, image)
  }
  listImages(): Promise<readonly ImageStatus[]> {
    return this.#call('listImages', '')
  }
  removeImage(image: string): Promise<void> {
    return this.#call('removeImage', image, image)
  }

  sandboxStack(sandboxId: string): NetworkStack | undefined {
    const sandbox = this.#state.sandboxes.get(sandboxId)
    return sandbox?.state === 'ready' ? sandbox.stack : undefined
  }
  readLog(logPath: string): readonly LogLineOfContainer[] {
    return this.#state.logs.get(logPath)?.lines() ?? []
  }
  followLog(logPath: string, onLine: (line: LogLineOfContainer) => void): { cancel(): void } {
    const cancel = this.#state.log(logPath, () => this.#process.clock.now()).follow((line) => this.#process.clock.after(0, () => onLine(line)))
    const forget = this.#process.scope.onClose(cancel)
    return {
      cancel: () => {
        forget()
        cancel()
      },
    }
  }
  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    const cancel = this.#state.onEvent((event) => {
      this.#process.clock.after(eventDelayMs, () => listener(event))
    })
    const forget = this.#process.scope.onClose(cancel)
    return () => {
      forget()
      cancel()
    }
  }

  #call<T>(method: CallName, about: string, ...given: readonly unknown[]): Promise<T> {
    const id = this.#nextId++
    const cause = this.#process.kernel.trace.current
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { cause, resolve: resolve as (value: unknown) => void, reject })
      this.#connect().then(
        (connection) => {
          const body: CallFrame = { id, method, arguments: given }
          connection.send({ kind: 'cri', label: about === '' ? callNames[method] : `${callNames[method]} ${about}`, bytes: 0, body })
        },
        () => {
          this.#pending.delete(id)
          reject(new CriError('Unavailable', `connection error: desc = "transport: Error while dialing: dial unix ${this.#identity.socketPath}: connect: connection refused"`))
        },
      )
    })
  }

  #connect(): Promise<Connection> {
    if (this.#connection) return this.#connection
    const process = this.#process
    const dialing = process.machine.stack.dial({ address: this.#identity.socketPath, port: 0 }, 'tcp', undefined, process.name).then((connection) => {
      connection.onMessage((message) => this.#answered(message.body as AnswerFrame))
      connection.onClose(() => {
        if (this.#connection === dialing) this.#connection = undefined
        for (const [id, pending] of [...this.#pending]) {
          this.#pending.delete(id)
          process.clock.after(0, () => pending.reject(new CriError('Unavailable', 'error reading from server: EOF')))
        }
      })
      return connection
    })
    this.#connection = dialing
    dialing.catch(() => {
      if (this.#connection === dialing) this.#connection = undefined
    })
    return dialing
  }

  #answered(answer: AnswerFrame): void {
    const pending = this.#pending.get(answer.id)
    if (!pending) return
    this.#pending.delete(answer.id)
    // The answer belongs to whoever asked, whatever the runtime was doing when it sent it.
    this.#process.kernel.trace.current = pending.cause
    if (answer.error) pending.reject(new CriError(answer.error.code, answer.error.message))
    else pending.resolve(answer.value)
  }
}

function short(id: string): string {
  return id.slice(0, 13)
}

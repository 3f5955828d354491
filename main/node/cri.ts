import type { NetworkStack } from '../kernel/network.ts'

/** The container runtime interface (runtime.v1) as the kubelet uses it: the contract between kubelet and runtime. Every
 *  call crosses the node's local socket, takes virtual time and is recorded. Times are virtual ms since the epoch. */

export type SandboxState = 'ready' | 'notready'
export type ContainerState = 'created' | 'running' | 'exited' | 'unknown'

export interface PodSandboxConfig {
  readonly name: string
  readonly uid: string
  readonly namespace: string
  readonly attempt: number
  readonly hostname: string
  /** What follows the host name in the pod's whole name, for pods with a subdomain. */
  readonly hostDomain?: string
  readonly hostNetwork: boolean
  readonly logDirectory: string
  readonly dns?: { readonly servers: readonly string[]; readonly searches: readonly string[]; readonly options: readonly string[] }
  readonly portMappings: readonly { readonly protocol: string; readonly containerPort: number; readonly hostPort: number; readonly hostIp: string }[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly runtimeHandler: string
  /** /etc/hosts lines beyond the usual ones. */
  readonly hostAliases: readonly { readonly ip: string; readonly hostnames: readonly string[] }[]
}

export interface PodSandboxStatus {
  readonly id: string
  readonly config: PodSandboxConfig
  readonly state: SandboxState
  readonly createdAt: number
  /** Empty until the CNI has answered. */
  readonly ips: readonly string[]
}

/** A file in a mount, by reference: contents may be asked for again at every read, so that updates show. */
export interface MountedFile {
  readonly path: string
  readonly mode: number
  readonly content: () => Uint8Array
}

export type MountSource =
  /** A directory the runtime keeps as long as the named volume of the pod lives (emptyDir): survives container restarts. */
  | { readonly type: 'scratch'; readonly volume: string; readonly memory: boolean; readonly sizeLimitBytes?: number }
  /** Files given by the kubelet (configMap, secret, downwardAPI, projected): read-only, updated in place. */
  | { readonly type: 'files'; readonly files: () => readonly MountedFile[] }
  /** A path of the node's own file system (hostPath, PersistentVolumes). */
  | { readonly type: 'host'; readonly path: string }
  /** Storage that lies outside of all machines: whoever mounts what is named so sees the same files. */
  | { readonly type: 'network'; readonly storage: string }

export interface Mount {
  readonly containerPath: string
  readonly source: MountSource
  readonly readOnly: boolean
  readonly subPath?: string
}

export interface ContainerConfig {
  readonly name: string
  readonly attempt: number
  /** As the pod spec has it; `imageId` is what the pull answered. */
  readonly image: string
  readonly imageId: string
  /** Empty: the image's own entry point. */
  readonly command: readonly string[]
  /** Empty (with an empty command): the image's own arguments. */
  readonly args: readonly string[]
  readonly workingDir: string
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly mounts: readonly Mount[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Absolute: `/var/log/pods/<namespace>_<pod>_<uid>/<container>/<attempt>.log`; `readLog` takes the same. */
  readonly logPath: string
  readonly stdin: boolean
  readonly stdinOnce: boolean
  readonly tty: boolean
  readonly user?: string
  readonly resources: {
    readonly cpuRequestMillis: number
    /** 0 = no limit. */
    readonly cpuLimitMillis: number
    readonly memoryLimitBytes: number
  }
  readonly oomScoreAdj: number
  readonly terminationMessagePath: string
  readonly readOnlyRootFilesystem: boolean
  readonly stopSignal?: string
}

export interface ContainerStatus {
  readonly id: string
  readonly sandboxId: string
  readonly config: ContainerConfig
  readonly state: ContainerState
  readonly createdAt: number
  /** 0 = not yet. */
  readonly startedAt: number
  readonly finishedAt: number
  readonly exitCode: number
  /** 'Completed' | 'Error' | 'OOMKilled' | 'ContainerCannotRun' | 'StartError' … */
  readonly reason: string
  /** Contents of the termination message file, or what the runtime has to say of a failed start. */
  readonly message: string
  /** The signal that ended it, 0 = none. */
  readonly signal: number
  readonly imageRef: string
  /** What it may use now, when that was changed since it was made. */
  readonly resources?: ContainerConfig['resources']
  /** Whom the first process runs as; absent: as the kubelet asked. */
  readonly user?: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] }
}

export interface ContainerUsage {
  readonly id: string
  readonly cpuNanoCores: number
  /** Cumulative. */
  readonly cpuNanoSeconds: number
  readonly memoryWorkingSetBytes: number
}

/** What one container uses of its machine. */
export interface ContainerFootprint {
  readonly id: string
  readonly podUid: string
  readonly name: string
  readonly memoryBytes: number
  readonly processes: number
  /** Of the layer that it writes to. */
  readonly writtenBytes: number
  readonly logBytes: number
}

/** What cgroups and file systems tell whoever reads them on the machine itself (cAdvisor, in life). */
export interface MachineFootprint {
  /** Those that run. */
  readonly containers: readonly ContainerFootprint[]
  /** Of all images' layers. */
  readonly imageBytes: number
  /** Bytes in scratch volumes: by pod uid, then by volume. */
  readonly volumes: ReadonlyMap<string, ReadonlyMap<string, number>>
}

export type ContainerResources = ContainerConfig['resources']

export interface ImageStatus {
  /** `sha256:…`. */
  readonly id: string
  readonly repoTags: readonly string[]
  readonly repoDigests: readonly string[]
  readonly sizeBytes: number
  /** Whom its containers run as when nobody says: a number, a name, `user:group`; '' is root. */
  readonly user?: string
}

/** A call failed; `message` is what containerd (or the chosen identity) says, which kubelet puts in events and statuses. */
export class CriError extends Error {
  /** gRPC status name: 'NotFound' | 'Unknown' | 'Unavailable' | 'DeadlineExceeded' … */
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

/** A live session with a process in a container (exec, attach). */
export interface StreamSession {
  writeStdin(bytes: Uint8Array): void
  closeStdin(): void
  resize(columns: number, rows: number): void
  onStdout(handler: (bytes: Uint8Array) => void): void
  onStderr(handler: (bytes: Uint8Array) => void): void
  /** The process ended; attach sessions end with the container. */
  onExit(handler: (exitCode: number) => void): void
  /** The client went away: the process's terminal hangs up. */
  close(): void
}

export interface LogLineOfContainer {
  /** Virtual ms. */
  readonly time: number
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Uint8Array
  /** True: the line goes on in the next entry (CRI format's P tag). */
  readonly partial: boolean
}

export type RuntimeEventType = 'created' | 'started' | 'stopped' | 'deleted'

/** What PLEG hears (CRI GetContainerEvents). */
export interface RuntimeEvent {
  readonly type: RuntimeEventType
  readonly sandboxId: string
  readonly podUid: string
  /** Absent: the sandbox itself. */
  readonly containerId?: string
}

export interface RuntimeVersion {
  readonly runtimeName: string
  readonly runtimeVersion: string
  readonly runtimeApiVersion: string
}

/** runtime.v1.RuntimeService and ImageService. */
export interface ContainerRuntime {
  version(): Promise<RuntimeVersion>
  status(): Promise<{ readonly runtimeReady: boolean; readonly networkReady: boolean; readonly message: string }>
  runPodSandbox(config: PodSandboxConfig): Promise<string>
  stopPodSandbox(sandboxId: string): Promise<void>
  removePodSandbox(sandboxId: string): Promise<void>
  podSandboxStatus(sandboxId: string): Promise<PodSandboxStatus>
  listPodSandboxes(): Promise<readonly PodSandboxStatus[]>
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>
  startContainer(containerId: string): Promise<void>
  /** Sends the stop signal, then KILL after the grace period. Resolves when it is dead. */
  stopContainer(containerId: string, graceSeconds: number): Promise<void>
  removeContainer(containerId: string): Promise<void>
  containerStatus(containerId: string): Promise<ContainerStatus>
  listContainers(filter?: { readonly sandboxId?: string }): Promise<readonly ContainerStatus[]>
  execSync(containerId: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>
  exec(containerId: string, command: readonly string[], options: { readonly stdin: boolean; readonly tty: boolean }): Promise<StreamSession>
  attach(containerId: string, options: { readonly stdin: boolean; readonly tty: boolean }): Promise<StreamSession>
  /** The network namespace of a sandbox: probes and port-forwards dial into it. */
  sandboxStack(sandboxId: string): NetworkStack | undefined
  usage(): Promise<readonly ContainerUsage[]>
  /** Changes what a running container may use, without a restart. */
  updateContainerResources(containerId: string, resources: ContainerResources): Promise<void>
  /** Read on the machine, not asked of the runtime: answers also while that is down. */
  footprint(): MachineFootprint
  /** Hears of processes that the kernel kills because the whole machine is out of memory. Returns a remover. */
  onSystemOutOfMemory(listener: (victim: { readonly process: string; readonly pid: number }) => void): () => void
  pullImage(image: string, auth?: { readonly username: string; readonly password: string }): Promise<string>
  imageStatus(image: string): Promise<ImageStatus | undefined>
  listImages(): Promise<readonly ImageStatus[]>
  removeImage(image: string): Promise<void>
  /** The log of a container by its log path, oldest first; `onLine` then hears new lines until cancelled. */
  readLog(logPath: string): readonly LogLineOfContainer[]
  followLog(logPath: string, onLine: (line: LogLineOfContainer) => void): { cancel(): void }
  onEvent(listener: (event: RuntimeEvent) => void): () => void
}

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ClusterSpec } from '../cluster/spec.ts'
import type { FromThread, Pki, ThreadOptions, ToThread } from '../cluster/thread.ts'
import { bridgeOver, type Bridge } from '../../preload/contract/bridge.ts'
import type { FramePort, LabFrame, PortState, WindowFrame } from '../../preload/contract/frames.ts'
import type { LabState } from '../../preload/contract/lab.ts'

/** The virtual clock starts this much before the wall's, so that by the time a cluster has booted (flat out) its clock is
 *  not ahead of the clocks of the tools that compute ages. */
const bootHeadStartMs = 30_000

export interface LabOptions {
  readonly name: string
  readonly spec: ClusterSpec
  /** Folder of all labs and settings. */
  readonly home: string
  /** The product's own folder (resources/, out/). */
  readonly product: string
  readonly ephemeral: boolean
  readonly port: number
  readonly speed: number
  readonly kubeconfigPath?: string
  readonly host: LabState['host']
  readonly launchedAt: number
}

/** Something about how the lab was asked for cannot work; the message is one line for a person. */
export class LabUsageError extends Error {}

interface LabFile {
  readonly spec: ClusterSpec
  readonly pki?: Pki
  readonly port?: number
}

/** One cluster and its files: starts it in a thread of its own, keeps what has to outlive it, tells how it is. */
export class Lab {
  readonly options: LabOptions
  readonly folder: string
  readonly kubeconfigPath: string
  readonly #listeners = new Set<(state: LabState) => void>()
  #state: LabState
  #worker: Worker | undefined
  #bridge: Bridge | undefined
  #stopping: Promise<void> | undefined

  constructor(options: LabOptions) {
    this.options = options
    this.folder = options.ephemeral ? mkdtempSync(join(tmpdir(), 'orrery-')) : join(options.home, 'labs', options.name)
    this.kubeconfigPath = options.kubeconfigPath ?? join(this.folder, 'kubeconfig')
    this.#state = {
      name: options.name,
      phase: 'starting',
      version: versionOf(options.product),
      kubernetesVersion: options.spec.kubernetesVersion,
      host: options.host,
      platform: process.platform,
      server: '',
      kubeconfigPath: this.kubeconfigPath,
      nodes: options.spec.machines.map((machine) => machine.name),
      seed: options.spec.seed,
      ephemeral: options.ephemeral,
    }
  }

  get state(): LabState {
    return this.#state
  }

  /** Folder in which terminals start; the sample manifests are there. */
  get workspace(): string {
    return join(this.folder, 'workspace')
  }

  /** Where the terminal's systemctl, journalctl and ssh find the machines. */
  get consolePath(): string {
    return join(this.folder, 'console.json')
  }

  /** Where etcdctl finds the cluster's etcd. */
  get etcdPath(): string {
    return join(this.folder, 'etcd.json')
  }

  /** The thread's services, for windows. Undefined while there is no thread. */
  get bridge(): Bridge | undefined {
    return this.#bridge
  }

  onChange(listener: (state: LabState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Starts the cluster. Resolves when every node is Ready; rejects with LabUsageError or what broke. */
  async start(launchedAt = this.options.launchedAt): Promise<LabState> {
    this.#prepareFolder()
    const kept = this.#readLabFile()
    const spec = kept?.spec ?? this.options.spec
    const options: ThreadOptions = {
      spec,
      epoch: Date.now() - bootHeadStartMs,
      port: this.options.port !== 0 ? this.options.port : (kept?.port ?? 0),
      speed: this.options.speed,
      launchedAt,
      ...(this.options.ephemeral ? {} : { disks: join(this.folder, 'disks') }),
      ...(kept?.pki ? { pki: kept.pki } : {}),
    }
    this.#update({ phase: 'starting', server: '', nodes: spec.machines.map((machine) => machine.name), seed: spec.seed, failure: undefined, startupMs: undefined })
    const worker = new Worker(join(this.options.product, 'out', 'main', 'worker.js'), { workerData: options, stdout: false, stderr: false })
    this.#worker = worker
    this.#bridge = bridgeOver(portOf(worker))
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        this.#worker = undefined
        this.#bridge = undefined
        if (this.#state.phase !== 'stopping' && this.#state.phase !== 'stopped') this.#update({ phase: 'failed', failure: error.message })
        reject(error)
      }
      worker.on('message', (message: FromThread) => {
        if (message.type === 'listening') {
          this.#writeLabFile({ spec, pki: message.pki, port: message.port })
          this.#writeKubeconfig(message.kubeconfig)
          writePrivate(this.consolePath, JSON.stringify(message.console))
          this.#update({ server: `https://127.0.0.1:${message.port}` })
        } else if (message.type === 'etcd') writePrivate(this.etcdPath, JSON.stringify(message.access))
        else if (message.type === 'ready') {
          this.#update({ phase: 'ready', startupMs: message.startupMs })
          resolve(this.#state)
        } else if (message.type === 'failed') {
          fail(message.usage ? new LabUsageError(message.message) : new Error(message.message))
          void worker.terminate()
        }
      })
      worker.on('error', fail)
      worker.on('exit', (code) => {
        if (this.#worker === worker) fail(new Error(`the cluster's thread ended (code ${code})`))
      })
    })
  }

  /** Stops the cluster in order: every acknowledged write is on disk. */
  async stop(): Promise<void> {
    const worker = this.#worker
    if (!worker) return
    this.#stopping ??= (async () => {
      this.#update({ phase: 'stopping' })
      const stopped = new Promise<void>((resolve) => {
        worker.on('message', (message: FromThread) => message.type === 'stopped' && resolve())
        worker.on('exit', () => resolve())
        setTimeout(resolve, 5_000).unref()
      })
      worker.postMessage({ type: 'stop' } satisfies ToThread)
      await stopped
      this.#worker = undefined
      this.#bridge = undefined
      await worker.terminate()
      this.#update({ phase: 'stopped', server: '' })
      this.#stopping = undefined
    })()
    await this.#stopping
  }

  async restart(): Promise<LabState> {
    await this.stop()
    return this.start(Date.now())
  }

  /** Throws the cluster away and makes a new one like it. */
  async reset(): Promise<LabState> {
    await this.stop()
    rmSync(join(this.folder, 'disks'), { recursive: true, force: true })
    return this.start(Date.now())
  }

  /** Stops, and removes what an ephemeral lab left. */
  async dispose(): Promise<void> {
    await this.stop()
    if (this.options.ephemeral) rmSync(this.folder, { recursive: true, force: true })
  }

  #update(change: Partial<LabState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener(this.#state)
  }

  #prepareFolder(): void {
    try {
      mkdirSync(this.workspace, { recursive: true })
      const samples = join(this.options.product, 'resources', 'manifests')
      if (existsSync(samples)) cpSync(samples, this.workspace, { recursive: true, force: false })
    } catch (error) {
      throw new LabUsageError(`cannot use the lab's folder ${this.folder}: ${(error as Error).message}`)
    }
  }

  #readLabFile(): LabFile | undefined {
    try {
      return JSON.parse(readFileSync(join(this.folder, 'lab.json'), 'utf8')) as LabFile
    } catch {
      return undefined
    }
  }

  #writeLabFile(file: LabFile): void {
    writePrivate(join(this.folder, 'lab.json'), `${JSON.stringify(file, null, 2)}\n`)
  }

  #writeKubeconfig(text: string): void {
    try {
      mkdirSync(dirname(this.kubeconfigPath), { recursive: true })
      writePrivate(this.kubeconfigPath, text)
    } catch (error) {
      this.#update({ failure: `cannot write the kubeconfig: ${(error as Error).message}` })
    }
  }
}

/** Written beside and renamed, readable by the user alone. */
function writePrivate(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

function portOf(worker: Worker): FramePort {
  let onState: (state: PortState) => void = () => {}
  worker.on('exit', () => onState('closed'))
  return {
    send: (frame: WindowFrame) => worker.postMessage({ type: 'frame', frame } satisfies ToThread),
    onFrame: (handler: (frame: LabFrame) => void) => worker.on('message', (message: FromThread) => message.type === 'frame' && handler(message.frame)),
    onState: (handler) => {
      onState = handler
      handler('open')
    },
  }
}

function versionOf(product: string): string {
  const manifest = JSON.parse(readFileSync(join(product, 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}

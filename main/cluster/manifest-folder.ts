import type { Pod } from '../api/generated/types.ts'
import { formatYaml } from '../api/machinery/codec/yaml-format.ts'
import { parseYaml } from '../api/machinery/codec/yaml.ts'
import type { KubeObject } from '../api/machinery/object.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { ManifestSource } from '../node/kubelet/static-pods.ts'
import { DirectoryInode, FileInode, type Inode } from '../node/runtime/files/inode.ts'

const folder = '/etc/kubernetes/manifests'
/** How long after a change the kubelet reads the folder: editors write in several steps. */
const settleMs = 1_000

/** A node's `/etc/kubernetes/manifests`: what stands there runs. Its files are the pods they were given as until somebody looks
 *  at their text, and what their text says from then on. */
export class ManifestFolder implements ManifestSource {
  /** What the node's file system has at the path. */
  readonly directory: DirectoryInode
  readonly #entries: ManifestDirectory
  readonly #listeners = new Set<() => void>()
  readonly #kernel: Kernel
  readonly #problem: (path: string, message: string) => void
  #waiting = false

  /** `problem` hears of files that hold no pod, whenever the folder is read. */
  constructor(kernel: Kernel, files: Readonly<Record<string, KubeObject>> = {}, problem: (path: string, message: string) => void = () => {}) {
    this.#kernel = kernel
    this.#problem = problem
    this.#entries = new ManifestDirectory(files as Readonly<Record<string, Pod>>, () => this.#changed())
    this.directory = this.#entries
  }

  list(): { path: string; pod: Pod }[] {
    const found: { path: string; pod: Pod }[] = []
    for (const name of this.#entries.names()) {
      const path = `${folder}/${name}`
      if (name.startsWith('.')) continue
      try {
        const pod = this.#entries.pod(name)
        if (pod) found.push({ path, pod })
      } catch (error) {
        this.#problem(path, `${path}: couldn't parse as pod(${(error as Error).message}), please check config file`)
      }
    }
    return found
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #changed(): void {
    if (this.#waiting) return
    this.#waiting = true
    this.#kernel.schedule(settleMs, () => {
      this.#waiting = false
      for (const listener of [...this.#listeners]) listener()
    })
  }
}

/** The directory behind it: tells of every change below. */
class ManifestDirectory extends DirectoryInode {
  readonly #given: Map<string, Pod>
  readonly #read = new Map<FileInode, { readonly text: string; readonly pod: Pod }>()
  readonly #changed: () => void

  constructor(given: Readonly<Record<string, Pod>>, changed: () => void) {
    super(new Map(), { mode: 0o775 })
    this.#given = new Map(Object.entries(given))
    this.#changed = changed
  }

  override names(): string[] {
    return [...new Set([...this.#given.keys(), ...super.names()])]
  }

  override get(name: string): Inode | undefined {
    const pod = this.#given.get(name)
    if (!pod) return super.get(name)
    const inode = new FileInode(formatYaml(pod), { mode: 0o600 })
    this.#given.delete(name)
    this.#watch(inode)
    // Not a change: the text says what the pod was.
    super.set(name, inode)
    this.#read.set(inode, { text: new TextDecoder().decode(inode.bytes()), pod })
    return inode
  }

  override set(name: string, inode: Inode): void {
    this.#given.delete(name)
    super.set(name, inode)
    if (inode.kind === 'file') this.#watch(inode)
    this.#changed()
  }

  override delete(name: string): void {
    this.#given.delete(name)
    const inode = super.get(name)
    if (inode?.kind === 'file') {
      inode.onWrite = undefined
      this.#read.delete(inode)
    }
    super.delete(name)
    this.#changed()
  }

  /** Throws what is wrong with the text. */
  pod(name: string): Pod | undefined {
    const given = this.#given.get(name)
    if (given) return given
    const inode = super.get(name)
    if (inode?.kind !== 'file') return undefined
    const text = new TextDecoder().decode(inode.bytes())
    const known = this.#read.get(inode)
    if (known?.text === text) return known.pod
    const pod = readPod(text)
    this.#read.set(inode, { text, pod })
    return pod
  }

  #watch(inode: FileInode): void {
    inode.onWrite = this.#changed
  }
}

function readPod(text: string): Pod {
  const value = parseYaml(text) as Partial<Pod> | null
  if (typeof value !== 'object' || value === null || Array.isArray(value) || typeof value.kind !== 'string' || value.kind === '') throw new Error(`Object 'Kind' is missing in '${text.slice(0, 200)}'`)
  if (typeof value.apiVersion !== 'string') throw new Error(`Object 'apiVersion' is missing in '${text.slice(0, 200)}'`)
  if (value.kind !== 'Pod' || value.apiVersion !== 'v1') throw new Error(value.kind === 'Pod' ? `no kind "Pod" is registered for version "${value.apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"` : `invalid pod: &${value.kind}{}`)
  if (!value.metadata?.name) throw new Error('invalid pod: metadata.name: Required value: name or generateName is required')
  if (!Array.isArray(value.spec?.containers) || value.spec.containers.length === 0) throw new Error('invalid pod: spec.containers: Required value')
  return value as Pod
}

import type { ContainerConfig, Mount, MountedFile, PodSandboxConfig } from '../cri.ts'
import { devices } from './files/devices.ts'
import { FileSystem, type MountPoint, type MountTable } from './files/file-system.ts'
import { DirectoryInode, FileInode, type Inode } from './files/inode.ts'
import { absolutePath } from './files/path.ts'
import { processFiles } from './files/process-files.ts'
import type { ImageManifest } from './images/catalogue.ts'
import type { PidNamespace } from './processes/pid-namespace.ts'
import type { RuntimeState } from './state.ts'

/** Puts together what a container sees as its file system: image, volumes, and the files that every container gets. */
export function containerFiles(options: {
  readonly state: RuntimeState
  readonly sandbox: PodSandboxConfig
  readonly ips: readonly string[]
  readonly config: ContainerConfig
  readonly image: ImageManifest
  readonly processes: PidNamespace
}): FileSystem {
  const { state, sandbox, config, image, processes } = options
  const root = image.root()
  const user = userOf(config.user ?? image.config.user, root)
  const kernel = processes.kernel
  return new FileSystem({ root, mounts: new ContainerMounts(state, sandbox, options.ips, config, processes, root), now: () => kernel.now(), uid: user.uid, gid: user.gid, readOnly: config.readOnlyRootFilesystem })
}

const standardPaths: ReadonlySet<string> = new Set(['/proc', '/dev', '/sys', '/etc/hostname', '/etc/hosts', '/etc/resolv.conf'])

/** The mounts of a container: those of its configuration over those that every container gets. Most are never looked at,
 *  so a mount point is made when it is. */
class ContainerMounts implements MountTable {
  readonly #root: DirectoryInode
  readonly #state: RuntimeState
  readonly #sandbox: PodSandboxConfig
  readonly #ips: readonly string[]
  readonly #config: ContainerConfig
  readonly #processes: PidNamespace
  #made: Map<string, MountPoint> | undefined

  constructor(state: RuntimeState, sandbox: PodSandboxConfig, ips: readonly string[], config: ContainerConfig, processes: PidNamespace, root: DirectoryInode) {
    this.#root = root
    this.#state = state
    this.#sandbox = sandbox
    this.#ips = ips
    this.#config = config
    this.#processes = processes
  }

  get(path: string): MountPoint | undefined {
    const made = this.#made?.get(path)
    if (made) return made
    if (!this.has(path)) return undefined
    const mount = this.#config.mounts.findLast((each) => landing(each, this.#root) === path)
    const point = mount ? mountPoint(mount, this.#state, this.#sandbox.uid) : this.#standard(path)
    ;(this.#made ??= new Map()).set(path, point)
    return point
  }

  has(path: string): boolean {
    return standardPaths.has(path) || this.#config.mounts.some((mount) => landing(mount, this.#root) === path)
  }

  keys(): Iterable<string> {
    const { mounts } = this.#config
    return mounts.length === 0 ? standardPaths : new Set([...standardPaths, ...mounts.map((mount) => landing(mount, this.#root))])
  }

  *[Symbol.iterator](): Iterator<readonly [string, MountPoint]> {
    for (const path of this.keys()) yield [path, this.get(path)!]
  }

  #standard(path: string): MountPoint {
    switch (path) {
      case '/proc':
        return fixed('proc', false, processFiles(this.#processes, () => this))
      case '/dev':
        return fixed('tmpfs', false, devices(this.#processes.random, this.#config.terminationMessagePath))
      case '/sys':
        return fixed('sysfs', true, new DirectoryInode(new Map([['class', new DirectoryInode()], ['fs', new DirectoryInode()]])))
      case '/etc/hostname':
        return fixed('ext4', false, new FileInode(`${this.#sandbox.hostname}\n`))
      case '/etc/hosts':
        return fixed('ext4', false, new FileInode(hostsFile(this.#sandbox, this.#ips)))
      default:
        return fixed('ext4', false, new FileInode(resolvConf(this.#sandbox)))
    }
  }
}

function fixed(type: string, readOnly: boolean, inode: Inode): MountPoint {
  return { type, readOnly, root: () => inode }
}

/** Where mounts of a path land, by image. */
const landings = new WeakMap<DirectoryInode, Map<string, string>>()

/** Where a mount lands: links of the image on the way are followed, as runc does (/var/run is /run in many images). */
function landing(mount: Mount, root: DirectoryInode): string {
  let known = landings.get(root)
  if (!known) landings.set(root, (known = new Map()))
  let path = known.get(mount.containerPath)
  if (path === undefined) {
    path = behindLinks(new FileSystem({ root, now: () => 0 }), absolutePath('/', mount.containerPath))
    if (known.size < 256) known.set(mount.containerPath, path)
  }
  return path
}

function behindLinks(image: FileSystem, path: string): string {
  for (let slash = path.length; slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const above = path.slice(0, slash)
    if (image.exists(above)) return image.realPath(above).replace(/\/$/, '') + path.slice(slash)
  }
  return path
}

function mountPoint(mount: Mount, state: RuntimeState, podUid: string): MountPoint {
  const source = mount.source
  if (source.type === 'files') {
    let seen: readonly MountedFile[] | undefined
    let tree: Inode | undefined
    const root = (): Inode => {
      const files = source.files()
      if (files !== seen || !tree) {
        seen = files
        tree = fileTree(files, mount.subPath)
      }
      return tree
    }
    return { type: 'ext4', readOnly: true, root }
  }
  if (source.type === 'scratch') {
    const type = source.memory ? 'tmpfs' : 'ext4'
    return { type, readOnly: mount.readOnly, root: () => below(state.volume(podUid, source.volume), mount.subPath ?? '') }
  }
  if (source.type === 'network') return { type: 'ext4', readOnly: mount.readOnly, root: () => below(state.networkStorage(source.storage), mount.subPath ?? '') }
  return {
    type: 'ext4',
    readOnly: mount.readOnly,
    root: () => below(state.hostFiles, mount.subPath === undefined ? source.path : `${source.path}/${mount.subPath}`),
  }
}

/** What is at a path below a directory of the node; a directory is made where there is nothing, as the runtime does. */
function below(directory: DirectoryInode, path: string): Inode {
  let inode: Inode = directory
  for (const part of path.split('/').filter((each) => each !== '' && each !== '.')) {
    if (inode.kind !== 'directory') return inode
    let next: Inode | undefined = inode.get(part)
    if (!next) {
      next = new DirectoryInode()
      inode.set(part, next)
    }
    inode = next
  }
  return inode
}

/** A volume of given files; with a subPath only the file or folder of that name. */
function fileTree(files: readonly MountedFile[], subPath: string | undefined): Inode {
  const root = new DirectoryInode(new Map(), { mode: 0o777 })
  for (const file of files) root.plant(file.path, new FileInode(file.content, { mode: file.mode }))
  return subPath === undefined || subPath === '' ? root : below(root, subPath)
}

function hostsFile(sandbox: PodSandboxConfig, ips: readonly string[]): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...ips.slice(0, 1).map((ip) => `${ip}\t${sandbox.hostDomain ? `${sandbox.hostname}.${sandbox.hostDomain}\t` : ''}${sandbox.hostname}`),
  ]
  if (sandbox.hostAliases.length > 0) {
    lines.push('', '# Entries added by HostAliases.')
    for (const alias of sandbox.hostAliases) lines.push(`${alias.ip}\t${alias.hostnames.join('\t')}`)
  }
  return `${lines.join('\n')}\n`
}

function resolvConf(sandbox: PodSandboxConfig): string {
  const dns = sandbox.dns
  if (!dns) return 'nameserver 127.0.0.53\n'
  return [
    ...(dns.searches.length > 0 ? [`search ${dns.searches.join(' ')}`] : []),
    ...dns.servers.map((server) => `nameserver ${server}`),
    ...(dns.options.length > 0 ? [`options ${dns.options.join(' ')}`] : []),
    '',
  ].join('\n')
}

/** Reads `uid`, `uid:gid` or a name that the image's /etc/passwd has. */
export function userOf(user: string, root: DirectoryInode): { readonly uid: number; readonly gid: number; readonly home: string } {
  const [name = '', group] = user.split(':')
  if (name === '') return { uid: 0, gid: 0, home: '/root' }
  const etc = root.get('etc')
  const passwd = etc?.kind === 'directory' ? etc.get('passwd') : undefined
  const text = passwd?.kind === 'file' ? new TextDecoder().decode(passwd.bytes()) : ''
  const fields = text
    .split('\n')
    .map((line) => line.split(':'))
    .find((line) => line[0] === name || line[2] === name)
  const uid = fields ? Number(fields[2]) : /^\d+$/.test(name) ? Number(name) : -1
  const gid = group !== undefined && /^\d+$/.test(group) ? Number(group) : fields ? Number(fields[3]) : 0
  return { uid, gid, home: fields?.[5] || '/' }
}

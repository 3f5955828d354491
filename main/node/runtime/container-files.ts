import type { ContainerConfig, Mount, MountedFile, PodSandboxConfig } from '../cri.ts'
import { devices } from './files/devices.ts'
import { FileSystem, type MountPoint } from './files/file-system.ts'
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
  const now = (): number => processes.kernel.now()
  const mounts = new Map<string, MountPoint>()
  const add = (path: string, type: string, readOnly: boolean, build: () => Inode): void => {
    let built: Inode | undefined
    mounts.set(path, { type, readOnly, root: () => (built ??= build()) })
  }
  add('/proc', 'proc', false, () => processFiles(processes, () => mounts))
  add('/dev', 'tmpfs', false, () => devices(processes.random, config.terminationMessagePath))
  add('/sys', 'sysfs', true, () => new DirectoryInode(new Map([['class', new DirectoryInode()], ['fs', new DirectoryInode()]])))
  add('/etc/hostname', 'ext4', false, () => new FileInode(`${sandbox.hostname}\n`))
  add('/etc/hosts', 'ext4', false, () => new FileInode(hostsFile(sandbox, options.ips)))
  add('/etc/resolv.conf', 'ext4', false, () => new FileInode(resolvConf(sandbox)))
  const bare = new FileSystem({ root, now, uid: 0, gid: 0 })
  for (const mount of config.mounts) mounts.set(behindLinks(bare, absolutePath('/', mount.containerPath)), mountPoint(mount, state, sandbox.uid))
  const user = userOf(config.user ?? image.config.user, root)
  return new FileSystem({ root, mounts, now, uid: user.uid, gid: user.gid, readOnly: config.readOnlyRootFilesystem })
}

/** Where a mount lands: links of the image on the way are followed, as runc does (/var/run is /run in many images). */
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
    ...ips.slice(0, 1).map((ip) => `${ip}\t${sandbox.hostname}`),
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

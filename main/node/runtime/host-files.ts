import { criLogLine, type ContainerLog } from './container-log.ts'
import { DirectoryInode, DynamicDirectory, FileInode, LinkInode, type Inode } from './files/inode.ts'

/** The node's own file system as host paths show it: what an installed machine has, and the containers' logs. */
export function nodeFiles(hostname: string, logs: ReadonlyMap<string, ContainerLog>): DirectoryInode {
  const root = new DirectoryInode()
  root.plant('etc/hostname', new FileInode(`${hostname}\n`))
  root.plant('etc/os-release', new FileInode('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n'))
  root.plant('etc/localtime', new FileInode(''))
  root.plant('etc/timezone', new FileInode('Etc/UTC\n'))
  for (const path of ['etc/kubernetes/manifests', 'etc/kubernetes/pki', 'etc/ssl/certs', 'etc/cni/net.d', 'opt/cni/bin', 'mnt', 'srv', 'usr/share/ca-certificates', 'var/lib/kubelet', 'var/lib/etcd', 'var/lib/containerd', 'lib/modules', 'home', 'proc', 'sys', 'dev']) {
    root.plant(path, new DirectoryInode())
  }
  for (const path of ['tmp', 'run', 'var/run']) root.plant(path, new DirectoryInode(new Map(), { mode: 0o777 }))
  root.plant('run/containerd/containerd.sock', new FileInode(''))
  root.plant('var/log/pods', logDirectory(logs, '/var/log/pods/'))
  root.plant('var/log/containers', containerLinks(logs))
  return root
}

/** /var/log/pods: a view of the logs that the runtime keeps. */
function logDirectory(logs: ReadonlyMap<string, ContainerLog>, prefix: string): DirectoryInode {
  const below = (): string[] => [...logs.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length))
  return new DynamicDirectory(
    () => [...new Set(below().map((path) => path.split('/')[0]!))],
    (name): Inode | undefined => {
      const log = logs.get(prefix + name)
      if (log) return new FileInode(() => log.lines().map(criLogLine).join(''), { mode: 0o640 })
      return below().some((path) => path.startsWith(`${name}/`)) ? logDirectory(logs, `${prefix}${name}/`) : undefined
    },
  )
}

/** /var/log/containers: `pod_namespace_container-id.log` links into /var/log/pods. */
function containerLinks(logs: ReadonlyMap<string, ContainerLog>): DirectoryInode {
  const links = (): Map<string, string> => {
    const result = new Map<string, string>()
    for (const path of logs.keys()) {
      const match = /^\/var\/log\/pods\/([^_/]+)_([^_/]+)_([^/]+)\/([^/]+)\/(\d+)\.log$/.exec(path)
      if (match) result.set(`${match[2]}_${match[1]}_${match[4]}-${match[3]}-${match[5]}.log`, path)
    }
    return result
  }
  return new DynamicDirectory(
    () => [...links().keys()],
    (name) => {
      const target = links().get(name)
      return target === undefined ? undefined : new LinkInode(target)
    },
  )
}

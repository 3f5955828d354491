import type { ContainerProcess } from '../processes/process.ts'
import type { PidNamespace } from '../processes/pid-namespace.ts'
import type { MountTable } from './file-system.ts'
import { DirectoryInode, DynamicDirectory, FileInode, LinkInode, type Inode } from './inode.ts'

const kernelVersion = '6.1.0-40-amd64'

/** /proc of a container: its processes, and the few machine-wide files that programs and people read. */
export function processFiles(processes: PidNamespace, mounts: () => MountTable): DirectoryInode {
  const limits = processes.limits
  const files: Readonly<Record<string, () => string>> = {
    version: () => `Linux version ${kernelVersion} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1\n`,
    uptime: () => {
      const seconds = (processes.kernel.now() - processes.startedAt) / 1000
      return `${seconds.toFixed(2)} ${(seconds * limits.machineCpus * 0.97).toFixed(2)}\n`
    },
    loadavg: () => `0.08 0.06 0.01 1/214 ${[...processes.living()].length}\n`,
    meminfo: () => {
      const total = Math.round(limits.machineMemoryBytes / 1024)
      const free = Math.round(total * 0.62)
      const row = (name: string, value: number): string => `${`${name}:`.padEnd(16)}${String(value).padStart(8)} kB\n`
      return row('MemTotal', total) + row('MemFree', free) + row('MemAvailable', Math.round(total * 0.81)) + row('Buffers', Math.round(total * 0.02)) + row('Cached', Math.round(total * 0.17)) + row('SwapTotal', 0) + row('SwapFree', 0)
    },
    cpuinfo: () =>
      Array.from({ length: limits.machineCpus }, (_, index) => `processor\t: ${index}\nvendor_id\t: GenuineIntel\nmodel name\t: Virtual CPU\ncpu MHz\t\t: 2400.000\n\n`).join(''),
    mounts: () => mountLines(mounts()),
    filesystems: () => 'nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n\text4\n',
    stat: () => `cpu  0 0 0 0 0 0 0 0 0 0\nbtime ${Math.floor(processes.startedAt / 1000)}\n`,
  }
  const sys = new DirectoryInode()
  sys.plant('kernel/hostname', new FileInode(() => `${processes.hostname}\n`, { mode: 0o444 }))
  sys.plant('kernel/osrelease', new FileInode(`${kernelVersion}\n`, { mode: 0o444 }))
  sys.plant('kernel/pid_max', new FileInode('32768\n', { mode: 0o444 }))
  sys.plant('net/core/somaxconn', new FileInode('4096\n', { mode: 0o444 }))
  sys.plant('net/ipv4/ip_forward', new FileInode('1\n', { mode: 0o444 }))
  return new DynamicDirectory(
    () => [...[...processes.living()].map((process) => String(process.pid)), ...Object.keys(files), 'self', 'sys'],
    (name): Inode | undefined => {
      if (/^\d+$/.test(name)) {
        const process = processes.get(Number(name))
        return process && processDirectory(process, mounts)
      }
      if (name === 'self') return new LinkInode('/proc/1')
      if (name === 'sys') return sys
      const text = files[name]
      return text && new FileInode(text, { mode: 0o444 })
    },
  )
}

function processDirectory(process: ContainerProcess, mounts: () => MountTable): Inode {
  const name = (process.argv[0] ?? '').split('/').at(-1)!.slice(0, 15)
  const entries: Record<string, () => Inode> = {
    cmdline: () => new FileInode(() => (process.title ? `${process.title.join(' ')}\0` : process.argv.map((each) => `${each}\0`).join('')), { mode: 0o444 }),
    comm: () => new FileInode(() => `${name}\n`),
    environ: () => new FileInode(() => [...process.env].map(([key, value]) => `${key}=${value}\0`).join(''), { mode: 0o400 }),
    status: () =>
      new FileInode(
        () =>
          `Name:\t${name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t${process.pid}\nPid:\t${process.pid}\nPPid:\t${process.parentPid}\nUid:\t${process.userId}\t${process.userId}\t${process.userId}\t${process.userId}\nGid:\t${process.groupId}\t${process.groupId}\t${process.groupId}\t${process.groupId}\nVmRSS:\t${Math.round(process.memoryBytes / 1024)} kB\nThreads:\t1\n`,
        { mode: 0o444 },
      ),
    stat: () => new FileInode(() => `${process.pid} (${name}) S ${process.parentPid} ${process.group} ${process.group} 0 -1\n`, { mode: 0o444 }),
    cwd: () => new LinkInode(process.cwd),
    exe: () => new LinkInode(process.which(process.argv[0] ?? '') ?? process.argv[0] ?? ''),
    root: () => new LinkInode('/'),
    mounts: () => new FileInode(() => mountLines(mounts()), { mode: 0o444 }),
    cgroup: () => new FileInode('0::/\n', { mode: 0o444 }),
  }
  return new DynamicDirectory(
    () => Object.keys(entries),
    (entry) => entries[entry]?.(),
  )
}

function mountLines(mounts: MountTable): string {
  const lines = ['overlay / overlay rw,relatime 0 0']
  for (const [path, mount] of mounts) lines.push(`${mount.type === 'ext4' ? '/dev/vda1' : mount.type} ${path} ${mount.type} ${mount.readOnly ? 'ro' : 'rw'},relatime 0 0`)
  return `${lines.join('\n')}\n`
}

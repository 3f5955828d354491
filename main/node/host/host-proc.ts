import { DirectoryInode, DynamicDirectory, FileInode, type Inode } from '../runtime/files/inode.ts'
import type { ProcessEntry } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'
import { bootTime, loadAverage, memoryOf } from './machine-figures.ts'

/** /proc of a machine: what its figures and its process table say. */
export function hostProc(host: Host): DirectoryInode {
  const { machine, cpus } = host.facts
  const row = (name: string, bytes: number): string => `${`${name}:`.padEnd(16)}${String(Math.round(bytes / 1_024)).padStart(8)} kB\n`
  const files: Readonly<Record<string, () => string>> = {
    version: () => 'Linux version 6.1.0-40-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)\n',
    cmdline: () => 'BOOT_IMAGE=/boot/vmlinuz-6.1.0-40-amd64 root=/dev/vda1 ro console=tty0\n',
    uptime: () => {
      const seconds = (machine.kernel.now() - bootTime(host)) / 1_000
      return `${seconds.toFixed(2)} ${(seconds * cpus * 0.95).toFixed(2)}\n`
    },
    loadavg: () => `${loadAverage(host)} 1/${host.processes.entries().length} ${host.processes.entries().length}\n`,
    meminfo: () => {
      const { total, used, cached } = memoryOf(host)
      return row('MemTotal', total) + row('MemFree', total - used - cached) + row('MemAvailable', total - used) + row('Buffers', total * 0.01) + row('Cached', cached) + row('SwapCached', 0) + row('SwapTotal', 0) + row('SwapFree', 0)
    },
    cpuinfo: () => Array.from({ length: Math.ceil(cpus) }, (_, index) => `processor\t: ${index}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel name\t: Virtual CPU\ncpu MHz\t\t: 2400.000\ncpu cores\t: ${Math.ceil(cpus)}\n\n`).join(''),
    mounts: () => '/dev/vda1 / ext4 rw,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\nsysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\nudev /dev devtmpfs rw,nosuid,relatime 0 0\ntmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n',
    swaps: () => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n',
    modules: () => 'br_netfilter 36864 0 - Live 0x0000000000000000\noverlay 163840 0 - Live 0x0000000000000000\nip_tables 36864 0 - Live 0x0000000000000000\n',
  }
  const sys = new DirectoryInode()
  const setting = (path: string, text: string): void => sys.plant(path, new FileInode(`${text}\n`))
  setting('kernel/hostname', machine.name)
  setting('kernel/osrelease', '6.1.0-40-amd64')
  setting('kernel/pid_max', '4194304')
  setting('net/ipv4/ip_forward', '1')
  setting('net/bridge/bridge-nf-call-iptables', '1')
  setting('vm/overcommit_memory', '1')
  return new DynamicDirectory(
    () => [...host.processes.entries().map((entry) => String(entry.pid)), ...Object.keys(files), 'sys'],
    (name): Inode | undefined => {
      if (name === 'sys') return sys
      const text = files[name]
      if (text) return new FileInode(text, { mode: 0o444 })
      const entry = /^\d+$/.test(name) ? host.processes.entries().find((each) => each.pid === Number(name)) : undefined
      return entry && processDirectory(entry)
    },
  )
}

function processDirectory(entry: ProcessEntry): DirectoryInode {
  const name = (entry.command[0] ?? '').split(' ')[0]!.split('/').at(-1)!.slice(0, 15)
  const directory = new DirectoryInode()
  directory.set('cmdline', new FileInode(entry.command.join('\0').replaceAll(' ', '\0'), { mode: 0o444 }))
  directory.set('comm', new FileInode(`${name}\n`))
  directory.set('status', new FileInode(`Name:\t${name}\nState:\tS (sleeping)\nPid:\t${entry.pid}\nPPid:\t${entry.parentPid}\nVmRSS:\t${Math.round(entry.memoryBytes / 1_024)} kB\n`, { mode: 0o444 }))
  return directory
}

import type { Machine } from '../../kernel/machine.ts'
import type { RuntimeState } from '../runtime/state.ts'
import type { ProgramTable, Resolver } from '../runtime/programs/program.ts'
import { standardPrograms } from '../runtime/programs/standard-programs.ts'
import { devices } from '../runtime/files/devices.ts'
import { FileSystem, type MountPoint } from '../runtime/files/file-system.ts'
import { DirectoryInode } from '../runtime/files/inode.ts'
import { runtimeState } from '../runtime/state.ts'
import type { Systemd } from '../systemd/systemd.ts'
import { HostProcesses } from './host-processes.ts'
import { hostPrograms } from './host-programs.ts'
import { hostProc } from './host-proc.ts'
import { installTools } from './installed-tools.ts'
import { HostSession, type LoginOptions, type SessionListener } from './session.ts'

/** What a machine is, as far as its commands show it. */
export interface HostFacts {
  readonly machine: Machine
  readonly systemd: Systemd
  readonly cpus: number
  readonly memoryBytes: number
  readonly storageBytes: number
  readonly resolver?: Resolver
  /** Range of the machine's pods, once it is known. */
  readonly podCidr?: () => string | undefined
  /** Range of all machines' pods. */
  readonly clusterCidr?: string
  /** The links to the machine's pods. */
  readonly interfaces?: () => readonly { readonly sandboxId: string; readonly namespace: string; readonly pod: string; readonly address: string }[]
  /** Puts files into the machine's tree that only somebody who logs in looks at. */
  readonly furnish?: (files: DirectoryInode) => void
  /** Switches the machine off or on. */
  readonly power?: (on: boolean) => void
  /** Resolves when whoever delays an orderly shutdown (systemd's inhibitor locks) lets the machine go. */
  readonly beforePowerOff?: () => Promise<void>
  /** Logs in on another machine; a text when that cannot be, as ssh says it. */
  readonly reach?: (machine: string) => Host | string
}

/** A machine as root sees it who has logged in: its files, its processes, its commands. Made for the first login. */
export class Host {
  readonly facts: HostFacts
  readonly state: RuntimeState
  readonly files: FileSystem
  readonly processes: HostProcesses
  readonly programs: ProgramTable
  /** Virtual time of the last login. */
  lastLoginAt: number | undefined

  constructor(facts: HostFacts) {
    this.facts = facts
    const { machine } = facts
    this.state = runtimeState(machine)
    this.processes = new HostProcesses(facts, this.state)
    this.programs = new Map([...standardPrograms, ...hostPrograms(this)])
    installTools(this.state.hostFiles)
    facts.furnish?.(this.state.hostFiles)
    const random = machine.kernel.random.stream(`dev@${machine.name}`)
    this.files = new FileSystem({
      root: this.state.hostFiles,
      now: () => machine.kernel.now(),
      mounts: new Map<string, MountPoint>([
        ['/proc', mounted('proc', hostProc(this))],
        ['/dev', mounted('devtmpfs', devices(random, ''))],
        ['/sys', mounted('sysfs', new DirectoryInode(new Map([['class', new DirectoryInode()], ['fs', new DirectoryInode()]])))],
      ]),
    })
  }

  /** Starts a login. The session ends with its first process, when the client goes, or with the machine. */
  login(options: LoginOptions, listener: SessionListener): HostSession {
    return new HostSession(this, options, listener)
  }
}

function mounted(type: string, inode: DirectoryInode): MountPoint {
  return { type, readOnly: false, root: () => inode }
}

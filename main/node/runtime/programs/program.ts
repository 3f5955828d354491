import type { Clock } from '../../../kernel/clock.ts'
import type { HttpHandler } from '../../../kernel/http.ts'
import type { NetworkStack } from '../../../kernel/network.ts'
import type { Random } from '../../../kernel/random.ts'
import type { Scope } from '../../../kernel/scope.ts'
import type { FileSystem } from '../files/file-system.ts'
import type { OpenFile } from '../processes/open-file.ts'
import type { Signal } from '../processes/signals.ts'
import type { Terminal } from '../processes/terminal.ts'

/** What a simulated executable does: runs, and answers its exit code. A program that is killed is simply never resumed,
 *  so whatever must be undone belongs to `context.scope`. */
export type Program = (context: ProcessContext) => Promise<number> | number

/** Programs by the name that executables in images refer to them. */
export type ProgramTable = ReadonlyMap<string, Program>

/** One input or output of a process. */
export interface ByteReader {
  /** Some bytes; undefined at the end. */
  read(limit?: number): Promise<Uint8Array | undefined>
}
export interface ByteWriter {
  /** Resolves when there is room for more. A reader that is gone ends the process by SIGPIPE. */
  write(data: Uint8Array | string): Promise<void>
}

export interface DnsConfig {
  readonly servers: readonly string[]
  readonly searches: readonly string[]
  /** As in resolv.conf: `ndots:5`. */
  readonly options: readonly string[]
}

export interface DnsRecord {
  readonly name: string
  /** 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'PTR' | 'TXT' … */
  readonly type: string
  readonly ttl: number
  /** As text: an address, a name, `priority weight port target` for SRV. */
  readonly data: string
}

export interface DnsReply {
  readonly status: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED'
  readonly answers: readonly DnsRecord[]
}

/** Asks one name server one question, over the simulated network. Rejects (DialError or any Error) when no answer comes.
 *  The programs do search lists and ndots themselves. */
export interface Resolver {
  query(stack: NetworkStack, server: string, question: { readonly name: string; readonly type: string }): Promise<DnsReply>
}

export interface SpawnOptions {
  readonly env?: ReadonlyMap<string, string>
  readonly cwd?: string
  /** Descriptors of the child; absent ones are the parent's. */
  readonly files?: readonly (OpenFile | undefined)[]
  /** A process group of its own. */
  readonly newGroup?: boolean
}

/** A process that another one started. */
export interface ChildProcess {
  readonly pid: number
  readonly group: number
  readonly ended: boolean
  /** Exit code, 128 + signal when a signal ended it. Never settles when the container ends first. */
  wait(): Promise<number>
  kill(signal: Signal): void
}

/** A worker that only exists: it shows in `ps` and holds memory, but runs nothing. */
export interface IdleWorker {
  readonly title: readonly string[]
  readonly memoryBytes: number
}

/** One row of `ps`. */
export interface ProcessEntry {
  readonly pid: number
  readonly parentPid: number
  readonly user: string
  readonly command: readonly string[]
  readonly startedAt: number
  readonly cpuMs: number
  readonly memoryBytes: number
}

export interface ContainerLimits {
  /** 0 = none. */
  readonly cpuLimitMillis: number
  readonly memoryLimitBytes: number
  readonly machineCpus: number
  readonly machineMemoryBytes: number
}

/** A process as its program sees it. */
export interface ProcessContext extends ChildProcess {
  readonly parentPid: number
  /** argv[0] included. */
  readonly argv: readonly string[]
  /** What the image's catalogue says of this executable beyond its program's name. */
  readonly settings: unknown
  readonly env: ReadonlyMap<string, string>
  cwd: string
  readonly files: FileSystem
  /** Where descriptors lead; a program may put others in place. */
  readonly descriptors: (OpenFile | undefined)[]
  readonly stdin: ByteReader
  readonly stdout: ByteWriter
  readonly stderr: ByteWriter
  readonly terminal: Terminal | undefined
  readonly stack: NetworkStack
  readonly resolver: Resolver | undefined
  readonly clock: Clock
  readonly random: Random
  /** Ends with the process. */
  readonly scope: Scope
  readonly hostname: string
  readonly userId: number
  readonly groupId: number
  readonly limits: ContainerLimits
  /** Virtual time at which the container started. */
  readonly containerStartedAt: number

  /** Absolute path of a path relative to the working directory. */
  path(path: string): string
  sleep(delayMs: number): Promise<void>
  /** Accounts for CPU time; now and then answers a promise that has to be awaited before going on. */
  work(cpuMs: number): Promise<void> | undefined
  /** CPU used from now on all the time, in millicores, beside what `work` counts. */
  load(millicores: number): void
  /** Sets the resident memory. Beyond the container's limit the container is killed for lack of memory. */
  useMemory(bytes: number): void
  readonly memoryBytes: number

  onSignal(signal: Signal, action: ((signal: Signal) => void) | 'ignore' | 'default'): void
  /** Resolves at the first of these signals. */
  untilSignal(...signals: readonly Signal[]): Promise<Signal>

  /** Starts an executable. Throws ExecError when it cannot be started. */
  spawn(argv: readonly string[], options?: SpawnOptions): ProcessContext
  /** Starts a copy of this process that runs `program`: subshells, worker processes. */
  fork(program: Program, options?: SpawnOptions & { readonly title?: readonly string[] }): ProcessContext
  /** Starts processes that do nothing until they are killed or this process ends; answers the first's pid. */
  startIdle(worker: IdleWorker, count: number): number
  /** Becomes another executable. Resolves never. Throws ExecError when it cannot be started. */
  replace(argv: readonly string[], env?: ReadonlyMap<string, string>): Promise<never>
  /** All processes that this one can see, by pid. */
  processes(): ProcessEntry[]
  find(pid: number): ChildProcess | undefined
  /** The path of an executable as the PATH finds it. */
  which(command: string): string | undefined
  read(descriptor: number, limit?: number): Promise<Uint8Array | undefined>
  write(descriptor: number, data: Uint8Array | string): Promise<void>
  /** Serves HTTP until the process ends; speaks values to simulated clients and HTTP/1.1 to byte streams. */
  serveHttp(port: number, handler: HttpHandler, address?: string): () => void
}

/** An executable could not be started. */
export class ExecError extends Error {
  readonly reason: 'not-found' | 'not-permitted' | 'not-executable' | 'is-directory'
  readonly command: string
  constructor(reason: ExecError['reason'], command: string) {
    super(
      {
        'not-found': command.includes('/') ? 'no such file or directory' : 'executable file not found in $PATH',
        'not-permitted': 'permission denied',
        'not-executable': 'exec format error',
        'is-directory': 'is a directory',
      }[reason],
    )
    this.reason = reason
    this.command = command
  }

  /** As runc words it. */
  get runtimeText(): string {
    const operation = this.reason === 'not-found' && !this.command.includes('/') ? 'exec' : this.reason === 'not-executable' ? 'exec' : 'stat'
    if (operation === 'stat' && this.reason === 'not-found') return `exec: ${JSON.stringify(this.command)}: stat ${this.command}: no such file or directory`
    if (this.reason === 'not-executable') return `exec ${this.command}: exec format error`
    return `exec: ${JSON.stringify(this.command)}: ${this.message}`
  }
}

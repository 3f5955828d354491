import type { Process } from '../../kernel/machine.ts'
import { CriError, type ExecResult, type StreamSession } from '../cri.ts'
import type { Container } from './container.ts'
import { ExecSession } from './exec-session.ts'
import { nullFile, type OpenFile } from './processes/open-file.ts'
import type { PidNamespace } from './processes/pid-namespace.ts'
import { Pipe } from './processes/pipe.ts'
import { Terminal } from './processes/terminal.ts'
import { ExecError } from './programs/program.ts'

/** What starting a process in a container costs, ms. */
const execCostMs = 22
/** More output of one synchronous command than this is dropped, as containerd does. */
const execSyncBytesMax = 16 * 1024 * 1024

/** Exec and attach: processes that are started in running containers, and terminals that look at them. */
export class ContainerSessions {
  readonly #process: Process
  readonly #container: (id: string) => Container
  readonly #newId: () => string

  constructor(process: Process, container: (id: string) => Container, newId: () => string) {
    this.#process = process
    this.#container = container
    this.#newId = newId
  }

  async execSync(containerId: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    const output: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] }
    const sizes = { stdout: 0, stderr: 0 }
    await this.#spend()
    const started = this.#startExec(containerId, command, {
      tty: false,
      stdin: nullFile,
      output: (stream, bytes) => {
        sizes[stream] += bytes.length
        if (sizes[stream] <= execSyncBytesMax) output[stream].push(bytes.slice())
      },
    })
    const done = started.process.wait()
    const exitCode = await new Promise<number>((resolve, reject) => {
      const timer =
        timeoutMs > 0
          ? this.#process.clock.after(timeoutMs, () => {
              started.process.kill('KILL')
              reject(new CriError('DeadlineExceeded', `failed to exec in container: timeout ${timeoutMs / 1000}s exceeded: context deadline exceeded`))
            })
          : undefined
      const settle = (code: number): void => {
        timer?.cancel()
        this.#process.clock.after(0, () => resolve(code))
      }
      void done.then(settle)
    })
    return { exitCode, stdout: concatenate(output.stdout), stderr: concatenate(output.stderr) }
  }

  async exec(containerId: string, command: readonly string[], options: { readonly stdin: boolean; readonly tty: boolean }): Promise<StreamSession> {
    await this.#spend()
    const stdin = new Pipe()
    stdin.writer.retain()
    const clock = this.#process.clock
    let stdinOpen = true
    const closeStdin = (): void => {
      if (stdinOpen) stdin.writer.release()
      stdinOpen = false
    }
    const session: ExecSession = new ExecSession(clock, {
      push: (bytes) => (started.terminal ? started.terminal.input(bytes) : stdin.push(bytes)),
      end: () => (started.terminal ? started.terminal.endInput() : closeStdin()),
      resize: (columns, rows) => started.terminal?.resize(columns, rows),
      // Without a terminal the process goes on, and sees the end of its input.
      hangUp: () => (started.terminal ? started.terminal.hangUp() : closeStdin()),
    })
    const started = this.#startExec(containerId, command, {
      tty: options.tty,
      stdin: options.stdin ? stdin.reader : nullFile,
      output: (stream, bytes) => session.output(stream, bytes),
    })
    if (!options.stdin) closeStdin()
    void started.process.wait().then((code) => session.ended(code))
    return session
  }

  async attach(containerId: string, options: { readonly stdin: boolean; readonly tty: boolean }): Promise<StreamSession> {
    await this.#spend()
    const container = this.#container(containerId)
    if (container.state !== 'running') throw new CriError('Unknown', `failed to attach to container: container is in CONTAINER_${container.state.toUpperCase()} state`)
    const takesInput = options.stdin && container.config.stdin
    const session: ExecSession = new ExecSession(this.#process.clock, {
      push: (bytes) => {
        if (!takesInput) return
        if (container.terminal) container.terminal.input(bytes)
        else container.stdin?.push(bytes)
      },
      end: () => {
        if (takesInput && container.config.stdinOnce) {
          if (container.terminal) container.terminal.endInput()
          else closeContainerStdin(container)
        }
      },
      resize: (columns, rows) => container.terminal?.resize(columns, rows),
      hangUp: () => {
        container.attached?.delete(listener)
        if (takesInput && container.config.stdinOnce) closeContainerStdin(container)
      },
    })
    const listener = (stream: 'stdout' | 'stderr', bytes: Uint8Array): void => session.output(stream, bytes)
    ;(container.attached ??= new Set()).add(listener)
    container.onExit.push(() => session.ended(container.exitCode))
    return session
  }

  #startExec(
    containerId: string,
    command: readonly string[],
    options: { readonly tty: boolean; readonly stdin: OpenFile; readonly output: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void },
  ): { readonly process: ReturnType<PidNamespace['launch']>; readonly terminal: Terminal | undefined } {
    const container = this.#container(containerId)
    const processes = container.processes
    if (container.state !== 'running' || !processes) {
      throw new CriError('Unknown', `failed to exec in container: container is in CONTAINER_${container.state.toUpperCase()} state`)
    }
    const first = processes.get(1)
    const env = new Map(first?.env ?? [])
    let terminal: Terminal | undefined
    let files: OpenFile[]
    if (options.tty) {
      terminal = new Terminal((bytes) => options.output('stdout', bytes), (group, signal) => processes.signalGroup(group, signal))
      files = [terminal.file, terminal.file, terminal.file]
      env.set('TERM', 'xterm')
    } else files = [options.stdin, sinkOf((bytes) => options.output('stdout', bytes)), sinkOf((bytes) => options.output('stderr', bytes))]
    try {
      const { config, image } = container
      const process = processes.launch(command, { env, cwd: config.workingDir === '' ? image.config.workingDir : config.workingDir, files })
      if (terminal) terminal.foreground = process.group
      return { process, terminal }
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      throw new CriError(
        'Unknown',
        `failed to exec in container: failed to start exec "${this.#newId()}": OCI runtime exec failed: exec failed: unable to start container process: ${error.runtimeText}`,
      )
    }
  }

  #spend(): Promise<void> {
    return this.#process.clock.sleep(this.#process.random.jitter(execCostMs, 0.4))
  }
}

function closeContainerStdin(container: Container): void {
  const pipe = container.stdin
  container.stdin = undefined
  pipe?.writer.release()
}

function sinkOf(output: (bytes: Uint8Array) => void): OpenFile {
  return { read: () => undefined, write: output, retain: () => {}, release: () => {} }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

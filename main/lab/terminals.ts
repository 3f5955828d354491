import { spawn, type IPty } from 'node-pty'
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { BridgeError } from '../../preload/contract/bridge.ts'
import type { TerminalEvent, TerminalSession, TerminalTarget } from '../../preload/contract/terminal.ts'
import { unpacked } from './paths.ts'

const scrollbackBytes = 256 * 1024
const sessionsMax = 32

/** Where terminals stand: the lab's own folder and the product's shell files. */
export interface TerminalPlace {
  readonly product: string
  readonly workspace: string
  readonly kubeconfig: string
  readonly labName: string
  /** Further variables for everything that runs in a terminal. */
  readonly environment: Readonly<Record<string, string>>
}

interface Session extends TerminalSession {
  readonly pty: IPty
  printed: string[]
  printedLength: number
  readonly listeners: Set<(event: TerminalEvent) => void>
}

/** The user's own shell in pseudo-terminals, with the lab's commands first on the PATH. A session lives until its program
 *  exits or it is closed, whatever windows come and go. */
export class Terminals {
  readonly #place: () => TerminalPlace
  readonly #sessions = new Map<string, Session>()
  #next = 1

  constructor(place: () => TerminalPlace) {
    this.#place = place
  }

  open(target: TerminalTarget, columns: number, rows: number): TerminalSession {
    if (this.#sessions.size >= sessionsMax) throw new BridgeError({ code: 'invalid', message: `no more than ${sessionsMax} terminals at a time` })
    const place = this.#place()
    const { file, args, environment } = commandFor(target, place)
    mkdirSync(place.workspace, { recursive: true })
    const pty = spawn(file, args, {
      name: 'xterm-256color',
      cols: size(columns, 80, 1_000),
      rows: size(rows, 24, 500),
      cwd: place.workspace,
      env: environment,
    })
    const session: Session = { id: `t${this.#next++}`, target, title: titleOf(target), pty, printed: [], printedLength: 0, listeners: new Set() }
    this.#sessions.set(session.id, session)
    pty.onData((data) => {
      session.printed.push(data)
      session.printedLength += data.length
      while (session.printedLength > scrollbackBytes && session.printed.length > 1) session.printedLength -= session.printed.shift()!.length
      for (const listener of session.listeners) listener({ type: 'data', data })
    })
    pty.onExit(({ exitCode }) => {
      this.#sessions.delete(session.id)
      for (const listener of session.listeners) listener({ type: 'exit', exitCode })
    })
    return publicFacts(session)
  }

  list(): TerminalSession[] {
    return [...this.#sessions.values()].map(publicFacts)
  }

  write(id: string, data: string): void {
    this.#session(id).pty.write(data)
  }

  resize(id: string, columns: number, rows: number): void {
    this.#session(id).pty.resize(size(columns, 80, 1_000), size(rows, 24, 500))
  }

  close(id: string): void {
    this.#session(id).pty.kill()
  }

  /** Emits what was printed so far, then what is printed. */
  listen(id: string, emit: (event: TerminalEvent) => void, end: () => void): () => void {
    const session = this.#session(id)
    if (session.printed.length > 0) emit({ type: 'data', data: session.printed.join('') })
    const listener = (event: TerminalEvent): void => {
      emit(event)
      if (event.type === 'exit') end()
    }
    session.listeners.add(listener)
    return () => session.listeners.delete(listener)
  }

  closeAll(): void {
    for (const session of this.#sessions.values()) session.pty.kill()
  }

  #session(id: string): Session {
    const session = this.#sessions.get(id)
    if (!session) throw new BridgeError({ code: 'not-found', message: `there is no terminal ${id}` })
    return session
  }
}

/** The shell start-up files set a prompt and completion after the user's own have run. */
function commandFor(target: TerminalTarget, place: TerminalPlace): { file: string; args: string[]; environment: Record<string, string> } {
  const shell = userShell()
  const startup = unpacked(join(place.product, 'resources', 'shell'))
  const environment = { ...terminalEnvironment(place), SHELL: shell }
  if (target.kind === 'container') {
    const command = target.command?.length ? target.command : ['sh']
    const container = target.container ? ['-c', target.container] : []
    return { file: commandShim(place, 'kubectl'), args: ['exec', '-it', '-n', target.namespace, target.pod, ...container, '--', ...command], environment }
  }
  if (target.kind === 'node') return { file: commandShim(place, 'ssh'), args: [target.machine], environment }
  const name = basename(shell)
  if (name === 'bash') return { file: shell, args: ['--rcfile', join(startup, 'bashrc')], environment }
  if (name === 'zsh') return { file: shell, args: [], environment: { ...environment, ORRERY_USER_ZDOTDIR: process.env.ZDOTDIR ?? process.env.HOME ?? '', ZDOTDIR: join(startup, 'zsh') } }
  return { file: shell, args: [], environment }
}

/** What every program in a lab's terminal finds in its environment. */
export function terminalEnvironment(place: TerminalPlace): Record<string, string> {
  const inherited: Record<string, string> = {}
  for (const [key, value] of Object.entries(process.env)) if (value !== undefined && !key.startsWith('ELECTRON_')) inherited[key] = value
  const bin = unpacked(join(place.product, 'resources', 'bin'))
  for (const command of ['kubectl', 'etcdctl', 'systemctl', 'journalctl', 'crictl', 'ssh']) {
    const path = join(bin, command)
    if (existsSync(path)) makeExecutable(path)
  }
  return {
    ...inherited,
    ...place.environment,
    PATH: `${bin}:${inherited.PATH ?? '/usr/local/bin:/usr/bin:/bin'}`,
    KUBECONFIG: place.kubeconfig,
    ORRERY_LAB: place.labName,
    ORRERY_NODE: process.execPath,
    ORRERY_PRODUCT: unpacked(place.product),
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
  }
}

function makeExecutable(path: string): void {
  try {
    chmodSync(path, 0o755)
  } catch {
    // A read-only installation ships them executable already.
  }
}

function commandShim(place: TerminalPlace, command: string): string {
  return unpacked(join(place.product, 'resources', 'bin', command))
}

function userShell(): string {
  const own = process.env.SHELL
  if (own && existsSync(own)) return own
  return existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh'
}

function titleOf(target: TerminalTarget): string {
  if (target.kind === 'container') return `${target.namespace}/${target.pod}`
  return target.kind === 'node' ? target.machine : 'shell'
}

function publicFacts({ id, target, title }: Session): TerminalSession {
  return { id, target, title }
}

function size(value: number, fallback: number, max: number): number {
  return Number.isInteger(value) && value >= 1 ? Math.min(value, max) : fallback
}

import type { RunningProcess } from '../../kernel/machine.ts'
import type { Container } from '../runtime/container.ts'
import type { PidNamespace } from '../runtime/processes/pid-namespace.ts'
import type { ChildProcess, ProcessEntry } from '../runtime/programs/program.ts'
import type { RuntimeState } from '../runtime/state.ts'
import type { HostFacts } from './host.ts'
import type { HostSession } from './session.ts'

const mebibyte = 1_048_576

/** What an installed machine runs beside its services: pid, parent, command, resident memory. */
const standing: readonly (readonly [number, number, string, number])[] = [
  [1, 0, '/sbin/init', 12 * mebibyte],
  [2, 0, '[kthreadd]', 0],
  [3, 2, '[rcu_gp]', 0],
  [10, 2, '[mm_percpu_wq]', 0],
  [14, 2, '[ksoftirqd/0]', 0],
  [15, 2, '[rcu_preempt]', 0],
  [42, 2, '[kswapd0]', 0],
  [221, 1, '/lib/systemd/systemd-journald', 16 * mebibyte],
  [246, 1, '/lib/systemd/systemd-udevd', 6 * mebibyte],
  [402, 1, '/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only', 4 * mebibyte],
  [407, 1, '/lib/systemd/systemd-logind', 7 * mebibyte],
  [498, 1, 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups', 9 * mebibyte],
]
const serviceMemoryBytes: Readonly<Record<string, number>> = { kubelet: 86 * mebibyte, containerd: 62 * mebibyte }
/** How many numbers a pid namespace gets of the machine's. */
const namespacePids = 1_000

/** The process table of a machine: services, shims, what runs in containers, logins. Numbers of processes in containers are
 *  given when somebody first looks, and kept. */
export class HostProcesses {
  readonly sessions = new Set<HostSession>()
  readonly #facts: HostFacts
  readonly #state: RuntimeState
  readonly #bases = new WeakMap<object, number>()
  #next = 2_000
  #sessionNumber = 0

  constructor(facts: HostFacts, state: RuntimeState) {
    this.#facts = facts
    this.#state = state
  }

  /** Numbers of logins that are there are not given again. */
  nextSession(): number {
    this.#sessionNumber = 1
    while ([...this.sessions].some(({ number }) => number === this.#sessionNumber)) this.#sessionNumber++
    return this.#sessionNumber
  }

  /** The first of `count` process numbers that nobody has. */
  reserve(count: number): number {
    const first = this.#next
    this.#next += count
    return first
  }

  /** The machine's number of a container's first process; 0 when it does not run. */
  pidOf(container: Container): number {
    return container.processes ? this.#base(container.processes, namespacePids) + 1 : 0
  }

  /** Everything that runs, except what belongs to `but`. */
  entries(but?: HostSession): ProcessEntry[] {
    const { machine, systemd } = this.#facts
    const now = machine.kernel.now()
    const root = { user: 'root', startedAt: 0, cpuMs: 0 }
    const bootedAt = Math.min(now, ...machine.processes().map(({ startedAt }) => startedAt))
    const entries: ProcessEntry[] = standing.map(([pid, parentPid, command, memoryBytes]) => ({ ...root, pid, parentPid, command: command.split(' '), memoryBytes, startedAt: bootedAt }))
    for (const name of systemd.names()) {
      const { mainPid, declaration, since } = systemd.status(name)
      if (mainPid) entries.push({ ...root, pid: mainPid, parentPid: 1, command: declaration.command.split(' '), startedAt: since, cpuMs: (now - since) * 0.02, memoryBytes: serviceMemoryBytes[name] ?? 8 * mebibyte })
    }
    for (const sandbox of this.#state.sandboxes.values()) {
      if (sandbox.state !== 'ready') continue
      const base = this.#base(sandbox, 2)
      entries.push({ ...root, pid: base, parentPid: 1, command: ['/usr/bin/containerd-shim-runc-v2', '-namespace', 'k8s.io', '-id', sandbox.id, '-address', '/run/containerd/containerd.sock'], startedAt: sandbox.createdAt, memoryBytes: 12 * mebibyte })
      entries.push({ ...root, user: '65535', pid: base + 1, parentPid: base, command: ['/pause'], startedAt: sandbox.createdAt, memoryBytes: mebibyte / 2 })
    }
    for (const container of this.#state.containers.values()) {
      if (!container.processes) continue
      const sandbox = this.#state.sandboxes.get(container.sandboxId)
      entries.push(...this.#moved(container.processes, sandbox ? this.#base(sandbox, 2) : 1))
    }
    for (const session of this.sessions) {
      const base = this.#base(session, 1)
      entries.push({ ...root, pid: base, parentPid: 498, command: ['sshd:', `root@${session.terminal ? `pts/${session.number - 1}` : 'notty'}`], startedAt: session.process.startedAt, memoryBytes: 10 * mebibyte })
      if (session !== but) entries.push(...session.processes.own())
    }
    return entries
  }

  /** A process of the machine to signal, whatever it belongs to. */
  find(pid: number): ChildProcess | undefined {
    const { machine, systemd } = this.#facts
    const unit = systemd.names().find((name) => systemd.status(name).mainPid === pid)
    const running = unit === undefined ? undefined : machine.process(unit)
    if (running) return service(pid, running)
    for (const { processes } of this.#state.containers.values()) {
      if (!processes) continue
      const base = this.#base(processes, namespacePids)
      if (pid > base && pid < base + namespacePids) return processes.find(pid - base)
    }
    for (const session of this.sessions) {
      if (this.#base(session, 1) === pid) return service(pid, session.process)
      const found = session.processes.get(pid)
      if (found) return found
    }
    // Signals to what stands in the table for ever change nothing here.
    return this.entries().some((entry) => entry.pid === pid) ? { pid, group: pid, ended: false, wait: () => new Promise(() => {}), kill: () => {} } : undefined
  }

  get memoryBytes(): number {
    return this.entries().reduce((sum, entry) => sum + entry.memoryBytes, 0)
  }

  #moved(processes: PidNamespace, shim: number): ProcessEntry[] {
    const base = this.#base(processes, namespacePids)
    return processes.own().map((entry) => ({ ...entry, pid: base + entry.pid, parentPid: entry.parentPid === 0 ? shim : base + entry.parentPid }))
  }

  #base(of: object, count: number): number {
    let base = this.#bases.get(of)
    if (base === undefined) this.#bases.set(of, (base = this.reserve(count)))
    return base
  }
}

function service(pid: number, running: RunningProcess): ChildProcess {
  return {
    pid,
    group: pid,
    ended: running.scope.closed,
    wait: () => new Promise((resolve) => running.scope.onClose(() => resolve(0))),
    kill: (signal) => {
      if (signal === 'KILL') running.crash()
      else if (signal === 'TERM' || signal === 'INT' || signal === 'HUP') void running.stop()
    },
  }
}

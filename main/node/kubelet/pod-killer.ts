import type { Container, Pod } from '../../api/generated/types.ts'
import { newestContainer, type PodRuntime } from './pod-runtime.ts'
import { runHook } from './hooks.ts'
import type { PodTools } from './pod-tools.ts'
import { isRestartableInit } from './restart-policy.ts'

/** Containers always get this long to end by themselves. */
const minimumGraceSeconds = 2

/** Stops one container: Killing event, preStop hook, stop signal, KILL after what is left of the grace period. */
export async function killContainer(pod: Pod, container: Container, containerId: string, podIp: string, tools: PodTools, options: { readonly message?: string; readonly graceSeconds: number; readonly onStopping?: () => number | undefined }): Promise<void> {
  const { process, runtime, events } = tools
  events.container(pod, container, 'Normal', 'Killing', options.message ?? `Stopping container ${container.name}`)
  let grace = options.graceSeconds
  const hook = container.lifecycle?.preStop
  if (hook && grace > 0) {
    const startedAt = process.clock.now()
    await withTimeout(
      runHook(hook, container, containerId, podIp, { process, runtime, stack: tools.stack }, grace * 1000).catch(() => {
        events.container(pod, container, 'Warning', 'FailedPreStopHook', 'PreStopHook failed')
      }),
      grace * 1000,
      tools,
    )
    grace -= Math.floor((process.clock.now() - startedAt) / 1000)
  }
  grace = Math.min(grace, options.onStopping?.() ?? grace)
  await runtime.stopContainer(containerId, Math.max(grace, minimumGraceSeconds))
}

/** The grace period of a container that is killed for a failed probe. */
export function probeGraceSeconds(pod: Pod, container: Container, reason: 'livenessProbe' | 'startupProbe' | 'unknown' | undefined): number {
  const probe = reason === 'livenessProbe' ? container.livenessProbe : reason === 'startupProbe' ? container.startupProbe : undefined
  return probe?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30
}

/** The grace period of a pod on its way out. */
export function podGraceSeconds(pod: Pod): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30
}

/** Ends everything a pod runs: app containers at once, then sidecars in reverse order, then the sandboxes. `shorten` may make
 *  the grace period of what still runs shorter while it is under way. */
export class PodKill {
  readonly #pod: Pod
  readonly #runtime: PodRuntime
  readonly #tools: PodTools
  readonly #message: string | undefined
  #deadline: number
  readonly #stopping = new Set<string>()

  constructor(pod: Pod, runtime: PodRuntime, tools: PodTools, graceSeconds: number, message?: string) {
    this.#pod = pod
    this.#runtime = runtime
    this.#tools = tools
    this.#message = message
    this.#deadline = tools.process.clock.now() + graceSeconds * 1000
  }

  /** Rejects with the runtime's error when a container or sandbox would not stop. */
  async run(): Promise<void> {
    const spec = this.#pod.spec!
    const sidecars = (spec.initContainers ?? []).filter(isRestartableInit)
    const sidecarNames = new Set(sidecars.map((container) => container.name))
    const others = [...(spec.initContainers ?? []), ...spec.containers, ...((spec.ephemeralContainers ?? []) as Container[])].filter((container) => !sidecarNames.has(container.name))
    await Promise.all(others.map((container) => this.#kill(container)))
    for (const sidecar of sidecars.reverse()) await this.#kill(sidecar)
    // Sandboxes that died by themselves still hold an address until they are stopped.
    for (const sandbox of this.#runtime.sandboxes) await this.#tools.runtime.stopPodSandbox(sandbox.id)
  }

  /** The pod was given less time than before. */
  shorten(graceSeconds: number): void {
    const deadline = this.#tools.process.clock.now() + graceSeconds * 1000
    if (deadline >= this.#deadline) return
    this.#deadline = deadline
    for (const id of this.#stopping) void this.#tools.runtime.stopContainer(id, Math.max(graceSeconds, minimumGraceSeconds)).catch(() => {})
  }

  async #kill(container: Container): Promise<void> {
    const running = newestContainer(this.#runtime, container.name)
    if (!running || (running.state !== 'running' && running.state !== 'unknown')) return
    const left = (): number => Math.max(0, Math.ceil((this.#deadline - this.#tools.process.clock.now()) / 1000))
    const podIp = this.#runtime.sandboxes[0]?.ips[0] ?? ''
    try {
      await killContainer(this.#pod, container, running.id, podIp, this.#tools, {
        graceSeconds: left(),
        ...(this.#message !== undefined ? { message: this.#message } : {}),
        onStopping: () => {
          this.#stopping.add(running.id)
          return left()
        },
      })
    } finally {
      this.#stopping.delete(running.id)
    }
  }
}

function withTimeout(work: Promise<void>, timeoutMs: number, tools: PodTools): Promise<void> {
  return new Promise((resolve) => {
    const timer = tools.process.clock.after(timeoutMs, resolve)
    void work.then(() => {
      timer.cancel()
      resolve()
    })
  })
}

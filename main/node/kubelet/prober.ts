import type { Container, Pod, PodStatus, Probe } from '../../api/generated/types.ts'
import type { KubeletEvents } from './events.ts'
import type { ProbeOutcome } from './pod-actions.ts'
import { runProbe, type ProbeFinding, type ProbeTools } from './probe-run.ts'
import { isRestartableInit, restartsAfter } from './restart-policy.ts'

export const probeTypes = ['startup', 'liveness', 'readiness'] as const
export type ProbeType = (typeof probeTypes)[number]

const title: Readonly<Record<ProbeType, string>> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' }
const errorRetries = 3

export interface ProberOptions extends ProbeTools {
  readonly events: KubeletEvents
  readonly statusOf: (uid: string) => PodStatus | undefined
  /** The pod as it is now; undefined when it is gone. */
  readonly podOf: (uid: string) => Pod | undefined
  /** A result changed: the pod's status, or what has to be done about it, may differ. */
  readonly onResult: (uid: string) => void
  readonly startedAt: number
}

/** Runs the probes of containers and remembers what they found. One worker per container and probe, as upstream's prober. */
export class Prober {
  readonly #options: ProberOptions
  readonly #workers = new Map<string, ProbeWorker>()
  readonly #byPod = new Map<string, Set<ProbeWorker>>()
  readonly #results = { startup: new Map<string, ProbeOutcome>(), liveness: new Map<string, ProbeOutcome>(), readiness: new Map<string, ProbeOutcome>() }

  constructor(options: ProberOptions) {
    this.#options = options
  }

  startup(containerId: string): ProbeOutcome | undefined {
    return this.#results.startup.get(containerId)
  }

  liveness(containerId: string): ProbeOutcome | undefined {
    return this.#results.liveness.get(containerId)
  }

  readiness(containerId: string): ProbeOutcome | undefined {
    return this.#results.readiness.get(containerId)
  }

  /** Starts the workers that the pod does not have yet. */
  addPod(pod: Pod): void {
    const uid = pod.metadata.uid!
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isRestartableInit)]
    for (const container of containers) {
      for (const type of probeTypes) {
        const probe = container[`${type}Probe`]
        const key = `${uid}/${container.name}/${type}`
        if (!probe || this.#workers.has(key)) continue
        const worker = new ProbeWorker(uid, container, type, probe, this.#options, this.#results, () => this.#remove(key, worker))
        this.#workers.set(key, worker)
        let ofPod = this.#byPod.get(uid)
        if (!ofPod) this.#byPod.set(uid, (ofPod = new Set()))
        ofPod.add(worker)
        worker.start()
      }
    }
  }

  /** The readiness probe of a container that has just started runs at once, unless it has run (upstream's manual trigger). */
  triggerUnlessKnown(uid: string, containerName: string): void {
    this.#workers.get(`${uid}/${containerName}/readiness`)?.triggerUnlessKnown()
  }

  /** A pod on its way out is probed for readiness only. */
  stopLivenessAndStartup(uid: string): void {
    for (const worker of this.#byPod.get(uid) ?? []) if (worker.type !== 'readiness') worker.stop()
  }

  removePod(uid: string): void {
    for (const worker of [...(this.#byPod.get(uid) ?? [])]) worker.stop()
  }

  snapshot(): readonly ProbeView[] {
    return [...this.#workers.values()].map((worker) => worker.view())
  }

  counts(): readonly ProbeCounts[] {
    return [...this.#workers.values()].map((worker) => worker.counts())
  }

  #remove(key: string, worker: ProbeWorker): void {
    if (this.#workers.get(key) === worker) this.#workers.delete(key)
    const ofPod = this.#byPod.get(worker.uid)
    ofPod?.delete(worker)
    if (ofPod?.size === 0) this.#byPod.delete(worker.uid)
  }
}

/** How often each outcome was found by one probe of one container, as /metrics/probes tells it. */
export interface ProbeCounts {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  readonly type: ProbeType
  readonly successful: number
  readonly failed: number
  readonly unknown: number
}

export interface ProbeView {
  readonly pod: string
  readonly container: string
  readonly type: ProbeType
  readonly result: ProbeOutcome | 'none'
  readonly lastOutput: string
  /** How many times in a row the last finding was made. */
  readonly run: number
  readonly lastAt: number | undefined
}

type Results = Readonly<Record<ProbeType, Map<string, ProbeOutcome>>>

class ProbeWorker {
  readonly uid: string
  readonly type: ProbeType
  readonly #container: Container
  readonly #probe: Probe
  readonly #options: ProberOptions
  readonly #results: Results
  readonly #onEnd: () => void
  #timer: { cancel(): void } | undefined
  #busy = false
  #again = false
  #stopped = false
  #containerId = ''
  #onHold = false
  #lastFinding: ProbeFinding | undefined
  #lastOutcome: ProbeOutcome | undefined
  #run = 0
  #lastAt: number | undefined
  #successful = 0
  #failed = 0
  #unknown = 0

  constructor(uid: string, container: Container, type: ProbeType, probe: Probe, options: ProberOptions, results: Results, onEnd: () => void) {
    this.uid = uid
    this.#container = container
    this.type = type
    this.#probe = probe
    this.#options = options
    this.#results = results
    this.#onEnd = onEnd
  }

  start(): void {
    const { process, startedAt } = this.#options
    // After a start of the kubelet, probes of many pods would all run at once.
    const sinceStart = process.clock.now() - startedAt
    const restarted = sinceStart < this.#periodMs && this.#options.statusOf(this.uid)?.containerStatuses?.some((status) => status.containerID) === true
    this.#arm(restarted ? process.random.float() * this.#periodMs : 0)
  }

  triggerUnlessKnown(): void {
    const known = [...(this.#options.statusOf(this.uid)?.containerStatuses ?? [])].some((status) => status.containerID === `containerd://${this.#containerId}`)
    if (known && this.#lastAt !== undefined) return
    if (this.#busy) this.#again = true
    else this.#arm(0)
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#timer?.cancel()
    this.#results[this.type].delete(this.#containerId)
    this.#onEnd()
  }

  view(): ProbeView {
    const pod = this.#options.podOf(this.uid)
    return {
      pod: pod ? `${pod.metadata.namespace}/${pod.metadata.name}` : this.uid,
      container: this.#container.name,
      type: this.type,
      result: this.#results[this.type].get(this.#containerId) ?? 'none',
      lastOutput: (this.#lastFinding?.output ?? '').slice(0, 500),
      run: this.#run,
      lastAt: this.#lastAt,
    }
  }

  counts(): ProbeCounts {
    const { namespace = '', name = '' } = this.#options.podOf(this.uid)?.metadata ?? {}
    return { namespace, pod: name, podUid: this.uid, container: this.#container.name, type: this.type, successful: this.#successful, failed: this.#failed, unknown: this.#unknown }
  }

  get #periodMs(): number {
    return (this.#probe.periodSeconds ?? 10) * 1000
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#stopped) return
    this.#timer = this.#options.process.clock.afterUncaused(delayMs, () => void this.#tick())
  }

  async #tick(): Promise<void> {
    if (this.#busy || this.#stopped) return
    this.#busy = true
    const nextAt = this.#options.process.clock.now() + this.#periodMs
    let goOn = true
    try {
      goOn = await this.#probeOnce()
    } finally {
      this.#busy = false
    }
    if (!goOn) return this.stop()
    const again = this.#again
    this.#again = false
    this.#arm(again ? 0 : Math.max(0, nextAt - this.#options.process.clock.now()))
  }

  /** Upstream's doProbe: answers false when the worker has nothing left to do. */
  async #probeOnce(): Promise<boolean> {
    const { process, statusOf, podOf } = this.#options
    const status = statusOf(this.uid)
    const pod = podOf(this.uid)
    if (!pod) return false
    if (!status) return true
    if (status.phase === 'Failed' || status.phase === 'Succeeded') return false
    const own = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find((each) => each.name === this.#container.name)
    if (!own?.containerID) return true
    const id = own.containerID.slice('containerd://'.length)
    if (id !== this.#containerId) {
      this.#results[this.type].delete(this.#containerId)
      this.#containerId = id
      this.#onHold = false
      this.#run = 0
      this.#lastOutcome = undefined
      if (this.type !== 'startup') this.#set(this.type === 'liveness' ? 'success' : 'failure', false)
    }
    if (this.#onHold) return true
    if (!own.state?.running) {
      this.#set('failure', this.type === 'readiness')
      return !own.state?.terminated || restartsAfter(this.#container, pod, own.state.terminated.exitCode)
    }
    if (pod.metadata.deletionTimestamp !== undefined && this.type !== 'readiness') {
      this.#set('success', false)
      return false
    }
    const startedAt = Date.parse(own.state.running.startedAt ?? '')
    if (process.clock.now() - startedAt < (this.#probe.initialDelaySeconds ?? 0) * 1000) return true
    if (own.started) {
      if (this.type === 'startup') return true
    } else if (this.type !== 'startup') return true

    const finding = await this.#runWithRetries({ container: this.#container, containerId: id, podIp: status.podIP ?? '' })
    if (this.#stopped || id !== this.#containerId) return true
    this.#lastFinding = finding
    this.#lastAt = process.clock.now()
    this.#tell(pod, finding)
    // A probe that could not be run says nothing of the container.
    if (finding.outcome === 'errored') return true
    const outcome: ProbeOutcome = finding.outcome === 'warning' ? 'success' : finding.outcome
    if (this.#lastOutcome === outcome) this.#run++
    else {
      this.#lastOutcome = outcome
      this.#run = 1
    }
    process.changed('probes')
    const threshold = outcome === 'failure' ? (this.#probe.failureThreshold ?? 3) : (this.#probe.successThreshold ?? 1)
    if (this.#run < threshold) return true
    this.#set(outcome, true)
    if ((this.type === 'liveness' || this.type === 'startup') && outcome === 'failure') {
      // The container is about to be restarted: no more probing until there is a new one.
      this.#onHold = true
      this.#run = 0
    }
    return true
  }

  async #runWithRetries(target: { container: Container; containerId: string; podIp: string }): Promise<ProbeFinding> {
    let finding: ProbeFinding = { outcome: 'errored', output: '' }
    for (let attempt = 0; attempt < errorRetries; attempt++) {
      finding = await runProbe(this.#probe, target, this.#options)
      if (finding.outcome !== 'errored') break
    }
    return finding
  }

  #tell(pod: Pod, finding: ProbeFinding): void {
    if (finding.outcome === 'failure') this.#failed++
    else if (finding.outcome === 'errored') this.#unknown++
    else this.#successful++
    if (finding.outcome === 'failure') this.#options.events.container(pod, this.#container, 'Warning', 'Unhealthy', `${title[this.type]} probe failed: ${finding.output}`)
    else if (finding.outcome === 'warning') this.#options.events.container(pod, this.#container, 'Warning', 'ProbeWarning', `${title[this.type]} probe warning: ${finding.output}`)
    else if (finding.outcome === 'errored') this.#options.events.container(pod, this.#container, 'Warning', 'Unhealthy', `${title[this.type]} probe errored and resulted in unknown state: ${finding.output}`)
  }

  #set(outcome: ProbeOutcome, tell: boolean): void {
    const results = this.#results[this.type]
    if (results.get(this.#containerId) === outcome) return
    results.set(this.#containerId, outcome)
    if (tell) this.#options.onResult(this.uid)
  }
}

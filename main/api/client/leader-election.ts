import type { Lease } from '../generated/types.ts'
import { leaseKind } from '../kinds/coordination/lease.ts'
import { semanticEqual } from '../machinery/equality.ts'
import { isNotFound } from '../machinery/status-error.ts'
import { formatMicroTime } from '../machinery/time.ts'
import type { ApiClient, EventRecorder } from './contract.ts'
import type { ClientHost } from './reflector.ts'

export interface LeaderElectionOptions {
  /** Of the Lease: `kube-scheduler`. */
  readonly name: string
  /** Default kube-system. */
  readonly namespace?: string
  /** Default: `<host name>_<uuid>`. */
  readonly identity: string
  /** Defaults 15 s, 10 s, 2 s. */
  readonly leaseDurationMs?: number
  readonly renewDeadlineMs?: number
  readonly retryPeriodMs?: number
  readonly events?: EventRecorder
  /** Called when this one has become the leader. */
  readonly onStarted: () => void
  /** Called when the lease was lost, or given up by `stop`. Upstream's components exit then. */
  readonly onStopped: () => void
  /** Called whenever somebody is seen to lead, this one included. */
  readonly onNewLeader?: (identity: string) => void
}

export interface LeaderElection {
  readonly isLeader: boolean
  /** Whom the lease named when last looked at; '' before. */
  readonly leader: string
  readonly lease: Lease | undefined
  /** Steps down in order: gives the lease back, so that another may take it at once. */
  stop(): Promise<void>
}

const acquireJitter = 1.2

/** Takes part in an election over a Lease as client-go's leaderelection: tries every 2 s (stretched at random) until the lease
 *  is free or was not renewed for its duration as seen by this process's own clock; then renews every 2 s, and steps down
 *  when that failed for 10 s. */
export function leaderElection(host: ClientHost, client: ApiClient, options: LeaderElectionOptions): LeaderElection {
  const election = new LeaseElection(host, client, options)
  election.start()
  return election
}

class LeaseElection implements LeaderElection {
  readonly #host: ClientHost
  readonly #client: ApiClient
  readonly #options: LeaderElectionOptions
  readonly #namespace: string
  readonly #durationMs: number
  readonly #deadlineMs: number
  readonly #retryMs: number
  #observed: Lease | undefined
  /** When the observed record was last seen to change, by this process's clock. */
  #observedAt = 0
  #reported = ''
  #leading = false
  #stopped = false

  constructor(host: ClientHost, client: ApiClient, options: LeaderElectionOptions) {
    this.#host = host
    this.#client = client
    this.#options = options
    this.#namespace = options.namespace ?? 'kube-system'
    this.#durationMs = options.leaseDurationMs ?? 15_000
    this.#deadlineMs = options.renewDeadlineMs ?? 10_000
    this.#retryMs = options.retryPeriodMs ?? 2_000
  }

  get isLeader(): boolean {
    return this.#leading
  }

  get leader(): string {
    return this.#observed?.spec?.holderIdentity ?? ''
  }

  get lease(): Lease | undefined {
    return this.#observed
  }

  start(): void {
    this.#host.journal.info('Attempting to acquire leader lease...', { lock: this.#lockName() })
    void this.#acquire()
  }

  async stop(): Promise<void> {
    const led = this.#leading
    this.#stopped = true
    this.#leading = false
    if (!led) return
    await this.#release()
    this.#options.onStopped()
  }

  async #acquire(): Promise<void> {
    while (!this.#over()) {
      const acquired = await this.#tryAcquireOrRenew()
      if (this.#over()) return
      if (acquired) {
        this.#leading = true
        this.#host.journal.info('Successfully acquired lease', { lock: this.#lockName() })
        this.#record('became leader')
        this.#options.onStarted()
        return this.#renew()
      }
      await this.#host.clock.sleep(this.#host.random.jitter(this.#retryMs, acquireJitter))
    }
  }

  async #renew(): Promise<void> {
    let renewedAt = this.#host.clock.now()
    for (;;) {
      await this.#sleepUncaused(this.#retryMs)
      if (this.#over()) return
      const renewed = await this.#renewedBefore(renewedAt + this.#deadlineMs)
      if (this.#over()) return
      const now = this.#host.clock.now()
      if (renewed) renewedAt = now
      else if (now - renewedAt >= this.#deadlineMs) return this.#lose()
    }
  }

  /** One attempt, given up when `deadline` passes. */
  #renewedBefore(deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#host.clock.after(deadline - this.#host.clock.now(), () => resolve(false))
      void this.#tryAcquireOrRenew().then((renewed) => {
        timer.cancel()
        resolve(renewed)
      })
    })
  }

  #lose(): void {
    this.#leading = false
    this.#stopped = true
    this.#record('stopped leading')
    this.#host.journal.info('Failed to renew lease', { lock: this.#lockName(), err: 'timed out waiting for the condition' })
    this.#options.onStopped()
  }

  async #tryAcquireOrRenew(): Promise<boolean> {
    try {
      return await this.#attempt()
    } catch (error) {
      if (!this.#over()) this.#host.journal.error('Error retrieving or updating lease lock', { lock: this.#lockName(), err: error })
      return false
    }
  }

  async #attempt(): Promise<boolean> {
    // The leader knows the lease as it wrote it and renews without reading; a conflict makes it read.
    if (this.#leading && this.#observed && this.#isValid()) {
      try {
        this.#observe(await this.#client.update(leaseKind, this.#next(this.#observed), { traffic: 'heartbeat' }))
        return true
      } catch {
        // Falls through to the careful way.
      }
    }
    let found: Lease
    try {
      found = await this.#client.get(leaseKind, this.#options.name, this.#namespace)
    } catch (error) {
      if (!isNotFound(error)) throw error
      this.#observe(await this.#client.create(leaseKind, this.#next(undefined), { traffic: 'heartbeat' }))
      return true
    }
    if (!semanticEqual(found.spec, this.#observed?.spec)) this.#observe(found)
    else this.#observed = found
    const holder = found.spec?.holderIdentity ?? ''
    if (holder !== '' && holder !== this.#options.identity && this.#isValid()) return false
    this.#observe(await this.#client.update(leaseKind, this.#next(found), { traffic: 'heartbeat' }))
    return true
  }

  /** Whether the observed holder still has the lease. */
  #isValid(): boolean {
    return this.#observedAt + (this.#observed?.spec?.leaseDurationSeconds ?? 0) * 1000 > this.#host.clock.now()
  }

  #next(old: Lease | undefined): Lease {
    const now = formatMicroTime(this.#host.clock.now())
    const mine = old?.spec?.holderIdentity === this.#options.identity
    const spec: NonNullable<Lease['spec']> = {
      ...old?.spec,
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: this.#durationMs / 1000,
      acquireTime: mine ? (old?.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (old?.spec?.leaseTransitions ?? 0) + (old === undefined || mine ? 0 : 1),
    }
    if (old) return { ...old, spec }
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: this.#options.name, namespace: this.#namespace }, spec }
  }

  async #release(): Promise<void> {
    if (!this.#observed || this.leader !== this.#options.identity) return
    const now = formatMicroTime(this.#host.clock.now())
    const spec = { ...this.#observed.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now }
    try {
      this.#observed = await this.#client.update(leaseKind, { ...this.#observed, spec }, { traffic: 'heartbeat' })
    } catch (error) {
      this.#host.journal.error('Failed to release lease', { lock: this.#lockName(), err: error })
    }
  }

  #observe(lease: Lease): void {
    this.#observed = lease
    this.#observedAt = this.#host.clock.now()
    const leader = this.leader
    if (leader === this.#reported) return
    this.#reported = leader
    this.#options.onNewLeader?.(leader)
  }

  #record(what: string): void {
    if (this.#observed) this.#options.events?.event(this.#observed, 'Normal', 'LeaderElection', `${this.#options.identity} ${what}`)
  }

  #sleepUncaused(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#host.clock.afterUncaused(delayMs, resolve))
  }

  #lockName(): string {
    return `${this.#namespace}/${this.#options.name}`
  }

  #over(): boolean {
    return this.#stopped || this.#host.scope.closed
  }
}

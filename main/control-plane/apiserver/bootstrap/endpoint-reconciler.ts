import type { Process } from '../../../kernel/machine.ts'
import { statusOf } from '../../../api/machinery/status-error.ts'
import { reconcileKubernetesEndpoints } from './kubernetes-service.ts'
import type { MasterLeases } from './master-leases.ts'
import type { OwnObjects } from './own-objects.ts'

/** Upstream's DefaultEndpointReconcilerInterval. */
const periodMs = 10_000
/** How long a server that stops waits until it is off the list. */
const farewellMs = 2_000

/** Keeps the kubernetes Service's endpoints to the servers that live, as upstream's lease endpoint reconciler: every server renews its
 *  own lease and writes down all that it finds, so that a dead one goes with its lease. */
export class EndpointReconciler {
  readonly #process: Process
  readonly #own: OwnObjects
  readonly #leases: MasterLeases
  readonly #address: string
  readonly #port: number
  #stopped = false

  constructor(process: Process, own: OwnObjects, leases: MasterLeases, address: string, port: number) {
    this.#process = process
    this.#own = own
    this.#leases = leases
    this.#address = address
    this.#port = port
  }

  /** Takes its place on the list of the living. */
  renew(): Promise<void> {
    return this.#leases.renew(this.#address)
  }

  /** Writes down who lives. */
  async reconcile(): Promise<void> {
    const addresses = await this.#leases.list()
    if (addresses.length === 0) throw new Error('no API server IP addresses were listed in storage, refusing to erase all endpoints for the kubernetes Service')
    await reconcileKubernetesEndpoints(this.#own, addresses, this.#port)
  }

  /** From now on, does both every ten seconds. */
  start(): void {
    this.#process.clock.afterUncaused(periodMs, () => void this.#round())
  }

  /** Takes this server off the list, so that nobody is sent to it any more. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    const farewell = this.#leases.remove(this.#address).then(() => this.reconcile())
    await Promise.race([farewell, this.#process.clock.sleep(farewellMs)]).catch((error: unknown) => this.#process.journal.error('Error removing master endpoints', { err: statusOf(error).message }))
  }

  async #round(): Promise<void> {
    if (this.#stopped) return
    try {
      await this.renew()
      await this.reconcile()
    } catch (error) {
      if (!this.#process.scope.closed) this.#process.journal.error('Unable to sync kubernetes service', { err: statusOf(error).message })
    }
    if (!this.#stopped) this.start()
  }
}

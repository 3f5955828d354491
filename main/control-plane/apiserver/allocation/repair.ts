import type { Service } from '../../../api/generated/types.ts'
import { statusOf } from '../../../api/machinery/status-error.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import type { AddressClaim } from './address-claims.ts'
import { portsOf, type ServiceAllocator } from './service-allocator.ts'

/** Upstream's interval. */
const periodMs = 180_000

/** Brings claims and Services together again, as upstream's repair loops: a Service whose address or ports nobody claimed (from a lab of an earlier
 *  version, or restored) gets its claims; a claim without a Service is given back when two rounds have found it so. */
export class AllocationRepair {
  readonly #process: Process
  readonly #allocator: ServiceAllocator
  readonly #services: WatchCache
  #suspectAddresses = new Map<string, number>()
  #suspectPorts = new Set<number>()

  constructor(process: Process, allocator: ServiceAllocator, services: WatchCache) {
    this.#process = process
    this.#allocator = allocator
    this.#services = services
  }

  /** Claims what Services have: before the server answers anybody. */
  async begin(): Promise<void> {
    if (this.#services.size > 0) await this.run()
  }

  /** From now on, repairs every three minutes. */
  start(): void {
    this.#process.clock.afterUncaused(periodMs, () => {
      this.run()
        .catch((error: unknown) => {
          if (!this.#process.scope.closed) this.#process.journal.error('Unable to repair the allocations of Services', { err: statusOf(error).message })
        })
        .finally(() => this.start())
    })
  }

  async run(): Promise<void> {
    await this.#repairAddresses()
    await this.#repairPorts()
    this.#allocator.readAnew()
  }

  async #repairAddresses(): Promise<void> {
    const { addresses } = this.#allocator
    const claims = await addresses.list()
    // Looked at after the claims: a Service that was written meanwhile is seen with its claim missing, and claims it again in vain.
    const held = new Map<string, Service>()
    this.#services.scan(undefined, (object) => {
      const service = object as Service
      const address = service.spec?.clusterIP
      if (address && address !== 'None') held.set(address, service)
      return true
    })
    const claimed = new Set(claims.map(({ address }) => address))
    for (const [address, { metadata }] of held) {
      if (!claimed.has(address)) await addresses.claim(address, { namespace: metadata.namespace!, name: metadata.name! })
    }
    const orphans = claims.filter((claim) => !isHeldBy(claim, held.get(claim.address)))
    for (const orphan of orphans) if (this.#suspectAddresses.get(orphan.address) === orphan.revision) await addresses.remove(orphan)
    this.#suspectAddresses = new Map(orphans.map(({ address, revision }) => [address, revision]))
  }

  async #repairPorts(): Promise<void> {
    const { ports } = this.#allocator
    const orphans = await ports.transact((range) => {
      const held = new Set<number>()
      this.#services.scan(undefined, (object) => {
        for (const port of portsOf(object as Service)) {
          held.add(port)
          if (port >= ports.first && port <= ports.last) range.take(port - ports.first)
        }
        return true
      })
      const without = range.offsets().map((offset) => offset + ports.first).filter((port) => !held.has(port))
      for (const port of without) if (this.#suspectPorts.has(port)) range.release(port - ports.first)
      return without
    })
    this.#suspectPorts = new Set(orphans)
  }
}

function isHeldBy({ holder }: AddressClaim, service: Service | undefined): boolean {
  return service !== undefined && service.metadata.namespace === holder.namespace && service.metadata.name === holder.name
}

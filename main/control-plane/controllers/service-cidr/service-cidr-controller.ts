import type { Informer } from '../../../api/client/contract.ts'
import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { IPAddress, ServiceCIDR } from '../../../api/generated/types.ts'
import { ipAddressKind } from '../../../api/kinds/networking/ip-address.ts'
import { parseCidr, parseIp, type IpAddress, type IpRange } from '../../../api/kinds/networking/ip-ranges.ts'
import { serviceCIDRKind } from '../../../api/kinds/networking/service-cidr.ts'
import { conditionOf, withCondition } from '../../../api/machinery/conditions.ts'
import { hasFinalizer, withFinalizer, withoutFinalizer } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime, timeOr0 } from '../../../api/machinery/time.ts'

const finalizer = 'networking.k8s.io/service-cidr-finalizer'
/** API servers may still give addresses out until they have heard. */
const gracePeriodMs = 10_000

/** Says which ranges of service addresses may be used, and keeps a deleted one until none of its addresses is in use. Follows
 *  pkg/controller/servicecidrs. */
export const serviceCidrController = defineController({
  name: 'service-cidr-controller',
  noun: 'servicecidr',
  workers: 5,
  setUp: (context, queue) => {
    const controller = new ServiceCidrController(context, queue)
    return (key) => controller.sync(key)
  },
})

class ServiceCidrController {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #ranges: Informer<ServiceCIDR>
  readonly #addresses: Informer<IPAddress>

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context
    this.#queue = queue
    this.#ranges = context.informers.of(serviceCIDRKind)
    this.#addresses = context.informers.of(ipAddressKind)
    const changed = (range: ServiceCIDR): void => {
      queue.add(range.metadata.name)
      // Another range may take over a deleted one's addresses, or no longer.
      this.#addDeleted()
    }
    this.#ranges.onChange({ added: changed, updated: changed, deleted: changed })
    this.#addresses.onChange({ deleted: () => this.#addDeleted() })
  }

  async sync(name: string): Promise<Outcome> {
    const { client, process } = this.#context
    const range = this.#ranges.get(undefined, name)
    if (!range) return undefined
    const { deletionTimestamp } = range.metadata
    if (!deletionTimestamp) {
      const kept = hasFinalizer(range, finalizer) ? range : await client.update(serviceCIDRKind, withFinalizer(range, finalizer))
      if (conditionOf(kept.status?.conditions, 'Ready')?.status !== 'True') await this.#say(kept, 'True', '', 'Kubernetes Service CIDR is ready')
      return undefined
    }
    if (!hasFinalizer(range, finalizer)) return undefined
    if (this.#isNeeded(range)) {
      await this.#say(range, 'False', 'Terminating', 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR')
      return undefined
    }
    const leftMs = timeOr0(deletionTimestamp) + gracePeriodMs - process.clock.now()
    if (leftMs > 0) return { againAfterMs: leftMs }
    await client.update(serviceCIDRKind, withoutFinalizer(range, finalizer)).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
    return undefined
  }

  /** Whether an address in use belongs to no other range that stays. */
  #isNeeded(range: ServiceCIDR): boolean {
    const own = rangesOf(range)
    const others = this.#ranges.list().filter((other) => other.metadata.name !== range.metadata.name && !other.metadata.deletionTimestamp).flatMap(rangesOf)
    return this.#addresses.list().some(({ metadata }) => {
      const address = parseIp(metadata.name)
      return address !== undefined && own.some((each) => contains(each, address)) && !others.some((each) => contains(each, address))
    })
  }

  async #say(range: ServiceCIDR, status: string, reason: string, message: string): Promise<void> {
    const time = formatTime(this.#context.process.clock.now())
    const old = range.status?.conditions
    const conditions = withCondition(old, { type: 'Ready', status, reason, message, lastTransitionTime: time }, time)
    if (conditions !== old) await this.#context.client.update(serviceCIDRKind, { ...range, status: { ...range.status, conditions } }, { subresource: 'status' })
  }

  #addDeleted(): void {
    for (const { metadata } of this.#ranges.list()) if (metadata.deletionTimestamp) this.#queue.add(metadata.name)
  }
}

function rangesOf({ spec }: ServiceCIDR): IpRange[] {
  return (spec?.cidrs ?? []).flatMap((text) => parseCidr(text) ?? [])
}

function contains(range: IpRange, address: IpAddress): boolean {
  const rest = BigInt(range.bits - range.prefixLength)
  return range.bits === address.bits && range.value >> rest === address.value >> rest
}

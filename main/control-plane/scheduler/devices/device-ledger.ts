import type { AllocationResult, ResourceClaim } from '../../../api/generated/types.ts'
import type { DeviceSources } from './device-sources.ts'

/** What identifies a device in the cluster. */
export function deviceId(driver: string, pool: string, device: string): string {
  return `${driver}/${pool}/${device}`
}

/** Which devices are taken: by allocations that the API server knows, and by those that this scheduler has decided on. Kept up by the
 *  changes of claims, so that asking costs nothing. */
export class DeviceLedger {
  /** By claim uid. */
  readonly #stored = new Map<string, readonly string[]>()
  readonly #pending = new Map<string, { readonly allocation: AllocationResult; readonly devices: readonly string[] }>()
  readonly #counts = new Map<string, number>()

  constructor(claims: DeviceSources['claims']) {
    const store = (claim: ResourceClaim): void => {
      const uid = claim.metadata.uid ?? ''
      this.#set(this.#stored, uid, devicesOf(claim.status?.allocation))
      // The truth has caught up.
      if (claim.status?.allocation) this.forget(uid)
    }
    claims.onChange({ added: store, updated: store, deleted: ({ metadata }) => this.#set(this.#stored, metadata.uid ?? '', []) })
  }

  isTaken(id: string): boolean {
    return (this.#counts.get(id) ?? 0) > 0
  }

  /** What was decided for a claim and is not written yet. */
  pending(uid: string): AllocationResult | undefined {
    return this.#pending.get(uid)?.allocation
  }

  assume(uid: string, allocation: AllocationResult): void {
    this.forget(uid)
    const devices = devicesOf(allocation)
    this.#pending.set(uid, { allocation, devices })
    for (const id of devices) this.#count(id, 1)
  }

  forget(uid: string): void {
    const known = this.#pending.get(uid)
    if (!known) return
    this.#pending.delete(uid)
    for (const id of known.devices) this.#count(id, -1)
  }

  #set(map: Map<string, readonly string[]>, uid: string, devices: readonly string[]): void {
    for (const id of map.get(uid) ?? []) this.#count(id, -1)
    for (const id of devices) this.#count(id, 1)
    if (devices.length > 0) map.set(uid, devices)
    else map.delete(uid)
  }

  #count(id: string, change: 1 | -1): void {
    const count = (this.#counts.get(id) ?? 0) + change
    if (count > 0) this.#counts.set(id, count)
    else this.#counts.delete(id)
  }
}

/** Devices that somebody has to himself: access for administrators takes nothing. */
function devicesOf(allocation: AllocationResult | undefined): readonly string[] {
  return (allocation?.devices?.results ?? []).filter(({ adminAccess }) => !adminAccess).map(({ driver, pool, device }) => deviceId(driver, pool, device))
}

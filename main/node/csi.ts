import type { Machine } from '../kernel/machine.ts'

/** A CSI driver on one node, as its node-driver-registrar announces it to the kubelet: the contract between drivers and kubelet. */
export interface CsiNodeDriver {
  /** `hostpath.csi.k8s.io`. */
  readonly name: string
  /** What the driver calls this node. */
  readonly nodeId: string
  /** Whether volumes are attached to nodes before they can be mounted there (CSIDriver.spec.attachRequired). */
  readonly attachRequired: boolean
  /** Most volumes that this node can have; absent: no limit. */
  readonly volumesMax?: number
  readonly topologyKeys?: readonly string[]
  /** NodeStageVolume and NodePublishVolume: makes a volume ready and names the storage behind it, which every node sees alike. Rejects with the
   *  driver's own text. */
  publish(volume: { readonly handle: string; readonly attributes: Readonly<Record<string, string>>; readonly readOnly: boolean }): Promise<{ readonly storage: string }>
}

/** The drivers of one machine. */
export class CsiDriverRegistry {
  readonly #drivers = new Map<string, CsiNodeDriver>()
  readonly #listeners = new Set<() => void>()

  /** Announces a driver; returns what takes it back. */
  register(driver: CsiNodeDriver): () => void {
    this.#drivers.set(driver.name, driver)
    this.#tell()
    return () => {
      if (this.#drivers.get(driver.name) !== driver) return
      this.#drivers.delete(driver.name)
      this.#tell()
    }
  }

  get(name: string): CsiNodeDriver | undefined {
    return this.#drivers.get(name)
  }

  list(): readonly CsiNodeDriver[] {
    return [...this.#drivers.values()]
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

const registries = new WeakMap<Machine, CsiDriverRegistry>()

/** The drivers that are registered on a machine. */
export function csiDrivers(machine: Machine): CsiDriverRegistry {
  let registry = registries.get(machine)
  if (!registry) registries.set(machine, (registry = new CsiDriverRegistry()))
  return registry
}

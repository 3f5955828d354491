import type { Host } from './host.ts'

/** Figures of a machine that several commands show, so that they agree. */

/** Virtual time at which the machine came up. */
export function bootTime(host: Host): number {
  const { machine } = host.facts
  return Math.min(machine.kernel.now(), ...machine.processes().map(({ startedAt }) => startedAt))
}

export interface MachineMemory {
  readonly total: number
  readonly used: number
  /** Buffers and page cache. */
  readonly cached: number
}

/** Bytes. Used is what its processes hold. */
export function memoryOf(host: Host): MachineMemory {
  const total = host.facts.memoryBytes
  const used = Math.min(total * 0.99, host.processes.memoryBytes + 110 * 1_048_576)
  return { total, used, cached: Math.min(total - used, diskUsed(host) * 0.25) }
}

/** Bytes of the root disk in use: the system, and images with their layers. */
export function diskUsed(host: Host): number {
  const images = host.state.images.list().reduce((sum, image) => sum + image.sizeBytes, 0)
  return Math.min(host.facts.storageBytes, 2.1 * 1024 ** 3 + images * 2.2)
}

/** Processor use of containers and services now, in cores, as the three averages. */
export function loadAverage(host: Host): string {
  const { machine } = host.facts
  const now = machine.kernel.now()
  let cores = 0.06
  for (const container of host.state.containers.values()) {
    if (container.processes) cores += container.processes.cpuMs / Math.max(1_000, now - container.startedAt)
  }
  return [cores, cores * 0.92, cores * 0.8].map((value) => value.toFixed(2)).join(' ')
}

import type { MachineFootprint } from '../cri.ts'
import { processesMax, systemDiskBytes, systemMemoryBytes, systemProcesses } from '../machine-usage.ts'

export type EvictionSignal = 'memory.available' | 'nodefs.available' | 'imagefs.available' | 'pid.available'
export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure'

/** Below what a signal may not fall: bytes (or processes), or a share of the capacity. */
export interface EvictionThreshold {
  readonly signal: EvictionSignal
  readonly value: { readonly amount: number } | { readonly share: number }
  /** Soft thresholds have to be crossed for so long; 0: hard. */
  readonly graceMs: number
  /** How much more than the threshold has to become free. */
  readonly minReclaim?: { readonly amount: number } | { readonly share: number }
}

const mebibyte = 1_048_576

/** What a kubelet does when nobody configures it (Linux). Not modelled: inodes. */
export const defaultThresholds: readonly EvictionThreshold[] = [
  { signal: 'memory.available', value: { amount: 100 * mebibyte }, graceMs: 0 },
  { signal: 'nodefs.available', value: { share: 0.1 }, graceMs: 0 },
  { signal: 'imagefs.available', value: { share: 0.15 }, graceMs: 0 },
]

export const conditionOfSignal: Readonly<Record<EvictionSignal, PressureCondition>> = {
  'memory.available': 'MemoryPressure',
  'nodefs.available': 'DiskPressure',
  'imagefs.available': 'DiskPressure',
  'pid.available': 'PIDPressure',
}

/** What a signal's resource is called in messages. */
export const resourceOfSignal: Readonly<Record<EvictionSignal, string>> = {
  'memory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'imagefs.available': 'ephemeral-storage',
  'pid.available': 'pids',
}

export interface Observation {
  readonly available: number
  readonly capacity: number
}

export type Observations = Readonly<Record<EvictionSignal, Observation>>

/** What is left of a machine. Images and what containers write share one file system. */
export function observe(footprint: MachineFootprint, capacity: { readonly memoryBytes: number; readonly ephemeralStorageBytes: number }): Observations {
  let memory = systemMemoryBytes
  let disk = systemDiskBytes + footprint.imageBytes
  let processes = systemProcesses
  for (const container of footprint.containers) {
    memory += container.memoryBytes
    disk += container.writtenBytes + container.logBytes
    processes += container.processes
  }
  for (const volumes of footprint.volumes.values()) for (const bytes of volumes.values()) disk += bytes
  const storage = { available: Math.max(0, capacity.ephemeralStorageBytes - disk), capacity: capacity.ephemeralStorageBytes }
  return {
    'memory.available': { available: Math.max(0, capacity.memoryBytes - memory), capacity: capacity.memoryBytes },
    'nodefs.available': storage,
    'imagefs.available': storage,
    'pid.available': { available: Math.max(0, processesMax - processes), capacity: processesMax },
  }
}

/** The amount that a threshold means on a machine of that capacity. */
export function thresholdAmount(value: EvictionThreshold['value'], capacity: number): number {
  return 'amount' in value ? value.amount : Math.trunc(capacity * value.share)
}

/** Whether a threshold is crossed; with `reclaimed`, whether less than its minimum reclaim beyond it is free. */
export function isMet(threshold: EvictionThreshold, observations: Observations, reclaimed = false): boolean {
  const { available, capacity } = observations[threshold.signal]
  const more = reclaimed && threshold.minReclaim ? thresholdAmount(threshold.minReclaim, capacity) : 0
  return available < thresholdAmount(threshold.value, capacity) + more
}

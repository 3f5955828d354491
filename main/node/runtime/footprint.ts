import type { ContainerFootprint, MachineFootprint } from '../cri.ts'
import { heldBytes } from './files/held-bytes.ts'
import type { RuntimeState } from './state.ts'

/** Adds up what the containers of a machine use of it now. */
export function footprintOf(state: RuntimeState): MachineFootprint {
  const containers: ContainerFootprint[] = []
  for (const container of state.containers.values()) {
    if (container.state !== 'running' || !container.processes) continue
    containers.push({
      id: container.id,
      podUid: state.sandboxes.get(container.sandboxId)?.config.uid ?? '',
      name: container.config.name,
      memoryBytes: container.processes.memoryBytes,
      processes: container.processes.count,
      writtenBytes: container.processes.writtenBytes,
      logBytes: container.log.sizeBytes,
    })
  }
  const volumes = new Map<string, ReadonlyMap<string, number>>()
  for (const [uid, ofPod] of state.volumes()) volumes.set(uid, new Map([...ofPod].map(([name, directory]) => [name, heldBytes(directory)])))
  return { containers, imageBytes: state.images.usedBytes, volumes }
}

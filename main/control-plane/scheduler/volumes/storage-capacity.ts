import type { CSIStorageCapacity, Node, PersistentVolumeClaim, StorageClass } from '../../../api/generated/types.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import { compareQuantities, mustParseQuantity } from '../../../api/machinery/quantity.ts'
import { requestedSize } from './volume-matching.ts'
import { storageClassIndex, type VolumeSources } from './volume-sources.ts'

const nothing = mustParseQuantity('0')

/** Whether the claim's volume can be made for the node, by what the driver has published of its capacity. Drivers that publish nothing
 *  are believed to have enough. */
export function hasEnoughCapacity({ csiDrivers, capacities }: Pick<VolumeSources, 'csiDrivers' | 'capacities'>, claim: PersistentVolumeClaim, storageClass: StorageClass, node: Node): boolean {
  const size = requestedSize(claim)
  if (compareQuantities(size, nothing) <= 0) return true
  if (!csiDrivers?.get(undefined, storageClass.provisioner)?.spec?.storageCapacity) return true
  return (capacities?.byIndex(storageClassIndex, storageClass.metadata.name) ?? []).some((capacity) => holds(capacity, size) && reaches(capacity, node))
}

function holds({ capacity, maximumVolumeSize }: CSIStorageCapacity, size: ReturnType<typeof requestedSize>): boolean {
  const limit = maximumVolumeSize ?? capacity
  return limit !== undefined && compareQuantities(mustParseQuantity(limit), size) >= 0
}

/** Without a topology the segment is on no node. */
function reaches({ nodeTopology }: CSIStorageCapacity, { metadata }: Node): boolean {
  return nodeTopology !== undefined && matchesSelector(cachedSelectorOf(nodeTopology), metadata.labels)
}

import type { Informer, Informers } from '../../../api/client/contract.ts'
import type { DeviceClass, Node, ResourceClaim, ResourceSlice } from '../../../api/generated/types.ts'
import { deviceClassKind } from '../../../api/kinds/resource/device-class.ts'
import { resourceClaimKind } from '../../../api/kinds/resource/resource-claim.ts'
import { resourceSliceKind } from '../../../api/kinds/resource/resource-slice.ts'
import { nodeMatches } from '../plugins/node-selection.ts'

/** What dynamic resource allocation knows of claims and devices. */
export interface DeviceSources {
  readonly claims: Pick<Informer<ResourceClaim>, 'get' | 'onChange'>
  readonly classes: Pick<Informer<DeviceClass>, 'get'>
  /** Indexed by `sliceNodeIndex`. */
  readonly slices: Pick<Informer<ResourceSlice>, 'byIndex'>
}

export interface DeviceInformers extends DeviceSources {
  readonly claims: Informer<ResourceClaim>
  readonly classes: Informer<DeviceClass>
  readonly slices: Informer<ResourceSlice>
}

/** Slices by the node that they are for; `anyNode` for all others. */
export const sliceNodeIndex = 'node'
const anyNode = ''

/** The informers, not yet started. */
export function deviceInformers(informers: Informers): DeviceInformers {
  const slices = informers.of(resourceSliceKind)
  slices.addIndex(sliceNodeIndex, ({ spec }) => [spec.nodeName ?? anyNode])
  return { claims: informers.of(resourceClaimKind), classes: informers.of(deviceClassKind), slices }
}

/** The slices that may have devices for a node: its own first. */
export function slicesFor({ slices }: Pick<DeviceSources, 'slices'>, node: Node): readonly ResourceSlice[] {
  const shared = slices.byIndex(sliceNodeIndex, anyNode).filter(({ spec }) => spec.allNodes || spec.perDeviceNodeSelection || (spec.nodeSelector !== undefined && nodeMatches(spec.nodeSelector, node)))
  return [...slices.byIndex(sliceNodeIndex, node.metadata.name), ...shared]
}

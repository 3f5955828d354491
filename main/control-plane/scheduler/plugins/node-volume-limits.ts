import type { CSINode, Pod } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { isControlledBy, keyOf } from '../../../api/machinery/object.ts'
import type { QueueingHint } from '../framework/cluster-event.ts'
import type { NodeInfo } from '../framework/node-info.ts'
import type { Plugin } from '../framework/plugin.ts'
import { failed, skip, unschedulable } from '../framework/status.ts'
import { claimsOfPod } from '../volumes/pod-claims.ts'
import { attachmentNodeIndex, type VolumeSources } from '../volumes/volume-sources.ts'

/** Keeps the number of volumes of a CSI driver that are attached to a node below what the node's CSINode says it takes. A volume that
 *  several pods use counts once. Follows upstream's plugin; not modelled: in-tree volumes moved to CSI drivers. */
export function nodeVolumeLimits({ claims, volumes, classes, csiNodes, attachments }: VolumeSources): Plugin {
  /** Adds the pod's volumes to `found`: what identifies each, with its driver. Throws for a new pod's claim that is not there. */
  const volumesOf = (pod: Pod, isNew: boolean, found: Map<string, string>): void => {
    for (const { name, ephemeral } of claimsOfPod(pod)) {
      const claim = claims.get(pod.metadata.namespace, name)
      if (!claim) {
        if (isNew) throw new Error(`looking up PVC ${pod.metadata.namespace ?? ''}/${name}: persistentvolumeclaim ${quote(name)} not found`)
        continue
      }
      if (ephemeral && !isControlledBy(claim, pod)) {
        if (isNew) throw new Error(`PVC ${keyOf(claim)} was not created for pod ${keyOf(pod)} (pod is not owner)`)
        continue
      }
      const volumeName = claim.spec?.volumeName
      const volume = volumeName ? volumes.get(undefined, volumeName) : undefined
      if (volume) {
        const csi = volume.spec?.csi
        if (csi) found.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver)
        continue
      }
      // Not there yet: it will be one of its class' driver.
      const driver = classes.get(undefined, storageClassOf(claim))?.provisioner
      if (driver) found.set(`${driver}/claim ${keyOf(claim)}`, driver)
    }
  }

  const attachedTo = (node: NodeInfo): Map<string, string> => {
    const attached = new Map<string, string>()
    for (const { pod } of node.pods.values()) volumesOf(pod, false, attached)
    for (const { spec } of attachments?.byIndex(attachmentNodeIndex, node.name) ?? []) {
      const csi = spec.source.persistentVolumeName ? volumes.get(undefined, spec.source.persistentVolumeName)?.spec?.csi : spec.source.inlineVolumeSpec?.csi
      if (csi) attached.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver)
    }
    return attached
  }

  return {
    name: 'NodeVolumeLimits',
    interests: [
      { events: ['CSINodeAdd'] },
      { events: ['CSINodeUpdate'], hint: (_, { old, next }) => (takesMore(old as CSINode, next as CSINode) ? 'queue' : 'skip') },
      { events: ['AssignedPodDelete'], hint: (_, { old }) => (claimsOfPod(old as Pod).length > 0 ? 'queue' : 'skip') },
      { events: ['PersistentVolumeClaimAdd'], hint: claimMayHelp },
      { events: ['PersistentVolumeAdd', 'VolumeAttachmentDelete'] },
    ],
    preFilter: (_, { pod }) => (claimsOfPod(pod).length === 0 ? { status: skip } : undefined),
    filter(_, { pod }, node) {
      const limits = limitsOf(csiNodes?.get(undefined, node.name))
      const wanted = new Map<string, string>()
      try {
        volumesOf(pod, true, wanted)
      } catch (error) {
        return failed(error)
      }
      if (wanted.size === 0 || limits.size === 0) return undefined
      const attached = attachedTo(node)
      for (const [driver, limit] of limits) {
        let more = 0
        for (const [id, of] of wanted) if (of === driver && !attached.has(id)) more++
        if (more === 0) continue
        let present = 0
        for (const of of attached.values()) if (of === driver) present++
        if (present + more > limit) return unschedulable('node(s) exceed max volume count')
      }
      return undefined
    },
  }
}

function limitsOf(node: CSINode | undefined): ReadonlyMap<string, number> {
  return new Map((node?.spec.drivers ?? []).flatMap(({ name, allocatable }) => (allocatable?.count === undefined ? [] : [[name, allocatable.count] as const])))
}

function takesMore(old: CSINode, next: CSINode): boolean {
  const before = limitsOf(old)
  const after = limitsOf(next)
  return [...before].some(([driver, limit]) => (after.get(driver) ?? Infinity) > limit)
}

const claimMayHelp: QueueingHint = ({ pod, namespace }, { next }) =>
  next!.metadata.namespace === namespace && claimsOfPod(pod).some(({ name }) => name === next!.metadata.name) ? 'queue' : 'skip'

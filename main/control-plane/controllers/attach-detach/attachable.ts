import type { Node, PersistentVolume, Pod, VolumeAttachment } from '../../../api/generated/types.ts'
import { hasCondition } from '../../../api/machinery/conditions.ts'
import { csiVolumeName } from '../../../api/machinery/csi-volume-name.ts'
import { isPodTerminal } from '../../../api/machinery/pod.ts'
import { sha256 } from '../../../api/machinery/sha256.ts'

const outOfServiceKey = 'node.kubernetes.io/out-of-service'
const controllerManagedKey = 'volumes.kubernetes.io/controller-managed-attach-detach'

/** The volume's name in node.status; undefined for volumes that are not a CSI driver's. */
export function nameInNode({ spec }: PersistentVolume): string | undefined {
  return spec?.csi && csiVolumeName(spec.csi.driver, spec.csi.volumeHandle)
}

/** The name of the VolumeAttachment of a volume on a node. */
export function attachmentName(handle: string, driver: string, nodeName: string): string {
  return `csi-${sha256(new TextEncoder().encode(handle + driver + nodeName))}`
}

export function attachmentOf({ metadata, spec }: PersistentVolume, nodeName: string): VolumeAttachment {
  const { driver, volumeHandle } = spec!.csi!
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: attachmentName(volumeHandle, driver, nodeName) },
    spec: { attacher: driver, nodeName, source: { persistentVolumeName: metadata.name } },
  } as VolumeAttachment
}

/** Whether several nodes may have the volume at once; without access modes that is left to the driver. */
export function mayBeShared({ spec }: PersistentVolume): boolean {
  const modes = spec?.accessModes ?? []
  return modes.length === 0 || modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany')
}

/** Whether the pod needs its volumes no more: it has ended, or is deleted and none of its containers runs. */
export function isDone(pod: Pod): boolean {
  if (isPodTerminal(pod)) return true
  return pod.metadata.deletionTimestamp !== undefined && (pod.status?.containerStatuses ?? []).every(({ state }) => state?.terminated || state?.waiting)
}

/** Whether the node's kubelet leaves attaching to this controller. */
export function isManaged(node: Node | undefined): boolean {
  return node?.metadata.annotations?.[controllerManagedKey] !== undefined
}

/** Whether a volume that no pod needs may be taken from its node; `undesiredMs`: since when that is so. A node that is gone counts as one that
 *  still has the volume mounted, for nobody has said otherwise. */
export function mayDetach(node: Node | undefined, name: string, undesiredMs: number): boolean {
  const mounted = !node || (node.status?.volumesInUse ?? []).includes(name)
  return !mounted || mayForce(node, undesiredMs)
}

/** Whether it is taken away without asking whether it is mounted. */
export function mayForce(node: Node | undefined, undesiredMs: number): boolean {
  const outOfService = node?.spec?.taints?.some(({ key }) => key === outOfServiceKey) ?? false
  return outOfService || (undesiredMs >= maxWaitForUnmountMs && !hasCondition(node?.status?.conditions, 'Ready'))
}

/** How long an unhealthy node keeps a volume that it says it has mounted. */
export const maxWaitForUnmountMs = 6 * 60_000

/** What the pod is told whose volume another node has; `others`: the pods that use it there. */
export function multiAttachMessage(volumeName: string, pod: Pod, others: readonly Pod[]): string {
  return `Multi-Attach error for volume "${volumeName}" ${whoHasIt(pod, others)}`
}

function whoHasIt(pod: Pod, others: readonly Pod[]): string {
  if (others.length === 0) return "Volume is already exclusively attached to one node and can't be attached to another"
  const here = others.filter(({ metadata }) => metadata.namespace === pod.metadata.namespace).map(({ metadata }) => metadata.name)
  const elsewhere = others.length - here.length
  if (here.length === 0) return `Volume is already used by ${elsewhere} pod(s) in different namespaces`
  return `Volume is already used by pod(s) ${here.join(', ')}${elsewhere > 0 ? ` and ${elsewhere} pod(s) in different namespaces` : ''}`
}

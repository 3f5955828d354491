import type { Informer } from '../../api/client/contract.ts'
import type { CSIDriver, CSINode, CSIStorageCapacity, Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, VolumeAttachment } from '../../api/generated/types.ts'
import type { KubeObject } from '../../api/machinery/object.ts'
import { isPodTerminal } from '../../api/machinery/pod.ts'
import type { SchedulerCache } from './cache/cache.ts'
import type { DeviceInformers } from './devices/device-sources.ts'
import type { ClusterEventName } from './framework/cluster-event.ts'
import type { Framework } from './framework/framework.ts'
import { nodeChanges, podChanges } from './node-changes.ts'
import type { SchedulingQueue } from './queue/scheduling-queue.ts'

export interface EventHandlerOptions {
  readonly pods: Informer<Pod>
  readonly nodes: Informer<Node>
  readonly storage: {
    readonly claims: Informer<PersistentVolumeClaim>
    readonly volumes: Informer<PersistentVolume>
    readonly classes: Informer<StorageClass>
    readonly csiNodes: Informer<CSINode>
    readonly csiDrivers: Informer<CSIDriver>
    readonly capacities: Informer<CSIStorageCapacity>
    readonly attachments: Informer<VolumeAttachment>
  }
  readonly devices: DeviceInformers
  readonly cache: SchedulerCache
  readonly queue: SchedulingQueue
  readonly frameworks: ReadonlyMap<string, Framework>
}

/** Brings what informers tell into the cache (pods with a node, and nodes) and the queue (pods without one), and tells the queue
 *  what may help pods that wait. */
export function handleEvents({ pods, nodes, storage, devices, cache, queue, frameworks }: EventHandlerOptions): void {
  const ours = (pod: Pod): boolean => frameworks.has(pod.spec?.schedulerName ?? 'default-scheduler')
  nodes.onChange({
    added(node) {
      cache.setNode(node)
      queue.moveAll({ name: 'NodeAdd', old: undefined, next: node })
    },
    updated(node, old) {
      cache.setNode(node)
      for (const name of nodeChanges(old, node)) queue.moveAll({ name, old, next: node })
    },
    deleted(node) {
      cache.removeNode(node.metadata.name)
      for (const framework of frameworks.values()) framework.forgetNode(node.metadata.name)
      queue.moveAll({ name: 'NodeDelete', old: node, next: undefined })
    },
  })
  const watch = <T extends KubeObject>(informer: Informer<T>, add: ClusterEventName, update: ClusterEventName): void => {
    informer.onChange({
      added: (object) => queue.moveAll({ name: add, old: undefined, next: object }),
      updated: (object, old) => queue.moveAll({ name: update, old, next: object }),
    })
  }
  watch(storage.claims, 'PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate')
  watch(storage.volumes, 'PersistentVolumeAdd', 'PersistentVolumeUpdate')
  watch(storage.classes, 'StorageClassAdd', 'StorageClassUpdate')
  watch(storage.csiNodes, 'CSINodeAdd', 'CSINodeUpdate')
  watch(storage.csiDrivers, 'CSIDriverAdd', 'CSIDriverUpdate')
  watch(storage.capacities, 'CSIStorageCapacityAdd', 'CSIStorageCapacityUpdate')
  watch(devices.claims, 'ResourceClaimAdd', 'ResourceClaimUpdate')
  devices.claims.onChange({ deleted: (claim) => queue.moveAll({ name: 'ResourceClaimDelete', old: claim, next: undefined }) })
  watch(devices.slices, 'ResourceSliceAdd', 'ResourceSliceUpdate')
  watch(devices.classes, 'DeviceClassAdd', 'DeviceClassUpdate')
  storage.attachments.onChange({ deleted: (attachment) => queue.moveAll({ name: 'VolumeAttachmentDelete', old: attachment, next: undefined }) })
  const addAssigned = (pod: Pod): void => {
    const uid = pod.metadata.uid ?? ''
    // What was assumed is now true: nobody else can use the room, but nothing changed that could help anybody either.
    cache.setPod(pod)
    queue.delete(uid)
    queue.moveAll({ name: 'AssignedPodAdd', old: undefined, next: pod })
  }
  const removeAssigned = (pod: Pod): void => {
    cache.removePod(pod.metadata.uid ?? '')
    queue.moveAll({ name: 'AssignedPodDelete', old: pod, next: undefined })
  }
  const removeWaiting = (pod: Pod): void => {
    const uid = pod.metadata.uid ?? ''
    const nominated = queue.nominator.nodeOf(uid)
    queue.delete(uid)
    // Room that was kept for it is free for others.
    if (nominated !== undefined) queue.moveAll({ name: 'AssignedPodDelete', old: { ...pod, status: { ...pod.status, nominatedNodeName: nominated } } as Pod, next: undefined })
  }
  const place = (pod: Pod | undefined): 'assigned' | 'waiting' | 'none' => (!pod || isPodTerminal(pod) ? 'none' : pod.spec?.nodeName ? 'assigned' : ours(pod) ? 'waiting' : 'none')
  const changed = (pod: Pod, old: Pod): void => {
    // Deleted and made again under the same name, without our hearing of it in between.
    if (old.metadata.uid !== pod.metadata.uid) {
      gone(old)
      added(pod)
      return
    }
    const [before, after] = [place(old), place(pod)]
    if (after === 'assigned') {
      if (before !== 'assigned') return addAssigned(pod)
      cache.setPod(pod)
      for (const name of podChanges(old, pod, true)) queue.moveAll({ name, old, next: pod })
    } else if (after === 'waiting') {
      if (before === 'waiting' && !cache.isAssumed(pod.metadata.uid ?? '')) queue.update(old, pod, podChanges(old, pod, false))
    } else if (before === 'assigned') removeAssigned(old)
    else if (before === 'waiting') removeWaiting(old)
  }
  const added = (pod: Pod): void => {
    const where = place(pod)
    if (where === 'assigned') addAssigned(pod)
    else if (where === 'waiting') queue.add(pod)
  }
  const gone = (pod: Pod): void => {
    // The last we hear of a pod that ended is its terminal state: what it was here decides. One that is only assumed to be on its
    // node is given up by the binding that fails.
    const placed = cache.placed(pod.metadata.uid ?? '')
    if (placed && (!placed.assumed || pod.spec?.nodeName)) removeAssigned(pod)
    else if (ours(pod)) removeWaiting(pod)
  }
  pods.onChange({ added, updated: changed, deleted: gone })
}

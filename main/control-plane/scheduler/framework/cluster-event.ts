import type { KubeObject } from '../../../api/machinery/object.ts'
import type { PodInfo } from './pod-info.ts'

/** What happened in the cluster, in the words that the scheduler uses. `AssignedPod*` are pods with a node, `Pod*` the others. */
export type ClusterEventName =
  | 'NodeAdd'
  | 'NodeDelete'
  | 'NodeAllocatableChange'
  | 'NodeLabelChange'
  | 'NodeTaintChange'
  | 'NodeConditionChange'
  | 'NodeAnnotationChange'
  | 'AssignedPodAdd'
  | 'AssignedPodDelete'
  | 'AssignedPodLabelChange'
  | 'AssignedPodScaleDown'
  | 'PodLabelChange'
  | 'PodScaleDown'
  | 'PodTolerationChange'
  | 'PodSchedulingGatesEliminated'
  | 'PersistentVolumeClaimAdd'
  | 'PersistentVolumeClaimUpdate'
  | 'PersistentVolumeAdd'
  | 'PersistentVolumeUpdate'
  | 'StorageClassAdd'
  | 'StorageClassUpdate'
  | 'CSINodeAdd'
  | 'CSINodeUpdate'
  | 'CSIDriverAdd'
  | 'CSIDriverUpdate'
  | 'CSIStorageCapacityAdd'
  | 'CSIStorageCapacityUpdate'
  | 'VolumeAttachmentDelete'
  | 'ResourceClaimAdd'
  | 'ResourceClaimUpdate'
  | 'ResourceClaimDelete'
  | 'PodClaimsGenerated'
  | 'ResourceSliceAdd'
  | 'ResourceSliceUpdate'
  | 'DeviceClassAdd'
  | 'DeviceClassUpdate'
  | 'UnschedulableTimeout'

export interface ClusterEvent {
  readonly name: ClusterEventName
  readonly old: KubeObject | undefined
  readonly next: KubeObject | undefined
}

/** Whether an event may help a pod that the plugin turned down. Pure. */
export type QueueingHint = (pod: PodInfo, event: ClusterEvent) => 'queue' | 'skip'

/** Which events a plugin wants its rejected pods reconsidered for. */
export interface EventInterest {
  readonly events: readonly ClusterEventName[]
  /** Absent: always worth another try. */
  readonly hint?: QueueingHint
}

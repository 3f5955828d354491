import type { ApiClient } from '../../../api/client/contract.ts'
import type { PodDisruptionBudget } from '../../../api/generated/types.ts'
import type { Clock } from '../../../kernel/clock.ts'
import type { PluginArguments } from '../configuration/plugin-arguments.ts'
import type { EnabledPlugin } from '../framework/framework.ts'
import type { FrameworkHandle } from '../framework/plugin.ts'
import { defaultBinder } from './default-binder.ts'
import { defaultPreemption, type Preemption } from './default-preemption.ts'
import { dynamicResources } from './dynamic-resources.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { prioritySort } from './priority-sort.ts'
import { schedulingGates } from './scheduling-gates.ts'
import { taintToleration } from './taint-toleration.ts'
import type { DeviceSources } from '../devices/device-sources.ts'
import type { VolumeSources } from '../volumes/volume-sources.ts'
import { volumeBinding } from './volume-binding.ts'
import { volumeRestrictions } from './volume-restrictions.ts'
import { volumeZone } from './volume-zone.ts'

/** What plugins of a profile are made with. */
export interface PluginSurroundings {
  readonly handle: FrameworkHandle
  readonly client: ApiClient
  readonly clock: Clock
  readonly volumes: VolumeSources
  readonly devices: DeviceSources
  readonly preemption: Preemption
  /** Disruption budgets of a namespace; default: none. */
  readonly budgetsOf?: (namespace: string) => readonly PodDisruptionBudget[]
  /** What the profile tells its plugins. */
  readonly arguments?: PluginArguments
}

/** The plugins of the default profile, in upstream's order and with its weights. */
export function defaultPlugins({ handle, client, clock, volumes, devices, preemption, budgetsOf, arguments: given = {} }: PluginSurroundings): EnabledPlugin[] {
  return [
    { plugin: schedulingGates, weight: 0 },
    { plugin: prioritySort, weight: 0 },
    { plugin: nodeUnschedulable, weight: 0 },
    { plugin: nodeName, weight: 0 },
    { plugin: taintToleration, weight: 3 },
    { plugin: nodeAffinity(given.NodeAffinity?.addedAffinity), weight: 2 },
    { plugin: nodePorts, weight: 0 },
    { plugin: nodeResourcesFit(given.NodeResourcesFit), weight: 1 },
    { plugin: volumeRestrictions(volumes), weight: 0 },
    { plugin: nodeVolumeLimits(volumes), weight: 0 },
    { plugin: volumeBinding({ client, clock, sources: volumes, timeoutMs: (given.VolumeBinding?.bindTimeoutSeconds ?? 600) * 1_000 }), weight: 0 },
    { plugin: volumeZone(volumes), weight: 0 },
    { plugin: podTopologySpread(given.PodTopologySpread), weight: 2 },
    { plugin: interPodAffinity(handle.view, given.InterPodAffinity), weight: 2 },
    { plugin: dynamicResources({ client, clock, devices }), weight: 0 },
    { plugin: defaultPreemption(handle, preemption, given.DefaultPreemption, budgetsOf), weight: 0 },
    { plugin: nodeResourcesBalancedAllocation(given.NodeResourcesBalancedAllocation?.resources), weight: 1 },
    { plugin: imageLocality(handle.view), weight: 1 },
    { plugin: defaultBinder(client), weight: 0 },
  ]
}

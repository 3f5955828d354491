import type { NodeAffinity, TopologySpreadConstraint } from '../../../api/generated/types.ts'
import { fieldInvalid, fieldNotSupported, fieldRequired, type FieldError, type FieldPath } from '../../../api/machinery/field-error.ts'

export interface WeightedResource {
  readonly name: string
  readonly weight: number
}

export interface UtilizationPoint {
  readonly utilization: number
  readonly score: number
}

export interface NodeResourcesFitArguments {
  readonly ignoredResources?: readonly string[]
  readonly ignoredResourceGroups?: readonly string[]
  readonly scoringStrategy?: {
    readonly type?: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio'
    readonly resources?: readonly WeightedResource[]
    readonly requestedToCapacityRatio?: { readonly shape?: readonly UtilizationPoint[] }
  }
}

/** What plugins may be told, by the plugin's name; the names of fields are upstream's. */
export interface PluginArguments {
  readonly NodeResourcesFit?: NodeResourcesFitArguments
  readonly NodeResourcesBalancedAllocation?: { readonly resources?: readonly WeightedResource[] }
  readonly InterPodAffinity?: { readonly hardPodAffinityWeight?: number; readonly ignorePreferredTermsOfExistingPods?: boolean }
  readonly PodTopologySpread?: { readonly defaultConstraints?: readonly TopologySpreadConstraint[]; readonly defaultingType?: 'System' | 'List' }
  readonly DefaultPreemption?: { readonly minCandidateNodesPercentage?: number; readonly minCandidateNodesAbsolute?: number }
  readonly VolumeBinding?: { readonly bindTimeoutSeconds?: number; readonly shape?: readonly UtilizationPoint[] }
  readonly NodeAffinity?: { readonly addedAffinity?: NodeAffinity }
  readonly DynamicResources?: { readonly filterTimeout?: string; readonly bindingTimeout?: string }
}

/** The fields that the arguments of each plugin may have; `apiVersion` and `kind` besides. */
export const argumentFields: { readonly [plugin in keyof PluginArguments]-?: readonly string[] } = {
  NodeResourcesFit: ['ignoredResources', 'ignoredResourceGroups', 'scoringStrategy'],
  NodeResourcesBalancedAllocation: ['resources'],
  InterPodAffinity: ['hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods'],
  PodTopologySpread: ['defaultConstraints', 'defaultingType'],
  DefaultPreemption: ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute'],
  VolumeBinding: ['bindTimeoutSeconds', 'shape'],
  NodeAffinity: ['addedAffinity'],
  DynamicResources: ['filterTimeout', 'bindingTimeout'],
}

/** What is wrong with the arguments of one profile. */
export function argumentErrors(plugin: keyof PluginArguments, all: PluginArguments, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  switch (plugin) {
    case 'NodeResourcesFit': {
      const { ignoredResourceGroups = [], scoringStrategy: strategy } = all.NodeResourcesFit ?? {}
      for (const [index, group] of ignoredResourceGroups.entries()) if (group.includes('/')) errors.push(fieldInvalid(at.child('ignoredResourceGroups').index(index), group, "resource group name can't contain '/'"))
      if (!strategy) return errors
      const here = at.child('scoringStrategy')
      if (strategy.type !== undefined && !strategyTypes.includes(strategy.type)) errors.push(fieldNotSupported(here.child('type'), strategy.type, strategyTypes))
      errors.push(...resourceErrors(strategy.resources, here.child('resources')))
      if (strategy.type === 'RequestedToCapacityRatio') errors.push(...shapeErrors(strategy.requestedToCapacityRatio?.shape, here.child('shape')))
      return errors
    }
    case 'NodeResourcesBalancedAllocation':
      for (const [index, { name, weight }] of (all.NodeResourcesBalancedAllocation?.resources ?? []).entries()) {
        if (weight !== 1) errors.push(fieldInvalid(at.child('resources').index(index).child('weight'), weight, `resource weight of ${name} should be 1, got ${weight}`))
      }
      return errors
    case 'InterPodAffinity': {
      const weight = all.InterPodAffinity?.hardPodAffinityWeight ?? 1
      return weight < 0 || weight > 100 ? [fieldInvalid(at.child('hardPodAffinityWeight'), weight, 'not in valid range [0-100]')] : []
    }
    case 'PodTopologySpread': {
      const { defaultConstraints = [], defaultingType } = all.PodTopologySpread ?? {}
      if (defaultingType === 'System' && defaultConstraints.length > 0) errors.push(fieldInvalid(at.child('defaultingType'), defaultingType, 'when .defaultConstraints are not empty'))
      for (const [index, constraint] of defaultConstraints.entries()) {
        const here = at.child('defaultConstraints').index(index)
        if (!(constraint.maxSkew > 0)) errors.push(fieldInvalid(here.child('maxSkew'), constraint.maxSkew ?? 0, 'not in valid range (0, inf)'))
        if (!constraint.topologyKey) errors.push(fieldRequired(here.child('topologyKey'), 'can not be empty'))
        if (!spreadActions.includes(constraint.whenUnsatisfiable)) errors.push(constraint.whenUnsatisfiable ? fieldNotSupported(here.child('whenUnsatisfiable'), constraint.whenUnsatisfiable, spreadActions) : fieldRequired(here.child('whenUnsatisfiable'), 'can not be empty'))
        if (constraint.labelSelector) errors.push({ ...fieldInvalid(here.child('labelSelector'), '', 'constraint must not define a selector, as they deduced for each pod') })
      }
      return errors
    }
    case 'DefaultPreemption': {
      const { minCandidateNodesPercentage: share = 10, minCandidateNodesAbsolute: least = 100 } = all.DefaultPreemption ?? {}
      if (share < 0 || share > 100) errors.push(fieldInvalid(at.child('minCandidateNodesPercentage'), share, 'not in valid range [0, 100]'))
      if (least < 0) errors.push(fieldInvalid(at.child('minCandidateNodesAbsolute'), least, 'not in valid range [0, inf)'))
      if (share === 0 && least === 0) errors.push(fieldInvalid(at.child('minCandidateNodesPercentage'), share, 'cannot be zero at the same time as minCandidateNodesAbsolute'))
      return errors
    }
    case 'VolumeBinding': {
      const seconds = all.VolumeBinding?.bindTimeoutSeconds ?? 0
      return seconds < 0 ? [fieldInvalid(at.child('bindTimeoutSeconds'), seconds, 'invalid BindTimeoutSeconds, should not be a negative value')] : []
    }
    default:
      return errors
  }
}

const strategyTypes = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio']
const spreadActions = ['DoNotSchedule', 'ScheduleAnyway']

function resourceErrors(resources: readonly WeightedResource[] | undefined, at: FieldPath): FieldError[] {
  return (resources ?? []).flatMap(({ name, weight = 1 }, index) => (weight < 1 || weight > 100 ? [fieldInvalid(at.index(index).child('weight'), weight, `resource weight of ${name} not in valid range [1, 100]`)] : []))
}

function shapeErrors(shape: readonly UtilizationPoint[] | undefined, at: FieldPath): FieldError[] {
  if (!shape?.length) return [fieldRequired(at, 'at least one point must be specified')]
  const errors: FieldError[] = []
  for (const [index, { utilization = 0, score = 0 }] of shape.entries()) {
    const here = at.index(index)
    if (utilization < 0 || utilization > 100) errors.push(fieldInvalid(here.child('utilization'), utilization, 'not in valid range [0-100]'))
    if (index > 0 && utilization <= (shape[index - 1]!.utilization ?? 0)) errors.push(fieldInvalid(here.child('utilization'), utilization, 'utilization values must be sorted in increasing order'))
    if (score < 0 || score > 10) errors.push(fieldInvalid(here.child('score'), score, 'not in valid range [0-10]'))
  }
  return errors
}

import type { ContainerStatus, Pod, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement } from '../../../api/generated/types.ts'

/** What a policy says of a failed pod. `message` goes with FailJob. */
export interface FailureVerdict {
  readonly action: 'Ignore' | 'Count' | 'FailJob' | 'FailIndex' | undefined
  readonly message?: string
}

/** The first rule that matches; without any, failures count. */
export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const action = rule.action as FailureVerdict['action']
    if (rule.onExitCodes) {
      const status = matchingStatus(pod, rule.onExitCodes)
      if (!status) continue
      return { action, message: `Container ${status.name} for pod ${pod.metadata.namespace}/${pod.metadata.name} failed with exit code ${status.state?.terminated?.exitCode} matching ${action} rule at index ${index}` }
    }
    const condition = pod.status?.conditions?.find(({ type, status }) => rule.onPodConditions?.some((pattern) => pattern.type === type && pattern.status === status))
    if (condition) return { action, message: `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${condition.type} matching ${action} rule at index ${index}` }
  }
  return { action: undefined }
}

function matchingStatus(pod: Pod, requirement: PodFailurePolicyOnExitCodesRequirement): ContainerStatus | undefined {
  return [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode
    if (!exitCode || (requirement.containerName !== undefined && requirement.containerName !== name)) return false
    return requirement.values.includes(exitCode) === (requirement.operator === 'In')
  })
}

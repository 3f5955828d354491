import type { PodSpec } from '../../generated/types.ts'
import { bytesOf, cpuMillis } from '../../machinery/quantity.ts'

/** The quality-of-service class: Guaranteed when every container limits cpu and memory to what it requests, BestEffort when
 *  none asks for either, else Burstable. Zero amounts do not count. */
export function podQosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const total = { cpuRequest: 0, cpuLimit: 0, memoryRequest: 0, memoryLimit: 0 }
  let guaranteed = true
  const podLevel = spec.resources && (hasAny(spec.resources.requests) || hasAny(spec.resources.limits))
  const parts = podLevel ? [spec] : [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  for (const { resources } of parts) {
    const cpuLimit = cpuMillis(resources?.limits?.['cpu'])
    const memoryLimit = bytesOf(resources?.limits?.['memory'])
    total.cpuRequest += cpuMillis(resources?.requests?.['cpu'])
    total.memoryRequest += bytesOf(resources?.requests?.['memory'])
    total.cpuLimit += cpuLimit
    total.memoryLimit += memoryLimit
    if (cpuLimit <= 0 || memoryLimit <= 0) guaranteed = false
  }
  const { cpuRequest, cpuLimit, memoryRequest, memoryLimit } = total
  if (cpuRequest === 0 && memoryRequest === 0 && cpuLimit === 0 && memoryLimit === 0) return 'BestEffort'
  return guaranteed && cpuRequest === cpuLimit && memoryRequest === memoryLimit ? 'Guaranteed' : 'Burstable'
}

function hasAny(list: { [resource: string]: string } | undefined): boolean {
  return list !== undefined && Object.keys(list).length > 0
}

import type { Container, Pod, ResourceRequirements } from '../../../api/generated/types.ts'
import { cpuMillis, quantityValue } from '../../../api/machinery/quantity.ts'

/** Amounts of what pods ask for and nodes have. cpu in thousandths, the rest in units (bytes, pieces). */
export interface Resources {
  milliCpu: number
  memory: number
  ephemeralStorage: number
  /** Extended resources, huge pages, attachable volumes; undefined when there are none. */
  scalars: Map<string, number> | undefined
}

type Amounts = { readonly [resource: string]: string } | undefined

/** What a container without a request counts as when nodes are scored, so that pods without requests spread as well. */
const defaultMilliCpu = 100
const defaultMemory = 200 * 1024 * 1024

export function noResources(): Resources {
  return { milliCpu: 0, memory: 0, ephemeralStorage: 0, scalars: undefined }
}

/** The amounts of a resource list; `pods` is not among them. */
export function resourcesOf(amounts: Amounts): Resources {
  const result = noResources()
  for (const name in amounts) {
    const text = amounts[name]
    if (name === 'cpu') result.milliCpu = cpuMillis(text)
    else if (name === 'memory') result.memory = quantityValue(text)
    else if (name === 'ephemeral-storage') result.ephemeralStorage = quantityValue(text)
    else if (isScalar(name)) (result.scalars ??= new Map()).set(name, quantityValue(text))
  }
  return result
}

/** Extended resources, huge pages, volume attachments: everything that is counted by name. */
function isScalar(name: string): boolean {
  if (name === 'pods') return false
  return name.startsWith('hugepages-') || name.startsWith('attachable-volumes-') || (name.includes('/') && !name.split('/')[0]!.endsWith('kubernetes.io')) || name.includes('kubernetes.io/')
}

/** Adds `other` to `sum`, in place; `sign` -1 takes it away. */
export function accumulate(sum: Resources, other: Resources, sign: 1 | -1 = 1): void {
  sum.milliCpu += sign * other.milliCpu
  sum.memory += sign * other.memory
  sum.ephemeralStorage += sign * other.ephemeralStorage
  if (!other.scalars) return
  const scalars = (sum.scalars ??= new Map())
  for (const [name, amount] of other.scalars) scalars.set(name, (scalars.get(name) ?? 0) + sign * amount)
}

export function copyResources(from: Resources): Resources {
  return { ...from, scalars: from.scalars && new Map(from.scalars) }
}

function raise(most: Resources, other: Resources): void {
  most.milliCpu = Math.max(most.milliCpu, other.milliCpu)
  most.memory = Math.max(most.memory, other.memory)
  most.ephemeralStorage = Math.max(most.ephemeralStorage, other.ephemeralStorage)
  if (!other.scalars) return
  const scalars = (most.scalars ??= new Map())
  for (const [name, amount] of other.scalars) scalars.set(name, Math.max(scalars.get(name) ?? 0, amount))
}

/** The amount of one resource by its API name. */
export function amountOf(resources: Resources, name: string): number {
  if (name === 'cpu') return resources.milliCpu
  if (name === 'memory') return resources.memory
  if (name === 'ephemeral-storage') return resources.ephemeralStorage
  return resources.scalars?.get(name) ?? 0
}

/** What a pod needs: the sum over its containers (sidecars included), but at least what its init containers need one after the
 *  other beside the sidecars started before them; then overhead. Requests of the pod as a whole win over those of its
 *  containers. `nonZero` counts containers without a cpu or memory request with scoring's defaults. */
export function podRequests(pod: Pod, nonZero = false): Resources {
  const spec = pod.spec
  const total = noResources()
  if (!spec) return total
  const whole = (spec as { resources?: ResourceRequirements }).resources?.requests
  const of = (container: Container): Resources => {
    const requests = container.resources?.requests
    const resources = resourcesOf(requests)
    if (nonZero) {
      if (requests?.['cpu'] === undefined && whole?.['cpu'] === undefined) resources.milliCpu = defaultMilliCpu
      if (requests?.['memory'] === undefined && whole?.['memory'] === undefined) resources.memory = defaultMemory
    }
    return resources
  }
  for (const container of spec.containers) accumulate(total, of(container))
  const sidecars = noResources()
  const start = noResources()
  for (const container of spec.initContainers ?? []) {
    const needed = of(container)
    if (container.restartPolicy === 'Always') {
      accumulate(total, needed)
      accumulate(sidecars, needed)
      raise(start, sidecars)
    } else {
      const during = copyResources(sidecars)
      accumulate(during, needed)
      raise(start, during)
    }
  }
  raise(total, start)
  if (whole) {
    const asked = resourcesOf(whole)
    if (whole['cpu'] !== undefined) total.milliCpu = asked.milliCpu
    if (whole['memory'] !== undefined) total.memory = asked.memory
    for (const [name, amount] of asked.scalars ?? []) if (name.startsWith('hugepages-')) (total.scalars ??= new Map()).set(name, amount)
  }
  if (spec.overhead) accumulate(total, resourcesOf(spec.overhead))
  return total
}

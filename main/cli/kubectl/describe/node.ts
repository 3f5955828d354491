import type { CoreEvent, Lease, Node, Pod, ResourceSlice } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { podLimits, podRequests } from '../../../api/machinery/pod-resources.ts'
import { addResourceLists, bytesOf, canonicalQuantity, cpuMillis, type ResourceList } from '../../../api/machinery/quantity.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { ageOf } from '../../../api/machinery/time.ts'
import { requestJson } from '../resources/requests.ts'
import { Description, timeText } from './description.ts'
import { readList, type Surroundings } from './describer.ts'
import { describeEvents, searchEvents } from './events.ts'
import { describeAnnotations, describeLabels, describeTaints } from './labels.ts'

export async function describeNode(node: Node, around: Surroundings): Promise<string> {
  const [pods, lease, events, slices] = await Promise.all([podsOf(node, around), leaseOf(node, around), eventsOfNode(node, around), deviceSlicesOf(node, around)])
  const out = new Description()
  describeHead(out, node)
  if (typeof lease === 'string') out.write(0, `Lease:\tFailed to get lease: ${lease}\n`)
  else describeLease(out, lease)
  describeStatus(out, node)
  describeDeviceSlices(out, slices)
  describeSystem(out, node)
  if (pods) describeLoad(out, node, pods, around.now)
  else out.write(0, 'Pods:\tnot authorized\n')
  describeEvents(out, events, around.now)
  return out.toString()
}

/** Pods that still hold resources; undefined when the user may not see them. */
async function podsOf(node: Node, around: Surroundings): Promise<Pod[] | undefined> {
  try {
    return await readList<Pod>(around, '/api/v1/pods', { fieldSelector: `spec.nodeName=${node.metadata.name},status.phase!=Succeeded,status.phase!=Failed` })
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Forbidden') return undefined
    throw error
  }
}

async function leaseOf(node: Node, { context }: Surroundings): Promise<Lease | string> {
  return requestJson<Lease>(context, 'GET', `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node.metadata.name}`).catch((error: Error) => error.message)
}

/** Controllers write events about the node's uid, the kubelet about its name in the place of one. */
async function eventsOfNode(node: Node, around: Surroundings): Promise<CoreEvent[] | undefined> {
  const { name, uid } = node.metadata
  const [byUid, byName] = await Promise.all([searchEvents({ name, kind: 'Node', uid }, around), searchEvents({ name, kind: 'Node', uid: name }, around)])
  return byUid && [...byUid, ...(byName ?? [])]
}

async function deviceSlicesOf(node: Node, around: Surroundings): Promise<ResourceSlice[]> {
  const served = (await around.context.factory.mapper().all()).some(({ group, plural }) => group === 'resource.k8s.io' && plural === 'resourceslices')
  return served ? readList<ResourceSlice>({ ...around, chunkSize: 0 }, '/apis/resource.k8s.io/v1/resourceslices', { fieldSelector: `spec.nodeName=${node.metadata.name}` }).catch(() => []) : []
}

function describeHead(out: Description, { metadata, spec }: Node): void {
  const labels = metadata.labels ?? {}
  const roles = Object.keys(labels).flatMap((label) => {
    if (label.startsWith('node-role.kubernetes.io/')) return label.slice('node-role.kubernetes.io/'.length) || []
    return label === 'kubernetes.io/role' && labels[label] ? labels[label] : []
  })
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Roles:\t${[...new Set(roles)].sort(compareBytes).join(',') || '<none>'}\n`)
  describeLabels(out, 'Labels', labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `CreationTimestamp:\t${timeText(metadata.creationTimestamp)}\n`)
  describeTaints(out, spec?.taints)
  out.write(0, `Unschedulable:\t${spec?.unschedulable ?? false}\n`)
}

function describeLease(out: Description, { spec }: Lease): void {
  out.write(0, 'Lease:\n')
  out.write(1, `HolderIdentity:\t${spec?.holderIdentity ?? '<unset>'}\n`)
  out.write(1, `AcquireTime:\t${spec?.acquireTime ? timeText(spec.acquireTime) : '<unset>'}\n`)
  out.write(1, `RenewTime:\t${spec?.renewTime ? timeText(spec.renewTime) : '<unset>'}\n`)
}

function describeStatus(out: Description, { status }: Node): void {
  if (status?.conditions?.length) {
    out.write(0, 'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n')
    out.write(1, '----\t------\t-----------------\t------------------\t------\t-------\n')
    for (const condition of status.conditions) {
      out.write(1, `${condition.type} \t${condition.status} \t${timeText(condition.lastHeartbeatTime)} \t${timeText(condition.lastTransitionTime)} \t${condition.reason ?? ''} \t${condition.message ?? ''}\n`)
    }
  }
  out.write(0, 'Addresses:\n')
  for (const { type, address } of status?.addresses ?? []) out.write(1, `${type}:\t${address}\n`)
  for (const [title, list] of [['Capacity', status?.capacity], ['Allocatable', status?.allocatable]] as const) {
    const names = Object.keys(list ?? {}).sort(compareBytes)
    if (names.length > 0) out.write(0, `${title}:\n`)
    for (const name of names) out.write(1, `${name}:\t${canonicalQuantity(list![name]!)}\n`)
  }
}

function describeDeviceSlices(out: Description, slices: readonly ResourceSlice[]): void {
  const pools = new Map<string, { driver: string; pool: string; slices: number; devices: number }>()
  for (const { spec } of slices) {
    const key = `${spec.driver}/${spec.pool.name}`
    const pool = pools.get(key) ?? { driver: spec.driver, pool: spec.pool.name, slices: 0, devices: 0 }
    pools.set(key, { ...pool, slices: pool.slices + 1, devices: pool.devices + (spec.devices?.length ?? 0) })
  }
  if (pools.size === 0) return
  out.write(0, 'Node-Local ResourceSlices:\n')
  out.write(1, 'Driver\tPool\tSlices\tDevices\n')
  out.write(1, '------\t----\t------\t-------\n')
  const keys = [...pools.keys()].sort(compareBytes)
  for (const key of keys.slice(0, 10)) {
    const pool = pools.get(key)!
    out.write(1, `${pool.driver}\t${pool.pool}\t${pool.slices}\t${pool.devices}\n`)
  }
  if (keys.length > 10) out.write(1, `...and ${keys.length - 10} more pools\n`)
}

function describeSystem(out: Description, { spec, status }: Node): void {
  const system = status?.nodeInfo
  out.write(0, 'System Info:\n')
  out.write(1, `Machine ID:\t${system?.machineID ?? ''}\n`)
  out.write(1, `System UUID:\t${system?.systemUUID ?? ''}\n`)
  out.write(1, `Boot ID:\t${system?.bootID ?? ''}\n`)
  out.write(1, `Kernel Version:\t${system?.kernelVersion ?? ''}\n`)
  out.write(1, `OS Image:\t${system?.osImage ?? ''}\n`)
  out.write(1, `Operating System:\t${system?.operatingSystem ?? ''}\n`)
  out.write(1, `Architecture:\t${system?.architecture ?? ''}\n`)
  out.write(1, `Container Runtime Version:\t${system?.containerRuntimeVersion ?? ''}\n`)
  out.write(1, `Kubelet Version:\t${system?.kubeletVersion ?? ''}\n`)
  if (spec?.podCIDR) out.write(0, `PodCIDR:\t${spec.podCIDR}\n`)
  if (spec?.podCIDRs?.length) out.write(0, `PodCIDRs:\t${spec.podCIDRs.join(',')}\n`)
  if (spec?.providerID) out.write(0, `ProviderID:\t${spec.providerID}\n`)
}

function describeLoad(out: Description, { status }: Node, pods: readonly Pod[], now: number): void {
  const allocatable: Readonly<ResourceList> = (Object.keys(status?.allocatable ?? {}).length > 0 ? status?.allocatable : status?.capacity) ?? {}
  out.write(0, `Non-terminated Pods:\t(${pods.length} in total)\n`)
  out.write(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n')
  out.write(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n')
  let requests: ResourceList = {}
  let limits: ResourceList = {}
  for (const pod of pods) {
    const [request, limit] = [podRequests(pod, { useStatus: true }), podLimits(pod)]
    const cells = [share('cpu', request, allocatable), share('cpu', limit, allocatable), share('memory', request, allocatable), share('memory', limit, allocatable)]
    out.write(1, `${pod.metadata.namespace ?? ''}\t${pod.metadata.name}\t\t${cells.join('\t')}\t${ageOf(pod.metadata.creationTimestamp, now)}\n`)
    requests = addResourceLists(requests, podRequests(pod))
    limits = addResourceLists(limits, podLimits(pod))
  }
  out.write(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n')
  out.write(1, 'Resource\tRequests\tLimits\n')
  out.write(1, '--------\t--------\t------\n')
  const names = Object.keys(allocatable).sort(compareBytes)
  const standard = ['cpu', 'memory', 'ephemeral-storage']
  const hugePages = names.filter((name) => name.startsWith('hugepages-'))
  for (const name of [...standard, ...hugePages]) out.write(1, `${name}\t${share(name, requests, allocatable)}\t${share(name, limits, allocatable)}\n`)
  for (const name of names) {
    if (standard.includes(name) || hugePages.includes(name) || name === 'pods') continue
    out.write(1, `${name}\t${canonicalQuantity(requests[name] ?? '0')}\t${canonicalQuantity(limits[name] ?? '0')}\n`)
  }
}

/** `100m (5%)`: an amount and its part of what the node has. */
function share(name: string, amounts: Readonly<ResourceList>, allocatable: Readonly<ResourceList>): string {
  const amount = amounts[name] ?? '0'
  const [part, whole] = name === 'cpu' ? [cpuMillis(amount), cpuMillis(allocatable[name])] : [bytesOf(amount), bytesOf(allocatable[name])]
  return `${canonicalQuantity(amount)} (${whole === 0 ? 0 : Math.trunc((part / whole) * 100)}%)`
}

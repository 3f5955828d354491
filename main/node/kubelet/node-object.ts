import type { Lease, Node, NodeCondition, NodeStatus, Taint } from '../../api/generated/types.ts'
import { canonicalQuantity } from '../../api/machinery/quantity.ts'
import { formatMicroTime, formatTime } from '../../api/machinery/time.ts'
import type { ImageStatus, RuntimeVersion } from '../cri.ts'

export const kubernetesVersion = 'v1.36.1'

export interface NodeCapacity {
  readonly cpuMillis: number
  readonly memoryBytes: number
  readonly pods: number
  readonly ephemeralStorageBytes: number
}

export interface NodeIdentity {
  readonly nodeName: string
  readonly nodeIps: readonly string[]
  readonly capacity: NodeCapacity
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
  readonly machineId: string
  readonly systemUuid: string
  readonly bootId: string
  readonly providerId?: string
}

/** The node as the kubelet registers it. */
export function registeredNode(identity: NodeIdentity, status: NodeStatus): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: identity.nodeName,
      labels: { ...defaultLabels(identity.nodeName), ...identity.labels },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...identity.annotations },
    },
    spec: { ...(identity.providerId ? { providerID: identity.providerId } : {}), ...(identity.taints.length > 0 ? { taints: [...identity.taints] } : {}) },
    status,
  }
}

/** Labels that every kubelet keeps on its node. */
export function defaultLabels(nodeName: string): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
  }
}

/** Memory that is kept from pods: the hard eviction threshold. */
const evictionReserveBytes = 100 * 1024 * 1024
const imagesMax = 50

/** What the kubelet knows when it writes its node's status. */
export interface NodeFindings {
  readonly runtimeVersion: RuntimeVersion | undefined
  readonly images: readonly ImageStatus[]
  readonly volumesInUse: readonly string[]
  /** Why the node is not ready; undefined when it is. */
  readonly notReady: string | undefined
  readonly memoryPressure: boolean
  readonly diskPressure: boolean
  readonly pidPressure: boolean
}

/** The whole status of a node. `old` gives transition times, and conditions that belong to others stay. */
export function nodeStatus(identity: NodeIdentity, findings: NodeFindings, old: NodeStatus | undefined, now: number): NodeStatus {
  const { capacity } = identity
  const cpu = capacity.cpuMillis % 1000 === 0 ? String(capacity.cpuMillis / 1000) : `${capacity.cpuMillis}m`
  const shared = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0' }
  return {
    addresses: [...identity.nodeIps.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: identity.nodeName }],
    allocatable: {
      cpu,
      'ephemeral-storage': canonicalQuantity(String(Math.floor(capacity.ephemeralStorageBytes * 0.9))),
      ...shared,
      memory: kibibytes(capacity.memoryBytes - evictionReserveBytes),
      pods: String(capacity.pods),
    },
    capacity: { cpu, 'ephemeral-storage': kibibytes(capacity.ephemeralStorageBytes), ...shared, memory: kibibytes(capacity.memoryBytes), pods: String(capacity.pods) },
    conditions: nodeConditions(findings, old?.conditions ?? [], now),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    features: { supplementalGroupsPolicy: true },
    images: [...findings.images]
      .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1))
      .slice(0, imagesMax)
      .map((image) => ({ names: [...image.repoDigests, ...image.repoTags], sizeBytes: image.sizeBytes })),
    ...(findings.volumesInUse.length > 0 ? { volumesInUse: [...findings.volumesInUse] } : {}),
    nodeInfo: {
      architecture: 'amd64',
      bootID: identity.bootId,
      containerRuntimeVersion: findings.runtimeVersion ? `${findings.runtimeVersion.runtimeName}://${findings.runtimeVersion.runtimeVersion.replace(/^v/, '')}` : '',
      kernelVersion: '6.1.0-40-amd64',
      kubeProxyVersion: '',
      kubeletVersion: kubernetesVersion,
      machineID: identity.machineId,
      operatingSystem: 'linux',
      osImage: 'Debian GNU/Linux 12 (bookworm)',
      systemUUID: identity.systemUuid,
    },
    runtimeHandlers: [{ features: { recursiveReadOnlyMounts: true, userNamespaces: true }, name: '' }, { features: { recursiveReadOnlyMounts: true, userNamespaces: true }, name: 'runc' }],
    ...(old?.volumesAttached ? { volumesAttached: old.volumesAttached } : {}),
  }
}

/** An amount of bytes as the API would write it back: otherwise every comparison would find a difference. */
function kibibytes(bytes: number): string {
  return canonicalQuantity(`${Math.floor(bytes / 1024)}Ki`)
}

function nodeConditions(findings: NodeFindings, old: readonly NodeCondition[], now: number): NodeCondition[] {
  const time = formatTime(now)
  const make = (type: string, status: string, reason: string, message: string): NodeCondition => {
    const before = old.find((condition) => condition.type === type)
    return { lastHeartbeatTime: time, lastTransitionTime: before?.status === status ? (before.lastTransitionTime ?? time) : time, message, reason, status, type }
  }
  const own = [
    findings.memoryPressure ? make('MemoryPressure', 'True', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available') : make('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    findings.diskPressure ? make('DiskPressure', 'True', 'KubeletHasDiskPressure', 'kubelet has disk pressure') : make('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    findings.pidPressure ? make('PIDPressure', 'True', 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available') : make('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    findings.notReady !== undefined ? make('Ready', 'False', 'KubeletNotReady', findings.notReady) : make('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ]
  return [...old.filter((condition) => !own.some((each) => each.type === condition.type)), ...own]
}

/** Node events for conditions that changed: reason by type and status. */
export const conditionEvents: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  MemoryPressure: { True: 'NodeHasInsufficientMemory', False: 'NodeHasSufficientMemory' },
  DiskPressure: { True: 'NodeHasDiskPressure', False: 'NodeHasNoDiskPressure' },
  PIDPressure: { True: 'NodeHasInsufficientPID', False: 'NodeHasSufficientPID' },
  Ready: { True: 'NodeReady', False: 'NodeNotReady' },
}

/** The node's heartbeat lease. */
export function nodeLease(nodeName: string, node: Node | undefined, now: number, old?: Lease): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...(old?.metadata ?? { name: nodeName, namespace: 'kube-node-lease' }),
      ...(node?.metadata.uid ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata.uid }] } : {}),
    },
    spec: { holderIdentity: nodeName, leaseDurationSeconds: 40, renewTime: formatMicroTime(now) },
  }
}

import type { Node } from '../../../api/generated/types.ts'
import type { NodeGroup } from '../cloud-api.ts'

const evictionReserveBytes = 100 * 1024 ** 2

/** The node that a new instance of the group would be, empty. */
export function templateNode(group: NodeGroup, name: string, zone: string, region: string): Node {
  const { cpuMillis, memoryBytes, storageBytes, podsMax, labels, taints } = group.template
  const resources = { cpu: `${cpuMillis}m`, memory: String(memoryBytes - evictionReserveBytes), pods: String(podsMax), 'ephemeral-storage': String(Math.floor(storageBytes * 0.9)) }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/os': 'linux',
        'kubernetes.io/hostname': name,
        'node.kubernetes.io/instance-type': group.type,
        'topology.kubernetes.io/zone': zone,
        'topology.kubernetes.io/region': region,
        ...labels,
      },
    },
    spec: taints.length > 0 ? { taints: taints.map((taint) => ({ ...taint })) } : {},
    status: { allocatable: resources, capacity: resources, conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

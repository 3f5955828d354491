import type { Node } from '../../generated/types.ts'
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts'
import type { Column } from '../kind.ts'

const rolePrefix = 'node-role.kubernetes.io/'

/** The roles that a node's labels claim, sorted. */
export function nodeRoles(node: Node): string[] {
  const roles = new Set<string>()
  for (const [label, value] of Object.entries(node.metadata.labels ?? {})) {
    if (label.startsWith(rolePrefix) && label.length > rolePrefix.length) roles.add(label.slice(rolePrefix.length))
    else if (label === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return [...roles].sort()
}

/** `Ready`, `NotReady`, `Unknown`, with `,SchedulingDisabled` when cordoned. */
export function nodeStatusText(node: Node): string {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready')
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (node.spec?.unschedulable) words.push('SchedulingDisabled')
  return words.join(',')
}

export function nodeAddress(node: Node, type: string): string {
  return node.status?.addresses?.find((address) => address.type === type)?.address ?? '<none>'
}

const info = 'io.k8s.api.core.v1.NodeSystemInfo'
const status = 'io.k8s.api.core.v1.NodeStatus'

export const nodeColumns: readonly Column<Node>[] = [
  nameColumn(),
  column('Status', 'The status of the node', nodeStatusText),
  column('Roles', 'The roles of the node', (node) => nodeRoles(node).join(',') || '<none>'),
  ageColumn(),
  column('Version', [info, 'kubeletVersion'], (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
  wideColumn('Internal-IP', [status, 'addresses'], (node) => nodeAddress(node, 'InternalIP')),
  wideColumn('External-IP', [status, 'addresses'], (node) => nodeAddress(node, 'ExternalIP')),
  wideColumn('OS-Image', [info, 'osImage'], (node) => node.status?.nodeInfo?.osImage || '<unknown>'),
  wideColumn('Kernel-Version', [info, 'kernelVersion'], (node) => node.status?.nodeInfo?.kernelVersion || '<unknown>'),
  wideColumn('Container-Runtime', [info, 'containerRuntimeVersion'], (node) => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>'),
]

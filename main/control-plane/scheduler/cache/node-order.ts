import type { Node } from '../../../api/generated/types.ts'
import type { NodeInfo } from '../framework/node-info.ts'

/** Region and zone of a node as one text; '' when it has neither. */
export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {}
  const region = labels['topology.kubernetes.io/region'] ?? ''
  const zone = labels['topology.kubernetes.io/zone'] ?? ''
  return region === '' && zone === '' ? '' : `${region}:\0:${zone}`
}

/** One node of each zone in turn, until all are out. Within a zone, and among zones, by first coming. */
export function zoneOrder(nodes: readonly NodeInfo[]): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>()
  for (const info of nodes) {
    const zone = zoneOf(info.node)
    const members = zones.get(zone)
    if (members) members.push(info)
    else zones.set(zone, [info])
  }
  if (zones.size <= 1) return nodes
  const order: NodeInfo[] = []
  for (let turn = 0; order.length < nodes.length; turn++) {
    for (const members of zones.values()) {
      const next = members[turn]
      if (next) order.push(next)
    }
  }
  return order
}

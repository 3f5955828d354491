import type { Pod } from '../../../api/generated/types.ts'
import type { NodeGroup } from '../cloud-api.ts'
import type { Simulation } from './simulation.ts'
import { templateNode } from './template-node.ts'

export interface ScaleUpPlan {
  /** The group that grows, and by how many; undefined when no group would help. */
  readonly group: NodeGroup | undefined
  readonly by: number
  /** Pods that the new nodes are for. */
  readonly helped: readonly Pod[]
  /** The others, and why: `2 Insufficient cpu, 1 max node group size reached`. */
  readonly unhelped: ReadonlyMap<Pod, string>
}

const nodesAtOnceMax = 50

/** Decides which group to enlarge for pods that fit nowhere: the one that helps most pods, then the one that needs fewest nodes, then
 *  the first (upstream's default expander takes one at random). One group grows at a time, as upstream has it. `simulate` makes a copy of
 *  the cluster as it is, machines on their way included. Pure. */
export function planScaleUp(pending: readonly Pod[], groups: readonly NodeGroup[], zones: readonly string[], region: string, simulate: () => Simulation): ScaleUpPlan {
  const reasons = new Map<Pod, string[]>(pending.map((pod) => [pod, []]))
  let best: { group: NodeGroup; by: number; helped: Pod[] } | undefined
  for (const group of groups) {
    const room = Math.min(group.max - group.target, nodesAtOnceMax)
    if (room <= 0) {
      for (const why of reasons.values()) why.push('max node group size reached')
      continue
    }
    const simulation = simulate()
    const fresh = new Set<string>()
    const helped: Pod[] = []
    for (const pod of pending) {
      let placed = simulation.place(pod, fresh)
      if (!('node' in placed)) {
        if (fresh.size >= room) {
          reasons.get(pod)!.push('max node group size reached')
          continue
        }
        const name = `template-node-for-${group.name}-${fresh.size}`
        simulation.addNode(templateNode(group, name, zones[fresh.size % zones.length]!, region))
        placed = simulation.place(pod, new Set([name]))
        if ('node' in placed) fresh.add(name)
        else {
          simulation.removeNode(name)
          reasons.get(pod)!.push(...placed.reasons)
        }
      }
      if ('node' in placed) helped.push(pod)
    }
    if (helped.length > 0 && (!best || helped.length > best.helped.length || (helped.length === best.helped.length && fresh.size < best.by))) best = { group, by: fresh.size, helped }
  }
  const unhelped = new Map<Pod, string>()
  for (const [pod, why] of reasons) if (!best?.helped.includes(pod)) unhelped.set(pod, counted(why))
  return { group: best?.group, by: best?.by ?? 0, helped: best?.helped ?? [], unhelped }
}

function counted(reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].map(([reason, count]) => `${count} ${reason}`).sort().join(', ')
}

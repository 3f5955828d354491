import type { Node, Pod } from '../../../api/generated/types.ts'
import { SchedulerCache } from '../../scheduler/cache/cache.ts'
import { CycleState } from '../../scheduler/framework/cycle-state.ts'
import type { NodeInfo } from '../../scheduler/framework/node-info.ts'
import type { Plugin } from '../../scheduler/framework/plugin.ts'
import { podInfoOf, type PodInfo } from '../../scheduler/framework/pod-info.ts'
import { interPodAffinity } from '../../scheduler/plugins/inter-pod-affinity.ts'
import { nodeAffinity } from '../../scheduler/plugins/node-affinity.ts'
import { nodeName } from '../../scheduler/plugins/node-name.ts'
import { nodePorts } from '../../scheduler/plugins/node-ports.ts'
import { nodeResourcesFit } from '../../scheduler/plugins/node-resources-fit.ts'
import { nodeUnschedulable } from '../../scheduler/plugins/node-unschedulable.ts'
import { podTopologySpread } from '../../scheduler/plugins/pod-topology-spread.ts'
import { taintToleration } from '../../scheduler/plugins/taint-toleration.ts'

/** A copy of the cluster in which pods can be put onto nodes to see whether they would fit: the scheduler's own filters decide. Volumes and
 *  devices are not asked about. */
export class Simulation {
  readonly #cache: SchedulerCache
  readonly #plugins: readonly Plugin[]

  /** `pods` are those that stand on a node. */
  constructor(nodes: readonly Node[], pods: readonly Pod[], namespaceLabels: (name: string) => { readonly [key: string]: string } | undefined) {
    this.#cache = new SchedulerCache({ namespaceLabels, spreadingSelector: () => undefined })
    for (const node of nodes) this.#cache.setNode(node)
    for (const pod of pods) this.#cache.setPod(pod)
    this.#plugins = [nodeUnschedulable, nodeName, taintToleration, nodeAffinity(), nodePorts, nodeResourcesFit(), podTopologySpread(), interPodAffinity(this.#cache)]
  }

  addNode(node: Node): void {
    this.#cache.setNode(node)
  }

  removeNode(name: string): void {
    this.#cache.removeNode(name)
  }

  /** Moves all pods that stand on one node to others, or none. Answers where each went; undefined when one fits nowhere. */
  move(pods: readonly Pod[], from: string, among: ReadonlySet<string>): ReadonlyMap<Pod, string> | undefined {
    const places = new Map<Pod, string>()
    for (const pod of pods) this.#cache.removePod(pod.metadata.uid!)
    for (const pod of pods) {
      const placed = this.place(pod, among)
      if ('node' in placed) {
        places.set(pod, placed.node)
        continue
      }
      for (const each of pods) {
        if (places.has(each)) this.#cache.removePod(each.metadata.uid!)
        this.#cache.setPod({ ...each, spec: { ...each.spec!, nodeName: from } })
      }
      return undefined
    }
    return places
  }

  /** Puts the pod onto the first of the named nodes (default: any) on which it fits. Answers which, or why none would take it. */
  place(pod: Pod, among?: ReadonlySet<string>): { readonly node: string } | { readonly reasons: readonly string[] } {
    const info = podInfoOf(unbound(pod))
    const state = new CycleState()
    const reasons = new Set<string>()
    const running: Plugin[] = []
    let wanted: ReadonlySet<string> | undefined
    for (const plugin of this.#plugins) {
      const result = plugin.preFilter?.(state, info, this.#cache)
      if (result?.status?.code === 'Skip') continue
      if (result?.status) return { reasons: result.status.reasons }
      if (result?.nodeNames) wanted = wanted ? new Set([...wanted].filter((name) => result.nodeNames!.has(name))) : result.nodeNames
      running.push(plugin)
    }
    for (const node of this.#cache.nodes) {
      if (among && !among.has(node.name)) continue
      if (wanted && !wanted.has(node.name)) {
        reasons.add("node(s) didn't match Pod's node affinity/selector")
        continue
      }
      const why = rejection(running, state, info, node)
      if (!why) {
        this.#cache.setPod({ ...pod, spec: { ...pod.spec!, nodeName: node.name } })
        return { node: node.name }
      }
      for (const reason of why) reasons.add(reason)
    }
    return { reasons: [...reasons] }
  }
}

function rejection(plugins: readonly Plugin[], state: CycleState, pod: PodInfo, node: NodeInfo): readonly string[] | undefined {
  for (const plugin of plugins) {
    const status = plugin.filter?.(state, pod, node)
    if (status) return status.reasons
  }
  return undefined
}

function unbound(pod: Pod): Pod {
  if (!pod.spec?.nodeName) return pod
  const spec = { ...pod.spec }
  delete spec.nodeName
  return { ...pod, spec }
}

import type { Node, Pod } from '../../../api/generated/types.ts'
import type { NodeResourcesFitArguments, UtilizationPoint } from '../configuration/plugin-arguments.ts'
import type { ClusterEvent } from '../framework/cluster-event.ts'
import { NodeInfo } from '../framework/node-info.ts'
import { maxNodeScore, type Plugin } from '../framework/plugin.ts'
import { podInfoOf, type PodInfo } from '../framework/pod-info.ts'
import { amountOf, type Resources } from '../framework/resources.ts'
import { unresolvable, unschedulable } from '../framework/status.ts'

/** Something that a node has too little of. `unresolvable`: even the empty node would. */
interface Shortage {
  readonly reason: string
  readonly unresolvable: boolean
}

const defaultResources = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
]

/** Leaves out nodes that have too little of something, and prefers those with more left (or, as MostAllocated, with less). */
export function nodeResourcesFit({ ignoredResources = [], ignoredResourceGroups = [], scoringStrategy = {} }: NodeResourcesFitArguments = {}): Plugin {
  const { type = 'LeastAllocated', resources = defaultResources, requestedToCapacityRatio } = scoringStrategy
  const byShape = type === 'RequestedToCapacityRatio'
  const rate = type === 'LeastAllocated' ? leastRequested : byShape ? ratioRate(requestedToCapacityRatio?.shape ?? []) : mostRequested
  const ignored = (name: string): boolean => ignoredResources.includes(name) || ignoredResourceGroups.includes(name.split('/')[0]!)
  return {
    name: 'NodeResourcesFit',
    nodeLocal: true,
    interests: [
      { events: ['AssignedPodDelete', 'AssignedPodScaleDown', 'PodScaleDown'], hint: hintForPod },
      { events: ['NodeAdd', 'NodeAllocatableChange'], hint: hintForNode },
    ],
    filter(_, pod, node) {
      const shortages = shortagesOf(pod, node, ignored)
      if (shortages.length === 0) return undefined
      const reasons = shortages.map(({ reason }) => reason)
      return shortages.some((shortage) => shortage.unresolvable) ? unresolvable(...reasons) : unschedulable(...reasons)
    },
    score(_, pod, node) {
      let sum = 0
      let weights = 0
      for (const { name, weight = 1 } of resources) {
        const allocatable = amountOf(node.allocatable, name)
        if (allocatable === 0) continue
        const asked = name === 'cpu' || name === 'memory' ? amountOf(node.nonZeroRequested, name) + amountOf(pod.nonZeroRequests, name) : amountOf(node.requested, name) + amountOf(pod.requests, name)
        const points = rate(asked, allocatable)
        // Upstream's third strategy leaves out what gets no points.
        if (byShape && points <= 0) continue
        sum += points * weight
        weights += weight
      }
      return weights === 0 ? 0 : byShape ? Math.round(sum / weights) : Math.floor(sum / weights)
    },
  }
}

function leastRequested(asked: number, allocatable: number): number {
  return asked > allocatable ? 0 : Math.floor(((allocatable - asked) * maxNodeScore) / allocatable)
}

function mostRequested(asked: number, allocatable: number): number {
  return Math.floor((Math.min(asked, allocatable) * maxNodeScore) / allocatable)
}

/** The line through the points of a shape, whose scores go to 10. */
function ratioRate(shape: readonly UtilizationPoint[]): (asked: number, allocatable: number) => number {
  const points = shape.map(({ utilization = 0, score = 0 }) => ({ utilization, score: score * (maxNodeScore / 10) }))
  return (asked, allocatable) => {
    const used = asked > allocatable ? 100 : Math.trunc((asked * 100) / allocatable)
    const after = points.findIndex(({ utilization }) => used <= utilization)
    if (after === 0) return points[0]!.score
    if (after < 0) return points.at(-1)?.score ?? 0
    const [from, to] = [points[after - 1]!, points[after]!]
    return from.score + Math.trunc(((to.score - from.score) * (used - from.utilization)) / (to.utilization - from.utilization))
  }
}

function shortagesOf({ requests }: PodInfo, node: NodeInfo, ignored: (name: string) => boolean = () => false): readonly Shortage[] {
  const shortages: Shortage[] = []
  if (node.pods.size + 1 > node.allowedPods) shortages.push({ reason: 'Too many pods', unresolvable: false })
  const check = (reason: string, wanted: number, used: number, allocatable: number): void => {
    if (wanted > 0 && wanted > allocatable - used) shortages.push({ reason, unresolvable: wanted > allocatable })
  }
  check('Insufficient cpu', requests.milliCpu, node.requested.milliCpu, node.allocatable.milliCpu)
  check('Insufficient memory', requests.memory, node.requested.memory, node.allocatable.memory)
  check('Insufficient ephemeral-storage', requests.ephemeralStorage, node.requested.ephemeralStorage, node.allocatable.ephemeralStorage)
  for (const [name, wanted] of requests.scalars ?? []) if (!name.includes('/') || !ignored(name)) check(`Insufficient ${name}`, wanted, node.requested.scalars?.get(name) ?? 0, node.allocatable.scalars?.get(name) ?? 0)
  return shortages
}

function hintForPod(pod: PodInfo, event: ClusterEvent): 'queue' | 'skip' {
  const old = event.old as Pod
  const next = event.next as Pod | undefined
  if (!next) return old.spec?.nodeName || old.status?.nominatedNodeName ? 'queue' : 'skip'
  if (next.metadata.uid === pod.uid) return 'queue'
  if (!next.spec?.nodeName) return 'skip'
  return someMore(pod.requests, podInfoOf(next).requests, podInfoOf(old).requests) ? 'queue' : 'skip'
}

function hintForNode(pod: PodInfo, event: ClusterEvent): 'queue' | 'skip' {
  const next = new NodeInfo(event.next as Node)
  if (shortagesOf(pod, next).length > 0) return 'skip'
  if (!event.old) return 'queue'
  const old = new NodeInfo(event.old as Node)
  return next.allowedPods > old.allowedPods || someMore(pod.requests, old.allocatable, next.allocatable) ? 'queue' : 'skip'
}

/** Whether something that is wanted became more. */
function someMore(wanted: Resources, before: Resources, after: Resources): boolean {
  const names = ['cpu', 'memory', 'ephemeral-storage', ...(wanted.scalars?.keys() ?? [])]
  return names.some((name) => amountOf(wanted, name) > 0 && amountOf(after, name) > amountOf(before, name))
}

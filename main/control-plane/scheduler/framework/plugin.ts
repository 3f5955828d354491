import type { Pod } from '../../../api/generated/types.ts'
import type { Labels, Selector } from '../../../api/machinery/labels.ts'
import type { EventInterest } from './cluster-event.ts'
import type { CycleState } from './cycle-state.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import type { Status } from './status.ts'

export const maxNodeScore = 100

export interface NodeScore {
  readonly node: string
  score: number
}

/** A pod waiting to be scheduled, as queue-sort plugins see it. */
export interface QueuedPod {
  readonly info: PodInfo
  /** ms; when it was last put in the queue. */
  readonly timestamp: number
}

/** The nodes as one attempt sees them. Nothing in it changes while the attempt runs. */
export interface ClusterView {
  readonly nodes: readonly NodeInfo[]
  node(name: string): NodeInfo | undefined
  /** Those with pods that have affinity or anti-affinity of any kind. */
  readonly nodesWithAffinity: ReadonlySet<NodeInfo>
  readonly nodesWithRequiredAntiAffinity: ReadonlySet<NodeInfo>
  /** On how many nodes an image of that name is. */
  imageSpread(name: string): number
  /** Changes when `imageSpread` or the number of nodes may answer differently. */
  readonly imageEpoch: number
  namespaceLabels(namespace: string): Labels | undefined
  /** The selector of the service or workload that a pod belongs to, for spreading by default; undefined: it belongs to none. */
  spreadingSelector(pod: Pod): Selector | undefined
}

export interface PreFilterResult {
  readonly status?: Status
  /** Only these nodes need be looked at; absent: all. */
  readonly nodeNames?: ReadonlySet<string>
}

export interface PostFilterResult {
  readonly status: Status | undefined
  /** '' takes a nomination back; absent leaves it as it is. */
  readonly nominatedNode?: string
  /** What was tried, for people to look at. */
  readonly trials?: readonly PreemptionTrial[]
}

/** What would happen on one node if pods of lower priority had to go. */
export interface PreemptionTrial {
  readonly node: string
  /** `namespace/name`, the most important first; none when it would not help. */
  readonly victims: readonly string[]
  /** How many of them are covered by a disruption budget that does not allow it. */
  readonly violations: number
  readonly reason: string
}

/** What a plugin may use besides its arguments. */
export interface FrameworkHandle {
  readonly view: ClusterView
  now(): number
  below(bound: number): number
  /** All filters on one node, with pods nominated to it that matter as much or more counted as being there. */
  filterWithNominated(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined
  /** Tells the plugins that keep sums in the cycle state that a pod is put on, or taken off, a node of a trial. */
  addPodInTrial(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void
  removePodInTrial(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void
  /** Pods nominated to a node, by an earlier preemption. */
  nominatedTo(node: string): readonly PodInfo[]
  withdrawNomination(pod: PodInfo): void
  /** A pod that waits in Permit; undefined when it does not. */
  waitingPod(uid: string): { reject(plugin: string, reason: string): void } | undefined
}

/** A scheduling plugin: any of the framework's extension points, called in this order. What it says of a pod depends on the pod,
 *  the view and its own state alone; PreBind, Bind and PostBind are the only ones that may take time.
 *
 *  `nodeLocal` plugins promise that Filter and Score depend only on the pod's signature (spec fields that
 *  `signatureOf` covers), the node and the image spread: their answers are remembered per node until the node changes. */
export interface Plugin {
  readonly name: string
  readonly nodeLocal?: boolean
  readonly interests?: readonly EventInterest[]
  /** Before a pod may enter the active queue: a status keeps it out. */
  preEnqueue?(pod: PodInfo): Status | undefined
  /** The order of the active queue; exactly one plugin has it. */
  less?(a: QueuedPod, b: QueuedPod): boolean
  preFilter?(state: CycleState, pod: PodInfo, view: ClusterView): PreFilterResult | undefined
  addPod?(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void
  removePod?(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void
  filter?(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined
  /** When no node is left: makes room, or says why not. */
  postFilter?(state: CycleState, pod: PodInfo, verdicts: NodeVerdicts): PostFilterResult
  preScore?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], view: ClusterView): Status | undefined
  /** Any whole number when there is `normalize`, else 0 to 100. Pure. */
  score?(state: CycleState, pod: PodInfo, node: NodeInfo): number
  /** Brings the scores of all nodes to 0 to 100, in place. */
  normalize?(state: CycleState, pod: PodInfo, scores: NodeScore[]): void
  reserve?(state: CycleState, pod: PodInfo, node: string): Status | undefined
  /** Undoes `reserve`; also called when it failed. */
  unreserve?(state: CycleState, pod: PodInfo, node: string): void
  /** `Wait` holds the pod for at most `timeoutMs`. */
  permit?(state: CycleState, pod: PodInfo, node: string): { readonly status: Status | undefined; readonly timeoutMs?: number }
  preBind?(state: CycleState, pod: PodInfo, node: string): Promise<Status | undefined>
  /** `Skip` leaves it to the next one. */
  bind?(state: CycleState, pod: PodInfo, node: string): Promise<Status | undefined>
  postBind?(state: CycleState, pod: PodInfo, node: string): void
}

/** Why each node was turned down. Nodes that nobody looked at share `absent`. */
export interface NodeVerdicts {
  readonly byNode: ReadonlyMap<string, Status>
  readonly absent: Status
}

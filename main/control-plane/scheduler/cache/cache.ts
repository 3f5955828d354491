import type { Node, Pod } from '../../../api/generated/types.ts'
import type { Labels, Selector } from '../../../api/machinery/labels.ts'
import { NodeInfo } from '../framework/node-info.ts'
import type { ClusterView } from '../framework/plugin.ts'
import { podInfoOf, type PodInfo } from '../framework/pod-info.ts'
import { zoneOf, zoneOrder } from './node-order.ts'

/** Where the view gets what the cache does not keep. */
export interface ViewSources {
  namespaceLabels(namespace: string): Labels | undefined
  spreadingSelector(pod: Pod): Selector | undefined
}

interface Placed {
  readonly info: PodInfo
  readonly node: string
  /** The scheduler has decided so, and the API server has not said it yet. */
  readonly assumed: boolean
}

/** The scheduler's picture of nodes and the pods on them: what the API server said, and what the scheduler has decided meanwhile.
 *
 *  Every change touches one node, and moves its generation. An attempt to schedule runs within one event, so the picture can't
 *  change under it and is its own snapshot: nothing is copied. */
export class SchedulerCache implements ClusterView {
  readonly #nodes = new Map<string, NodeInfo>()
  readonly #pods = new Map<string, Placed>()
  /** Pods on nodes that are not there (yet, or any more), by node. */
  readonly #homeless = new Map<string, Set<string>>()
  readonly #images = new Map<string, Set<string>>()
  readonly nodesWithAffinity = new Set<NodeInfo>()
  readonly nodesWithRequiredAntiAffinity = new Set<NodeInfo>()
  #order: readonly NodeInfo[] | undefined
  #imageEpoch = 0
  readonly #sources: ViewSources

  constructor(sources: ViewSources) {
    this.#sources = sources
  }

  /** All nodes, zones taking turns, so that going through a part of them meets all zones. */
  get nodes(): readonly NodeInfo[] {
    return (this.#order ??= zoneOrder([...this.#nodes.values()]))
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name)
  }

  imageSpread(name: string): number {
    return this.#images.get(name)?.size ?? 0
  }

  get imageEpoch(): number {
    return this.#imageEpoch
  }

  get podCount(): number {
    return this.#pods.size
  }

  get assumedCount(): number {
    let count = 0
    for (const { assumed } of this.#pods.values()) if (assumed) count++
    return count
  }

  namespaceLabels(namespace: string): Labels | undefined {
    return this.#sources.namespaceLabels(namespace)
  }

  spreadingSelector(pod: Pod): Selector | undefined {
    return this.#sources.spreadingSelector(pod)
  }

  isAssumed(uid: string): boolean {
    return this.#pods.get(uid)?.assumed === true
  }

  setNode(node: Node): void {
    const name = node.metadata.name
    const known = this.#nodes.get(name)
    if (known) {
      const moved = zoneOf(known.node) !== zoneOf(node)
      const before = known.images
      known.setNode(node)
      if (moved) this.#order = undefined
      this.#countImages(name, before, known.images)
      return
    }
    const info = new NodeInfo(node)
    this.#nodes.set(name, info)
    this.#order = undefined
    this.#imageEpoch++
    this.#countImages(name, new Map(), info.images)
    for (const uid of this.#homeless.get(name) ?? []) info.addPod(this.#pods.get(uid)!.info)
    this.#homeless.delete(name)
    this.#mark(info)
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name)
    if (!info) return
    this.#nodes.delete(name)
    this.#order = undefined
    this.#imageEpoch++
    this.#countImages(name, info.images, new Map())
    this.nodesWithAffinity.delete(info)
    this.nodesWithRequiredAntiAffinity.delete(info)
    if (info.pods.size > 0) this.#homeless.set(name, new Set(info.pods.keys()))
  }

  /** Counts a pod as being on a node from now on, before it is. */
  assume(pod: PodInfo, node: string): void {
    if (this.#pods.has(pod.uid)) throw new Error(`pod ${pod.namespace}/${pod.pod.metadata.name} (${pod.uid}) is in the cache, so can't be assumed`)
    this.#place({ info: pod, node, assumed: true })
  }

  /** Takes an assumption back. */
  forget(uid: string): void {
    if (this.#pods.get(uid)?.assumed) this.#remove(uid)
  }

  /** The API server says that the pod is on its node: adds, updates or confirms it. */
  setPod(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const node = pod.spec?.nodeName ?? ''
    if (this.#pods.has(uid)) this.#remove(uid)
    this.#place({ info: podInfoOf(pod), node, assumed: false })
  }

  removePod(uid: string): void {
    this.#remove(uid)
  }

  /** The pod as cached; undefined when it is on no node. */
  placed(uid: string): { readonly info: PodInfo; readonly node: string; readonly assumed: boolean } | undefined {
    return this.#pods.get(uid)
  }

  #place(placed: Placed): void {
    this.#pods.set(placed.info.uid, placed)
    const info = this.#nodes.get(placed.node)
    if (info) {
      info.addPod(placed.info)
      this.#mark(info)
      return
    }
    const waiting = this.#homeless.get(placed.node)
    if (waiting) waiting.add(placed.info.uid)
    else this.#homeless.set(placed.node, new Set([placed.info.uid]))
  }

  #remove(uid: string): void {
    const placed = this.#pods.get(uid)
    if (!placed) return
    this.#pods.delete(uid)
    const info = this.#nodes.get(placed.node)
    if (info) {
      info.removePod(uid)
      this.#mark(info)
      return
    }
    const waiting = this.#homeless.get(placed.node)
    waiting?.delete(uid)
    if (waiting?.size === 0) this.#homeless.delete(placed.node)
  }

  #mark(info: NodeInfo): void {
    if (info.podsWithAffinity.size > 0) this.nodesWithAffinity.add(info)
    else this.nodesWithAffinity.delete(info)
    if (info.podsWithRequiredAntiAffinity.size > 0) this.nodesWithRequiredAntiAffinity.add(info)
    else this.nodesWithRequiredAntiAffinity.delete(info)
  }

  #countImages(node: string, before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): void {
    for (const image of before.keys()) {
      if (after.has(image)) continue
      const nodes = this.#images.get(image)
      nodes?.delete(node)
      if (nodes?.size === 0) this.#images.delete(image)
      this.#imageEpoch++
    }
    for (const image of after.keys()) {
      if (before.has(image)) continue
      const nodes = this.#images.get(image)
      if (nodes) nodes.add(node)
      else this.#images.set(image, new Set([node]))
      this.#imageEpoch++
    }
  }
}

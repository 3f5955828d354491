import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { Node, Pod } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { tolerationTimeMs } from '../../../api/machinery/taints.ts'
import { disruptPod } from '../framework/disrupt-pod.ts'
import { indexByNode, podsOnNode } from '../framework/pods-by-node.ts'

/** Drives pods from nodes with NoExecute taints when they do not tolerate them, or no longer. Follows
 *  pkg/controller/tainteviction. */
export const taintEvictionController = defineController({
  name: 'taint-eviction-controller',
  noun: 'pod',
  workers: 8,
  setUp: (context, queue) => {
    const controller = new TaintEvictionController(context, queue)
    return (key) => controller.sync(key)
  },
})

class TaintEvictionController {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #nodes: Informer<Node>
  readonly #pods: Informer<Pod>
  /** When the pods that have to go one day were first found to. */
  readonly #since = new Map<string, number>()

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context
    this.#queue = queue
    this.#nodes = context.informers.of(nodeKind)
    this.#pods = context.informers.of(podKind)
    indexByNode(this.#pods)
    this.#pods.onChange({
      added: (pod) => this.#concern(pod),
      updated: (pod, old) => {
        if (pod.spec?.nodeName !== old.spec?.nodeName || !semanticEqual(pod.spec?.tolerations, old.spec?.tolerations)) this.#concern(pod)
      },
      deleted: (pod) => this.#since.delete(keyOf(pod)),
    })
    this.#nodes.onChange({
      added: (node) => this.#concernPodsOf(node),
      updated: (node, old) => {
        if (!semanticEqual(evicting(node), evicting(old))) this.#concernPodsOf(node)
      },
    })
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const pod = this.#pods.get(namespace, name)
    const node = pod?.spec?.nodeName ? this.#nodes.get(undefined, pod.spec.nodeName) : undefined
    if (!pod || pod.metadata.deletionTimestamp || !node) {
      this.#since.delete(key)
      return undefined
    }
    const stayMs = tolerationTimeMs(evicting(node), pod.spec?.tolerations)
    if (stayMs === undefined) {
      if (this.#since.delete(key)) this.#context.events.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`)
      return undefined
    }
    const now = this.#context.process.clock.now()
    const since = this.#since.get(key) ?? now
    this.#since.set(key, since)
    if (stayMs > 0 && since + stayMs > now) return { againAfterMs: since + stayMs - now }
    this.#context.events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`)
    const { client } = this.#context
    try {
      await disruptPod(client, pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint', now)
      await client.delete(podKind, name, namespace)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    this.#since.delete(key)
    return undefined
  }

  #concern(pod: Pod): void {
    const node = pod.spec?.nodeName ? this.#nodes.get(undefined, pod.spec.nodeName) : undefined
    if (node && (evicting(node).length > 0 || this.#since.has(keyOf(pod)))) this.#queue.add(keyOf(pod))
  }

  #concernPodsOf(node: Node): void {
    for (const pod of podsOnNode(this.#pods, node.metadata.name)) this.#concern(pod)
  }
}

function evicting(node: Node): NonNullable<NonNullable<Node['spec']>['taints']> {
  return node.spec?.taints?.filter((taint) => taint.effect === 'NoExecute') ?? []
}

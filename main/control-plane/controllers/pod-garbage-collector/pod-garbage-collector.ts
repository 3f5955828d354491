import { defineController, type ControllerContext, type ControllerDefinition, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { Node, Pod } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isPodTerminal } from '../../../api/machinery/pod.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { timeOr0 } from '../../../api/machinery/time.ts'
import { disruptPod } from '../framework/disrupt-pod.ts'
import { indexByNode, podsOnNode } from '../framework/pods-by-node.ts'

/** A node that is missing may only not have come yet. */
const quarantineMs = 40_000
const checkPeriodMs = 20_000
const outOfServiceKey = 'node.kubernetes.io/out-of-service'

/** Takes away pods that nobody else will: those of nodes that are gone or out of service, those deleted before they were bound,
 *  and the oldest ended ones beyond `terminatedPodsMax`. Follows pkg/controller/podgc, told by events in place of looking at
 *  every pod every 20 s. */
export function podGarbageCollector(terminatedPodsMax = 12_500): ControllerDefinition {
  return defineController({
    name: 'pod-garbage-collector-controller',
    noun: 'pod',
    workers: 1,
    setUp: (context, queue) => {
      const collector = new PodGarbageCollector(context, queue, terminatedPodsMax)
      return (key) => collector.sync(key)
    },
  })
}

/** The key under which ended pods are counted. */
const terminatedKey = 'terminated'

class PodGarbageCollector {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #terminatedPodsMax: number
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #terminated = new Set<string>()

  constructor(context: ControllerContext, queue: WorkQueue, terminatedPodsMax: number) {
    this.#context = context
    this.#queue = queue
    this.#terminatedPodsMax = terminatedPodsMax
    this.#pods = context.informers.of(podKind)
    this.#nodes = context.informers.of(nodeKind)
    indexByNode(this.#pods)
    this.#pods.onChange({ added: (pod) => this.#seen(pod), updated: (pod) => this.#seen(pod), deleted: (pod) => this.#terminated.delete(keyOf(pod)) })
    const nodeChanged = (node: Node): void => {
      for (const pod of podsOnNode(this.#pods, node.metadata.name)) this.#seen(pod)
    }
    this.#nodes.onChange({ updated: nodeChanged, deleted: nodeChanged })
  }

  async sync(key: string): Promise<Outcome> {
    if (key === terminatedKey) return this.#trim()
    const { namespace, name } = splitKey(key)
    const pod = this.#pods.get(namespace, name)
    if (!pod) return undefined
    const nodeName = pod.spec?.nodeName
    if (!nodeName) {
      if (pod.metadata.deletionTimestamp) await this.#remove(pod, undefined)
      return undefined
    }
    const node = this.#nodes.get(undefined, nodeName)
    if (node) {
      if (isOutOfService(node) && pod.metadata.deletionTimestamp) await this.#remove(pod, undefined)
      return undefined
    }
    try {
      await this.#context.client.get(nodeKind, nodeName)
    } catch (error) {
      if (!isNotFound(error)) throw error
      await this.#remove(pod, 'PodGC: node no longer exists')
    }
    return undefined
  }

  #seen(pod: Pod): void {
    const key = keyOf(pod)
    if (isPodTerminal(pod)) {
      this.#terminated.add(key)
      if (this.#terminated.size > this.#terminatedPodsMax) this.#queue.addAfter(terminatedKey, checkPeriodMs)
    }
    const nodeName = pod.spec?.nodeName
    if (!nodeName) {
      // Deleted at once by the server; only one held by a finalizer stays that long.
      if (pod.metadata.deletionTimestamp && isPodTerminal(pod) === false) this.#queue.addAfter(key, checkPeriodMs)
      return
    }
    const node = this.#nodes.get(undefined, nodeName)
    if (!node) this.#queue.addAfter(key, quarantineMs)
    else if (isOutOfService(node) && pod.metadata.deletionTimestamp) this.#queue.addAfter(key, checkPeriodMs)
  }

  async #trim(): Promise<Outcome> {
    const surplus = this.#terminated.size - this.#terminatedPodsMax
    if (surplus <= 0) return undefined
    const pods = [...this.#terminated].flatMap((key) => {
      const { namespace, name } = splitKey(key)
      return this.#pods.get(namespace, name) ?? []
    })
    pods.sort((a, b) => timeOr0(a.metadata.creationTimestamp) - timeOr0(b.metadata.creationTimestamp) || (keyOf(a) < keyOf(b) ? -1 : 1))
    for (const pod of pods.slice(0, surplus)) await this.#remove(pod, undefined)
    return undefined
  }

  /** Marks a pod that has not ended as failed, then deletes it for good. */
  async #remove(pod: Pod, why: string | undefined): Promise<void> {
    const { client, process } = this.#context
    const { name, namespace, uid } = pod.metadata
    process.journal.info('PodGC is force deleting Pod', { pod: keyOf(pod) })
    try {
      if (!isPodTerminal(pod)) {
        if (why !== undefined) await disruptPod(client, pod, 'DeletionByPodGC', why, process.clock.now(), true)
        else await client.patch(podKind, name, namespace, 'strategic', { metadata: { uid }, status: { phase: 'Failed' } }, { subresource: 'status' })
      }
      await client.delete(podKind, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid: uid! } })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

function isOutOfService(node: Node): boolean {
  return node.spec?.taints?.some((taint) => taint.key === outOfServiceKey) ?? false
}

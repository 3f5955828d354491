import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import type { Status } from './status.ts'

/** How many different kinds of pods are remembered. */
const signaturesMax = 64

/** What node-local plugins said of one kind of pod on one node, good while the node's generation is the same. */
export interface MemoEntry {
  generation: number
  imageEpoch: number
  verdict: Status | undefined
  /** Raw scores by the plugin's place in its profile; filled in when first asked for. */
  readonly scores: (number | undefined)[]
}

/** Remembers the answers of node-local plugins. Pods of one Deployment are alike, and binding one changes one node: the next
 *  costs what changed, not what there is. */
export class NodeMemo {
  readonly #bySignature = new Map<string, Map<string, MemoEntry>>()

  /** The answers for pods like this one, by node. */
  for(pod: PodInfo): Map<string, MemoEntry> {
    const signature = signatureOf(pod)
    let entries = this.#bySignature.get(signature)
    if (entries) this.#bySignature.delete(signature)
    else entries = new Map()
    this.#bySignature.set(signature, entries)
    if (this.#bySignature.size > signaturesMax) this.#bySignature.delete(this.#bySignature.keys().next().value!)
    return entries
  }

  /** Forgets a node that is gone. */
  forget(node: string): void {
    for (const entries of this.#bySignature.values()) entries.delete(node)
  }
}

/** Whether an entry still tells the truth. */
export function isFresh(entry: MemoEntry | undefined, node: NodeInfo, imageEpoch: number): entry is MemoEntry {
  return entry !== undefined && entry.generation === node.generation && entry.imageEpoch === imageEpoch
}

/** Everything about a pod that node-local plugins may look at, as a text. */
export function signatureOf({ pod, requests, nonZeroRequests, hostPorts }: PodInfo): string {
  const spec = pod.spec
  return JSON.stringify([
    spec?.nodeName,
    spec?.nodeSelector,
    spec?.affinity?.nodeAffinity,
    spec?.tolerations,
    [requests.milliCpu, requests.memory, requests.ephemeralStorage, requests.scalars && [...requests.scalars]],
    [nonZeroRequests.milliCpu, nonZeroRequests.memory],
    hostPorts,
    spec?.initContainers?.map((container) => container.image),
    spec?.containers.map((container) => container.image),
  ])
}

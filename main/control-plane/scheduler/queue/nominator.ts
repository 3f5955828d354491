import type { PodInfo } from '../framework/pod-info.ts'

const nobody: readonly PodInfo[] = []

/** Which pods are nominated to which nodes: they were promised room that a preemption makes there. */
export class Nominator {
  readonly #byNode = new Map<string, PodInfo[]>()
  readonly #nodeOf = new Map<string, string>()

  on(node: string): readonly PodInfo[] {
    return this.#byNode.get(node) ?? nobody
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid)
  }

  get size(): number {
    return this.#nodeOf.size
  }

  /** Nominates a pod to a node (and no longer to another); '' takes it back. */
  set(pod: PodInfo, node: string): void {
    this.delete(pod.uid)
    if (node === '') return
    this.#nodeOf.set(pod.uid, node)
    this.#byNode.set(node, [...this.on(node), pod])
  }

  delete(uid: string): void {
    const node = this.#nodeOf.get(uid)
    if (node === undefined) return
    this.#nodeOf.delete(uid)
    const left = this.on(node).filter((pod) => pod.uid !== uid)
    if (left.length > 0) this.#byNode.set(node, left)
    else this.#byNode.delete(node)
  }
}

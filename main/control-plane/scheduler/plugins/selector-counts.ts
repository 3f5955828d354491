import { formatSelector, matchesSelector, type Selector } from '../../../api/machinery/labels.ts'
import type { NodeInfo } from '../framework/node-info.ts'

const selectorsMax = 128

/** How many pods of a namespace a selector matches on each node; counted again only for nodes that changed. */
export class SelectorCounts {
  readonly #bySelector = new Map<string, Map<string, { generation: number; count: number }>>()

  /** A counter for one selector, to be asked about many nodes. Pods that are being deleted do not count. */
  counter(selector: Selector, namespace: string): (node: NodeInfo) => number {
    const key = `${namespace} ${selector.nothing ? '!' : formatSelector(selector)}`
    let counts = this.#bySelector.get(key)
    if (counts) this.#bySelector.delete(key)
    else counts = new Map()
    this.#bySelector.set(key, counts)
    if (this.#bySelector.size > selectorsMax) this.#bySelector.delete(this.#bySelector.keys().next().value!)
    const known = counts
    return (node) => {
      if (node.pods.size === 0) return 0
      const entry = known.get(node.name)
      if (entry?.generation === node.generation) return entry.count
      let count = 0
      for (const { pod, namespace: other } of node.pods.values()) {
        if (other === namespace && pod.metadata.deletionTimestamp === undefined && matchesSelector(selector, pod.metadata.labels)) count++
      }
      known.set(node.name, { generation: node.generation, count })
      return count
    }
  }
}

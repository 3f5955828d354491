import { usageBetween } from './resource-metrics.ts'
import type { Reading, Scrape, Usage } from './resource-metrics.ts'

type PodReadings = ReadonlyMap<string, ReadonlyMap<string, Reading>>

/** The last two readings of everything, as metrics-server keeps them. */
export class MetricsStorage {
  readonly #resolutionMs: number
  #nodes: ReadonlyMap<string, Reading> = new Map()
  #nodesBefore: ReadonlyMap<string, Reading> = new Map()
  #pods: PodReadings = new Map()
  #podsBefore: PodReadings = new Map()

  constructor(resolutionMs: number) {
    this.#resolutionMs = resolutionMs
  }

  /** Whether there are two readings of anything. */
  get ready(): boolean {
    return this.#nodesBefore.size > 0 || this.#podsBefore.size > 0
  }

  /** Takes one round of answers, by node. What did not answer keeps nothing of this round. */
  store(scrapes: ReadonlyMap<string, Scrape>): void {
    const nodes = new Map<string, Reading>()
    const nodesBefore = new Map<string, Reading>()
    const pods = new Map<string, ReadonlyMap<string, Reading>>()
    const podsBefore = new Map<string, ReadonlyMap<string, Reading>>()
    for (const [name, { node, pods: found }] of scrapes) {
      if (node) {
        nodes.set(name, node)
        keepBefore(nodesBefore, name, node, this.#nodes, this.#nodesBefore)
      }
      for (const [key, containers] of found) {
        pods.set(key, containers)
        const before = new Map<string, Reading>()
        for (const [container, reading] of containers) keepBefore(before, container, reading, this.#pods.get(key), this.#podsBefore.get(key))
        if (before.size > 0) podsBefore.set(key, before)
      }
    }
    this.#nodes = nodes
    this.#nodesBefore = nodesBefore
    this.#pods = pods
    this.#podsBefore = podsBefore
  }

  ofNode(name: string): Usage | undefined {
    const last = this.#nodes.get(name)
    const before = this.#nodesBefore.get(name)
    return last && before && usageBetween(last, before, this.#resolutionMs)
  }

  /** Of all containers of a pod, by name; undefined while anything is missing. */
  ofPod(namespace: string, name: string): ReadonlyMap<string, Usage> | undefined {
    const key = `${namespace}/${name}`
    const containers = this.#pods.get(key)
    if (!containers || containers.size === 0) return undefined
    const found = new Map<string, Usage>()
    for (const [container, last] of containers) {
      const usage = usageBetween(last, this.#podsBefore.get(key)?.get(container), this.#resolutionMs)
      if (!usage) return undefined
      found.set(container, usage)
    }
    return found
  }
}

/** The reading before the new one: the last, or the one before it when the kubelet has said the same again. */
function keepBefore(into: Map<string, Reading>, name: string, reading: Reading, last: ReadonlyMap<string, Reading> | undefined, before: ReadonlyMap<string, Reading> | undefined): void {
  const known = last?.get(name)
  const kept = known && known.time < reading.time ? known : before?.get(name)
  if (kept) into.set(name, kept)
}

import type { Node } from '../../../api/generated/types.ts'
import { quantityValue } from '../../../api/machinery/quantity.ts'
import { hasAffinity, type HostPort, type PodInfo } from './pod-info.ts'
import { accumulate, copyResources, noResources, resourcesOf, type Resources } from './resources.ts'

/** Rises with every change of any node's picture: two equal generations mean that nothing changed between them. */
let generations = 0

/** A node and the pods that are, or are assumed to be, on it, with running sums. */
export class NodeInfo {
  node: Node
  readonly name: string
  allocatable: Resources = noResources()
  allowedPods = 0
  requested: Resources = noResources()
  nonZeroRequested: Resources = noResources()
  readonly pods = new Map<string, PodInfo>()
  readonly podsWithAffinity = new Map<string, PodInfo>()
  readonly podsWithRequiredAntiAffinity = new Map<string, PodInfo>()
  /** Host ports in use: `protocol/port` -> addresses, with how many pods use each. */
  readonly #ports = new Map<string, Map<string, number>>()
  /** Sizes of the images on the node by every name they have. */
  images: ReadonlyMap<string, number> = new Map()
  generation = 0

  constructor(node: Node) {
    this.node = node
    this.name = node.metadata.name
    this.setNode(node)
  }

  get labels(): { readonly [key: string]: string } {
    return this.node.metadata.labels ?? {}
  }

  setNode(node: Node): void {
    this.node = node
    const amounts = node.status?.allocatable
    this.allocatable = resourcesOf(amounts)
    this.allowedPods = quantityValue(amounts?.['pods'])
    const images = new Map<string, number>()
    for (const image of node.status?.images ?? []) for (const name of image.names ?? []) images.set(name, image.sizeBytes ?? 0)
    this.images = images
    this.#changed()
  }

  addPod(info: PodInfo): void {
    this.pods.set(info.uid, info)
    if (hasAffinity(info)) this.podsWithAffinity.set(info.uid, info)
    if (info.requiredAntiAffinity.length > 0) this.podsWithRequiredAntiAffinity.set(info.uid, info)
    accumulate(this.requested, info.requests)
    accumulate(this.nonZeroRequested, info.nonZeroRequests)
    for (const port of info.hostPorts) {
      const key = `${port.protocol}/${port.port}`
      const addresses = this.#ports.get(key) ?? new Map<string, number>()
      this.#ports.set(key, addresses.set(port.ip, (addresses.get(port.ip) ?? 0) + 1))
    }
    this.#changed()
  }

  removePod(uid: string): void {
    const info = this.pods.get(uid)
    if (!info) return
    this.pods.delete(uid)
    this.podsWithAffinity.delete(uid)
    this.podsWithRequiredAntiAffinity.delete(uid)
    accumulate(this.requested, info.requests, -1)
    accumulate(this.nonZeroRequested, info.nonZeroRequests, -1)
    for (const port of info.hostPorts) {
      const key = `${port.protocol}/${port.port}`
      const addresses = this.#ports.get(key)
      const left = (addresses?.get(port.ip) ?? 0) - 1
      if (left > 0) addresses!.set(port.ip, left)
      else addresses?.delete(port.ip)
      if (addresses?.size === 0) this.#ports.delete(key)
    }
    this.#changed()
  }

  /** Whether a wanted host port is in use: on the same address, or on all of them. */
  portTaken(port: HostPort): boolean {
    const addresses = this.#ports.get(`${port.protocol}/${port.port}`)
    if (!addresses) return false
    return port.ip === '0.0.0.0' || addresses.has(port.ip) || addresses.has('0.0.0.0')
  }

  /** A copy to try things on. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.node)
    for (const info of this.pods.values()) copy.addPod(info)
    copy.requested = copyResources(this.requested)
    copy.nonZeroRequested = copyResources(this.nonZeroRequested)
    return copy
  }

  #changed(): void {
    this.generation = ++generations
  }
}

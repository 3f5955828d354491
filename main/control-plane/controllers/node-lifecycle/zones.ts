import type { Clock } from '../../../kernel/clock.ts'
import type { Node } from '../../../api/generated/types.ts'
import { readyStatusOf } from './health.ts'

/** Upstream's --node-eviction-rate, --secondary-node-eviction-rate, --unhealthy-zone-threshold, --large-cluster-size-threshold. */
const perSecond = 0.1
const perSecondWhenPartlyDown = 0.01
const unhealthyShare = 0.55
const largeZone = 50

type ZoneState = 'normal' | 'partial' | 'full'

interface Zone {
  readonly ready: Map<string, boolean>
  notReady: number
  state: ZoneState
  /** When the next node may be tainted. */
  freeAt: number
}

/** The health of zones, which decides how fast nodes may be emptied: a zone that fails as a whole says more about the network
 *  than about its nodes. */
export class Zones {
  readonly #clock: Clock
  readonly #zones = new Map<string, Zone>()
  #allDown = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Every zone is down: nothing is evicted, the fault is taken to be here. */
  get allDown(): boolean {
    return this.#allDown
  }

  /** Notes the node's state. Answers whether what may be evicted has changed. */
  put(node: Node): boolean {
    return this.#set(node, readyStatusOf(node) === 'True')
  }

  remove(node: Node): boolean {
    return this.#set(node, undefined)
  }

  /** Takes the right to drive pods from the node. 0: taken; otherwise ms to wait, Infinity while nothing may go. */
  take(node: Node): number {
    const zone = this.#zoneOf(node)
    const rate = this.#rateOf(zone)
    if (rate === 0) return Infinity
    const now = this.#clock.now()
    if (now < zone.freeAt) return zone.freeAt - now
    zone.freeAt = now + 1000 / rate
    return 0
  }

  view(): { zone: string; state: ZoneState; nodes: number }[] {
    return [...this.#zones].map(([name, { state, ready }]) => ({ zone: name, state, nodes: ready.size }))
  }

  #rateOf(zone: Zone): number {
    if (this.#allDown) return 0
    if (zone.state !== 'partial') return perSecond
    return zone.ready.size > largeZone ? perSecondWhenPartlyDown : 0
  }

  /** Work only for what differs: most updates of nodes change nothing here. */
  #set(node: Node, ready: boolean | undefined): boolean {
    const zone = this.#zoneOf(node)
    const { name } = node.metadata
    const was = zone.ready.get(name)
    if (was === ready) return false
    if (was === false) zone.notReady--
    if (ready === false) zone.notReady++
    if (ready === undefined) zone.ready.delete(name)
    else zone.ready.set(name, ready)
    const state = stateOf(zone)
    const changed = state !== zone.state
    zone.state = state
    return this.#judge() || changed
  }

  #judge(): boolean {
    let changed = false
    let down = 0
    let zones = 0
    for (const zone of this.#zones.values()) {
      if (zone.ready.size === 0) continue
      zones++
      if (zone.state === 'full') down++
    }
    const allDown = zones > 0 && down === zones
    if (allDown !== this.#allDown) changed = true
    this.#allDown = allDown
    return changed
  }

  #zoneOf(node: Node): Zone {
    const { labels = {} } = node.metadata
    const name = [labels['topology.kubernetes.io/region'], labels['topology.kubernetes.io/zone']].filter(Boolean).join(':')
    let zone = this.#zones.get(name)
    if (!zone) this.#zones.set(name, (zone = { ready: new Map(), notReady: 0, state: 'normal', freeAt: 0 }))
    return zone
  }
}

function stateOf(zone: Zone): ZoneState {
  const { notReady, ready } = zone
  if (notReady > 0 && notReady === ready.size) return 'full'
  return notReady > 2 && notReady / ready.size >= unhealthyShare ? 'partial' : 'normal'
}

import type { PathEnd } from '../../preload/contract/observe.ts'
import { podRect, type MachineBox, type MapLayout, type Rect } from './layout.ts'
import { above, beneath, over, reversed, routeBetween, type Route } from './route.ts'

/** Finds the box that a message's end is drawn at. */
export class Anchors {
  readonly #outside: Rect
  readonly #processes = new Map<string, Rect>()
  readonly #machines = new Map<string, Rect>()
  readonly #pods = new Map<string, Rect>()
  readonly #controlPlanes = new Map<string, MachineBox>()

  /** `podsOf` answers a machine's pods as `namespace/name`, in the order in which they are drawn. */
  constructor(layout: MapLayout, podsOf: (machine: string) => readonly string[]) {
    this.#outside = layout.outside
    for (const box of layout.machines) this.#addMachine(box, podsOf)
  }

  find(end: PathEnd): Rect | undefined {
    if (end.machine === '') return this.#outside
    return (end.pod && this.#pods.get(end.pod)) || this.#processes.get(`${end.process}@${end.machine}`) || this.#machines.get(end.machine)
  }

  /** The path of a message, clear of the boxes of a control-plane node that stand between its ends. */
  route(from: PathEnd, to: PathEnd): Route | undefined {
    const start = this.find(from)
    const end = this.find(to)
    if (!start || !end || start === end) return undefined
    const [home, away] = [this.#controlPlanes.get(from.machine), this.#controlPlanes.get(to.machine)]
    if (home && away && home !== away && home.rect.y === away.rect.y) return above(start, end, home.rect.y)
    // Of several servers each is reached through its machine's upper edge: its name stands there.
    if (away && from.machine === '' && this.#controlPlanes.size > 1) return routeBetween(start, upTo(away.rect.y, end))
    if (home && to.machine === '' && this.#controlPlanes.size > 1) return routeBetween(upTo(home.rect.y, start), end)
    return this.#detour(from, start, end) ?? reversedIf(this.#detour(to, end, start)) ?? routeBetween(start, end)
  }

  /** The way out of an agent beside others towards the hub, or past the hub. */
  #detour(from: PathEnd, start: Rect, end: Rect): Route | undefined {
    const box = this.#controlPlanes.get(from.machine)
    const hub = box && this.#processes.get(`kube-apiserver@${box.name}`)
    if (!hub || !box.agents.some((agent) => agent.rect === start)) return undefined
    if (end === hub) return box.agents.some((agent) => agent.rect.x > start.x && agent.rect.y === start.y) ? over(start, end) : undefined
    const isPast = end.x >= hub.x + hub.width && box.components.some((component) => component.rect === end)
    return isPast ? beneath(start, end, hub.y + hub.height) : undefined
  }

  #addMachine(box: MachineBox, podsOf: (machine: string) => readonly string[]): void {
    this.#machines.set(box.name, box.rect)
    if (box.controlPlane) this.#controlPlanes.set(box.name, box)
    for (const part of box.components) this.#processes.set(`${part.name}@${box.name}`, part.rect)
    for (const part of box.agents) this.#processes.set(`${part.name}@${box.name}`, box.controlPlane ? part.rect : upTo(box.rect.y, part.rect))
    const grid = box.podGrid
    if (!grid) return
    for (const [index, pod] of podsOf(box.name).entries()) this.#pods.set(pod, podRect(grid, index))
  }
}

function reversedIf(route: Route | undefined): Route | undefined {
  return route && reversed(route)
}

/** A worker's agents are reached through its upper edge, so that no path crosses the words between the edge and the agent. */
function upTo(top: number, rect: Rect): Rect {
  return { ...rect, y: top, height: rect.y + rect.height - top }
}

import type { PathEnd } from '../../preload/contract/observe.ts'
import { podRect, type MachineBox, type MapLayout, type Rect } from './layout.ts'

/** Finds the box that a message's end is drawn at. */
export class Anchors {
  readonly #outside: Rect
  readonly #processes = new Map<string, Rect>()
  readonly #machines = new Map<string, Rect>()
  readonly #pods = new Map<string, Rect>()

  /** `podsOf` answers a machine's pods as `namespace/name`, in the order in which they are drawn. */
  constructor(layout: MapLayout, podsOf: (machine: string) => readonly string[]) {
    this.#outside = layout.outside
    for (const box of layout.machines) this.#addMachine(box, podsOf)
  }

  find(end: PathEnd): Rect | undefined {
    if (end.machine === '') return this.#outside
    return (end.pod && this.#pods.get(end.pod)) || this.#processes.get(`${end.process}@${end.machine}`) || this.#machines.get(end.machine)
  }

  process(name: string, machine: string): Rect | undefined {
    return this.#processes.get(`${name}@${machine}`)
  }

  #addMachine(box: MachineBox, podsOf: (machine: string) => readonly string[]): void {
    this.#machines.set(box.name, box.rect)
    for (const part of box.components) this.#processes.set(`${part.name}@${box.name}`, part.rect)
    for (const part of box.agents) this.#processes.set(`${part.name}@${box.name}`, box.controlPlane ? part.rect : upTo(box.rect.y, part.rect))
    const grid = box.podGrid
    if (!grid) return
    for (const [index, pod] of podsOf(box.name).entries()) this.#pods.set(pod, podRect(grid, index))
  }
}

/** A worker's agents are reached through its upper edge, so that no path crosses the words between the edge and the agent. */
function upTo(top: number, rect: Rect): Rect {
  return { ...rect, y: top, height: rect.y + rect.height - top }
}

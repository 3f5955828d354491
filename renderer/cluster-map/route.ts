import type { Rect } from './layout.ts'

/** A cubic curve from one box to another. */
export interface Route {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
  readonly x3: number
  readonly y3: number
}

/** Leaves and enters boxes through the sides that face each other; a box's wide side is used along its whole length, so that paths
 *  to many boxes fan out. */
export function routeBetween(from: Rect, to: Rect): Route {
  const down = to.y - (from.y + from.height)
  const up = from.y - (to.y + to.height)
  if (down >= -1 || up >= -1) {
    const goesDown = down >= -1
    const y0 = goesDown ? from.y + from.height : from.y
    const y3 = goesDown ? to.y : to.y + to.height
    const x0 = facing(from, to)
    const x3 = facing(to, from)
    const bend = (y3 - y0) * 0.55
    return { x0, y0, x1: x0, y1: y0 + bend, x2: x3, y2: y3 - bend, x3, y3 }
  }
  if (from.height === to.height && from.y === to.y) return underneath(from, to)
  const right = to.x + to.width / 2 >= from.x + from.width / 2
  const x0 = right ? from.x + from.width : from.x
  const x3 = right ? to.x : to.x + to.width
  const y0 = facingAlong(from, to)
  const y3 = facingAlong(to, from)
  const bend = (x3 - x0) * 0.5
  return { x0, y0, x1: x0 + bend, y1: y0, x2: x3 - bend, y2: y3, x3, y3 }
}

/** From one box in a row to another thing beside the row, through the gap above the boxes that stand between. */
export function over(from: Rect, to: Rect): Route {
  const right = to.x > from.x
  const x0 = from.x + from.width / 2
  const x3 = right ? to.x : to.x + to.width
  const y = from.y - overGap
  return { x0, y0: from.y, x1: x0, y1: y - 2, x2: x0 + (x3 - x0) * 0.1, y2: y, x3, y3: y }
}

const overGap = 6

/** From one side of a box to its other side, in a bow that stays below `floor`, the box's lower edge. */
export function beneath(from: Rect, to: Rect, floor: number): Route {
  const x0 = from.x + from.width / 2
  const x3 = to.x + to.width / 2
  const y0 = from.y + from.height
  const y3 = to.y + to.height
  const depth = floor + beneathDepth
  return { x0, y0, x1: x0 + (x3 - x0) * 0.06, y1: depth, x2: x3 - (x3 - x0) * 0.06, y2: depth, x3, y3 }
}

/** From one thing to another of the next machine in a row, in a bow over what stands between them. */
export function above(from: Rect, to: Rect, ceiling: number): Route {
  const x0 = from.x + from.width / 2
  const x3 = to.x + to.width / 2
  const height = ceiling - aboveHeight
  return { x0, y0: from.y, x1: x0 + (x3 - x0) * 0.04, y1: height, x2: x3 - (x3 - x0) * 0.04, y2: height, x3, y3: to.y }
}

const aboveHeight = 30

/** Of the control points; the curve itself goes three quarters as deep. */
const beneathDepth = 44

/** A bow below both boxes: those in one row stand too close for a path between their sides. */
function underneath(from: Rect, to: Rect): Route {
  const x0 = from.x + from.width / 2
  const x3 = to.x + to.width / 2
  const y0 = from.y + from.height
  const y3 = to.y + to.height
  const depth = 13 + Math.min(10, Math.abs(x3 - x0) * 0.03)
  return { x0, y0, x1: x0 + (x3 - x0) * 0.2, y1: y0 + depth, x2: x3 - (x3 - x0) * 0.2, y2: y3 + depth, x3, y3 }
}

/** The same path walked the other way. */
export function reversed(route: Route): Route {
  return { x0: route.x3, y0: route.y3, x1: route.x2, y1: route.y2, x2: route.x1, y2: route.y1, x3: route.x0, y3: route.y0 }
}

export function pathText(route: Route): string {
  return `M${round(route.x0)} ${round(route.y0)}C${round(route.x1)} ${round(route.y1)} ${round(route.x2)} ${round(route.y2)} ${round(route.x3)} ${round(route.y3)}`
}

export function pointAt(route: Route, t: number): { readonly x: number; readonly y: number } {
  const u = 1 - t
  const a = u * u * u
  const b = 3 * u * u * t
  const c = 3 * u * t * t
  const d = t * t * t
  return { x: a * route.x0 + b * route.x1 + c * route.x2 + d * route.x3, y: a * route.y0 + b * route.y1 + c * route.y2 + d * route.y3 }
}

export function lengthOf(route: Route): number {
  return Math.hypot(route.x3 - route.x0, route.y3 - route.y0)
}

function facing(box: Rect, other: Rect): number {
  const margin = Math.min(16, box.width / 2)
  const middle = other.x + other.width / 2
  const own = box.x + box.width / 2
  if (box.width < 60) return own
  const wanted = own + (middle - own) * 0.35
  return Math.min(box.x + box.width - margin, Math.max(box.x + margin, wanted))
}

function facingAlong(box: Rect, other: Rect): number {
  const margin = Math.min(10, box.height / 2)
  return Math.min(box.y + box.height - margin, Math.max(box.y + margin, other.y + other.height / 2))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

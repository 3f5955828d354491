import type { MessageBatch, MessageFlow } from '../../preload/contract/observe.ts'
import { lengthOf, pointAt, type Route } from './route.ts'
import { trafficGroup, type TrafficGroup } from './traffic.ts'

/** How a message is drawn: the painter asks for the route anew for each message, because boxes move. */
export interface FlowScene {
  route(flow: MessageFlow): Route | undefined
  colour(group: TrafficGroup): string
  hidden(group: TrafficGroup): boolean
}

interface Particle {
  readonly route: Route
  readonly group: TrafficGroup
  readonly user: boolean
  readonly radius: number
  readonly bornAt: number
  readonly livesMs: number
}

interface Glow {
  readonly route: Route
  readonly group: TrafficGroup
  readonly user: boolean
  heat: number
}

/** The path that a person's command has just taken, still lit for a moment. */
interface Wake {
  readonly route: Route
  readonly group: TrafficGroup
  litAt: number
}

const particlesMax = 900
const perFlowMax = 4
const betweenAlikeMs = 90
/** A batch is drawn in the order of its messages, spread over some time: what takes the cluster a millisecond shall be seen. */
const perMessageMs = 16
const spreadMaxMs = 700
const glowStepMs = 250
const wakeMs = 1_900

/** Draws messages as they cross: a particle each (a few for many), or, when motion is reduced, a path that lights up and fades in
 *  steps. Runs only while there is something to draw. */
export class FlowPainter {
  readonly #canvas: HTMLCanvasElement
  readonly #scene: FlowScene
  #particles: Particle[] = []
  readonly #glows = new Map<string, Glow>()
  readonly #wakes = new Map<string, Wake>()
  #frame = 0
  #timer: ReturnType<typeof setInterval> | undefined
  #offset = { x: 0, y: 0 }
  #frozenAt: number | undefined
  #reduced = false

  constructor(canvas: HTMLCanvasElement, scene: FlowScene) {
    this.#canvas = canvas
    this.#scene = scene
  }

  /** Sets the canvas to the size of the visible part, and where in the map that part begins. */
  resize(width: number, height: number): void {
    const ratio = Math.min(window.devicePixelRatio || 1, 2)
    this.#canvas.width = Math.round(width * ratio)
    this.#canvas.height = Math.round(height * ratio)
    this.#canvas.getContext('2d')?.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.#wake()
  }

  scrollTo(x: number, y: number): void {
    this.#offset = { x, y }
    this.#wake()
  }

  /** While frozen, what is on its way stands still. */
  freeze(frozen: boolean): void {
    if (frozen === (this.#frozenAt !== undefined)) return
    if (frozen) {
      this.#frozenAt = performance.now()
    } else {
      const gap = performance.now() - this.#frozenAt!
      this.#frozenAt = undefined
      this.#particles = this.#particles.map((particle) => ({ ...particle, bornAt: particle.bornAt + gap }))
      for (const wake of this.#wakes.values()) wake.litAt += gap
      this.#wake()
    }
  }

  reduceMotion(reduced: boolean): void {
    this.#reduced = reduced
    this.clear()
  }

  /** Forgets what is on its way: boxes have moved. */
  clear(): void {
    this.#particles = []
    this.#glows.clear()
    this.#wakes.clear()
    this.#wake()
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
    clearInterval(this.#timer)
    this.#particles = []
    this.#glows.clear()
    this.#wakes.clear()
  }

  add(batch: MessageBatch): void {
    if (document.hidden) return
    const now = performance.now()
    const room = particlesMax - this.#particles.length
    const share = Math.min(1, room / Math.max(1, batch.flows.length))
    for (const [index, flow] of batch.flows.entries()) {
      const group = trafficGroup(flow.kind)
      if (this.#scene.hidden(group)) continue
      if (!flow.user && share < 1 && (index * 0.618) % 1 > share) continue
      const route = this.#scene.route(flow)
      if (!route) continue
      if (this.#reduced) this.#heat(route, group, flow)
      else this.#launch(route, group, flow, now + (Math.min(spreadMaxMs, batch.flows.length * perMessageMs) * index) / batch.flows.length)
    }
    this.#wake()
  }

  #launch(route: Route, group: TrafficGroup, flow: MessageFlow, startAt: number): void {
    const count = Math.min(perFlowMax, flow.count)
    const weight = Math.min(2.4, Math.log2(1 + flow.count / count) * 0.6)
    const livesMs = Math.min(1_400, (flow.user ? 560 : 420) + lengthOf(route) * 1.6)
    if (flow.user) this.#light(route, group, startAt)
    for (let index = 0; index < count; index++) {
      this.#particles.push({ route, group, user: flow.user, radius: (flow.user ? 2.5 : 1.8) + weight, bornAt: startAt + index * betweenAlikeMs, livesMs })
    }
  }

  #light(route: Route, group: TrafficGroup, startAt: number): void {
    const key = routeKey(route, group)
    const wake = this.#wakes.get(key)
    if (wake) wake.litAt = Math.max(wake.litAt, startAt)
    else this.#wakes.set(key, { route, group, litAt: startAt })
  }

  #heat(route: Route, group: TrafficGroup, flow: MessageFlow): void {
    const key = routeKey(route, group)
    const glow = this.#glows.get(key)
    if (glow) glow.heat = 1
    else this.#glows.set(key, { route, group, user: flow.user, heat: 1 })
    this.#timer ??= setInterval(() => this.#cool(), glowStepMs)
  }

  #cool(): void {
    for (const [key, glow] of this.#glows) {
      glow.heat -= 0.2
      if (glow.heat <= 0.01) this.#glows.delete(key)
    }
    if (this.#glows.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
    this.#wake()
  }

  #wake(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#draw)
  }

  readonly #draw = (): void => {
    this.#frame = 0
    const context = this.#canvas.getContext('2d')
    if (!context) return
    const now = this.#frozenAt ?? performance.now()
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height)
    context.save()
    context.translate(-this.#offset.x, -this.#offset.y)
    for (const glow of this.#glows.values()) this.#drawGlow(context, glow)
    for (const [key, wake] of this.#wakes) {
      const left = 1 - (now - wake.litAt) / wakeMs
      if (left <= 0) this.#wakes.delete(key)
      else if (left <= 1) this.#drawWake(context, wake, left)
    }
    let alive = 0
    for (const particle of this.#particles) {
      const t = (now - particle.bornAt) / particle.livesMs
      if (t >= 1) continue
      this.#particles[alive++] = particle
      if (t > 0) this.#drawParticle(context, particle, t)
    }
    this.#particles.length = alive
    context.restore()
    if ((alive > 0 || this.#wakes.size > 0) && this.#frozenAt === undefined) this.#wake()
  }

  #drawParticle(context: CanvasRenderingContext2D, particle: Particle, t: number): void {
    const eased = t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2
    const fade = Math.min(1, t * 8, (1 - t) * 8)
    const strength = particle.user ? 1 : particle.group === 'heartbeat' ? 0.3 : particle.group === 'probe' ? 0.5 : 0.8
    const colour = this.#scene.colour(particle.group)
    context.fillStyle = colour
    const tail = particle.user ? 7 : 4
    for (let index = tail; index >= 1; index--) {
      const back = pointAt(particle.route, Math.max(0, eased - index * 0.016))
      context.globalAlpha = fade * strength * 0.32 * (1 - index / (tail + 1))
      dot(context, back.x, back.y, particle.radius * (1 - (index / (tail + 1)) * 0.6))
    }
    const point = pointAt(particle.route, eased)
    if (particle.user) {
      context.globalAlpha = fade * 0.15
      dot(context, point.x, point.y, particle.radius * 2.3)
    }
    context.globalAlpha = fade * strength
    dot(context, point.x, point.y, particle.radius)
  }

  /** A wide faint line under a thin clear one: lit, without blur, which is slow to draw. */
  #drawWake(context: CanvasRenderingContext2D, wake: Wake, left: number): void {
    context.strokeStyle = this.#scene.colour(wake.group)
    context.lineCap = 'round'
    context.globalAlpha = left * 0.16
    context.lineWidth = 6
    stroke(context, wake.route)
    context.globalAlpha = left * 0.7
    context.lineWidth = 1.6
    stroke(context, wake.route)
  }

  #drawGlow(context: CanvasRenderingContext2D, glow: Glow): void {
    context.globalAlpha = glow.heat * (glow.user ? 0.95 : glow.group === 'heartbeat' ? 0.25 : 0.6)
    context.strokeStyle = this.#scene.colour(glow.group)
    context.lineWidth = glow.user ? 2.5 : 1.5
    stroke(context, glow.route)
  }
}

function routeKey(route: Route, group: TrafficGroup): string {
  return `${Math.round(route.x0)},${Math.round(route.y0)},${Math.round(route.x3)},${Math.round(route.y3)},${group}`
}

function stroke(context: CanvasRenderingContext2D, route: Route): void {
  context.beginPath()
  context.moveTo(route.x0, route.y0)
  context.bezierCurveTo(route.x1, route.y1, route.x2, route.y2, route.x3, route.y3)
  context.stroke()
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath()
  context.arc(x, y, radius, 0, Math.PI * 2)
  context.fill()
}
